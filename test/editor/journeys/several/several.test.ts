/** Two folders in one workspace: each keeps its own labels, and documents of one name are told apart. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { byId, classified, click, nfrLens, titlesAbove, type Api } from "../lens.ts";

describe("in a workspace of two folders", () => {
  let api: Api;
  before(async () => {
    api = await nfrLens();
  });

  const folder = (name: string): vscode.WorkspaceFolder => {
    const found = vscode.workspace.workspaceFolders?.find((each) => each.name === name);
    assert.ok(found, `${name} is not open`);
    return found;
  };
  const specification = (name: string): vscode.Uri => vscode.Uri.joinPath(folder(name).uri, "specification.md");
  const show = async (name: string) => {
    const document = await vscode.workspace.openTextDocument(specification(name));
    await vscode.window.showTextDocument(document);
    return classified(api, document.uri, 1);
  };
  const log = async (name: string): Promise<string> => {
    const uri = vscode.Uri.joinPath(folder(name).uri, ".nfr-lens", "labels.jsonl");
    return vscode.workspace.fs.readFile(uri).then(
      (bytes) => new TextDecoder().decode(bytes),
      () => "",
    );
  };

  it("knows both, each with an adapter of its own or none", () => {
    const paths = (api.status()?.folders ?? []).map(({ root }) => vscode.Uri.parse(root).fsPath);
    assert.deepEqual(
      paths,
      ["one", "two"].map((name) => folder(name).uri.fsPath),
    );
  });

  it("keeps a label in the folder of its document, and shows it there alone", async () => {
    const [one, two] = [await show("one"), await show("two")];
    const statement = byId(two, "NFR-2");
    assert.equal(byId(one, "NFR-2").key, statement.key);
    await click(specification("two"), statement, "Accept");
    await classified(api, specification("two"), 0, (shown) => byId(shown, "NFR-2").source === "person");
    assert.match((await titlesAbove(specification("two"), statement))[0] ?? "", /labelled by/);
    assert.doesNotMatch((await titlesAbove(specification("one"), byId(one, "NFR-2")))[0] ?? "", /labelled by/);
    assert.equal((await log("two")).trim().split("\n").length, 1);
    assert.equal(await log("one"), "");
    assert.equal(api.status()?.labels.total, 1);
  });

  it("asks which folder to train for, that of the open document first, and trains in no other", async () => {
    await show("one");
    const training = { ended: false };
    const trained = vscode.commands.executeCommand("nfrLens.train").then(() => (training.ended = true));
    // Without the list the command would never end: it has no folder to ask the server about.
    while (!training.ended) await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
    await trained;
    // Folder one has no labels, so nothing was trained; folder two has one, whose training would have failed loudly.
    assert.equal(api.status()?.labels.sinceTraining, 1);
  });
});
