/** Which statement a command is about: named by a lens, chosen in a tree, or under the cursor. */
import type { RequirementNode, StatementNode } from "./requirements-model.ts";

/** One statement of one document. */
export interface Target {
  uri: string;
  key: string;
}

export type Aim =
  | { from: "lens"; target: Target; label: string | null }
  | { from: "tree"; targets: Target[] }
  | { from: "selection" }
  | { from: "cursor" };

/**
 * Reads the arguments a command was called with: `[uri, key, label?]` from a lens or a quick fix, `[node, nodes]` from
 * the tree's menus, `["requirements"]` from a key pressed in the tree, nothing from palette and keyboard. Anything
 * else is taken as nothing.
 */
export function parseAim(args: readonly unknown[]): Aim {
  const [first, second, third] = args;
  if (typeof first === "string" && typeof second === "string") {
    return { from: "lens", target: { uri: first, key: second }, label: typeof third === "string" ? third : null };
  }
  if (isStatementNode(first)) {
    const nodes = Array.isArray(second) ? second.filter(isStatementNode) : [];
    return { from: "tree", targets: (nodes.length > 0 ? nodes : [first]).map(targetOf) };
  }
  return first === "requirements" ? { from: "selection" } : { from: "cursor" };
}

export function targetOf(node: StatementNode): Target {
  return { uri: node.uri, key: node.statement.key };
}

export function isStatementNode(value: unknown): value is StatementNode {
  const node = value as Partial<RequirementNode> | null | undefined;
  return typeof node === "object" && node !== null && node.kind === "statement";
}
