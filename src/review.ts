/** Deciding about one entry of the review: suspected errors, blind repetitions, conflicts between authors. */
import * as vscode from "vscode";
import type { ReviewItem } from "../server/protocol.ts";
import type { ReadyApp } from "./app.ts";
import { label } from "./labels.ts";
import { pickCategory } from "./pick-category.ts";
import { isReviewEntry } from "./review-model.ts";

/** Asks for the category of an entry's statement and writes the answer down as one of the review. */
export async function decideReview(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const [entry] = args;
  if (!isReviewEntry(entry)) return;
  const { item } = entry;
  if (item.uri === null) {
    void vscode.window.showWarningMessage(
      vscode.l10n.t("This statement is in no document any more; its label is kept in .nfr-lens/labels.jsonl."),
    );
    return;
  }
  // The document shows the label that is in force; who is asked blind must not see it.
  if (item.kind !== "blind") await showInDocument(app, item);
  const target = { uri: item.uri, key: item.key };
  const code = await pickCategory(app, target, item.text);
  if (code === undefined) return;
  const origin = item.kind === "blind" ? "blind" : "review";
  if (await label(app, target, { kind: "change", label: code }, origin)) await app.review.refresh(app);
}

async function showInDocument(app: ReadyApp, item: ReviewItem & { uri: string | null }): Promise<void> {
  if (item.uri === null) return;
  const range = app.documents.find(item.uri, item.key)?.range;
  const selection =
    range && new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
  const options = { preserveFocus: false, ...(selection ? { selection } : {}) };
  await vscode.window.showTextDocument(vscode.Uri.parse(item.uri), options);
}
