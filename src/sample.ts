/** The sample specification: a copy of one's own, so that it can be edited and labelled. */
import * as vscode from "vscode";
import type { App } from "./app.ts";

const NAME = "specification.md";

/** Opens the sample; the copy of an earlier time is kept as it was left. */
export async function openSample(app: App): Promise<void> {
  const folder = vscode.Uri.joinPath(app.context.globalStorageUri, "sample");
  const copy = vscode.Uri.joinPath(folder, NAME);
  if (!(await exists(copy))) {
    await vscode.workspace.fs.createDirectory(folder);
    const original = vscode.Uri.joinPath(app.context.extensionUri, "media", "sample", NAME);
    await vscode.workspace.fs.copy(original, copy);
  }
  await vscode.window.showTextDocument(copy, { preview: false });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
