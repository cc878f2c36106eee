/** Deciding about statements: accept, change, reject, undo, ignore, and walking to the next uncertain one. */
import * as vscode from "vscode";
import type { LabelAction, Located, ShownStatement } from "../server/protocol.ts";
import type { App, ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { categoryOf } from "./categories.ts";
import { statementAt } from "./documents.ts";
import { pickCategory } from "./pick-category.ts";
import { isStatementNode, parseAim, targetOf, type Target } from "./target.ts";

/** How long a command waits for results that match the text under the cursor. */
const SETTLE_MS = 3_000;
const NOTE_MS = 5_000;

/** The statements labelled in this window, last one at the end, for an undo without a cursor. */
export class LabelHistory {
  private readonly done: Target[] = [];

  push(target: Target): void {
    this.done.push(target);
  }
  pop(): Target | undefined {
    return this.done.pop();
  }
}

export async function acceptLabel(app: ReadyApp, ...args: unknown[]): Promise<void> {
  await labelAll(app, await aimedAt(app, args), { kind: "accept" });
}

export async function rejectLabel(app: ReadyApp, ...args: unknown[]): Promise<void> {
  await labelAll(app, await aimedAt(app, args), { kind: "reject" });
}

export async function changeLabel(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const aim = parseAim(args);
  const targets = await aimedAt(app, args);
  const [first] = targets;
  if (!first) return;
  const named = aim.from === "lens" ? aim.label : null;
  const label = named ?? (await pickCategory(app, first, app.documents.find(first.uri, first.key)?.text ?? ""));
  if (label !== undefined) await labelAll(app, targets, { kind: "change", label });
}

/** Takes back the label at the cursor or in the tree; without one there, the last one given in this window. */
export async function undoLabel(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const aim = parseAim(args);
  const aimed = aim.from === "cursor" ? await atCursor(app, { quiet: true }) : await aimedAt(app, args);
  const decided = aimed.filter(({ uri, key }) => app.documents.find(uri, key)?.source === "person");
  const last = decided.length > 0 || aim.from !== "cursor" ? undefined : app.history.pop();
  const targets = last ? [last] : decided;
  if (targets.length === 0) note(vscode.l10n.t("There is no label to take back here."));
  await labelAll(app, targets, { kind: "undo" });
}

export async function ignoreHere(app: ReadyApp, ...args: unknown[]): Promise<void> {
  for (const target of await aimedAt(app, args)) {
    const answer = await app.ask("ignore", target);
    if (isRefusal(answer)) {
      void vscode.window.showWarningMessage(answer.message);
      return;
    }
    const edit = new vscode.WorkspaceEdit();
    for (const [uri, changes] of Object.entries(answer.changes ?? {})) {
      for (const { range, newText } of changes) edit.replace(vscode.Uri.parse(uri), toRange(range), newText);
    }
    await vscode.workspace.applyEdit(edit);
  }
}

/** Opens the hover of a statement, which says why it has its category: for those who do not point with a mouse. */
export async function explainHere(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const [target] = await aimedAt(app, args);
  const statement = target && app.documents.find(target.uri, target.key);
  if (!statement) return;
  await reveal({ uri: target.uri, statement });
  await vscode.commands.executeCommand("editor.action.showHover", { focus: "autoFocusImmediately" });
}

/** Puts the cursor on the statement where a label teaches most, and says why that one. */
export async function nextUncertain(app: ReadyApp): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const here = editor
    ? { uri: editor.document.uri.toString(), offset: editor.document.offsetAt(editor.selection.active) }
    : {};
  const found = await app.ask("nextUncertain", here);
  if (!found) {
    note(vscode.l10n.t("No uncertain requirement is left."));
    return;
  }
  await reveal(found);
  note(found.reason);
}

/** Opens the document of a tree node, with the cursor on its statement. The tree keeps the keyboard, as in a search. */
export async function goTo(_app: App, ...args: unknown[]): Promise<void> {
  const [node] = args;
  if (isStatementNode(node)) await reveal({ uri: node.uri, statement: node.statement }, { preserveFocus: true });
}

/** Shows a statement in its document and puts the cursor at its start. */
export async function reveal(
  { uri, statement }: Pick<Located, "uri" | "statement">,
  { preserveFocus = false }: { preserveFocus?: boolean } = {},
): Promise<vscode.TextEditor> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.parse(uri));
  const range = toRange(statement.range);
  const editor = await vscode.window.showTextDocument(document, {
    selection: new vscode.Range(range.start, range.start),
    preserveFocus,
  });
  editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
  return editor;
}

/** Sends one decision and says in the status bar what it was. Returns false when the server declined. */
export async function label(
  app: ReadyApp,
  target: Target,
  action: LabelAction,
  origin: "document" | "queue" | "blind" | "review" = "document",
): Promise<boolean> {
  const answer = await app.ask("label", { ...target, action, origin });
  if (isRefusal(answer)) {
    void vscode.window.showWarningMessage(answer.message);
    return false;
  }
  if (action.kind !== "undo") app.history.push(target);
  note(
    answer.label === null
      ? vscode.l10n.t("Label taken back.")
      : vscode.l10n.t("Labelled {0}.", categoryOf(app.status.categories, answer.label).name),
  );
  return true;
}

async function labelAll(app: ReadyApp, targets: readonly Target[], action: LabelAction): Promise<void> {
  for (const target of targets) {
    if (!(await label(app, target, action))) return;
  }
}

async function aimedAt(app: ReadyApp, args: readonly unknown[]): Promise<Target[]> {
  const aim = parseAim(args);
  if (aim.from === "lens") return [aim.target];
  if (aim.from === "tree") return aim.targets;
  return aim.from === "selection" ? app.requirements.selection().map(targetOf) : atCursor(app, { quiet: false });
}

/** The statement under the cursor, once the results match the text on screen. */
async function atCursor(app: ReadyApp, { quiet }: { quiet: boolean }): Promise<Target[]> {
  const editor = vscode.window.activeTextEditor;
  const statement = editor && (await statementUnder(app, editor));
  if (!statement) {
    if (!quiet) note(vscode.l10n.t("There is no requirement at the cursor."));
    return [];
  }
  return [{ uri: editor.document.uri.toString(), key: statement.key }];
}

async function statementUnder(app: ReadyApp, editor: vscode.TextEditor): Promise<ShownStatement | undefined> {
  const uri = editor.document.uri.toString();
  await app.documents.settled(uri, editor.document.version, AbortSignal.timeout(SETTLE_MS));
  const { line, character } = editor.selection.active;
  return statementAt(app.documents.get(uri)?.statements ?? [], line, character);
}

/** A remark that asks for nothing: in the status bar, gone after a while. */
export function note(text: string): void {
  vscode.window.setStatusBarMessage(text, NOTE_MS);
}

export function toRange({ start, end }: ShownStatement["range"]): vscode.Range {
  return new vscode.Range(start.line, start.character, end.line, end.character);
}
