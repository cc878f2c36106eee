/** The house rules on the tree as it stands, and on bad snippets, so that the checker itself can fail. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { brokenRules, LONGEST_FILE, type Source } from "./architecture.ts";

const root = resolve(import.meta.dirname, "..");

/** Tracked and new sources; what git ignores is not ours to judge, and fixtures are data. */
function sourcesOfTheTree(): Source[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  return listed
    .split("\n")
    .filter((path) => /\.(ts|mjs|py|css)$/.test(path) && !/(^|\/)(fixtures|golden|generated)\//.test(path))
    .filter((path) => existsSync(resolve(root, path)))
    .map((path) => ({ path, text: readFileSync(resolve(root, path), "utf8") }));
}

describe("architecture", () => {
  it("keeps the rules of the house", () => {
    const sources = sourcesOfTheTree();
    assert.ok(
      sources.some(({ path }) => path === "server/protocol.ts"),
      "the sources of the tree were not found",
    );
    assert.deepEqual(brokenRules(sources), []);
  });

  const broken: [rule: string, path: string, text: string, sentence: RegExp][] = [
    ["vscode outside src", "server/session.ts", 'import * as vscode from "vscode";', /only src\/ may/],
    ["server imports src", "server/main.ts", 'import { a } from "../src/extension.ts";', /server\/ never imports src/],
    ["src imports a host", "src/client.ts", 'import { a } from "../server/session.ts";', /server\/protocol\.ts only/],
    ["src imports a host lazily", "src/client.ts", 'await import("../server/cli.ts");', /server\/protocol\.ts only/],
    ["engine reads files", "server/engine/model/pack.ts", 'import { readFileSync } from "node:fs";', /no file system/],
    ["engine reads files by an old name", "server/engine/model/a.ts", 'const fs = require("fs");', /no file system/],
    [
      "engine re-exports a host",
      "server/engine/a.ts",
      'export { a } from "../session.ts"; a();',
      /nothing of its hosts/,
    ],
    ["engine knows LSP", "server/engine/a.ts", 'import { Range } from "vscode-languageserver";', /knows no LSP/],
    ["engine draws lots", "server/engine/adapt/a.ts", "export const x = Math.random();", /seeded generator/],
    ["engine looks at the clock", "server/engine/a.ts", "export const t = Date.now();", /uses Date/],
    ["engine makes a date", "server/engine/a.ts", "export const t = new Date();", /uses Date/],
    ["engine reads the environment", "server/engine/a.ts", 'export const a = process.env["A"];', /uses process/],
    ["engine asks the network", "server/engine/a.ts", 'export const a = fetch("x");', /uses fetch/],
    ["runtime imported twice", "server/cli.ts", 'import * as ort from "onnxruntime-node";', /graph\/runtime\.ts may/],
    ["runtime by type", "server/a.ts", 'export type T = import("onnxruntime-node").Tensor;', /graph\/runtime\.ts may/],
    ["media takes values", "media/a.ts", 'import { Requests } from "../server/protocol.ts";', /types only/],
    ["media reaches into src", "media/a.ts", 'import type { A } from "../src/a.ts";', /types of server\/protocol/],
    ["a drawer of odds and ends", "server/utils.ts", "export const a = 1;", /says nothing/],
    ["a folder of odds and ends", "server/common/a.ts", "export const a = 1;", /says nothing/],
    ["a re-exporting index", "server/engine/index.ts", 'export * from "./a.ts";', /only re-exports/],
    ["a long file", "src/long.ts", "export const a = 1;\n".repeat(LONGEST_FILE + 1), /the wall is 400/],
    ["a long style sheet", "media/a.css", "a {}\n".repeat(LONGEST_FILE + 1), /the wall is 400/],
  ];
  for (const [rule, path, text, sentence] of broken) {
    it(`refuses: ${rule}`, () => {
      const found = brokenRules([{ path, text }]);
      assert.equal(found.length, 1, found.join("\n"));
      assert.match(found[0] ?? "", sentence);
      assert.ok(found[0]?.startsWith(path));
    });
  }

  const allowed: [what: string, path: string, text: string][] = [
    ["vscode in src", "src/extension.ts", 'import * as vscode from "vscode";'],
    ["the protocol in src", "src/client.ts", 'import { Requests } from "../server/protocol.ts";'],
    ["types of the protocol in media", "media/a.ts", 'import type { TrainReport } from "../server/protocol.ts";'],
    ["hashing in the engine", "server/engine/model/pack.ts", 'import { createHash } from "node:crypto";'],
    ["the runtime in its file", "server/engine/graph/runtime.ts", 'import * as ort from "onnxruntime-node";'],
    ["files in a host", "server/store/labels.ts", 'import { readFile } from "node:fs/promises";'],
    ["words in comments", "server/engine/a.ts", "// no Date, no process, no Math.random\nexport const a = 1;"],
    ["a property of that name", "server/engine/a.ts", "export const a = (b: { process: number }) => b.process;"],
    ["a file at the wall", "src/a.ts", "export const a = 1;\n".repeat(LONGEST_FILE)],
  ];
  for (const [what, path, text] of allowed) {
    it(`allows: ${what}`, () => assert.deepEqual(brokenRules([{ path, text }]), []));
  }
});
