/** `check` and `classify` use what is active in the project, as the editor does, and say so. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeAdapter } from "../../server/engine/adapt/adapter.ts";
import { hashOf } from "../../server/engine/adapt/manifest.ts";
import { float32 } from "../../server/engine/graph/tensor.ts";
import type { Prediction } from "../../server/engine/model/classifier.ts";
import type { CheckedDocument } from "../../server/cli/check-rules.ts";
import { activate, folderOf, writeAdapterFolder } from "../../server/store/adapter-folder.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { jsonLines, makeTinyPack, nfrLens, temporaryFolder } from "./run.ts";

const NOW = "2026-03-01T10:00:00.000Z";
/** With it the model says SE three times in four, whatever the words. */
const LABELS = ["PE", "SE"];

describe("the project's adapter on the command line", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let pack: string;
  before(async () => {
    pack = await makeTinyPack(folder);
  });

  /** A project with a document and an adapter in force, made for `base`. */
  async function project(name: string, version: string, base?: string): Promise<string> {
    const root = join(folder, name);
    mkdirSync(join(root, "docs"), { recursive: true });
    writeFileSync(join(root, "docs/a.md"), "The pump shall stop.\n");
    const made = await readPackFolder(pack);
    const weight = float32(new Float32Array(2 * made.config.hiddenSize), [made.config.hiddenSize, 2]);
    const head = { labels: LABELS, weight, bias: float32([0, Math.log(3)], [2]) };
    const files = writeAdapter(
      { lowRank: new Map(), prompt: null, head },
      {
        kind: "head",
        name: "default",
        version,
        createdAt: NOW,
        base: base ?? made.hash,
        labels: LABELS,
        taxonomy: hashOf(LABELS),
        labelSet: { hash: hashOf([]), rows: 9 },
        calibration: { temperature: 1, bias: [], threshold: 0 },
        options: null,
        metrics: null,
        flips: [],
      },
    );
    const above = join(root, ".nfr-lens/adapters");
    await writeAdapterFolder(folderOf(above, { name: "default", version }), files);
    await activate(above, { name: "default", version }, NOW);
    return root;
  }

  const check = async (cwd: string, ...args: string[]) => {
    const { code, out, err } = await nfrLens(["check", "--pack", pack, "--format", "json", ...args], { cwd });
    const { files, summary } = JSON.parse(out) as { files: CheckedDocument[]; summary: { model: string } };
    const said = files.map(({ adapter, statements }) => [adapter, statements[0]?.label, statements[0]?.confidence]);
    return { code, err, summary, said };
  };

  it("classifies where it is active, is named, and is left out where that is asked for", async () => {
    const root = await project("own", "3");
    const { code, err, summary, said } = await check(root, "docs");
    assert.equal(code, 0);
    assert.deepEqual([said[0]![0], said[0]![1]], ["default/3", "SE"]);
    assert.ok(Math.abs(Number(said[0]![2]) - 0.75) < 1e-6);
    assert.equal(err, `nfr-lens: the adapter default/3 of ${root} classifies; --adapter none leaves it out\n`);
    assert.match(summary.model, /^tiny-bert 1 \(fp32\)$/);
    const bare = await check(root, "docs", "--adapter", "none");
    assert.equal(bare.said[0]![0], null);
    assert.ok(Math.abs(Number(bare.said[0]![2]) - 0.75) > 1e-6);
    assert.equal(bare.err, "");
  });

  it("gives way to one that is demanded, and that one has to be there", async () => {
    const root = await project("demanded", "1");
    rmSync(join(root, ".nfr-lens/adapters/active.json"));
    const adapter = ".nfr-lens/adapters/default/1";
    assert.deepEqual((await check(root, "docs")).said[0]![0], null);
    assert.deepEqual((await check(root, "docs", "--adapter", adapter)).said[0]!.slice(0, 2), [adapter, "SE"]);
    const missing = await nfrLens(["check", "--pack", pack, "docs", "--adapter", "nowhere"], { cwd: root });
    assert.equal(missing.code, 2);
    assert.match(missing.err, /nowhere holds no adapter/);
  });

  it("is another for each project", async () => {
    await project("first", "1");
    await project("second", "2");
    mkdirSync(join(folder, "third"), { recursive: true });
    writeFileSync(join(folder, "third/a.md"), "The pump shall stop.\n");
    const { said } = await check(folder, "first/docs", "third/a.md", "second/docs");
    assert.deepEqual(
      said.map(([adapter]) => adapter),
      ["default/1", null, "default/2"],
    );
    assert.ok(Math.abs(Number(said[1]![2]) - 0.75) > 1e-6, "the base alone classifies where there is no adapter");
  });

  it("is named and left out where it does not fit the pack", async () => {
    const root = await project("other-base", "1", "0".repeat(64));
    const { code, err, said } = await check(root, "docs");
    assert.deepEqual([code, said[0]![0]], [0, null]);
    assert.match(err, /the adapter default\/1 cannot be used, the base classifies alone: .*default.1: /);
  });

  it("classifies lines in the folder of a project, too", async () => {
    const root = await project("lines", "1");
    const lines = ['{"text": "The pump shall stop."}\n'];
    const args = ["classify", "--jsonl", "--pack", pack];
    const { out, err } = await nfrLens(args, { cwd: join(root, "docs"), stdin: lines });
    assert.equal((jsonLines(out)[0] as { nfr: Prediction }).nfr.label, "SE");
    assert.match(err, /the adapter default\/1 of .* classifies/);
    const bare = await nfrLens([...args, "--adapter", "none"], { cwd: root, stdin: lines });
    assert.equal(bare.err, "");
    assert.equal(Object.keys((jsonLines(bare.out)[0] as { nfr: Prediction }).nfr.scores).length, 5);
  });
});
