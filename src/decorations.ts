/** Marks each statement in the editor with its category: a badge in the gutter or an underline, never colour alone. */
import * as vscode from "vscode";
import { badgesByLine, badgeState, colourCode, isShown, type BadgeState } from "./categories.ts";
import type { Colours } from "./colours.ts";
import type { DocumentStore } from "./documents.ts";
import { toRange } from "./labels.ts";
import { readSettings, type Settings } from "./settings.ts";
import type { ShownStatement } from "../server/protocol.ts";

export class Decorations implements vscode.Disposable {
  private types = new Map<string, vscode.TextEditorDecorationType>();
  private mode: Settings["decorations"] = readSettings().decorations;

  constructor(
    private readonly documents: DocumentStore,
    private readonly colours: Colours,
  ) {}

  /** Draws the marks of one document, or of all visible ones. */
  draw(uri?: string): void {
    for (const editor of vscode.window.visibleTextEditors) {
      const its = editor.document.uri.toString();
      if (uri === undefined || uri === its) this.drawEditor(editor, this.documents.get(its)?.statements ?? []);
    }
  }

  /** Starts over, with the settings and colours of now. */
  reset(): void {
    this.dispose();
    this.mode = readSettings().decorations;
    this.colours.reset();
    this.draw();
  }

  dispose(): void {
    for (const type of this.types.values()) type.dispose();
    this.types = new Map();
  }

  private drawEditor(editor: vscode.TextEditor, statements: readonly ShownStatement[]): void {
    const shown =
      this.mode === "off" ? [] : this.mode === "gutter" ? badgesByLine(statements) : statements.filter(isShown);
    const byType = new Map<string, vscode.DecorationOptions[]>();
    for (const statement of shown) {
      const name = this.typeName(statement.label, badgeState(statement));
      // In the gutter one badge per line, at its first line; an underline covers the statement.
      const range = toRange(statement.range);
      const where = this.mode === "gutter" ? new vscode.Range(range.start, range.start) : range;
      const marks = byType.get(name);
      if (marks) marks.push({ range: where });
      else byType.set(name, [{ range: where }]);
    }
    for (const [name, type] of this.types) editor.setDecorations(type, byType.get(name) ?? []);
  }

  /** Makes the decoration of a category when it is first needed. */
  private typeName(code: string, state: BadgeState): string {
    const name = `${code} ${state}`;
    if (!this.types.has(name)) {
      this.types.set(name, vscode.window.createTextEditorDecorationType(this.look(code, state)));
    }
    return name;
  }

  private look(code: string, state: BadgeState): vscode.DecorationRenderOptions {
    const colour = this.colours.theme(code);
    const ruler = { overviewRulerColor: colour, overviewRulerLane: vscode.OverviewRulerLane.Center };
    const base = { ...ruler, rangeBehavior: vscode.DecorationRangeBehavior.ClosedClosed };
    if (this.mode === "gutter") {
      const { light, dark } = this.colours.icon(code, state);
      return {
        ...base,
        gutterIconSize: "90%",
        light: { gutterIconPath: light },
        dark: { gutterIconPath: dark },
      };
    }
    const line = state === "person" ? "solid" : state === "model" ? "dotted" : "dashed";
    const id = `--vscode-nfrLens-category-${colourCode(code)}`;
    return {
      ...base,
      textDecoration: `underline ${line} var(${id}); text-underline-offset: 3px`,
      after: { contentText: state === "uncertain" ? `${code}?` : code, color: colour, margin: "0 0 0 0.6em" },
    };
  }
}
