/** Reading every document of the workspace; the server reports its progress by itself. */
import * as vscode from "vscode";
import type { ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { note } from "./labels.ts";

export async function scan(app: ReadyApp): Promise<void> {
  const answer = await app.ask("scan", {});
  if (isRefusal(answer)) {
    void vscode.window.showWarningMessage(answer.message);
    return;
  }
  note(vscode.l10n.t("{0} documents read, {1} statements.", answer.documents, answer.statements));
  for (const document of await app.ask("documents", {})) app.documents.update(document);
}
