/** Workspace folders as the server names them, by URI: most people have one and are never asked. */
import * as vscode from "vscode";
import type { AdapterName } from "../server/protocol.ts";
import type { App } from "./app.ts";

/** The name of a folder for the screen; empty where there is only one, which needs none. */
export function folderName(app: Pick<App, "server">, root: string): string {
  if ((app.server.status?.folders.length ?? 0) < 2) return "";
  const uri = vscode.Uri.parse(root);
  return vscode.workspace.getWorkspaceFolder(uri)?.name ?? uri.fsPath;
}

/** The adapter that reads the documents of a folder; of the first one where none is named. */
export function adapterIn(app: Pick<App, "server">, root: string | undefined): AdapterName {
  const folders = app.server.status?.folders ?? [];
  return (folders.find((folder) => root === undefined || folder.root === root) ?? null)?.adapter ?? null;
}

/** The folder that a document lies in, or the only one. */
export function folderOf(app: Pick<App, "server">, document: vscode.Uri | undefined): string | undefined {
  const roots = (app.server.status?.folders ?? []).map(({ root }) => root);
  if (roots.length < 2) return roots[0];
  const folder = document && vscode.workspace.getWorkspaceFolder(document);
  return folder && roots.find((root) => vscode.Uri.parse(root).fsPath === folder.uri.fsPath);
}

/**
 * Asks which folder is meant, that of the open document first. Without a choice to make nobody is asked; `gone` when
 * the person went away.
 */
export async function chooseFolder(app: App, question: string): Promise<{ root?: string } | "gone"> {
  const roots = (app.server.status?.folders ?? []).map(({ root }) => root);
  if (roots.length < 2) return {};
  const here = folderOf(app, vscode.window.activeTextEditor?.document.uri);
  const items = roots
    .sort((a, b) => Number(b === here) - Number(a === here))
    .map((root) => ({ label: folderName(app, root), description: vscode.Uri.parse(root).fsPath, root }));
  const picked = await vscode.window.showQuickPick(items, { placeHolder: question });
  return picked ? { root: picked.root } : "gone";
}
