import assert from "node:assert/strict";
import { DocumentStore, statementAt } from "../../src/documents.ts";
import { shownDocument, statement } from "./statements.ts";

describe("document store", () => {
  it("keeps the newest results, tells of each change, and forgets a document without statements", () => {
    const store = new DocumentStore();
    const told: string[] = [];
    const stop = store.onChange((uri) => told.push(uri));
    store.update(shownDocument("b", 1, [statement("SE", 0)]));
    store.update(shownDocument("a", 1, [statement("PE", 0)]));
    store.update(shownDocument("b", 2, [statement("US", 0), statement("F", 1)]));
    assert.deepEqual(
      store.all().map(({ uri, version }) => [uri, version]),
      [
        ["a", 1],
        ["b", 2],
      ],
    );
    assert.equal(store.find("b", "F@1:0")?.label, "F");
    store.update(shownDocument("a", 2, []));
    assert.equal(store.get("a"), undefined);
    stop();
    store.clear();
    assert.deepEqual(store.all(), []);
    assert.deepEqual(told, ["b", "a", "b", "a"]);
  });

  it("applies a change to what is known, and moves what lies behind it", () => {
    const store = new DocumentStore();
    store.update(
      shownDocument("a", 4, [statement("SE", 0), statement("PE", 1), statement("US", 2), statement("F", 3)]),
    );
    const change = {
      uri: "a",
      version: 5,
      since: 4,
      start: 1,
      removed: 2,
      statements: [statement("A", 1)],
      moved: { offset: -80, lines: -1 },
    };
    assert.equal(store.patch(change), true);
    const { version, statements } = store.get("a")!;
    assert.equal(version, 5);
    assert.deepEqual(
      statements.map(({ label, start, end, range }) => [label, start, end, range.start.line, range.end.line]),
      [
        ["SE", 0, 10, 0, 0],
        ["A", 100, 110, 1, 1],
        ["F", 220, 230, 2, 2],
      ],
    );
  });

  it("refuses a change that follows on something else", () => {
    const store = new DocumentStore();
    const change = {
      uri: "a",
      version: 3,
      since: 2,
      start: 0,
      removed: 0,
      statements: [],
      moved: { offset: 0, lines: 0 },
    };
    assert.equal(store.patch(change), false);
    store.update(shownDocument("a", 1, [statement("SE", 0)]));
    assert.equal(store.patch(change), false);
    assert.equal(store.get("a")?.version, 1);
  });

  it("waits for results of the version asked for, not for any", async () => {
    const store = new DocumentStore();
    const order: string[] = [];
    const waiting = store.settled("a", 2, new AbortController().signal).then(() => order.push("settled"));
    store.update(shownDocument("a", 1, [statement("SE", 0)]));
    await Promise.resolve();
    order.push("version 1");
    store.update(shownDocument("b", 2, [statement("SE", 0)]));
    await Promise.resolve();
    order.push("another document");
    store.update(shownDocument("a", 2, [statement("SE", 0)]));
    await waiting;
    await store.settled("a", 2, new AbortController().signal);
    assert.deepEqual(order, ["version 1", "another document", "settled"]);
  });

  it("stops waiting when told to", async () => {
    const stop = new AbortController();
    const waiting = new DocumentStore().settled("a", 1, stop.signal);
    stop.abort();
    await waiting;
    await new DocumentStore().settled("a", 1, stop.signal);
  });
});

describe("the statement at the cursor", () => {
  const statements = [statement("SE", 1, 4), statement("PE", 1, 20), statement("F", 3, 0)];
  const cases: [line: number, character: number, label: string | undefined][] = [
    [1, 8, "SE"],
    [1, 14, "SE"],
    [1, 25, "PE"],
    [1, 0, "SE"],
    [1, 17, "PE"],
    [1, 60, "PE"],
    [2, 0, undefined],
    [3, 0, "F"],
  ];
  for (const [line, character, label] of cases) {
    it(`at ${line}:${character} is ${label ?? "none"}`, () =>
      assert.equal(statementAt(statements, line, character)?.label, label));
  }

  it("is found on every line of a statement that spans several", () => {
    const long = {
      ...statement("SE", 5, 6),
      range: { start: { line: 5, character: 6 }, end: { line: 7, character: 2 } },
    };
    assert.deepEqual(
      [5, 6, 7].map((line) => statementAt([long], line, 0)?.label),
      ["SE", "SE", "SE"],
    );
  });
});
