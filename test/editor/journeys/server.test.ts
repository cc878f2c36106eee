/** The server may die; the work goes on. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { byId, classified, next, nfrLens, open, titlesAbove } from "./lens.ts";

describe("when the language server dies", () => {
  it("starts again by itself, reads the open documents again and keeps the labels", async () => {
    const api = await nfrLens();
    const { document, shown } = await open(api, "restart.md");
    const { key } = byId(shown, "NFR-1");
    await vscode.commands.executeCommand("nfrLens.accept", document.uri.toString(), key);
    await classified(api, document.uri, 0, (now) => byId(now, "NFR-1").source === "person");

    const pid = api.serverPid();
    assert.ok(pid);
    const down = next(api.onState, "the server is down", (state) => state === "starting");
    const up = next(api.onState, "the server is up again", (state) => state === "ready");
    process.kill(pid, "SIGKILL");
    await down;
    assert.deepEqual(api.documents(), [], "results of a dead server stay on screen");
    await up;
    assert.notEqual(api.serverPid(), pid);
    const again = await classified(api, document.uri, document.version);
    assert.equal(byId(again, "NFR-1").source, "person");
    assert.ok((await titlesAbove(document.uri, byId(again, "NFR-1"))).length > 0);
  });

  it("restarts when asked to", async () => {
    const api = await nfrLens();
    const pid = api.serverPid();
    const up = next(api.onState, "the server is ready", (state) => state === "ready");
    await vscode.commands.executeCommand("nfrLens.restartServer");
    await up;
    assert.notEqual(api.serverPid(), pid);
  });
});
