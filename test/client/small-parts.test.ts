/** The small rules of the client: restarts, aims of commands, frames of pages, numbers in words, review groups. */
import assert from "node:assert/strict";
import { duration, points, size } from "../../src/numbers.ts";
import { pageHtml, parseFromPage } from "../../src/page-html.ts";
import { RESTART_DELAYS, RestartPolicy } from "../../src/restart-policy.ts";
import { reviewRoots } from "../../src/review-model.ts";
import { parseAim } from "../../src/target.ts";
import type { ReviewItem } from "../../server/protocol.ts";
import { statement } from "./statements.ts";

describe("restart policy", () => {
  it("waits longer each time and then gives up", () => {
    const policy = new RestartPolicy();
    const waits = [...RESTART_DELAYS, 0].map((_, time) => policy.next(time * 1_000));
    assert.deepEqual(waits, [...RESTART_DELAYS, null]);
  });
  it("starts counting anew after a quiet while, or when asked", () => {
    const policy = new RestartPolicy();
    for (let time = 0; time < 4; time++) policy.next(time);
    assert.equal(policy.next(200_000), RESTART_DELAYS[0]);
    policy.reset();
    assert.equal(policy.next(200_001), RESTART_DELAYS[0]);
  });
});

describe("what a command is about", () => {
  const node = (line: number) => ({ kind: "statement", uri: "file:///a.md", statement: statement("SE", line) });
  const cases: [name: string, args: unknown[], aim: unknown][] = [
    ["a lens", ["file:///a.md", "k"], { from: "lens", target: { uri: "file:///a.md", key: "k" }, label: null }],
    ["a fix", ["file:///a.md", "k", "PE"], { from: "lens", target: { uri: "file:///a.md", key: "k" }, label: "PE" }],
    ["a row", [node(1)], { from: "tree", targets: [{ uri: "file:///a.md", key: "SE@1:0" }] }],
    [
      "several rows",
      [node(1), [node(1), { kind: "category" }, node(2)]],
      {
        from: "tree",
        targets: [
          { uri: "file:///a.md", key: "SE@1:0" },
          { uri: "file:///a.md", key: "SE@2:0" },
        ],
      },
    ],
    ["a key in the tree", ["requirements"], { from: "selection" }],
    ["the cursor", [], { from: "cursor" }],
    ["nonsense", [{ kind: "document" }, 3], { from: "cursor" }],
  ];
  for (const [name, args, aim] of cases) it(name, () => assert.deepEqual(parseAim(args), aim));
});

describe("the frame of a page", () => {
  const html = pageHtml({
    script: "https://x/page.js",
    style: "https://x/page.css",
    source: "https://x",
    nonce: "abc",
    language: "ja",
    title: '<script>"&',
  });
  it("loads its own script by nonce, its own style, and nothing else", () => {
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1];
    assert.equal(
      policy,
      "default-src 'none'; style-src https://x; script-src 'nonce-abc'; form-action 'none'; base-uri 'none'",
    );
    assert.equal(html.match(/<script /g)?.length, 1);
  });
  it("does not take a title for markup", () => {
    assert.ok(html.includes("<title>&#60;script&#62;&#34;&#38;</title>"));
  });
  it("understands its page and nobody else", () => {
    assert.deepEqual(parseFromPage({ kind: "ready", more: 1 }), { kind: "ready" });
    assert.deepEqual(parseFromPage({ kind: "action", action: 3 }), { kind: "action", action: 3 });
    for (const nonsense of [
      null,
      7,
      "ready",
      {},
      { kind: "action" },
      { kind: "action", action: "3" },
      { kind: "run" },
    ]) {
      assert.equal(parseFromPage(nonsense), null);
    }
  });
});

describe("numbers in words", () => {
  it("tells times", () => {
    assert.deepEqual([-1, 0, 59.4, 60, 187, 3_599, 3_720].map(duration), [
      "0 s",
      "0 s",
      "59 s",
      "1:00 min",
      "3:07 min",
      "59:59 min",
      "1:02 h",
    ]);
  });
  it("tells sizes and points", () => {
    assert.deepEqual([1, 12_000, 3_400_000].map(size), ["1 kB", "12 kB", "3.4 MB"]);
    assert.equal(points(0.8125), "81.3");
    assert.deepEqual(
      [0.024, -0.01, 0].map((change) => points(change, true)),
      ["+2.4", "-1.0", "+0.0"],
    );
  });
});

describe("review", () => {
  const item = (kind: ReviewItem["kind"], key: string): ReviewItem => ({
    kind,
    key,
    uri: null,
    text: key,
    labels: [],
    suggested: null,
    reason: "",
  });
  it("puts conflicts first and leaves empty groups out", () => {
    const roots = reviewRoots({
      items: [item("suspect", "a"), item("conflict", "b"), item("suspect", "c")],
      agreement: { kappa: 0.7, method: "Cohen", statements: 12, authors: 2 },
      selfAgreement: [{ author: "Ada", agreed: 3, repeated: 4 }],
    });
    const outline = roots.map((root) =>
      root.node === "group" ? [root.kind, ...root.children.map(({ item: { key } }) => key)] : root.node,
    );
    assert.deepEqual(outline, [["conflict", "b"], ["suspect", "a", "c"], "fact", "fact"]);
  });
});
