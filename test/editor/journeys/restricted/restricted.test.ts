/** Restricted Mode: a folder that is not trusted is read, and may not decide anything. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { byId, classified, labelLines, nfrLens, open, titlesAbove } from "../lens.ts";

describe("in a folder that is not trusted", () => {
  it("classifies with the bundled model and says what is switched off", async () => {
    assert.equal(vscode.workspace.isTrusted, false);
    const api = await nfrLens();
    const { document, shown } = await open(api, "untrusted.md");
    assert.match((await titlesAbove(document.uri, byId(shown, "NFR-1")))[0] ?? "", /\d+ %/);
    assert.equal(api.status()?.restricted, true);
    assert.deepEqual(
      api.status()?.folders.map(({ adapter }) => adapter),
      [null],
    );
  });

  it("takes no model from the folder's settings", async () => {
    const folder = vscode.workspace.workspaceFolders![0]!;
    const settings = vscode.Uri.joinPath(folder.uri, ".vscode", "settings.json");
    const seen = new Promise<void>((resolve) => {
      const listener = vscode.workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration("nfrLens.debounce")) return;
        listener.dispose();
        resolve();
      });
    });
    const chosen = { "nfrLens.modelPath": "/tmp/model-of-a-stranger", "nfrLens.debounce": 50 };
    await vscode.workspace.fs.writeFile(settings, new TextEncoder().encode(JSON.stringify(chosen)));
    await seen;
    assert.equal(vscode.workspace.getConfiguration("nfrLens").get("debounce"), 50);
    assert.equal(vscode.workspace.getConfiguration("nfrLens").get("modelPath"), "");
  });

  it("keeps labels all the same: they are words of the person at the keyboard", async () => {
    const api = await nfrLens();
    const { document, shown } = await open(api, "label.md");
    const requirement = byId(shown, "NFR-1");
    await vscode.commands.executeCommand("nfrLens.accept", document.uri.toString(), requirement.key);
    await classified(api, document.uri, 0, (now) => byId(now, "NFR-1").source === "person");
    assert.equal((await labelLines("label.md"))[0]?.label, requirement.label);
  });
});
