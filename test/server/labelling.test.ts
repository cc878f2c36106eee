import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CodeAction, CodeLens, Hover } from "vscode-languageserver";
import { type Refusal, Requests, type ServerStatus, type ShownDocument, ToClient } from "../../server/protocol.ts";
import { type LabelRecord, statementKey } from "../../server/store/label.ts";
import { formatLabelLine, parseLabelLines } from "../../server/store/label-lines.ts";
import { Rig, type RigOptions } from "./rig.ts";

const SPEC = "# Security\n\nThe system shall encrypt backups.\n\nPerhaps users may undo.\n";

describe("labelling", () => {
  let rig: Rig;
  const start = async (options: RigOptions = {}): Promise<ShownDocument> => {
    rig = await Rig.start({ files: { "spec.md": SPEC }, ...options });
    return rig.open("spec.md", SPEC);
  };
  afterEach(() => rig.stop());

  const logPath = (): string => join(rig.root, ".nfr-lens", "labels.jsonl");
  const log = (): LabelRecord[] => parseLabelLines(readFileSync(logPath()), "labels.jsonl").records;
  const shown = (): (string | boolean)[][] =>
    rig.lastClassified("spec.md")!.statements.map(({ label, source, uncertain }) => [label, source, uncertain]);
  const lensTitles = async (): Promise<string[]> => {
    const lenses = await rig.feature<CodeLens[]>("codeLens", "spec.md");
    const resolved = await Promise.all(lenses.map((lens) => rig.ask<CodeLens>("codeLens/resolve", lens)));
    return resolved.map(({ command }) => command!.title);
  };
  const changedOnDisk = (path: string): Promise<void> =>
    rig.client.sendNotification("workspace/didChangeWatchedFiles", { changes: [{ uri: rig.uri(path), type: 2 }] });

  it("writes who accepted what, when, and what was predicted by which model", async () => {
    const { statements } = await start();
    assert.deepEqual(await rig.label("spec.md", statements[0]!, { kind: "accept" }), { label: "SE" });
    const [record] = log();
    assert.ok(Math.abs(Date.parse(record!.time) - Date.now()) < 60_000);
    assert.deepEqual(
      { ...record, time: "" },
      {
        v: 1,
        key: statementKey("The system shall encrypt backups.", "spec.md", ["Security"]),
        text: "The system shall encrypt backups.",
        label: "SE",
        document: "spec.md",
        heading: ["Security"],
        author: "Ada",
        time: "",
        predicted: "SE",
        confidence: 0.94,
        pack: "pack-of-keywords",
        adapter: null,
        origin: "document",
      },
    );
  });

  it("shows the person's label at once, in every view", async () => {
    const { statements } = await start();
    await rig.label("spec.md", statements[1]!, { kind: "change", label: "FT" });
    assert.deepEqual(shown(), [
      ["SE", "model", false],
      ["FT", "person", false],
    ]);
    assert.deepEqual(await lensTitles(), [
      "Security · 94 %",
      "Accept",
      "Change…",
      "Fault tolerance · labelled by Ada",
      "Change…",
      "Undo",
    ]);
    assert.equal(rig.diagnostics("spec.md")?.diagnostics[1]?.message, "Fault tolerance · labelled by Ada");
    const hover = await rig.feature<Hover>("hover", "spec.md", { position: { line: 4, character: 3 } });
    const [first] = (hover.contents as { value: string }).value.split("\n\n");
    assert.match(
      first!,
      /^\*\*Fault tolerance\*\* · labelled by Ada on \d{4}-\d\d-\d\d; the model says Usability 41 %$/,
    );
    assert.equal(rig.of("workspace/codeLens/refresh").length, 1);
    assert.deepEqual(rig.of<ServerStatus>(ToClient.status).at(-1)?.labels.total, 1);
  });

  it("takes lens, diagnostic and symbol away from what is no requirement, and offers the way back", async () => {
    const { statements } = await start();
    const { range } = statements[0]!;
    assert.deepEqual(await rig.label("spec.md", statements[0]!, { kind: "reject" }), { label: "none" });
    assert.deepEqual(await lensTitles(), ["Uncertain · Usability 41 %", "Accept", "Change…"]);
    assert.equal(rig.diagnostics("spec.md")?.diagnostics.length, 1);
    const actions = await rig.feature<CodeAction[]>("codeAction", "spec.md", { range, context: { diagnostics: [] } });
    assert.ok(actions.some(({ command }) => command?.command === "nfrLens.undo"));
    await rig.label("spec.md", statements[0]!, { kind: "undo" });
    assert.deepEqual(shown()[0], ["SE", "model", false]);
  });

  it("undoes step by step what was decided in this session", async () => {
    const [, statement] = (await start()).statements;
    const undo = { kind: "undo" } as const;
    await rig.label("spec.md", statement!, { kind: "accept" });
    await rig.label("spec.md", statement!, { kind: "change", label: "SE" });
    await rig.label("spec.md", statement!, { kind: "change", label: "PE" });
    assert.deepEqual(await rig.label("spec.md", statement!, undo), { label: "SE" });
    assert.deepEqual(await rig.label("spec.md", statement!, undo), { label: "US" });
    assert.deepEqual(await rig.label("spec.md", statement!, undo), { label: null });
    assert.deepEqual(await rig.label("spec.md", statement!, undo), {
      refused: true,
      message: "There is no label to take back here.",
    });
    assert.equal(log().length, 6);
  });

  it("takes a label of an earlier session back altogether", async () => {
    const key = statementKey("The system shall encrypt backups.", "spec.md", ["Security"]);
    const old = { v: 1, key, text: "The system shall encrypt backups.", label: "PE", document: "spec.md" };
    const line = JSON.stringify({ ...old, heading: ["Security"], author: "Bob", time: "2026-01-01T00:00:00Z" });
    const { statements } = await start({ files: { "spec.md": SPEC, ".nfr-lens/labels.jsonl": `${line}\n` } });
    assert.deepEqual(shown()[0], ["PE", "person", false]);
    assert.deepEqual(await rig.label("spec.md", statements[0]!, { kind: "undo" }), { label: null });
    assert.deepEqual(shown()[0], ["SE", "model", false]);
  });

  it("keeps labels when statements move, and finds them when the document is opened again", async () => {
    const { statements } = await start();
    await rig.label("spec.md", statements[0]!, { kind: "change", label: "L" });
    const start0 = { line: 2, character: 0 };
    await rig.change("spec.md", 2, "A new first sentence.\n\n", { start: start0, end: start0 });
    await rig.classified("spec.md", 2);
    assert.deepEqual(shown()[1], ["L", "person", false]);
    await rig.client.sendNotification("textDocument/didClose", { textDocument: { uri: rig.uri("spec.md") } });
    await rig.open("spec.md", SPEC);
    assert.deepEqual(shown()[0], ["L", "person", false]);
  });

  it("picks up what others wrote: a colleague's line, a merge, a log that is gone", async () => {
    await start();
    const key = statementKey("Perhaps users may undo.", "spec.md", ["Security"]);
    const record = { v: 1, key, text: "Perhaps users may undo.", label: "FT", document: "spec.md", author: "Bob" };
    rig.write(".nfr-lens/labels.jsonl", "");
    const row = { ...record, heading: ["Security"], time: "2026-01-01T00:00:00Z" };
    appendFileSync(logPath(), `<<<<<<< HEAD\n${JSON.stringify(row)}\n=======\n${JSON.stringify({ ...row, v: 9 })}\n`);
    await changedOnDisk(".nfr-lens/labels.jsonl");
    await rig.until(() => shown()[1]?.[0] === "FT");
    await rig.until(() => rig.warned.length === 2);
    assert.deepEqual(rig.warned, [
      ".nfr-lens/labels.jsonl, line 1: a git conflict marker. Keep the lines on both sides and delete the marker.",
      ".nfr-lens/labels.jsonl, line 4: written in format 9, this version reads up to 1. The line is kept but not used; update NFR Lens.",
    ]);
    assert.equal(rig.logged.filter((line) => line.includes("conflict marker")).length, 3);
    rmSync(logPath());
    await changedOnDisk(".nfr-lens/labels.jsonl");
    await rig.until(() => shown()[1]?.[1] === "model");
  });

  it("sees a colleague's line at the next edit even where nobody watches files", async () => {
    const { statements } = await start();
    await rig.label("spec.md", statements[0]!, { kind: "accept" });
    const [mine] = log();
    appendFileSync(
      logPath(),
      formatLabelLine({ ...mine!, label: "L", author: "Bob", time: "2199-01-01T00:00:00.000Z" }),
    );
    await rig.change("spec.md", 2, `${SPEC}\nOne more shall follow.\n`);
    await rig.classified("spec.md", 2);
    assert.deepEqual(shown()[0], ["L", "person", false]);
  });

  it("labels all statements that say the same in the same place", async () => {
    await start();
    const { statements } = await rig.open("twice.md", "It shall log in.\n\nIt shall log in.\n");
    await rig.label("twice.md", statements[0]!, { kind: "change", label: "US" });
    assert.deepEqual(
      rig.lastClassified("twice.md")!.statements.map(({ label }) => label),
      ["US", "US"],
    );
  });

  const refusals: [string, (document: ShownDocument) => Promise<unknown>, string][] = [
    [
      "an unknown category",
      ({ statements }) => rig.label("spec.md", statements[0]!, { kind: "change", label: "XX" }),
      "XX is no category of this project; it has F, A, FT, L, LF, MN, O, PE, PO, SC, SE, US, none. Nothing was saved.",
    ],
    [
      "a statement that is gone",
      ({ statements }) => rig.label("spec.md", { ...statements[0]!, key: "gone" }, { kind: "accept" }),
      "The statement was changed or removed meanwhile. Nothing was saved; look again.",
    ],
    [
      "a document that nobody opened",
      ({ statements }) => rig.label("other.md", statements[0]!, { kind: "accept" }),
      "The statement was changed or removed meanwhile. Nothing was saved; look again.",
    ],
  ];
  for (const [what, act, message] of refusals) {
    it(`refuses ${what} and writes nothing`, async () => {
      assert.deepEqual(await act(await start()), { refused: true, message });
      assert.equal(existsSync(logPath()), false);
    });
  }

  it("refuses where no folder is open, and for documents outside of the folder", async () => {
    const message =
      "Labels are kept in the folder that is open, and this document lies in none: open its folder, then label again.";
    const { statements } = await start();
    const outside = "../elsewhere.md";
    const elsewhere = await rig.open(outside, "It shall log in.\n");
    assert.equal(elsewhere.statements[0]?.label, "SE");
    assert.deepEqual(await rig.label(outside, elsewhere.statements[0], { kind: "accept" }), {
      refused: true,
      message,
    });
    assert.equal(statements.length, 2);
    const uri = "untitled:Untitled-1";
    const textDocument = { uri, languageId: "markdown", version: 1, text: "It shall log in.\n" };
    await rig.client.sendNotification("textDocument/didOpen", { textDocument });
    await rig.until(() => rig.of<ShownDocument>(ToClient.classified).at(-1)?.uri === uri);
    const { key } = rig.of<ShownDocument>(ToClient.classified).at(-1)!.statements[0]!;
    assert.deepEqual(await rig.ask(Requests.label, { uri, key, action: { kind: "accept" } }), {
      refused: true,
      message,
    });
  });

  it("says so when the log cannot be written, and shows nothing that was not saved", async () => {
    const { statements } = await start();
    writeFileSync(join(rig.root, ".nfr-lens"), "");
    const answer = (await rig.label("spec.md", statements[1]!, { kind: "change", label: "FT" })) as Refusal;
    assert.match(answer.message, /^The label was not saved: .*labels\.jsonl: a file stands in the place of a folder/);
    assert.deepEqual(shown()[1], ["US", "model", true]);
  });

  it("gives the scores of every category, best first", async () => {
    const { statements } = await start();
    const scores = await rig.ask<{ label: string; score: number }[]>(Requests.scores, {
      uri: rig.uri("spec.md"),
      key: statements[0]!.key,
    });
    assert.equal(scores.length, 13);
    assert.deepEqual(scores[0], { label: "SE", score: 0.94 });
    assert.ok(Math.abs(scores.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-9);
  });
});
