import assert from "node:assert/strict";
import { nodeId, parentOf, requirementRoots } from "../../src/requirements-model.ts";
import { CATEGORIES, shownDocument, statement } from "./statements.ts";

const documents = [
  shownDocument("file:///a.md", 1, [statement("F", 0), statement("SE", 1), statement("none", 2), statement("PE?", 3)]),
  shownDocument("file:///b.md", 1, [statement("none!", 0), statement("A", 1), statement("SE!", 2)]),
];
const outline = (grouping: "category" | "document") =>
  requirementRoots(documents, CATEGORIES, grouping).map((root) => [
    root.kind === "category" ? root.code : root.kind === "document" ? root.uri : root.kind,
    root.children.map(({ uri, statement: { key } }) => `${uri.at(-4)} ${key}`),
  ]);

describe("requirements by category", () => {
  it("puts the uncertain first, then qualities in the taxonomy's order, functions, and what a person called none", () => {
    assert.deepEqual(outline("category"), [
      ["uncertain", ["a PE@3:0"]],
      ["A", ["b A@1:0"]],
      ["SE", ["a SE@1:0", "b SE@2:0"]],
      ["F", ["a F@0:0"]],
      ["none", ["b none@0:0"]],
    ]);
  });
});

describe("requirements by document", () => {
  it("keeps the order of the text", () => {
    assert.deepEqual(outline("document"), [
      ["file:///a.md", ["a F@0:0", "a SE@1:0", "a PE@3:0"]],
      ["file:///b.md", ["b none@0:0", "b A@1:0", "b SE@2:0"]],
    ]);
  });
});

describe("nodes", () => {
  const roots = requirementRoots(documents, CATEGORIES, "category");
  it("have names of their own", () => {
    const ids = roots.flatMap((root) => [root, ...root.children]).map(nodeId);
    assert.equal(new Set(ids).size, ids.length);
  });
  it("know their parent, also when drawn anew", () => {
    const again = requirementRoots(documents, CATEGORIES, "category");
    assert.equal(parentOf(roots, again[2]!.children[1]!), roots[2]);
    assert.equal(parentOf(roots, roots[0]!), null);
  });
});
