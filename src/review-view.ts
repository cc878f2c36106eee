/** The view *Review*: labels that look wrong, contradict each other, or are asked again blind; and the agreement. */
import * as vscode from "vscode";
import type { Review, ReviewItem } from "../server/protocol.ts";
import type { ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { categoryOf } from "./categories.ts";
import { reviewRoots, type ReviewEntry, type ReviewFact, type ReviewNode } from "./review-model.ts";
import type { Server } from "./server.ts";

export class ReviewView implements vscode.TreeDataProvider<ReviewNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<ReviewNode>;
  private review: Review | null = null;

  constructor(private readonly server: Server) {
    this.view = vscode.window.createTreeView("nfrLens.review", { treeDataProvider: this });
  }

  /** Asks the server to look through the labels. Takes a while with many, so the view shows that it works. */
  async refresh(app: ReadyApp): Promise<void> {
    const answer = await vscode.window.withProgress({ location: { viewId: "nfrLens.review" } }, () =>
      app.ask("review", {}),
    );
    this.review = isRefusal(answer) ? null : answer;
    this.view.message = isRefusal(answer)
      ? answer.message
      : reviewRoots(answer).length === 0
        ? vscode.l10n.t("No label looks wrong.")
        : "";
    this.changed.fire(undefined);
  }

  clear(): void {
    this.review = null;
    this.view.message = "";
    this.changed.fire(undefined);
  }

  getChildren(node?: ReviewNode): ReviewNode[] {
    if (!node) return this.review ? reviewRoots(this.review) : [];
    return node.node === "group" ? node.children : [];
  }

  getTreeItem(node: ReviewNode): vscode.TreeItem {
    if (node.node === "item") return this.entryItem(node);
    if (node.node === "fact") return factItem(node);
    const item = new vscode.TreeItem(groupName(node.kind), vscode.TreeItemCollapsibleState.Expanded);
    item.description = String(node.children.length);
    item.iconPath = new vscode.ThemeIcon({ conflict: "git-merge", suspect: "warning", blind: "eye-closed" }[node.kind]);
    return item;
  }

  dispose(): void {
    this.view.dispose();
    this.changed.dispose();
  }

  private entryItem(node: ReviewEntry): vscode.TreeItem {
    const { item: entry } = node;
    const item = new vscode.TreeItem(entry.text);
    // A blind repetition measures nothing when the old label is on screen.
    const labels = entry.kind === "blind" ? [] : entry.labels;
    const names = labels.map(({ label, author }) => `${this.name(label)} (${author})`);
    item.description = names.join(" ≠ ");
    item.tooltip = new vscode.MarkdownString();
    item.tooltip.appendText([entry.text, entry.reason, ...names].join("\n\n"));
    item.contextValue = "item";
    item.command = { command: "nfrLens.decideReview", title: vscode.l10n.t("Decide…"), arguments: [node] };
    item.accessibilityInformation = { label: [entry.text, entry.reason, ...names].join(", ") };
    return item;
  }

  private name(code: string): string {
    return categoryOf(this.server.status?.categories ?? [], code).name;
  }
}

function groupName(kind: ReviewItem["kind"]): string {
  switch (kind) {
    case "conflict":
      return vscode.l10n.t("Conflicts between authors");
    case "suspect":
      return vscode.l10n.t("Labels that look wrong");
    case "blind":
      return vscode.l10n.t("Asked again, blind");
  }
}

function factItem({ fact }: ReviewFact): vscode.TreeItem {
  const item = new vscode.TreeItem("");
  if (fact.kind === "agreement") {
    const { kappa, method, statements, authors } = fact.agreement;
    item.label = vscode.l10n.t("Agreement of {0} authors", authors);
    item.description = vscode.l10n.t("{0}'s kappa {1} on {2} statements", method, kappa.toFixed(2), statements);
    item.iconPath = new vscode.ThemeIcon("organization");
  } else {
    item.label = vscode.l10n.t("{0} agrees with themselves", fact.self.author);
    item.description = vscode.l10n.t("{0} of {1}", fact.self.agreed, fact.self.repeated);
    item.iconPath = new vscode.ThemeIcon("person");
  }
  return item;
}
