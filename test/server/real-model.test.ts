import assert from "node:assert/strict";
import { appendFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hover } from "vscode-languageserver";
import { NetworkClassifier } from "../../server/engine/model/network-classifier.ts";
import { openModel } from "../../server/open-model.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { Rig } from "./rig.ts";
import { type TinyPack, tinyPackFolder } from "./tiny-pack.ts";

const TEXTS = ["The system shall encrypt backups.", "It answers within one second.", "Users may undo."];

describe("the server with a real pack", () => {
  let pack: TinyPack;
  let rig: Rig | undefined;
  beforeEach(async () => {
    pack = await tinyPackFolder();
  });
  afterEach(async () => {
    await rig?.stop();
    rig = undefined;
    pack.remove();
  });
  const start = (folder = pack.folder): Promise<Rig> =>
    Rig.start({ files: {}, openModel, options: { pack: folder } }).then((started) => (rig = started));

  it("shows what the network says, batch or not", async () => {
    const { open, status } = await start().then(async (server) => ({
      open: await server.open("spec.md", TEXTS.join("\n\n")),
      status: await server.ready(),
    }));
    const classifier = await NetworkClassifier.create(await readPackFolder(pack.folder), { threads: 1 });
    const expected = await classifier.classify(TEXTS);
    assert.deepEqual(
      open.statements.map(({ text, label, uncertain }) => [text, label, uncertain]),
      TEXTS.map((text, index) => [text, expected[index]!.label, expected[index]!.uncertain]),
    );
    open.statements.forEach(({ confidence }, index) => {
      assert.ok(Math.abs(confidence - expected[index]!.confidence) < 1e-4);
    });
    assert.deepEqual(status.model, { name: "tiny 1.0.0", precision: "fp32", hash: classifier.identity.pack });
    assert.equal(status.state, "ready");
  });

  it("names the model in the hover", async () => {
    const server = await start();
    const { statements } = await server.open("spec.md", TEXTS.join("\n\n"));
    assert.equal(statements.length, 3);
    const hover = await server.feature<Hover>("hover", "spec.md", { position: { line: 0, character: 1 } });
    assert.match(
      (hover.contents as { value: string }).value,
      /Model: tiny 1\\\.0\\\.0 \(fp32\), without a project adapter/,
    );
  });

  const broken: [string, (folder: string) => void, RegExp][] = [
    [
      "is missing",
      (folder) => rmSync(folder, { recursive: true }),
      /nfr-lens\.json is missing\. The folder .* does not exist/,
    ],
    ["lacks a file", (folder) => rmSync(join(folder, "tokenizer.json")), /tokenizer\.json is missing/],
    ["was changed", (folder) => appendFileSync(join(folder, "model.safetensors"), "x"), /model\.safetensors/],
    ["is cut off", (folder) => truncateSync(join(folder, "model.safetensors"), 100), /model\.safetensors: SHA-256 is/],
    ["is rubbish", (folder) => writeFileSync(join(folder, "nfr-lens.json"), "\u0000{"), /nfr-lens\.json/],
  ];
  for (const [what, damage, message] of broken) {
    it(`fails with a message when the pack ${what}, and answers every request`, async () => {
      damage(pack.folder);
      const server = await start();
      const status = await server.ready();
      assert.equal(status.state, "failed");
      assert.match(status.message ?? "", message);
      assert.match(
        status.message ?? "",
        /Reinstall NFR Lens, or choose another model with the settings nfrLens\.model/,
      );
      await server.client.sendNotification("textDocument/didOpen", {
        textDocument: { uri: server.uri("spec.md"), languageId: "markdown", version: 1, text: TEXTS[0]! },
      });
      assert.deepEqual(await server.feature("codeLens", "spec.md"), []);
      assert.equal(await server.feature("hover", "spec.md", { position: { line: 0, character: 1 } }), null);
      assert.deepEqual(await server.ask("nfrLens/scan"), { refused: true, message: status.message });
      assert.deepEqual(server.warned, []);
    });
  }
});
