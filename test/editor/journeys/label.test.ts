/** Job two: accept, change, reject, undo and ignore, from lens, keyboard and tree, and find it all in the label log. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { ShownDocument } from "../../../server/protocol.ts";
import { byId, classified, click, labelLines, nfrLens, open, putCursor, titlesAbove, type Api } from "./lens.ts";

describe("labelling in the document", () => {
  let api: Api;
  before(async () => {
    api = await nfrLens();
  });

  const decided = (uri: vscode.Uri, id: string, by: "person" | "model") =>
    classified(api, uri, 0, (shown: ShownDocument) => byId(shown, id).source === by);

  it("accepts a category from the lens; the person's word is on screen and in the log", async () => {
    const { document, shown } = await open(api, "accept.md");
    const requirement = byId(shown, "NFR-2");
    await click(document.uri, requirement, "Accept");
    const after = byId(await decided(document.uri, "NFR-2", "person"), "NFR-2");
    assert.equal(after.label, requirement.label);
    assert.equal(after.uncertain, false);
    const titles = await titlesAbove(document.uri, after);
    assert.match(titles[0] ?? "", /labelled by/);
    assert.deepEqual(titles.slice(1), ["Change…", "Undo"]);
    const [line, ...more] = await labelLines("accept.md");
    assert.deepEqual(more, []);
    assert.deepEqual(
      [line?.label, line?.text, line?.predicted, line?.origin],
      [requirement.label, requirement.text, requirement.predicted, "document"],
    );
  });

  it("changes a category at the cursor, by keyboard: the list starts with the model's choice", async () => {
    const { document, editor, shown } = await open(api, "change.md");
    const requirement = byId(shown, "FR-1");
    putCursor(editor, requirement);
    const command = vscode.commands.executeCommand("nfrLens.change");
    const changed = classified(api, document.uri, 0, (now) => byId(now, "FR-1").source === "person");
    await pressUntil(changed, "workbench.action.acceptSelectedQuickOpenItem");
    await command;
    assert.equal(byId(await changed, "FR-1").label, requirement.predicted);

    // A quick fix names the category itself.
    await vscode.commands.executeCommand("nfrLens.change", document.uri.toString(), requirement.key, "US");
    const after = await classified(api, document.uri, 0, (now) => byId(now, "FR-1").label === "US");
    assert.equal(byId(after, "FR-1").predicted, requirement.predicted);
    assert.deepEqual(
      (await labelLines("change.md")).map(({ label }) => label),
      [requirement.predicted, "US"],
    );
  });

  it("rejects and takes back at the cursor; the model's word returns", async () => {
    const { document, editor, shown } = await open(api, "undo.md");
    const requirement = byId(shown, "NFR-3");
    putCursor(editor, requirement);
    await vscode.commands.executeCommand("nfrLens.reject");
    assert.equal(byId(await decided(document.uri, "NFR-3", "person"), "NFR-3").label, "none");
    await vscode.commands.executeCommand("nfrLens.undo");
    const after = byId(await decided(document.uri, "NFR-3", "model"), "NFR-3");
    assert.equal(after.label, requirement.label);
    assert.deepEqual(
      (await labelLines("undo.md")).map(({ label }) => label),
      ["none", null],
    );
  });

  it("takes back the last label of the window where the cursor is on none", async () => {
    const { document, editor, shown } = await open(api, "history.md");
    putCursor(editor, byId(shown, "NFR-1"));
    await vscode.commands.executeCommand("nfrLens.accept");
    await decided(document.uri, "NFR-1", "person");
    editor.selection = new vscode.Selection(0, 0, 0, 0);
    await vscode.commands.executeCommand("nfrLens.undo");
    await decided(document.uri, "NFR-1", "model");
  });

  it("keeps a label through edits elsewhere and after closing", async () => {
    const { document, shown } = await open(api, "keep.md");
    await click(document.uri, byId(shown, "NFR-1"), "Accept");
    await decided(document.uri, "NFR-1", "person");
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), "An introduction came later.\n\n");
    await vscode.workspace.applyEdit(edit);
    const moved = byId(await classified(api, document.uri, document.version), "NFR-1");
    assert.equal(moved.source, "person");
    await document.save();
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    const again = await vscode.workspace.openTextDocument(document.uri);
    await vscode.window.showTextDocument(again);
    assert.equal(byId(await classified(api, again.uri, 1), "NFR-1").source, "person");
  });

  it("ignores a statement by a comment in the document, and nothing else", async () => {
    const { document, editor, shown } = await open(api, "ignore.md");
    putCursor(editor, byId(shown, "FR-2"));
    await vscode.commands.executeCommand("nfrLens.ignore");
    assert.match(document.getText(), /<!-- nfr-lens-ignore(-next)? -->/);
    const after = await classified(api, document.uri, document.version);
    assert.deepEqual(
      after.statements.flatMap(({ id }) => id ?? []),
      ["FR-1", "NFR-1", "NFR-2", "NFR-3"],
    );
    await vscode.commands.executeCommand("undo");
    byId(await classified(api, document.uri, document.version), "FR-2");
  });

  it("goes to a requirement from the tree, and labels it there by key", async () => {
    const { document, shown } = await open(api, "tree.md");
    await vscode.commands.executeCommand("nfrLens.groupByDocument");
    const requirement = byId(shown, "NFR-2");
    const node = { kind: "statement", uri: document.uri.toString(), statement: requirement };
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    await vscode.commands.executeCommand("nfrLens.goTo", node);
    const editor = vscode.window.activeTextEditor;
    assert.equal(editor?.document.uri.toString(), document.uri.toString());
    assert.equal(editor.selection.active.line, requirement.range.start.line);
    await classified(api, document.uri, 1);
    await vscode.commands.executeCommand("nfrLens.accept", node, [node]);
    assert.equal(byId(await decided(document.uri, "NFR-2", "person"), "NFR-2").label, requirement.label);
    await vscode.commands.executeCommand("nfrLens.groupByCategory");
  });
});

/** Presses a key again and again until what it shall bring about has come: lists open when they open. */
async function pressUntil(done: Promise<unknown>, command: string): Promise<void> {
  const end = done.then(() => true);
  const pause = () => new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 100));
  do await vscode.commands.executeCommand(command);
  while (!(await Promise.race([end, pause()])));
}
