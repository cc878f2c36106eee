/** The view *Requirements*: statements by category or by document, to go to and to decide about. */
import * as vscode from "vscode";
import { categoryOf, percent } from "./categories.ts";
import type { Colours } from "./colours.ts";
import type { DocumentStore } from "./documents.ts";
import {
  nodeId,
  parentOf,
  requirementRoots,
  type Grouping,
  type RequirementNode,
  type StatementNode,
} from "./requirements-model.ts";
import type { Server } from "./server.ts";
import { isStatementNode } from "./target.ts";

/** Results come in bursts; the tree is drawn once for each. */
const REDRAW_MS = 200;
const GROUPING = "nfrLens.grouping";

type Root = Exclude<RequirementNode, StatementNode>;

export class RequirementsView implements vscode.TreeDataProvider<RequirementNode>, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private readonly view: vscode.TreeView<RequirementNode>;
  private roots: Root[] | null = null;
  private grouping: Grouping;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly server: Server,
    private readonly documents: DocumentStore,
    private readonly colours: Colours,
    private readonly memory: vscode.Memento,
  ) {
    this.grouping = memory.get<Grouping>(GROUPING) === "document" ? "document" : "category";
    void vscode.commands.executeCommand("setContext", GROUPING, this.grouping);
    this.view = vscode.window.createTreeView("nfrLens.requirements", {
      treeDataProvider: this,
      canSelectMany: true,
      showCollapseAll: true,
    });
  }

  /** Draws the tree anew, soon. */
  refresh(): void {
    this.timer ??= setTimeout(() => {
      this.timer = null;
      this.roots = null;
      this.changed.fire(undefined);
    }, REDRAW_MS);
  }

  async group(grouping: Grouping): Promise<void> {
    this.grouping = grouping;
    await this.memory.update(GROUPING, grouping);
    await vscode.commands.executeCommand("setContext", GROUPING, grouping);
    this.refresh();
  }

  /** The statements selected in the tree. */
  selection(): StatementNode[] {
    return this.view.selection.filter(isStatementNode);
  }

  getChildren(node?: RequirementNode): RequirementNode[] {
    if (node) return node.kind === "statement" ? [] : node.children;
    this.roots ??= requirementRoots(this.documents.all(), this.server.status?.categories ?? [], this.grouping);
    return this.roots;
  }

  getParent(node: RequirementNode): RequirementNode | null {
    return parentOf(this.roots ?? [], node);
  }

  getTreeItem(node: RequirementNode): vscode.TreeItem {
    const item = node.kind === "statement" ? this.statementItem(node) : this.groupItem(node);
    item.id = nodeId(node);
    return item;
  }

  dispose(): void {
    if (this.timer) clearTimeout(this.timer);
    this.view.dispose();
    this.changed.dispose();
  }

  private groupItem(node: Root): vscode.TreeItem {
    const count = node.children.length;
    const item = new vscode.TreeItem("", vscode.TreeItemCollapsibleState.Collapsed);
    item.description = String(count);
    item.contextValue = node.kind;
    if (node.kind === "document") {
      item.resourceUri = vscode.Uri.parse(node.uri);
      item.label = vscode.workspace.asRelativePath(item.resourceUri);
      item.iconPath = vscode.ThemeIcon.File;
    } else if (node.kind === "category") {
      item.label = this.category(node.code).name;
      item.iconPath = this.colours.icon(node.code, "person");
      item.tooltip = this.category(node.code).meaning;
    } else {
      item.label = vscode.l10n.t("Uncertain");
      item.iconPath = new vscode.ThemeIcon("question");
      item.tooltip = vscode.l10n.t("The model is not sure enough to name a category. A label here teaches most.");
    }
    const name = typeof item.label === "string" ? item.label : "";
    item.accessibilityInformation = { label: vscode.l10n.t("{0}, {1} requirements", name, count) };
    return item;
  }

  private statementItem(node: StatementNode): vscode.TreeItem {
    const { statement, uri } = node;
    const category = this.category(statement.label);
    const item = new vscode.TreeItem(statement.id ? `${statement.id}  ${statement.text}` : statement.text);
    const sure =
      statement.source === "person" ? vscode.l10n.t("labelled") : `${category.code} ${percent(statement.confidence)} %`;
    const file = vscode.Uri.parse(uri);
    const place = `${file.path.split("/").at(-1) ?? ""}:${statement.range.start.line + 1}`;
    item.description = this.grouping === "document" ? sure : `${sure} · ${place}`;
    item.iconPath = this.colours.badge(statement);
    item.contextValue = `statement.${statement.uncertain ? "model.uncertain" : statement.source}`;
    item.tooltip = this.tooltip(node);
    item.command = { command: "nfrLens.goTo", title: vscode.l10n.t("Go to Requirement"), arguments: [node] };
    item.accessibilityInformation = {
      label: vscode.l10n.t(
        "{0}, {1}, line {2}: {3}",
        category.name,
        sure,
        statement.range.start.line + 1,
        statement.text,
      ),
    };
    return item;
  }

  /** Statement, category and heading path; plain text is escaped, because documents are not ours. */
  private tooltip({ statement }: StatementNode): vscode.MarkdownString {
    const tooltip = new vscode.MarkdownString();
    tooltip.appendText(statement.text);
    const decided =
      statement.source === "person"
        ? vscode.l10n.t("labelled by a person; the model says {0}", this.category(statement.predicted).name)
        : vscode.l10n.t("{0} % sure", percent(statement.confidence));
    tooltip.appendMarkdown("\n\n**").appendText(this.category(statement.label).name).appendMarkdown("** · ");
    tooltip.appendText(statement.uncertain ? vscode.l10n.t("uncertain, {0}", decided) : decided);
    if (statement.heading.length > 0) tooltip.appendMarkdown("\n\n").appendText(statement.heading.join(" › "));
    return tooltip;
  }

  private category(code: string) {
    return categoryOf(this.server.status?.categories ?? [], code);
  }
}
