import assert from "node:assert/strict";
import type { CodeAction, CodeLens, DocumentSymbol, Hover, InlayHint, WorkspaceEdit } from "vscode-languageserver";
import { DiagnosticSeverity } from "vscode-languageserver";
import { type ShownDocument, ToClient, ToServer } from "../../server/protocol.ts";
import { Rig, type RigOptions, SETTINGS } from "./rig.ts";

const SPEC = `# Security

REQ-1: The system shall encrypt backups.

Perhaps users may undo.

This text is background.

## Speed

The system answers within one second. Users log in once.
`;

describe("reading a document in the editor", () => {
  let rig: Rig;
  const start = async (options: RigOptions = {}): Promise<ShownDocument> => {
    rig = await Rig.start({ files: {}, ...options });
    return rig.open("spec.md", SPEC);
  };
  afterEach(() => rig.stop());

  /** Code lenses as a user sees them: line and words of each, resolved. */
  const lenses = async (path = "spec.md"): Promise<string[]> => {
    const found = await rig.feature<CodeLens[]>("codeLens", path);
    const resolved = await Promise.all(found.map((lens) => rig.ask<CodeLens>("codeLens/resolve", lens)));
    return resolved.map(({ range, command }) => `${range.start.line} ${command?.title} ${command?.command}`);
  };

  it("tells the client each statement with its place, id, headings and category", async () => {
    const { statements } = await start();
    assert.deepEqual(
      statements.map(({ text, id, heading, label, confidence, uncertain }) => [
        text,
        id,
        heading.join(" > "),
        label,
        confidence,
        uncertain,
      ]),
      [
        ["The system shall encrypt backups.", "REQ-1", "Security", "SE", 0.94, false],
        ["Perhaps users may undo.", undefined, "Security", "US", 0.41, true],
        ["This text is background.", undefined, "Security", "none", 0.97, false],
        ["The system answers within one second.", undefined, "Security > Speed", "PE", 0.81, false],
        ["Users log in once.", undefined, "Security > Speed", "SE", 0.94, false],
      ],
    );
    for (const { text, start, end, range } of statements) {
      assert.equal(SPEC.slice(start, end), text);
      assert.equal(SPEC.split("\n")[range.start.line]?.slice(range.start.character, range.end.character), text);
    }
  });

  it("shows lenses for requirements only, with Accept and Change", async () => {
    await start();
    assert.deepEqual(await lenses(), [
      "2 Security · 94 % ",
      "2 Accept nfrLens.accept",
      "2 Change… nfrLens.change",
      "4 Uncertain · Usability 41 % ",
      "4 Accept nfrLens.accept",
      "4 Change… nfrLens.change",
      "10 Performance · 81 % ",
      "10 Accept nfrLens.accept",
      "10 Change… nfrLens.change",
      "10 Security · 94 % ",
      "10 Accept nfrLens.accept",
      "10 Change… nfrLens.change",
    ]);
  });

  it("shows no lens below the confidence asked for, and none when switched off", async () => {
    await start({ settings: { minimumConfidence: 0.9 } });
    assert.deepEqual(
      (await lenses()).map((line) => line.split(" ")[0]),
      ["2", "2", "2", "10", "10", "10"],
    );
    await rig.client.sendNotification(ToServer.settings, { ...SETTINGS, codeLens: false });
    assert.deepEqual(await lenses(), []);
  });

  it("lists categories as information and uncertain ones as hints", async () => {
    await start();
    await rig.until(() => rig.diagnostics("spec.md")?.version === 1);
    const found = rig.diagnostics("spec.md")!.diagnostics;
    assert.deepEqual(
      found.map(({ range, severity, code, message, source }) => [range.start.line, severity, code, message, source]),
      [
        [2, DiagnosticSeverity.Information, "SE", "Security · 94 %", "NFR Lens"],
        [4, DiagnosticSeverity.Hint, "US", "Uncertain · Usability 41 %", "NFR Lens"],
        [10, DiagnosticSeverity.Information, "PE", "Performance · 81 %", "NFR Lens"],
        [10, DiagnosticSeverity.Information, "SE", "Security · 94 %", "NFR Lens"],
      ],
    );
  });

  it("caps diagnostics and says how many more there are", async () => {
    await start({ settings: { maximumDiagnostics: 100 } });
    const lines = Array.from({ length: 1200 }, (_, index) => `Rule ${index} shall hold.\n\n`);
    await rig.open("long.md", lines.join(""));
    await rig.until(() => rig.diagnostics("long.md") !== undefined);
    const found = rig.diagnostics("long.md")!.diagnostics;
    assert.equal(found.length, 100);
    assert.equal(found[98]?.message, "Functional · 70 %");
    assert.equal(found[99]?.message, "and 1101 more requirements from here on; the view “Requirements” lists them all");
    assert.deepEqual(found[99].range.start, { line: 198, character: 0 });
  });

  it("publishes no diagnostics when they are switched off, and again when they are on", async () => {
    await start({ settings: { diagnostics: false } });
    await rig.until(() => rig.diagnostics("spec.md") !== undefined);
    assert.deepEqual(rig.diagnostics("spec.md")?.diagnostics, []);
    await rig.client.sendNotification(ToServer.settings, SETTINGS);
    await rig.until(() => rig.diagnostics("spec.md")?.diagnostics.length === 4);
  });

  it("explains a category in the hover", async () => {
    await start();
    const hover = await rig.feature<Hover>("hover", "spec.md", { position: { line: 10, character: 3 } });
    assert.deepEqual(hover.range, { start: { line: 10, character: 0 }, end: { line: 10, character: 37 } });
    assert.deepEqual((hover.contents as { value: string }).value.split("\n\n"), [
      "**Performance** · 81 %",
      "It constrains speed, response time, throughput, resource use or precision under load.",
      "ISO/IEC 25010:2023: Performance efficiency",
      "Performance 81 % · Functional 2 % · Availability 2 %",
      "Performance 81 %, and without the word: **second** 0 %",
      "Model: keywords (int8), without a project adapter",
      "Accept: Ctrl+Alt+J A · change: Ctrl+Alt+J C · not a requirement: Ctrl+Alt+J X",
    ]);
  });

  it("names the categories that hold the right one nine times in ten, where that was measured and nobody decided", async () => {
    const { statements } = await start();
    const hoverAt = async (line: number): Promise<string> => {
      const hover = await rig.feature<Hover>("hover", "spec.md", { position: { line, character: 3 } });
      return (hover.contents as { value: string }).value;
    };
    const sentence = "The right category is among these 90 % of the time: ";
    assert.ok((await hoverAt(4)).includes(`${sentence}Usability, Functional, Look and feel\n`));
    assert.doesNotMatch(await hoverAt(10), /of the time/);
    await rig.label("spec.md", statements[1]!, { kind: "accept" });
    assert.doesNotMatch(await hoverAt(4), /of the time/);
  });

  it("has nothing to say between statements", async () => {
    await start();
    assert.equal(await rig.feature("hover", "spec.md", { position: { line: 0, character: 1 } }), null);
  });

  it("offers to accept, change, reject and ignore", async () => {
    const { statements } = await start();
    const { range, key } = statements[0]!;
    const actions = await rig.feature<CodeAction[]>("codeAction", "spec.md", { range, context: { diagnostics: [] } });
    const uri = rig.uri("spec.md");
    assert.deepEqual(
      actions.map(({ title, command, edit }) => [title, command?.command, command?.arguments, edit?.changes?.[uri]]),
      [
        ["Accept “Security”", "nfrLens.accept", [uri, key], undefined],
        ["Change to “Functional”", "nfrLens.change", [uri, key, "F"], undefined],
        ["Change to “Availability”", "nfrLens.change", [uri, key, "A"], undefined],
        ["Change the category…", "nfrLens.change", [uri, key], undefined],
        ["Not a requirement", "nfrLens.reject", [uri, key], undefined],
        [
          "Ignore this statement",
          undefined,
          undefined,
          [{ range: { start: range.end, end: range.end }, newText: " <!-- nfr-lens-ignore -->" }],
        ],
      ],
    );
  });

  it("ignores what the comment covers, and only that", async () => {
    const { statements } = await start();
    const { range } = statements[3]!;
    await rig.change("spec.md", 2, " <!-- nfr-lens-ignore -->", { start: range.end, end: range.end });
    const after = await rig.classified("spec.md", 2);
    assert.deepEqual(
      after.statements.map(({ text }) => text),
      [0, 1, 2, 4].map((index) => statements[index]?.text),
    );
    assert.ok(!rig.classifier.runs.flat().some((text) => text.includes("nfr-lens")));
  });

  it("finds a place for the comment behind emphasis and in table cells", async () => {
    await start();
    const cases = [
      "**The system shall encrypt it.**\n",
      "It shall run `npm test`\n",
      "| a | b |\n|---|---|\n| R1 | It shall log in. |\n",
      "- It shall log in.\n- It shall log out.\n",
      "It shall log in. It shall log out.\n",
    ];
    for (const [index, text] of cases.entries()) {
      const path = `case${index}.md`;
      const before = await rig.open(path, text);
      const { key } = before.statements[0]!;
      const edit = await rig.ask<WorkspaceEdit>("nfrLens/ignore", { uri: rig.uri(path), key });
      const [change] = edit.changes?.[rig.uri(path)] ?? [];
      await rig.change(path, 2, change!.newText, change!.range);
      const after = await rig.classified(path, 2);
      assert.deepEqual(
        after.statements.map((statement) => statement.text),
        before.statements.slice(1).map((statement) => statement.text),
        text,
      );
    }
  });

  it("shows inlay hints only when they are asked for", async () => {
    await start();
    const range = { start: { line: 0, character: 0 }, end: { line: 5, character: 0 } };
    assert.deepEqual(await rig.feature("inlayHint", "spec.md", { range }), []);
    await rig.client.sendNotification(ToServer.settings, { ...SETTINGS, inlayHints: true });
    const hints = await rig.feature<InlayHint[]>("inlayHint", "spec.md", { range });
    assert.deepEqual(
      hints.map(({ position, label }) => [position.line, position.character, label]),
      [
        [2, 40, "Security · 94 %"],
        [4, 23, "Uncertain · Usability 41 %"],
      ],
    );
  });

  it("lists requirements under their headings as symbols", async () => {
    await start();
    const outline = (symbols: DocumentSymbol[], depth = 0): string[] =>
      symbols.flatMap(({ name, detail, children }) => [
        `${" ".repeat(depth)}${name}${detail === undefined ? "" : ` | ${detail}`}`,
        ...outline(children ?? [], depth + 1),
      ]);
    assert.deepEqual(outline(await rig.feature("documentSymbol", "spec.md")), [
      "Security",
      " REQ-1 The system shall encrypt backups. | Security · 94 %",
      " Perhaps users may undo. | Uncertain · Usability 41 %",
      " Speed",
      "  The system answers within one second. | Performance · 81 %",
      "  Users log in once. | Security · 94 %",
    ]);
  });

  it("reads plain text, and nothing of a language it does not know", async () => {
    await start();
    const text = await rig.open("notes.txt", "The system shall encrypt backups.\n");
    assert.deepEqual(
      text.statements.map(({ label }) => label),
      ["SE"],
    );
    const uri = rig.uri("main.rs");
    await rig.client.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "rust", version: 1, text: "// The system shall encrypt backups.\n" },
    });
    assert.deepEqual((await rig.classified("main.rs", 1)).statements, []);
  });

  it("forgets a document when it closes", async () => {
    await start();
    await rig.client.sendNotification("textDocument/didClose", { textDocument: { uri: rig.uri("spec.md") } });
    await rig.until(() => rig.lastClassified("spec.md")?.statements.length === 0);
    await rig.until(() => rig.diagnostics("spec.md")?.diagnostics.length === 0);
    assert.deepEqual(await rig.ask("nfrLens/documents"), []);
    assert.deepEqual(
      rig.of<ShownDocument>(ToClient.classified).map(({ version }) => version),
      [1, null],
    );
  });

  it("speaks Japanese where the client does", async () => {
    await start({ options: { locale: "ja" } });
    assert.equal((await lenses())[0], "2 セキュリティ · 94 % ");
    const hover = await rig.feature<Hover>("hover", "spec.md", { position: { line: 2, character: 9 } });
    assert.match((hover.contents as { value: string }).value, /承認: Ctrl\+Alt\+J A/);
  });
});
