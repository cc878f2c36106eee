import assert from "node:assert/strict";
import type { CodeAction, Diagnostic } from "vscode-languageserver";
import { DiagnosticSeverity } from "vscode-languageserver";
import { type ShownDocument, ToServer } from "../../server/protocol.ts";
import { Rig, type RigOptions, SETTINGS } from "./rig.ts";

/** The keyword classifier takes "log in" for SE and "second" or "fast" for PE. */
const SPEC = `# Quality

- R-1: Anybody who may log in shall do so in a *secure
  manner*.
- R-2: The till shall be fast and easy to use.

The till shall:

- be fast

Perhaps it should be easy to use.
`;

describe("findings in the Problems view", () => {
  let rig: Rig;
  const start = async (options: RigOptions = {}): Promise<ShownDocument> => {
    rig = await Rig.start({ files: {}, ...options });
    return rig.open("spec.md", SPEC);
  };
  afterEach(() => rig.stop());

  const warnings = async (path = "spec.md"): Promise<Diagnostic[]> => {
    await rig.until(() => rig.diagnostics(path) !== undefined);
    return rig.diagnostics(path)!.diagnostics.filter(({ severity }) => severity === DiagnosticSeverity.Warning);
  };
  const marked = ({ range }: Diagnostic): string => {
    const lines = SPEC.split("\n").slice(range.start.line, range.end.line + 1);
    lines[lines.length - 1] = lines.at(-1)!.slice(0, range.end.character);
    return lines.join("\n").slice(range.start.character);
  };

  it("warn where a quality cannot be measured, on the word itself, and not about guesses", async () => {
    await start();
    assert.deepEqual(
      (await warnings()).map((found) => [found.code, marked(found), found.message]),
      [
        [
          "unmeasurable",
          "in a *secure\n  manner",
          "“in a secure manner” cannot be measured: say how much, in which case, and how it is checked.",
        ],
        ["unmeasurable", "fast", "“fast” cannot be measured: say how much, in which case, and how it is checked."],
        [
          "several-qualities",
          "The till shall be fast and easy to use.",
          "Several qualities in one statement (“fast”, “easy to use”): one statement for each can be tested and traced.",
        ],
        ["unmeasurable", "fast", "“fast” cannot be measured: say how much, in which case, and how it is checked."],
      ],
    );
  });

  it("are switched off one by one, and with the Problems altogether", async () => {
    await start();
    const send = (more: object) => rig.client.sendNotification(ToServer.settings, { ...SETTINGS, ...more });
    await send({ findings: { unmeasurable: false, severalQualities: true, contradictsHeading: false } });
    await rig.until(() => rig.diagnostics("spec.md")?.diagnostics.length === 5);
    assert.deepEqual(
      (await warnings()).map(({ code }) => code),
      ["several-qualities"],
    );
    await send({ diagnostics: false });
    await rig.until(() => rig.diagnostics("spec.md")?.diagnostics.length === 0);
  });

  it("stand before the categories where the list is cut", async () => {
    await start({ settings: { maximumDiagnostics: 5 } });
    await rig.until(() => rig.diagnostics("spec.md") !== undefined);
    assert.deepEqual(
      rig.diagnostics("spec.md")!.diagnostics.map(({ code }) => code),
      ["unmeasurable", "unmeasurable", "several-qualities", "unmeasurable", "more"],
    );
  });

  it("vanish when the statement is mended, by hand or by the quick fix", async () => {
    const { statements } = await start();
    const { range } = statements.find(({ id }) => id === "R-2")!;
    const diagnostics = await warnings();
    const actions = await rig.feature<CodeAction[]>("codeAction", "spec.md", { range, context: { diagnostics } });
    const fixes = actions.filter(({ edit, title }) => edit !== undefined && !title.startsWith("Ignore"));
    assert.deepEqual(
      fixes.map(({ title, edit, diagnostics: mended }) => [
        title,
        edit?.changes?.[rig.uri("spec.md")]?.[0]?.newText,
        mended?.map(({ code }) => code),
      ]),
      [
        [
          "Add a criterion to fill in",
          " (within … s in … % of cases with … users at the same time)",
          ["unmeasurable", "unmeasurable", "unmeasurable"],
        ],
        ["Split into 2 statements", "The till shall be fast. The till shall be easy to use.", ["several-qualities"]],
      ],
    );
    const [criterion] = fixes[0]!.edit!.changes![rig.uri("spec.md")]!;
    await rig.change("spec.md", 2, criterion!.newText.replaceAll("…", "3"), criterion!.range);
    const after = await rig.classified("spec.md", 2);
    assert.equal(
      after.statements.find(({ id }) => id === "R-2")?.text,
      "The till shall be fast and easy to use (within 3 s in 3 % of cases with 3 users at the same time).",
    );
    await rig.until(() => rig.diagnostics("spec.md")?.version === 2);
    assert.deepEqual(
      (await warnings()).map(({ range: { start: place }, code }) => (code === "unmeasurable" ? place.line : code)),
      [2, "several-qualities", 8],
    );
  });

  it("name a required category that no document has, once all were read, until one has it", async () => {
    const config = '{\n  "required": ["SE", "PO"]\n}';
    await start({ files: { ".nfr-lens/config.json": config, "other.md": "It shall print.\n" } });
    const missing = (): Diagnostic[] => rig.diagnostics(".nfr-lens/config.json")?.diagnostics ?? [];
    await rig.until(() => rig.diagnostics(".nfr-lens/config.json") !== undefined);
    assert.deepEqual(missing(), [], "nobody has read all documents yet");
    await rig.ask("nfrLens/scan");
    await rig.until(() => missing().length > 0);
    assert.deepEqual(
      missing().map(({ code, message, severity, range }) => [code, message, severity, range.start.line]),
      [
        [
          "missing-category",
          "No document has a requirement of the category Portability (PO).",
          DiagnosticSeverity.Warning,
          1,
        ],
      ],
    );
    const document = await rig.open("more.md", "It shall move.\n");
    await rig.label("more.md", document.statements[0]!, { kind: "change", label: "PO" });
    await rig.until(() => missing().length === 0);
  });
});
