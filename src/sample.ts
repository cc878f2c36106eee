/** The sample specification: a folder of one's own, so that it can be edited, labelled and taught with. */
import * as vscode from "vscode";
import type { App } from "./app.ts";

const NAME = "specification.md";
/** Remembers, across the reload that opening a folder is, which document to show. */
const SHOW_NEXT = "nfrLens.showNext";

/** Opens the folder of the sample; what one did there at an earlier time is kept. */
export async function openSample({ context }: App): Promise<void> {
  const folder = vscode.Uri.joinPath(context.globalStorageUri, "sample");
  const document = vscode.Uri.joinPath(folder, NAME);
  if (!(await exists(document))) {
    await vscode.workspace.fs.createDirectory(folder);
    const original = vscode.Uri.joinPath(context.extensionUri, "media", "sample", NAME);
    await vscode.workspace.fs.copy(original, document);
    const config = vscode.Uri.joinPath(folder, ".nfr-lens", "config.json");
    await vscode.workspace.fs.writeFile(config, new TextEncoder().encode("{}\n"));
  }
  const open = vscode.workspace.workspaceFolders ?? [];
  if (open.some(({ uri }) => uri.toString() === folder.toString())) {
    await vscode.window.showTextDocument(document, { preview: false });
    return;
  }
  await context.globalState.update(SHOW_NEXT, document.toString());
  await vscode.commands.executeCommand("vscode.openFolder", folder, { forceNewWindow: open.length > 0 });
}

/** After the reload: shows the document that was asked for, if it lies in the folder that is open. */
export async function showAsked(context: vscode.ExtensionContext): Promise<void> {
  const asked = context.globalState.get<string>(SHOW_NEXT);
  if (asked === undefined) return;
  const document = vscode.Uri.parse(asked);
  if (!vscode.workspace.getWorkspaceFolder(document)) return;
  await context.globalState.update(SHOW_NEXT, undefined);
  await vscode.window.showTextDocument(document, { preview: false });
}

async function exists(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch {
    return false;
  }
}
