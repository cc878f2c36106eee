/** Code actions of the statements in a range: accept, change, not a requirement, take back, ignore. */
import * as l10n from "@vscode/l10n";
import { type CodeAction, CodeActionKind, type TextEdit } from "vscode-languageserver";
import type { ClassifiedStatement } from "../classified.ts";
import { NONE } from "../engine/taxonomy.ts";
import { type Categories, nameOf } from "./categories.ts";
import { type CommandName, type MakeCommand, titles } from "./commands.ts";
import { bestScores } from "./hover.ts";

/** The actions for one statement. `ignore` is the edit that adds the ignore comment, where the format has one. */
export function codeActions(
  uri: string,
  statement: ClassifiedStatement,
  categories: Categories,
  command: MakeCommand,
  ignore: TextEdit | undefined,
): CodeAction[] {
  const { key, label: shownLabel } = statement.shown;
  const action = (name: CommandName, title: string, label?: string): CodeAction => ({
    title,
    kind: CodeActionKind.QuickFix,
    command: command(name, title, uri, key, label),
  });
  const actions: CodeAction[] = [];
  if (statement.label === undefined) {
    actions.push(action("accept", l10n.t("Accept “{0}”", nameOf(categories, shownLabel))));
  }
  for (const { label } of bestScores(statement)) {
    if (label === shownLabel || label === NONE) continue;
    actions.push(action("change", l10n.t("Change to “{0}”", nameOf(categories, label)), label));
  }
  actions.push(action("change", l10n.t("Change the category…")));
  if (shownLabel !== NONE) actions.push(action("reject", l10n.t("Not a requirement")));
  if (statement.label !== undefined) actions.push(action("undo", titles.undo()));
  if (ignore !== undefined) {
    const title = l10n.t("Ignore this statement");
    actions.push({ title, kind: CodeActionKind.QuickFix, edit: { changes: { [uri]: [ignore] } } });
  }
  return actions;
}
