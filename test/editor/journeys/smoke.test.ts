/** The extension is there and the editor works: what every other journey relies on. */
import assert from "node:assert/strict";
import * as vscode from "vscode";

describe("the editor", () => {
  it("knows the extension", () => {
    const extension = vscode.extensions.getExtension("nfr-lens.nfr-lens");
    assert.ok(extension, "NFR Lens is not among the installed extensions");
    console.log(`[test] VS Code ${vscode.version}, extension from ${extension.extensionPath}`);
  });

  it("opens the specification of the workspace", async () => {
    const [file] = await vscode.workspace.findFiles("specification.md");
    assert.ok(file);
    const document = await vscode.workspace.openTextDocument(file);
    assert.equal(document.languageId, "markdown");
  });
});
