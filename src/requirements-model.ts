/** What the view *Requirements* lists: statements below their category or below their document. */
import { isQuality, isShown, NONE } from "./categories.ts";
import type { ShownCategory, ShownDocument, ShownStatement } from "../server/protocol.ts";

export type Grouping = "category" | "document";

export interface StatementNode {
  kind: "statement";
  uri: string;
  statement: ShownStatement;
}
export interface CategoryNode {
  kind: "category";
  code: string;
  children: StatementNode[];
}
export interface DocumentNode {
  kind: "document";
  uri: string;
  children: StatementNode[];
}
/** Statements that no person has decided and the model is not sure of. */
export interface UncertainNode {
  kind: "uncertain";
  children: StatementNode[];
}
export type RequirementNode = StatementNode | CategoryNode | DocumentNode | UncertainNode;

/** The roots of the tree. What the model takes for no requirement at all is left out. */
export function requirementRoots(
  documents: readonly ShownDocument[],
  categories: readonly ShownCategory[],
  grouping: Grouping,
): Exclude<RequirementNode, StatementNode>[] {
  const nodes = documents.flatMap((document) =>
    document.statements
      .filter(isShown)
      .map((statement): StatementNode => ({ kind: "statement", uri: document.uri, statement })),
  );
  return grouping === "document" ? byDocument(nodes) : byCategory(nodes, categories);
}

function byDocument(nodes: readonly StatementNode[]): DocumentNode[] {
  const groups = group(nodes, (node) => node.uri);
  return [...groups].map(([uri, children]) => ({ kind: "document", uri, children }));
}

function byCategory(nodes: readonly StatementNode[], categories: readonly ShownCategory[]) {
  const uncertain = nodes.filter((node) => node.statement.uncertain);
  const groups = group(
    nodes.filter((node) => !node.statement.uncertain),
    (node) => node.statement.label,
  );
  const order = categories.map((category) => category.code);
  // Quality first, because that is what one comes for; then functional, then what a person called no requirement.
  const rank = (code: string) => (isQuality(code) ? 0 : code === NONE ? 2 : 1) * 1_000 + (order.indexOf(code) + 1);
  const roots: (CategoryNode | UncertainNode)[] = [...groups]
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([code, children]) => ({ kind: "category", code, children }));
  if (uncertain.length > 0) roots.unshift({ kind: "uncertain", children: uncertain });
  return roots;
}

function group(nodes: readonly StatementNode[], by: (node: StatementNode) => string): Map<string, StatementNode[]> {
  const groups = new Map<string, StatementNode[]>();
  for (const node of nodes) {
    const name = by(node);
    const there = groups.get(name);
    if (there) there.push(node);
    else groups.set(name, [node]);
  }
  return groups;
}

/** Where a node hangs, for `reveal`; null when it is a root or unknown. */
export function parentOf(
  roots: readonly Exclude<RequirementNode, StatementNode>[],
  node: RequirementNode,
): RequirementNode | null {
  if (node.kind !== "statement") return null;
  return roots.find((root) => root.children.some((child) => sameStatement(child, node))) ?? null;
}

function sameStatement(a: StatementNode, b: StatementNode): boolean {
  return a.uri === b.uri && a.statement.key === b.statement.key && a.statement.start === b.statement.start;
}

/** Stable name of a node, so that the tree keeps what is open and selected when results change. */
export function nodeId(node: RequirementNode): string {
  switch (node.kind) {
    case "category":
      return `category:${node.code}`;
    case "document":
      return `document:${node.uri}`;
    case "uncertain":
      return "uncertain";
    case "statement":
      return `statement:${node.uri}#${node.statement.key}@${node.statement.start}`;
  }
}
