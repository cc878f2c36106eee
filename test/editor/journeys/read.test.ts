/** Job one: open a specification, see categories; type, and see them change. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { byId, classified, diagnosticsThat, nfrLens, open, titlesAbove, type Api } from "./lens.ts";

describe("reading a specification", () => {
  let api: Api;
  before(async () => {
    api = await nfrLens();
  });

  it("shows a lens with category and confidence above each requirement", async () => {
    const { document, shown } = await open(api, "open.md");
    assert.deepEqual(
      shown.statements.flatMap(({ id }) => id ?? []),
      ["FR-1", "FR-2", "NFR-1", "NFR-2", "NFR-3"],
    );
    for (const statement of shown.statements) {
      assert.equal(document.getText().slice(statement.start, statement.end), statement.text);
    }
    const [verdict, ...actions] = await titlesAbove(document.uri, byId(shown, "NFR-2"));
    assert.match(verdict ?? "", /\d+ %/);
    assert.deepEqual(actions, ["Accept", "Change…"]);
  });

  it("lists each requirement among the problems, with its category as the code", async () => {
    const { document, shown } = await open(api, "problems.md");
    const requirement = byId(shown, "NFR-2");
    const list = await diagnosticsThat(document.uri, "problems of the requirements", (found) => found.length >= 5);
    const its = list.find(({ range }) => range.start.line === requirement.range.start.line);
    assert.equal(its?.code, requirement.label);
    assert.ok(its.severity >= vscode.DiagnosticSeverity.Information, "a category is nothing to warn about");
  });

  it("reads again while one types, and takes the newest text", async () => {
    const { document, shown } = await open(api, "type.md");
    const before = byId(shown, "NFR-1");
    const sentence = "The locker shall be painted in the colours of the town and carry its coat of arms.";
    const edit = new vscode.WorkspaceEdit();
    edit.replace(
      document.uri,
      new vscode.Range(document.positionAt(before.start), document.positionAt(before.end)),
      sentence,
    );
    assert.ok(await vscode.workspace.applyEdit(edit));
    const after = byId(await classified(api, document.uri, document.version), "NFR-1");
    assert.equal(after.text, sentence);
    assert.notEqual(after.key, before.key);
    const gone = await classified(api, document.uri, document.version);
    assert.ok(gone.statements.every(({ key }) => key !== before.key));

    const removal = new vscode.WorkspaceEdit();
    removal.delete(document.uri, document.lineAt(after.range.start.line).rangeIncludingLineBreak);
    assert.ok(await vscode.workspace.applyEdit(removal));
    const rest = await classified(api, document.uri, document.version);
    assert.ok(rest.statements.every(({ id }) => id !== "NFR-1"));
    await diagnosticsThat(document.uri, "one problem fewer", (list) =>
      list.every(({ range }) => !document.getText(range).includes("coat of arms")),
    );
  });

  it("explains a category on hover: scores, meaning, place in the standard, model", async () => {
    const { document, shown } = await open(api, "hover.md");
    const { range } = byId(shown, "NFR-2");
    const at = new vscode.Position(range.start.line, range.start.character + 3);
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      "vscode.executeHoverProvider",
      document.uri,
      at,
    );
    const words = hovers
      .flatMap(({ contents }) => contents.map((part) => (part as vscode.MarkdownString).value))
      .join("\n");
    assert.match(words, /ISO\/IEC 25010/);
    assert.match(words, /\d+ %.* · .*\d+ %.* · .*\d+ %/, `the three best scores in: ${words}`);
    assert.match(words, /The right category is among these 90 % of the time: /);
    assert.match(words, /, and without the word: \*\*\w+\*\* \d+ %/);
    assert.match(words, /Ctrl\+Alt\+J/);
  });

  it("warns of what cannot be measured, on the word itself, until the quick fix is filled in", async () => {
    const sentence = "The system shall be easy to use.";
    const document = await vscode.workspace.openTextDocument({ language: "markdown", content: `- R-1: ${sentence}\n` });
    const editor = await vscode.window.showTextDocument(document);
    const warned = (list: vscode.Diagnostic[]) => list.filter(({ code }) => code === "unmeasurable");
    const [warning] = warned(await diagnosticsThat(document.uri, "a warning", (list) => warned(list).length === 1));
    assert.equal(document.getText(warning!.range), "easy to use");
    assert.equal(warning!.severity, vscode.DiagnosticSeverity.Warning);
    const fixes = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      warning!.range,
    );
    const fix = fixes.find(({ title }) => title === "Add a criterion to fill in");
    assert.ok(fix?.edit, fixes.map(({ title }) => title).join(", "));
    assert.ok(await vscode.workspace.applyEdit(fix.edit));
    assert.match(document.getText(), /easy to use \(… of … new users succeed within … minutes without help\)\.$/m);
    const text = document.getText().replaceAll("…", "9");
    await editor.edit((edit) => edit.replace(new vscode.Range(0, 0, 9, 0), text));
    await diagnosticsThat(document.uri, "no warning any more", (list) => warned(list).length === 0);
  });

  it("offers the same decisions as quick fixes, and requirements as symbols", async () => {
    const { document, shown } = await open(api, "fixes.md");
    const range = byId(shown, "NFR-2").range;
    const where = new vscode.Range(range.start.line, range.start.character, range.end.line, range.end.character);
    const fixes = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      "vscode.executeCodeActionProvider",
      document.uri,
      where,
    );
    const commands = fixes.flatMap(({ command }) => command?.command ?? []);
    for (const id of ["nfrLens.accept", "nfrLens.change", "nfrLens.reject"]) {
      assert.ok(commands.includes(id), `${id} is not among ${commands.join(", ")}`);
    }
    assert.ok(fixes.some(({ title }) => title === "Ignore this statement"));
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      "vscode.executeDocumentSymbolProvider",
      document.uri,
    );
    const names = (list: vscode.DocumentSymbol[]): string[] => list.flatMap((s) => [s.name, ...names(s.children)]);
    assert.ok(names(symbols).some((name) => name.includes("NFR-2")));
  });

  it("hides its lenses when the user does not want them, and brings them back", async () => {
    const { document, shown } = await open(api, "settings.md");
    const settings = vscode.workspace.getConfiguration("nfrLens");
    const target = vscode.ConfigurationTarget.Global;
    assert.ok((await titlesAbove(document.uri, byId(shown, "NFR-2"))).length > 0);
    await settings.update("codeLens.enabled", false, target);
    assert.deepEqual(await titlesAbove(document.uri, byId(shown, "NFR-2")), []);
    await settings.update("codeLens.enabled", undefined, target);
    assert.ok((await titlesAbove(document.uri, byId(shown, "NFR-2"))).length > 0);
  });

  it("reads a document that is in no folder, and says why it cannot keep a label", async () => {
    const document = await vscode.workspace.openTextDocument({
      language: "markdown",
      content: "- R-1: The system shall answer within two seconds.\n",
    });
    await vscode.window.showTextDocument(document);
    const shown = await classified(api, document.uri, document.version, ({ statements }) => statements.length === 1);
    assert.equal(byId(shown, "R-1").text, "The system shall answer within two seconds.");
  });
});
