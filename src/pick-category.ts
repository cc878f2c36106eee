/** The list a category is picked from: the model's favourite first, one key each. */
import * as vscode from "vscode";
import type { Scores } from "../server/protocol.ts";
import type { ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { categoryChoices, percent, type CategoryChoice } from "./categories.ts";
import type { Target } from "./target.ts";

export interface ChoiceItem extends vscode.QuickPickItem {
  choice: CategoryChoice;
}

/** The model's scores of a statement; without them the list stands in the order of the taxonomy. */
export async function scoresOf(app: ReadyApp, target: Target): Promise<Scores> {
  const answer = await app.ask("scores", target);
  if (!isRefusal(answer)) return answer;
  app.log.warn(`No scores for ${target.uri}: ${answer.message}`);
  return [];
}

/** The rows of the list. The key stands first, so that one sees what to press. */
export function choiceItems(app: ReadyApp, scores: Scores): ChoiceItem[] {
  return categoryChoices(app.status.categories, scores).map((choice) => ({
    choice,
    // A figure space is as wide as a digit: the names stand below each other.
    label: `${choice.keys[0] ?? "\u2007"}  ${choice.category.name}`,
    description: scores.length > 0 ? `${choice.category.code} · ${percent(choice.score)} %` : choice.category.code,
  }));
}

/** Asks for a category; undefined when the person went away. A digit takes its row at once. */
export async function pickCategory(app: ReadyApp, target: Target, text: string): Promise<string | undefined> {
  const items = choiceItems(app, await scoresOf(app, target));
  const pick = vscode.window.createQuickPick<ChoiceItem>();
  pick.title = text.length > 90 ? `${text.slice(0, 89)}…` : text;
  pick.placeholder = vscode.l10n.t("Category of this requirement: press a digit, or type its name");
  pick.matchOnDescription = true;
  pick.items = items;
  return new Promise((resolve) => {
    const take = (item: ChoiceItem | undefined) => {
      resolve(item?.choice.category.code);
      pick.dispose();
    };
    pick.onDidChangeValue((value) => {
      const hit = items.find((item) => item.choice.keys.includes(value));
      if (hit) take(hit);
    });
    pick.onDidAccept(() => take(pick.selectedItems[0]));
    pick.onDidHide(() => take(undefined));
    pick.show();
  });
}
