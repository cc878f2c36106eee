/** The queue, the scan and the dashboard. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { statementAt } from "../../../src/documents.ts";
import { classified, next, nfrLens, open, type Api } from "./lens.ts";

/** Statements that each say several things at once, or nothing definite: no model can be sure of them. */
const WAVERING = `# Wishes

- Q-1: The exchange of parts must be possible at night.
- Q-2: The desk should suit everyone who comes.
- Q-3: Backups, colours and contracts must be in order.
`;

describe("across documents", () => {
  let api: Api;
  before(async () => {
    api = await nfrLens();
  });

  it("reads every document of the workspace", async () => {
    const folder = vscode.workspace.workspaceFolders![0]!;
    const unseen = vscode.Uri.joinPath(folder.uri, "unseen", "deep.md");
    await vscode.workspace.fs.writeFile(
      unseen,
      new TextEncoder().encode("# Deep\n\n- D-1: The system shall store each order for ten years.\n"),
    );
    await vscode.commands.executeCommand("nfrLens.scan");
    const shown = api.documents().find(({ uri }) => uri === unseen.toString());
    assert.deepEqual(
      shown?.statements.map(({ id }) => id),
      ["D-1"],
    );
  });

  it("walks to the statement that teaches most, and on to another once that is labelled", async () => {
    await open(api, "queue.md", WAVERING);
    const visited: string[] = [];
    for (let step = 0; step < 2; step++) {
      await vscode.commands.executeCommand("nfrLens.nextUncertain");
      const { document, selection } = vscode.window.activeTextEditor!;
      const shown = await classified(api, document.uri, document.version);
      const statement = statementAt(shown.statements, selection.active.line, selection.active.character);
      assert.equal(statement?.source, "model", "a statement that a person decided teaches nothing new");
      visited.push(`${shown.uri} ${statement.key}`);
      await vscode.commands.executeCommand("nfrLens.accept");
      await classified(api, document.uri, 0, ({ statements }) =>
        statements.some(({ key, source }) => key === statement.key && source === "person"),
      );
    }
    assert.notEqual(visited[0], visited[1]);
  });

  it("opens the dashboard", async () => {
    const opened = next(vscode.window.tabGroups.onDidChangeTabs, "the dashboard's tab", ({ opened: tabs }) =>
      tabs.some(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.includes("nfrLens.dashboard")),
    );
    await vscode.commands.executeCommand("nfrLens.showDashboard");
    await opened;
    await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
  });

  it("marks documents in each way the settings offer", async () => {
    const { document } = await open(api, "marks.md");
    const settings = vscode.workspace.getConfiguration("nfrLens");
    for (const way of ["underline", "off", undefined]) {
      await settings.update("decorations", way, vscode.ConfigurationTarget.Global);
    }
    assert.ok((await classified(api, document.uri, document.version)).statements.length > 0);
  });
});
