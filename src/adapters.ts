/** Commands of the view *Adapters*. */
import * as vscode from "vscode";
import type { AdapterName, AdapterSummary, InFolder } from "../server/protocol.ts";
import type { ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { chooseFolder, folderName } from "./folders.ts";
import { note } from "./labels.ts";
import { points } from "./numbers.ts";
import { openComparison } from "./report.ts";

/** An adapter and the folder it belongs to. */
type Named = NonNullable<AdapterName> & InFolder;
/** Two adapters of one folder. */
type Pair = { first: AdapterName; second: AdapterName } & InFolder;

/** An adapter's name for the screen; without one, the base alone. */
export function nameOf(adapter: AdapterName): string {
  return adapter ? `${adapter.name} ${adapter.version}` : vscode.l10n.t("Base model");
}

/** Activates an adapter from the tree, or one that is picked. */
export async function activateAdapter(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const chosen = await adapterAt(app, args, vscode.l10n.t("Which adapter shall be used?"));
  if (chosen) await use(app, chosen, chosen);
}

/** Goes back to the base alone in the folder of an adapter from the tree, or in one that is picked. */
export async function deactivateAdapter(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const folder = await folderAt(app, args);
  if (folder !== "gone") await use(app, null, folder);
}

/** Puts an adapter, or with null the base alone, to use. The server reads the documents anew by itself. */
export async function use(app: ReadyApp, adapter: AdapterName, { root }: InFolder): Promise<void> {
  const name = adapter && { name: adapter.name, version: adapter.version };
  const answer = await app.ask("activate", { adapter: name, ...inFolder(root) });
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("{0} is active.", nameOf(name)));
  await app.adapters.refresh(app);
}

export async function rollback(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const folder = await folderAt(app, args);
  if (folder === "gone") return;
  const answer = await app.ask("rollback", folder);
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("{0} is active again.", nameOf(answer)));
  await app.adapters.refresh(app);
}

/** Compares two adapters selected in the tree, or picks them; the base counts as one. */
export async function compareAdapters(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const pair = selectedPair(args) ?? (await pickPair(app));
  if (!pair) return;
  const answer = await vscode.window.withProgress({ location: { viewId: "nfrLens.adapters" } }, () =>
    app.ask("compare", pair),
  );
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else openComparison(app, answer);
}

export async function exportAdapter(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const adapter = await adapterAt(app, args, vscode.l10n.t("Which adapter shall be exported?"));
  if (!adapter) return;
  const [folder] = (await pickFolder(vscode.l10n.t("Export Here"))) ?? [];
  if (!folder) return;
  const target = vscode.Uri.joinPath(folder, `${adapter.name}-${adapter.version}`);
  const answer = await app.ask("exportAdapter", { ...adapter, folder: target.fsPath });
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("Exported to {0}.", target.fsPath));
}

export async function importAdapter(app: ReadyApp): Promise<void> {
  const into = await folderAt(app, []);
  if (into === "gone") return;
  const [folder] = (await pickFolder(vscode.l10n.t("Import Adapter"))) ?? [];
  if (!folder) return;
  const answer = await app.ask("importAdapter", { ...into, folder: folder.fsPath });
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("Imported {0}.", nameOf(answer)));
  await app.adapters.refresh(app);
}

export async function deleteAdapter(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const adapter = await adapterAt(app, args, vscode.l10n.t("Which adapter shall be deleted?"));
  if (!adapter) return;
  const remove = vscode.l10n.t("Move to Trash");
  const question = vscode.l10n.t("Delete the adapter {0}?", nameOf(adapter));
  const detail = vscode.l10n.t("It moves to .nfr-lens/adapters/.trash, where you can take it back.");
  if ((await vscode.window.showWarningMessage(question, { modal: true, detail }, remove)) !== remove) return;
  const answer = await app.ask("deleteAdapter", adapter);
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("Moved to {0}.", answer.folder));
  await app.adapters.refresh(app);
}

/** The adapter a command was called with, else one that is picked; undefined when the person went away. */
export async function adapterAt(app: ReadyApp, args: readonly unknown[], question: string): Promise<Named | undefined> {
  const [first] = args;
  if (isVersion(first)) return named(first);
  const usable = (await app.ask("adapters", {})).filter(({ problem }) => problem === undefined);
  if (usable.length === 0) {
    note(vscode.l10n.t("There is no adapter yet."));
    return undefined;
  }
  const items = usable.map((adapter) => ({ ...adapterItem(app, adapter), adapter: named(adapter) }));
  return (await vscode.window.showQuickPick(items, { placeHolder: question }))?.adapter;
}

function adapterItem(app: ReadyApp, adapter: AdapterSummary): vscode.QuickPickItem {
  const score = adapter.weightedF1 === null ? "" : `F1 ${points(adapter.weightedF1)}`;
  return {
    label: nameOf(adapter),
    description: [folderName(app, adapter.root), score, adapter.active ? vscode.l10n.t("active") : ""]
      .filter((part) => part !== "")
      .join(" · "),
  };
}

async function pickPair(app: ReadyApp): Promise<Pair | undefined> {
  const folder = await folderAt(app, []);
  if (folder === "gone") return undefined;
  const { root } = folder;
  const adapters = (await app.ask("adapters", {})).filter((adapter) => {
    return adapter.problem === undefined && (root === undefined || adapter.root === root);
  });
  const items: (vscode.QuickPickItem & { name: AdapterName })[] = [
    { label: nameOf(null), name: null },
    ...adapters.map((adapter) => {
      return { ...adapterItem(app, adapter), name: { name: adapter.name, version: adapter.version } };
    }),
  ];
  const placeHolder = vscode.l10n.t("Choose two to compare");
  const first = await vscode.window.showQuickPick(items, { placeHolder: `${placeHolder} (1/2)` });
  if (!first) return undefined;
  const others = items.filter((item) => item !== first);
  const second = await vscode.window.showQuickPick(others, { placeHolder: `${placeHolder} (2/2)` });
  return second && { first: first.name, second: second.name, ...folder };
}

/** Two adapters of one folder that are selected in the tree. */
function selectedPair(args: readonly unknown[]): Pair | undefined {
  const [, nodes] = args;
  if (!Array.isArray(nodes)) return undefined;
  const [first, second, third] = nodes.filter(isVersion).map(named);
  if (!first || !second || third || first.root !== second.root) return undefined;
  const { root } = first;
  return { first: nameAlone(first), second: nameAlone(second), ...inFolder(root) };
}

/** The folder of the node a command was called with, else one that is picked where there are several. */
async function folderAt(app: ReadyApp, args: readonly unknown[]): Promise<InFolder | "gone"> {
  const root = (args[0] as InFolder | null | undefined)?.root;
  return typeof root === "string" ? { root } : chooseFolder(app, vscode.l10n.t("In which folder?"));
}

function nameAlone({ name, version }: Named): Named {
  return { name, version };
}

function named({ name, version, root }: Named): Named {
  return { name, version, ...inFolder(root) };
}

function inFolder(root: string | undefined): InFolder {
  return root === undefined ? {} : { root };
}

async function pickFolder(openLabel: string): Promise<vscode.Uri[] | undefined> {
  return vscode.window.showOpenDialog({ canSelectFiles: false, canSelectFolders: true, openLabel });
}

function isVersion(value: unknown): value is Named {
  const entry = value as { name?: unknown; version?: unknown } | null | undefined;
  return (
    typeof entry === "object" && entry !== null && typeof entry.name === "string" && typeof entry.version === "string"
  );
}
