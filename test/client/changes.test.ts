/** The server says what changed, the client puts it together: both ends of `ShownChange` on random edits. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { TextDocument } from "vscode-languageserver-textdocument";
import { DocumentStore } from "../../src/documents.ts";
import { type ClassifiedDocument, joined } from "../../server/classified.ts";
import { readDocument } from "../../server/engine/documents/read.ts";
import type { ShownChange, ShownDocument } from "../../server/protocol.ts";
import { difference } from "../../server/lsp/difference.ts";

const PREDICTION = { label: "F", confidence: 0.9, uncertain: false, scores: { F: 1 }, set: null };
const SURROUNDINGS = { document: "spec.md", threshold: null, findLabel: () => undefined };

/** The results of a text, sharing with those before what the server shares. */
function results(text: string, version: number, before?: ClassifiedDocument): ClassifiedDocument {
  const document = TextDocument.create("file:///spec.md", "markdown", version, text);
  const { statements } = readDocument(text, "markdown");
  const positionAt = (offset: number) => document.positionAt(offset);
  const found = { statements, predictionOf: () => PREDICTION, positionAt };
  return {
    uri: document.uri,
    version,
    statements: joined(found, SURROUNDINGS, before?.statements ?? []),
    problems: [],
  };
}

function shown({ uri, version, statements }: ClassifiedDocument): ShownDocument {
  return { uri, version, statements: statements.map((statement) => statement.shown) };
}

/** What a client that holds `before` makes of a change, or undefined where it refuses it. */
function patched(before: ShownDocument, change: ShownChange): ShownDocument | undefined {
  const store = new DocumentStore();
  store.update(before);
  // The store forgets documents without statements; the server then sends the next results whole.
  if (!store.patch(change)) return undefined;
  return store.get(before.uri) ?? { ...before, version: change.version, statements: [] };
}

const RULE = "It shall hold.";
const line = fc.constantFrom("It shall run. It shall stop.", "# Title", "", "- It shall log in.", "Users can go back.");

describe("changes of results", () => {
  it("lead to what the whole document says, whatever is edited", () => {
    const documents = fc.array(line, { maxLength: 12 });
    fc.assert(
      fc.property(documents, documents, documents, documents, (top, old, young, bottom) => {
        const before = results([...top, RULE, ...old, ...bottom].join("\n\n"), 1);
        const after = results([...top, RULE, ...young, ...bottom].join("\n\n"), 2, before);
        const change = difference(before, after);
        assert.ok(change);
        assert.deepEqual(patched(shown(before), change), shown(after));
      }),
    );
  });

  it("are small where little changed", () => {
    const text = (middle: string) =>
      `${"It shall run.\n\n".repeat(200)}${middle}\n\n${"It shall stop.\n\n".repeat(200)}`;
    const before = results(text("It shall wait."), 1);
    const change = difference(before, results(text("It shall\nwait patiently."), 2, before));
    assert.deepEqual(
      { ...change, statements: change?.statements.map((statement) => statement.text) },
      {
        uri: "file:///spec.md",
        version: 2,
        since: 1,
        start: 200,
        removed: 1,
        statements: ["It shall wait patiently."],
        moved: { offset: 10, lines: 1 },
      },
    );
  });

  it("are not applied to other results than they are changes to", () => {
    const before = results("It shall run.", 1);
    const change = difference(before, results("It shall stop.", 2, before))!;
    assert.equal(patched({ ...shown(before), version: 3 }, change), undefined);
  });
});
