import assert from "node:assert/strict";
import { type CodeLens, LSPErrorCodes, type ResponseError } from "vscode-languageserver";
import { CancellationTokenSource } from "vscode-languageserver/node";
import { type ShownDocument, ToClient } from "../../server/protocol.ts";
import { Rig } from "./rig.ts";

const at = (line: number, from: number, to = from) => ({
  start: { line, character: from },
  end: { line, character: to },
});

describe("editing while the server works", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await Rig.start({ files: {} });
  });
  afterEach(() => rig.stop());

  const versions = (path: string): (number | null)[] =>
    rig
      .of<ShownDocument>(ToClient.classified)
      .filter(({ uri }) => uri === rig.uri(path))
      .map(({ version }) => version);

  it("classifies only what an edit changed, and moves the rest", async () => {
    const before = await rig.open("spec.md", "It shall log in.\n\nIt shall be fast.\n\nIt shall print.\n");
    await rig.change("spec.md", 2, "be simple", at(2, 9, 16));
    const after = await rig.classified("spec.md", 2);
    assert.deepEqual(rig.classifier.runs, [
      ["It shall log in.", "It shall be fast.", "It shall print."],
      ["It shall be simple."],
    ]);
    assert.deepEqual(
      after.statements.map(({ text, label, start }) => [text, label, start]),
      [
        ["It shall log in.", "SE", 0],
        ["It shall be simple.", "F", 18],
        ["It shall print.", "F", before.statements[2]!.start + 2],
      ],
    );
  });

  it("asks the model nothing when statements only move", async () => {
    await rig.open("spec.md", "It shall log in.\n");
    await rig.change("spec.md", 2, "# Title\n\n", at(0, 0));
    const { statements } = await rig.classified("spec.md", 2);
    assert.deepEqual(
      statements.map(({ heading, range }) => [heading, range.start.line]),
      [[["Title"], 2]],
    );
    assert.equal(rig.classifier.runs.length, 1);
  });

  it("lets the newest edit win: a run in flight is cancelled and never shown", async () => {
    await rig.open("spec.md", "It shall log in.\n");
    const release = rig.classifier.hold();
    await rig.change("spec.md", 2, "It shall log in twice.\n");
    await rig.until(() => rig.classifier.runs.length === 2);
    const lenses = rig.feature<CodeLens[]>("codeLens", "spec.md");
    await rig.change("spec.md", 3, "It answers in a second.\n");
    const asked = rig.feature<CodeLens[]>("codeLens", "spec.md");
    await rig.until(() => rig.classifier.runs.length === 3);
    release();
    const after = await rig.classified("spec.md", 3);
    assert.deepEqual(
      after.statements.map(({ text, label }) => [text, label]),
      [["It answers in a second.", "PE"]],
    );
    assert.equal(rig.classifier.cancelled, 1);
    assert.deepEqual(versions("spec.md"), [1, 3]);
    // Whoever asked about version 2 is answered about the text that is on screen.
    assert.deepEqual((await lenses).map(({ data }) => (data as string).split(" ")[1]).slice(0, 1), [
      after.statements[0]?.key,
    ]);
    assert.equal((await asked).length, 3);
    assert.deepEqual(rig.logged, []);
  });

  it("applies edits of one message in their order, with any line ends", async () => {
    await rig.open("spec.md", "It shall log in.\r\n\r\nIt shall print.\r\n");
    await rig.client.sendNotification("textDocument/didChange", {
      textDocument: { uri: rig.uri("spec.md"), version: 2 },
      contentChanges: [
        { range: at(2, 9, 14), text: "be 𝔣ast" },
        { range: at(2, 0, 0), text: "NFR-1: " },
        { range: { start: { line: 0, character: 0 }, end: { line: 2, character: 0 } }, text: "" },
      ],
    });
    const { statements } = await rig.classified("spec.md", 2);
    assert.deepEqual(
      statements.map(({ id, text, range }) => [id, text, range]),
      [["NFR-1", "It shall be 𝔣ast.", { start: { line: 0, character: 7 }, end: { line: 0, character: 25 } }]],
    );
  });

  it("waits for a pause in typing before it classifies", async () => {
    await rig.open("spec.md", "It shall log in.\n");
    await rig.client.sendNotification("nfrLens/settings", { debounceMs: 40 });
    for (let version = 2; version <= 12; version++)
      await rig.change("spec.md", version, `It shall log in ${version}.\n`);
    await rig.classified("spec.md", 12);
    assert.deepEqual(rig.classifier.runs.slice(1), [["It shall log in 12."]]);
    assert.deepEqual(versions("spec.md"), [1, 12]);
  });

  it("answers a cancelled request as cancelled, and the run goes on", async () => {
    const release = rig.classifier.hold();
    await rig.client.sendNotification("textDocument/didOpen", {
      textDocument: { uri: rig.uri("spec.md"), languageId: "markdown", version: 1, text: "It shall log in.\n" },
    });
    const source = new CancellationTokenSource();
    const hover = rig.client.sendRequest(
      "textDocument/hover",
      { textDocument: { uri: rig.uri("spec.md") }, position: { line: 0, character: 1 } },
      source.token,
    );
    source.cancel();
    await assert.rejects(hover, (error: ResponseError) => error.code === LSPErrorCodes.RequestCancelled);
    release();
    assert.equal((await rig.classified("spec.md", 1)).statements.length, 1);
    assert.deepEqual(rig.logged, []);
  });

  it("stops explaining when nobody waits for the hover any more", async () => {
    await rig.open("spec.md", "It shall log in.\n");
    const release = rig.classifier.hold();
    const source = new CancellationTokenSource();
    const where = { textDocument: { uri: rig.uri("spec.md") }, position: { line: 0, character: 1 } };
    const hover = rig.client.sendRequest("textDocument/hover", where, source.token);
    await rig.until(() => rig.classifier.runs.length === 2);
    assert.deepEqual(rig.classifier.runs[1], [
      "It shall log in.",
      " shall log in.",
      "It  log in.",
      "It shall  in.",
      "It shall log .",
    ]);
    source.cancel();
    await assert.rejects(hover, (error: ResponseError) => error.code === LSPErrorCodes.RequestCancelled);
    assert.equal(rig.classifier.cancelled, 1);
    release();
    assert.deepEqual(rig.logged, []);
  });

  it("ends a run when its document closes, and says nothing more about it", async () => {
    const release = rig.classifier.hold();
    const uri = rig.uri("spec.md");
    await rig.client.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "markdown", version: 1, text: "It shall log in.\n" },
    });
    await rig.until(() => rig.classifier.runs.length === 1);
    const lenses = rig.feature<CodeLens[]>("codeLens", "spec.md");
    await rig.client.sendNotification("textDocument/didClose", { textDocument: { uri } });
    assert.deepEqual(await lenses, []);
    release();
    await rig.open("other.md", "It shall print.\n");
    assert.deepEqual(versions("spec.md"), [null]);
  });

  it("clears what it showed when a run fails, says why, and works on the next edit", async () => {
    await rig.open("spec.md", "It shall log in.\n");
    rig.classifier.fault = new Error("the graph fell over");
    await rig.change("spec.md", 2, "It shall log out.\n");
    assert.deepEqual((await rig.classified("spec.md", 2)).statements, []);
    await rig.until(() => rig.diagnostics("spec.md")?.diagnostics.length === 0);
    assert.deepEqual(rig.warned, ["the graph fell over"]);
    assert.match(rig.logged[0] ?? "", /the graph fell over\n\s+at /);
    await rig.change("spec.md", 3, "It shall log out and encrypt.\n");
    assert.equal((await rig.classified("spec.md", 3)).statements[0]?.label, "SE");
  });

  it("survives messages that make no sense", async () => {
    const { client } = rig;
    const uri = rig.uri("spec.md");
    await client.sendNotification("textDocument/didOpen", {});
    await client.sendNotification("textDocument/didChange", { textDocument: { uri, version: 7 } });
    await client.sendNotification("textDocument/didClose", null as never);
    await client.sendNotification("nfrLens/settings", "loud");
    await client.sendNotification("nfrLens/trust", 7);
    await client.sendNotification("workspace/didChangeWatchedFiles", { changes: [{ uri: 1 }] });
    await client.sendNotification("nfrLens/noSuchThing", {});
    for (const params of [null, 7, {}, { uri, key: "x" }, { uri, key: "x", action: { kind: "explode" } }]) {
      const answer = await rig.ask<{ refused: boolean }>("nfrLens/label", params);
      assert.equal(answer.refused, true, JSON.stringify(params));
    }
    await assert.rejects(rig.ask("textDocument/codeLens", { textDocument: null }));
    assert.deepEqual(await rig.ask("codeLens/resolve", { range: at(0, 0), data: { uri } }), {
      range: at(0, 0),
      data: { uri },
      command: { title: "…", command: "" },
    });
    assert.equal((await rig.open("spec.md", "It shall log in.\n")).statements.length, 1);
  });

  it("reads an empty document, a line of a megabyte, and binary rubbish", async () => {
    assert.deepEqual((await rig.open("empty.md", "")).statements, []);
    const long = "It shall log in. ".repeat(60_000);
    assert.equal((await rig.open("long.txt", long)).statements.length, 60_000);
    const rubbish = Array.from({ length: 5000 }, (_, index) => String.fromCharCode((index * 7919) % 65536)).join("");
    await rig.open("rubbish.md", rubbish);
  });
});
