import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { CodeLens, ExecuteCommandParams } from "vscode-languageserver";
import { Requests, type ServerStatus, type ShownDocument, ToClient, ToServer } from "../../server/protocol.ts";
import { Rig } from "./rig.ts";

const FILES = {
  "spec.md": "It shall log in.\n\nThis text is background.\n",
  "docs/deep/speed.md": "It answers in a second.\n",
  "archive/old.md": "It shall log in.\n",
  "notes.txt": "It shall print.\n",
  "code.rs": "// It shall log in.\n",
  "node_modules/x/readme.md": "It shall log in.\n",
};
const CONFIG = ".nfr-lens/config.json";

describe("a workspace", () => {
  let rig: Rig;
  afterEach(() => rig.stop());
  const known = async (): Promise<Record<string, string[]>> => {
    const documents = await rig.ask<ShownDocument[]>(Requests.documents);
    const prefix = `${pathToFileURL(rig.root).toString()}/`;
    return Object.fromEntries(
      documents.map(({ uri, statements }) => [uri.replace(prefix, ""), statements.map(({ label }) => label)]),
    );
  };
  const changed = (path: string): Promise<void> =>
    rig.client.sendNotification("workspace/didChangeWatchedFiles", { changes: [{ uri: rig.uri(path), type: 2 }] });

  it("is scanned: every document in a known format, but none that is ignored", async () => {
    rig = await Rig.start({ files: { ...FILES, [CONFIG]: '{"ignore": ["archive"]}' } });
    assert.deepEqual(await rig.ask(Requests.scan), { documents: 3, statements: 4 });
    assert.deepEqual(await known(), { "spec.md": ["SE", "none"], "docs/deep/speed.md": ["PE"], "notes.txt": ["F"] });
    assert.equal(rig.lastClassified("spec.md")?.version, null);
  });

  it("is scanned with progress, and can be cancelled in between", async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`${n + 10}.md`, `Rule ${n} shall hold.\n`]));
    rig = await Rig.start({ files, capabilities: { window: { workDoneProgress: true } } });
    let token: unknown;
    rig.client.onRequest("window/workDoneProgress/create", (params: { token: unknown }) => {
      token = params.token;
      return null;
    });
    const progress = (): { kind: string; message?: string }[] =>
      rig.of<{ value: { kind: string; message?: string } }>("$/progress").map(({ value }) => value);
    const release = rig.classifier.hold();
    const scan = rig.ask(Requests.scan);
    await rig.until(() => rig.classifier.runs.length === 1);
    await rig.client.sendNotification("window/workDoneProgress/cancel", { token });
    await assert.rejects(scan, /nfrLens\/scan/);
    release();
    assert.deepEqual(
      progress().map(({ kind, message }) => [kind, message]),
      [
        ["begin", undefined],
        ["report", "1 of 30: 10.md"],
        ["end", undefined],
      ],
    );
    assert.deepEqual(rig.logged, []);
    assert.deepEqual(await rig.ask(Requests.scan), { documents: 30, statements: 30 });
  });

  it("counts open documents as they are on screen, and goes back to the disk when they close", async () => {
    rig = await Rig.start({ files: FILES });
    await rig.ask(Requests.scan);
    await rig.open("spec.md", "It is fast. It is faster.\n");
    assert.deepEqual((await known())["spec.md"], ["PE", "PE"]);
    await rig.ask(Requests.scan);
    assert.deepEqual((await known())["spec.md"], ["PE", "PE"]);
    await rig.client.sendNotification("textDocument/didClose", { textDocument: { uri: rig.uri("spec.md") } });
    await rig.until(
      () => rig.lastClassified("spec.md")?.statements.length === 2 && rig.lastClassified("spec.md")?.version === null,
    );
    assert.deepEqual((await known())["spec.md"], ["SE", "none"]);
  });

  it("follows scanned documents that change or go on disk", async () => {
    rig = await Rig.start({ files: FILES });
    await rig.ask(Requests.scan);
    rig.write("notes.txt", "It shall encrypt.\n");
    await changed("notes.txt");
    await rig.until(() => rig.lastClassified("notes.txt")?.statements[0]?.label === "SE");
    rmSync(new URL(rig.uri("notes.txt")));
    await changed("notes.txt");
    await rig.until(() => rig.lastClassified("notes.txt")?.statements.length === 0);
    assert.equal((await known())["notes.txt"], undefined);
  });

  it("names documents that cannot be read, and scans the others", async () => {
    rig = await Rig.start({ files: { "a.md": "It shall log in.\n", "b.txt": "x\u0000y", "c.md": "" } });
    assert.deepEqual(await rig.ask(Requests.scan), { documents: 2, statements: 1 });
    assert.match(rig.logged[0] ?? "", /b\.txt is a binary file/);
  });

  it("cannot be scanned where no folder is open", async () => {
    rig = await Rig.start();
    assert.deepEqual(await rig.ask(Requests.scan), {
      refused: true,
      message: "No folder is open: there is nothing to scan.",
    });
  });

  it("has a configuration that counts while it is edited", async () => {
    rig = await Rig.start({ files: FILES });
    const { statements } = await rig.open("spec.md", FILES["spec.md"]);
    assert.equal(statements[0]?.uncertain, false);
    rig.write(CONFIG, '{"threshold": 0.95, "categories": [{"code": "SE", "name": "Safe [x](y)"}], "colour": "red"}');
    await changed(CONFIG);
    await rig.until(() => rig.lastClassified("spec.md")?.statements[0]?.uncertain === true);
    await rig.until(() => rig.diagnostics("spec.md")?.diagnostics[0]?.message === "Uncertain · Safe [x](y) 94 %");
    const [problem] = rig.diagnostics(CONFIG)!.diagnostics;
    assert.equal(
      problem?.message,
      ".nfr-lens/config.json: unknown key colour; it is not used. Known keys: ignore, include, threshold, required, categories.",
    );
    rig.write(CONFIG, '{"ignore": ["*.md"]}');
    await changed(CONFIG);
    await rig.until(() => rig.lastClassified("spec.md")?.statements.length === 0);
    assert.deepEqual(rig.diagnostics(CONFIG)?.diagnostics, []);
  });

  it("in Restricted Mode has no configuration, but labels, and says so", async () => {
    rig = await Rig.start({
      files: { ...FILES, [CONFIG]: '{"ignore": ["spec.md"]}' },
      options: { trusted: false },
    });
    const { statements } = await rig.open("spec.md", FILES["spec.md"]);
    assert.equal((await rig.ask<ServerStatus>(Requests.status)).restricted, true);
    assert.deepEqual(await rig.label("spec.md", statements[0]!, { kind: "accept" }), { label: "SE" });
    await rig.client.sendNotification(ToServer.trust, { trusted: true });
    await rig.until(() => rig.lastClassified("spec.md")?.statements.length === 0);
    await rig.until(() => rig.of<ServerStatus>(ToClient.status).at(-1)?.restricted === false);
  });

  it("of several folders keeps labels where the document lies", async () => {
    rig = await Rig.start({ files: { "a/b/x.md": "" }, capabilities: { workspace: { workspaceFolders: true } } });
    const inside = ["a", "a/b"].map((name) => ({ uri: rig.uri(name), name }));
    const removed = [{ uri: pathToFileURL(rig.root).toString(), name: "workspace" }];
    await rig.client.sendNotification("workspace/didChangeWorkspaceFolders", { event: { added: inside, removed } });
    const { statements } = await rig.open("a/b/x.md", "It shall log in.\n");
    await rig.label("a/b/x.md", statements[0]!, { kind: "accept" });
    const line = readFileSync(new URL(rig.uri("a/b/.nfr-lens/labels.jsonl")), "utf8");
    assert.equal((JSON.parse(line) as { document: string }).document, "x.md");
  });
});

describe("another LSP client than ours", () => {
  let rig: Rig;
  afterEach(() => rig.stop());
  const command = (name: string, ...args: unknown[]): Promise<unknown> =>
    rig.ask("workspace/executeCommand", { command: name, arguments: args } satisfies ExecuteCommandParams);

  it("gets lenses whose commands the server itself carries out", async () => {
    rig = await Rig.start({ files: {}, foreign: true });
    await rig.open("spec.md", "It shall log in.\n");
    const lenses = await rig.feature<CodeLens[]>("codeLens", "spec.md");
    const resolved = await Promise.all(lenses.map((lens) => rig.ask<CodeLens>("codeLens/resolve", lens)));
    const accept = resolved[1]!.command!;
    assert.equal(accept.command, "nfrLens.server.accept");
    assert.equal(await command(accept.command, ...(accept.arguments as unknown[])), null);
    assert.equal(rig.lastClassified("spec.md")?.statements[0]?.source, "person");
    await command("nfrLens.server.undo", ...(accept.arguments as unknown[]));
    assert.equal(rig.lastClassified("spec.md")?.statements[0]?.source, "model");
  });

  it("is asked for the category by a message with choices, and edits the document itself", async () => {
    rig = await Rig.start({ files: {}, foreign: true });
    const { statements, uri } = await rig.open("spec.md", "It shall log in.\n");
    let edit: unknown;
    rig.client.onRequest("window/showMessageRequest", ({ actions }: { actions: { title: string }[] }) => {
      return actions.find(({ title }) => title === "Legal") ?? null;
    });
    rig.client.onRequest("workspace/applyEdit", (params: { edit: unknown }) => {
      edit = params.edit;
      return { applied: true };
    });
    await command("nfrLens.server.change", uri, statements[0]!.key);
    assert.equal(rig.lastClassified("spec.md")?.statements[0]?.label, "L");
    await command("nfrLens.server.ignore", uri, statements[0]!.key);
    const end = { line: 0, character: 16 };
    assert.deepEqual(edit, {
      changes: { [uri]: [{ range: { start: end, end }, newText: " <!-- nfr-lens-ignore -->" }] },
    });
  });

  it("is told why a command did nothing, and has a bad one refused", async () => {
    rig = await Rig.start({ files: {}, foreign: true });
    await command("nfrLens.server.accept", "file:///nowhere.md", "x");
    await rig.until(() => rig.warned.length === 1);
    assert.match(rig.warned[0]!, /changed or removed/);
    await assert.rejects(command("nfrLens.server.format", "c:"), /is no command of this server/);
    await assert.rejects(command("nfrLens.server.accept", 7), /uri is 7, expected text/);
  });

  it("sends settings by the usual message", async () => {
    rig = await Rig.start({ files: {}, foreign: true });
    await rig.open("spec.md", "It shall log in.\n");
    await rig.client.sendNotification("workspace/didChangeConfiguration", {
      settings: { nfrLens: { codeLens: false, threads: "many" } },
    });
    assert.deepEqual(await rig.feature("codeLens", "spec.md"), []);
    assert.deepEqual(rig.logged, ['settings.threads is "many", expected a whole number from 0 to 256; 0 is used']);
  });
});

describe("what the server offers", () => {
  it("never registers a command twice with our own client", async () => {
    for (const foreign of [false, true]) {
      const rig = await Rig.start({ foreign });
      const { capabilities } = rig.offered!;
      assert.deepEqual(
        capabilities.executeCommandProvider?.commands ?? [],
        foreign ? ["accept", "change", "reject", "ignore", "undo"].map((name) => `nfrLens.server.${name}`) : [],
      );
      await rig.stop();
    }
  });
});
