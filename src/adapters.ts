/** Commands of the view *Adapters*. */
import * as vscode from "vscode";
import type { AdapterName, AdapterSummary } from "../server/protocol.ts";
import type { ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { note } from "./labels.ts";
import { points } from "./numbers.ts";
import { openComparison } from "./report.ts";

/** An adapter's name for the screen; without one, the base alone. */
export function nameOf(adapter: AdapterName): string {
  return adapter ? `${adapter.name} ${adapter.version}` : vscode.l10n.t("Base model");
}

/**
 * Activates an adapter given as such, from the tree, or picked; null activates the base alone. The server reads all
 * documents anew by itself.
 */
export async function activateAdapter(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const chosen = args[0] === null ? null : await adapterAt(app, args, vscode.l10n.t("Which adapter shall be used?"));
  if (chosen === undefined) return;
  const name = chosen && { name: chosen.name, version: chosen.version };
  const answer = await app.ask("activate", name);
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("{0} is active.", nameOf(name)));
  await app.adapters.refresh(app);
}

export async function rollback(app: ReadyApp): Promise<void> {
  const answer = await app.ask("rollback", {});
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("{0} is active again.", nameOf(answer)));
  await app.adapters.refresh(app);
}

/** Compares two adapters selected in the tree, or picks them; the base counts as one. */
export async function compareAdapters(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const pair = selectedPair(args) ?? (await pickPair(app));
  if (!pair) return;
  const answer = await vscode.window.withProgress({ location: { viewId: "nfrLens.adapters" } }, () =>
    app.ask("compare", { first: pair[0], second: pair[1] }),
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
  const { name, version } = adapter;
  const answer = await app.ask("exportAdapter", { name, version, folder: target.fsPath });
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("Exported to {0}.", target.fsPath));
}

export async function importAdapter(app: ReadyApp): Promise<void> {
  const [folder] = (await pickFolder(vscode.l10n.t("Import Adapter"))) ?? [];
  if (!folder) return;
  const answer = await app.ask("importAdapter", { folder: folder.fsPath });
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
  const answer = await app.ask("deleteAdapter", { name: adapter.name, version: adapter.version });
  if (isRefusal(answer)) void vscode.window.showWarningMessage(answer.message);
  else note(vscode.l10n.t("Moved to {0}.", answer.folder));
  await app.adapters.refresh(app);
}

/** The adapter a command was called with, else one that is picked; undefined when the person went away. */
export async function adapterAt(
  app: ReadyApp,
  args: readonly unknown[],
  question: string,
): Promise<{ name: string; version: string } | undefined> {
  const [first] = args;
  if (isVersion(first)) return { name: first.name, version: first.version };
  const usable = (await app.ask("adapters", {})).filter(({ problem }) => problem === undefined);
  if (usable.length === 0) {
    note(vscode.l10n.t("There is no adapter yet."));
    return undefined;
  }
  const items = usable.map((adapter) => ({ ...adapterItem(adapter), adapter }));
  return (await vscode.window.showQuickPick(items, { placeHolder: question }))?.adapter;
}

function adapterItem(adapter: AdapterSummary): vscode.QuickPickItem {
  const score = adapter.weightedF1 === null ? "" : `F1 ${points(adapter.weightedF1)}`;
  return {
    label: nameOf(adapter),
    description: [score, adapter.active ? vscode.l10n.t("active") : ""].filter((part) => part !== "").join(" · "),
  };
}

async function pickPair(app: ReadyApp): Promise<[AdapterName, AdapterName] | undefined> {
  const adapters = (await app.ask("adapters", {})).filter(({ problem }) => problem === undefined);
  const items: (vscode.QuickPickItem & { name: AdapterName })[] = [
    { label: nameOf(null), name: null },
    ...adapters.map((adapter) => ({ ...adapterItem(adapter), name: { name: adapter.name, version: adapter.version } })),
  ];
  const placeHolder = vscode.l10n.t("Choose two to compare");
  const first = await vscode.window.showQuickPick(items, { placeHolder: `${placeHolder} (1/2)` });
  if (!first) return undefined;
  const others = items.filter((item) => item !== first);
  const second = await vscode.window.showQuickPick(others, { placeHolder: `${placeHolder} (2/2)` });
  return second && [first.name, second.name];
}

function selectedPair(args: readonly unknown[]): [AdapterName, AdapterName] | undefined {
  const [, nodes] = args;
  if (!Array.isArray(nodes)) return undefined;
  const [first, second, third] = nodes.filter(isVersion);
  if (!first || !second || third) return undefined;
  return [first, second].map(({ name, version }) => ({ name, version })) as [AdapterName, AdapterName];
}

async function pickFolder(openLabel: string): Promise<vscode.Uri[] | undefined> {
  return vscode.window.showOpenDialog({ canSelectFiles: false, canSelectFolders: true, openLabel });
}

function isVersion(value: unknown): value is { name: string; version: string } {
  const entry = value as { name?: unknown; version?: unknown } | null | undefined;
  return (
    typeof entry === "object" && entry !== null && typeof entry.name === "string" && typeof entry.version === "string"
  );
}
