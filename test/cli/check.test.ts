import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckedDocument } from "../../server/cli/check-rules.ts";
import { statementKey } from "../../server/store/label.ts";
import { assertGolden, makeTinyPack, nfrLens, type Outcome, temporaryFolder } from "./run.ts";

const documents = join(import.meta.dirname, "documents");

interface Report {
  files: CheckedDocument[];
  summary: { files: number; unreadable: { path: string }[]; failed: string[]; [field: string]: unknown };
}

describe("check", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let pack: string;
  before(async () => {
    pack = await makeTinyPack(folder);
  });
  const check = (cwd: string, ...args: string[]): Promise<Outcome> =>
    nfrLens(["check", "--pack", pack, ...args], { cwd });
  const report = async (cwd: string, ...args: string[]): Promise<Report & Outcome> => {
    const outcome = await check(cwd, "--format", "json", ...args);
    return { ...(JSON.parse(outcome.out) as Report), ...outcome };
  };
  /** A new folder with these files. */
  const project = (name: string, files: Record<string, string | Uint8Array>): string => {
    const root = join(folder, name);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(join(root, path, ".."), { recursive: true });
      writeFileSync(join(root, path), content);
    }
    return root;
  };

  it("prints requirements by category and a table (golden)", async () => {
    const { code, out, err } = await check(documents, "specification.md", "notes.txt");
    // Calibrated shares may differ in the last digit between processors; the golden holds none.
    assertGolden(
      "check.txt",
      out.replace(/\?? *\d+ %/g, (share) => "%".padStart(share.length)),
    );
    assert.equal(code, 0);
    assert.match(err, /colour/, "an unknown key of the configuration is named");
  });

  it("prints JSON with offsets that point at the text (golden)", async () => {
    const { files, summary, code } = await report(documents, ".");
    assert.equal(code, 0);
    for (const { path, statements } of files) {
      const text = readFileSync(join(documents, path), "utf8");
      for (const { start, end, line, text: words, confidence } of statements) {
        assert.equal(text.slice(0, start).split("\n").length, line);
        assert.ok(confidence > 0 && confidence <= 1);
        assert.ok(text.slice(start, end).startsWith(words.slice(0, 3)), words);
      }
    }
    const stable = files.map((file) => ({
      ...file,
      statements: file.statements.map((statement) => ({ ...statement, confidence: undefined })),
    }));
    assertGolden("check.json", JSON.stringify({ files: stable, summary }, null, 1) + "\n");
  });

  it("lets labels of people win, as in the editor", async () => {
    const text = "The till shall print a receipt.";
    const decision = {
      v: 1,
      key: statementKey(text, "docs/shop.md", ["Shop"]),
      text,
      label: "US",
      document: "docs/shop.md",
      heading: ["Shop"],
      author: "Ada",
      time: "2026-01-01T00:00:00.000Z",
      predicted: "F",
      confidence: 0.5,
      pack: null,
      adapter: null,
      origin: "document",
    };
    const root = project("labelled", {
      "docs/shop.md": `# Shop\n\n${text}\n\nThe till shall open.\n`,
      ".nfr-lens/labels.jsonl": JSON.stringify(decision) + "\n" + '{"v":1,"key":"torn',
    });
    const { files, err } = await report(join(root, "docs"), "shop.md");
    const [first, second] = files[0]!.statements;
    assert.deepEqual([first!.label, first!.source, first!.uncertain], ["US", "person", false]);
    assert.equal(second!.source, "model");
    assert.match(err, /labels\.jsonl, line 2: the last line is incomplete/);
    assert.equal((await check(root, "docs", "--fail-on", "found:US")).code, 1);
  });

  it("ends with 1 and names the rule when it finds what it was asked to fail on", async () => {
    const root = project("rules", { "a.md": "The pump shall stop.\n", "b.md": "The fan shall start.\n" });
    const missing = await report(root, ".", "--fail-on", "missing:A");
    assert.equal(missing.code, 1);
    assert.deepEqual(missing.summary.failed, ["missing:A: no statement of category A in 2 documents"]);
    assert.match(missing.err, /missing:A: no statement of category A/);
    const label = missing.files[0]!.statements[0]!.label;
    const found = await report(root, ".", "--fail-on", `found:${label}`);
    assert.equal(found.code, 1);
    assert.ok(found.files[0]!.findings.some(({ rule, line }) => rule === `found:${label}` && line === 1));
    assert.equal((await check(root, ".", "--fail-on", `missing:${label}`)).code, 0);
  });

  it("finds what cannot be measured and what is missing, and fails on it where that is asked for", async () => {
    const text = "The till shall be easy to use.";
    const label = { v: 1, key: statementKey(text, "a.md", []), text, label: "US", document: "a.md", heading: [] };
    const decision = { ...label, author: "Ada", time: "2026-01-01T00:00:00.000Z", predicted: null, confidence: null };
    const root = project("findings", {
      "a.md": `${text}\n`,
      ".nfr-lens/config.json": '{"required": ["US", "PO"]}',
      ".nfr-lens/labels.jsonl": JSON.stringify({ ...decision, pack: null, adapter: null, origin: "document" }) + "\n",
    });
    const { code, files, summary } = await report(root, ".");
    assert.equal(code, 0);
    assert.deepEqual(
      files[0]!.findings.map(({ rule, line, column, endColumn }) => [rule, line, column, endColumn]),
      [["unmeasurable", 1, 19, 30]],
    );
    assert.deepEqual(summary["missing"], ["PO"]);
    const sentence = "missing: no statement of category PO, which .nfr-lens/config.json requires";
    const failed = await report(root, ".", "--fail-on", "unmeasurable,missing,several-qualities");
    assert.deepEqual([failed.code, failed.summary.failed], [1, ["unmeasurable: 1 finding", sentence]]);
    assert.ok((await check(root, ".")).out.endsWith(`${sentence}\n`));
    const sarif = await check(root, ".", "--format", "sarif", "--fail-on", "missing");
    assert.equal(sarif.code, 1);
    assert.equal((JSON.parse(sarif.out) as { runs: { results: unknown[] }[] }).runs[0]!.results.length, 2);
    const junit = await check(root, ".", "--format", "junit", "--fail-on", "unmeasurable");
    assert.match(junit.out, /<testsuite name="a.md" tests="1" failures="1">/);
  });

  it("takes the threshold of the project for uncertain", async () => {
    const files = { "a.md": "The pump shall stop.\n" };
    const sure = project("sure", { ...files, ".nfr-lens/config.json": '{"threshold": 0}' });
    const unsure = project("unsure", { ...files, ".nfr-lens/config.json": '{"threshold": 1}' });
    assert.equal((await check(sure, "a.md", "--fail-on", "uncertain")).code, 0);
    assert.equal((await check(unsure, "a.md", "--fail-on", "uncertain")).code, 1);
  });

  it("reads folders, but not what is ignored, hidden, installed or of another kind", async () => {
    const pump = "The pump shall stop.\n";
    const root = project("tree", {
      "b/spec.md": pump,
      "a.txt": pump,
      "c.exe": pump,
      ".git/x.md": pump,
      "node_modules/y/README.md": pump,
      "old/z.md": pump,
      ".nfr-lens/config.json": '{"ignore": ["old"]}',
    });
    const { files } = await report(root, ".", "b/spec.md");
    assert.deepEqual(
      files.map(({ path }) => path),
      ["a.txt", "b/spec.md"],
    );
    const ignored = await report(root, "old/z.md");
    assert.deepEqual([ignored.code, ignored.files], [0, []]);
    assert.match(ignored.err, /old\/z\.md is left out: \.nfr-lens\/config\.json ignores it/);
  });

  it("reads a named file in an unknown format as plain text, and says so", async () => {
    const root = project("format", { "notes.org": "The pump shall stop.\n" });
    const { code, files, err } = await report(root, "notes.org");
    assert.equal(code, 0);
    assert.deepEqual(
      files.map(({ statements }) => statements.length),
      [1],
    );
    assert.equal(err, "nfr-lens: notes.org: the format is not known, so it is read as plain text\n");
  });

  it("names files it cannot read, reads the others and ends with 2", async () => {
    const root = project("unreadable", {
      "good.md": "The pump shall stop.\n",
      "empty.md": "",
      "utf16.md": Buffer.from("\uFEFFThe pump shall stop.\n", "utf16le"),
      "binary.md": new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 1]),
      "latin1.md": Buffer.from("Die T\u00fcr muss schlie\u00dfen.\n", "latin1"),
      "huge.md": "The pump shall stop.\n\n".repeat(2_400_000),
    });
    const { code, files, summary, err } = await report(root, ".", "missing.md");
    assert.equal(code, 2);
    assert.deepEqual(
      files.map(({ path, statements }) => [path, statements.length]),
      [
        ["empty.md", 0],
        ["good.md", 1],
        ["utf16.md", 1],
      ],
    );
    assert.deepEqual(
      summary.unreadable.map(({ path }) => path),
      ["missing.md", "binary.md", "huge.md", "latin1.md"],
    );
    assert.match(err, /missing\.md cannot be read: it does not exist/);
    assert.match(err, /binary\.md is a binary file, expected a text document/);
    assert.match(err, /latin1\.md is not valid UTF-8: save it as UTF-8/);
    assert.match(err, /huge\.md has 53 MB, at most 10 MB are read: split the document/);
  });

  it("ends with 2 on bad usage", async () => {
    const cases: [string[], RegExp][] = [
      [[], /check: name a document or a folder/],
      [["--formt", "json", "."], /check: unknown option --formt; did you mean --format\?/],
      [[".", "--format", "xml"], /--format is "xml", expected one of: text, json, sarif, junit/],
      [[".", "--fail-on", "missing:XX"], /unknown category "XX"/],
      [[".", "--threads", "-1"], /--threads is "-1", expected a whole number of at least 0/],
    ];
    const root = project("usage", { "a.md": "The pump shall stop.\n" });
    for (const [args, message] of cases) {
      const { code, err } = await check(root, ...args);
      assert.equal(code, 2, args.join(" "));
      assert.match(err, message);
    }
  });
});
