/** The view *Adapters*: the training that runs, the base model, and every adapter of the project, newest first. */
import * as vscode from "vscode";
import type { AdapterSummary } from "../server/protocol.ts";
import { nameOf } from "./adapters.ts";
import type { ReadyApp } from "./app.ts";
import { folderName } from "./folders.ts";
import { duration, points, size } from "./numbers.ts";
import { phaseText } from "./training-words.ts";
import type { Training } from "./training.ts";

/** An adapter node is the summary itself, so that commands get its name, version and folder. */
export type AdapterNode =
  | ({ node: "adapter" } & AdapterSummary)
  | { node: "base"; active: boolean; root: string }
  | { node: "folder"; name: string; root: string }
  | { node: "training" };

export class AdaptersView implements vscode.TreeDataProvider<AdapterNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<AdapterNode>;
  private adapters: AdapterSummary[] = [];
  private folders: { root: string; name: string }[] = [];

  constructor(private readonly training: Training) {
    this.view = vscode.window.createTreeView("nfrLens.adapters", { treeDataProvider: this, canSelectMany: true });
  }

  /** Asks the server for the adapters and draws them. */
  async refresh(app: ReadyApp): Promise<void> {
    this.adapters = await app.ask("adapters", {});
    const roots = [...new Set(this.adapters.map(({ root }) => root))];
    this.folders = roots.map((root) => ({ root, name: folderName(app, root) }));
    this.redraw();
  }

  /** Draws what is known, as when training went on. */
  redraw(): void {
    this.changed.fire(undefined);
  }

  clear(): void {
    this.adapters = [];
    this.folders = [];
    this.redraw();
  }

  getChildren(node?: AdapterNode): AdapterNode[] {
    if (node) return node.node === "folder" ? this.adaptersOf(node.root) : [];
    const training: AdapterNode[] = this.training.running ? [{ node: "training" }] : [];
    // Without an adapter the view says what adapters are. A single folder needs no level of its own.
    const [first] = this.folders;
    if (first === undefined) return training;
    if (first.name === "") return [...training, ...this.adaptersOf(first.root)];
    return [...training, ...this.folders.map((folder): AdapterNode => ({ node: "folder", ...folder }))];
  }

  /** Newest first, the base last. */
  private adaptersOf(folder: string): AdapterNode[] {
    const own = this.adapters.filter(({ root }) => root === folder);
    const newest = own.sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
    const base: AdapterNode = { node: "base", active: !own.some(({ active }) => active), root: folder };
    return [...newest.map((adapter): AdapterNode => ({ node: "adapter", ...adapter })), base];
  }

  getTreeItem(node: AdapterNode): vscode.TreeItem {
    if (node.node === "training") return this.trainingItem();
    if (node.node === "base") {
      const item = new vscode.TreeItem(nameOf(null));
      item.description = node.active ? vscode.l10n.t("active") : "";
      item.iconPath = new vscode.ThemeIcon(node.active ? "pass-filled" : "circle-large-outline");
      item.contextValue = node.active ? "base.active" : "base.idle";
      return item;
    }
    if (node.node === "folder") {
      const item = new vscode.TreeItem(node.name, vscode.TreeItemCollapsibleState.Expanded);
      item.iconPath = vscode.ThemeIcon.Folder;
      item.contextValue = "folder";
      return item;
    }
    return adapterItem(node);
  }

  dispose(): void {
    this.view.dispose();
    this.changed.dispose();
  }

  private trainingItem(): vscode.TreeItem {
    const progress = this.training.progress;
    const done = Math.round((progress?.fraction ?? 0) * 100);
    const item = new vscode.TreeItem(vscode.l10n.t("Training: {0} %", done));
    const parts: string[] = [];
    if (progress?.secondsLeft != null) parts.push(vscode.l10n.t("{0} left", duration(progress.secondsLeft)));
    if (progress) parts.push(phaseText(progress));
    if (progress && progress.epochs > 0) parts.push(vscode.l10n.t("epoch {0} of {1}", progress.epoch, progress.epochs));
    if (progress?.validationF1 != null) parts.push(`F1 ${points(progress.validationF1)}`);
    item.description = parts.join(" · ");
    item.iconPath = new vscode.ThemeIcon("loading~spin");
    item.contextValue = "training";
    item.accessibilityInformation = { label: `${vscode.l10n.t("Training: {0} %", done)}, ${parts.join(", ")}` };
    return item;
  }
}

function adapterItem(adapter: AdapterSummary): vscode.TreeItem {
  const item = new vscode.TreeItem(nameOf(adapter));
  item.id = `${adapter.root}/${adapter.name}/${adapter.version}`;
  if (adapter.problem !== undefined) {
    item.description = adapter.problem;
    item.tooltip = adapter.problem;
    item.iconPath = new vscode.ThemeIcon("warning");
    item.contextValue = "adapter.broken";
    return item;
  }
  const parts = [
    adapter.active ? vscode.l10n.t("active") : "",
    adapter.weightedF1 === null ? "" : `F1 ${points(adapter.weightedF1)}`,
  ];
  parts.push(vscode.l10n.t("{0} labels", adapter.labels));
  item.description = parts.filter((part) => part !== "").join(" · ");
  const made = new Date(adapter.createdAt).toLocaleString(vscode.env.language);
  item.tooltip = [nameOf(adapter), item.description, `${adapter.kind} · ${size(adapter.bytes)}`, made].join("\n");
  item.iconPath = new vscode.ThemeIcon(adapter.active ? "pass-filled" : "circle-large-outline");
  item.contextValue = adapter.active ? "adapter.active" : "adapter.idle";
  item.accessibilityInformation = { label: `${nameOf(adapter)}, ${item.description}` };
  return item;
}
