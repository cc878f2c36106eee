import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openModel } from "../../server/open-model.ts";
import {
  type AdapterName,
  type AdapterSummary,
  type Comparison,
  Requests,
  type Review,
  type ServerStatus,
  ToClient,
  ToServer,
  type TrainOutcome,
  type TrainProgress,
  type TrainReport,
} from "../../server/protocol.ts";
import type { LabelRecord } from "../../server/store/label.ts";
import { writerMark } from "../../server/store/writers.ts";
import { Rig, type RigOptions } from "./rig.ts";
import { documentOf, labelsOf, LESSON, TAUGHT_FOLDER, TAUGHT_NAMES } from "./taught.ts";
import { type TinyPack, tinyPackFolder } from "./tiny-pack.ts";

describe("teaching in the editor", function () {
  this.timeout(120_000);
  let pack: TinyPack;
  let rig: Rig;
  before(async () => {
    pack = await tinyPackFolder();
  });
  after(() => pack.remove());
  afterEach(() => rig.stop());
  const start = async (options: RigOptions = {}): Promise<void> => {
    rig = await Rig.start({
      files: TAUGHT_FOLDER,
      openModel,
      ...options,
      options: { pack: pack.folder, ...options.options },
    });
  };
  const status = (): Promise<ServerStatus> => rig.ask(Requests.status);
  const adapters = (): Promise<AdapterSummary[]> => rig.ask(Requests.adapters);
  const train = async (): Promise<TrainReport> => {
    const outcome = await rig.ask<TrainOutcome>(Requests.train, LESSON);
    assert.equal(outcome.outcome, "trained", JSON.stringify(outcome));
    return outcome.report;
  };
  const adapterFolder = (version = "1"): string => join(rig.root, ".nfr-lens/adapters/project", version);
  const refused = async (method: string, params: unknown, message: RegExp): Promise<void> => {
    const answer = await rig.ask<{ refused?: boolean; message: string }>(method, params);
    assert.equal(answer.refused, true, JSON.stringify(answer));
    assert.match(answer.message, message);
  };

  it("trains with progress, swaps the adapter in, and rolls back; documents follow at once", async () => {
    await start();
    const { statements } = await rig.open("new.md", documentOf("new"));
    const before = statements.map(({ confidence }) => confidence);
    const confidences = (): number[] => rig.lastClassified("new.md")!.statements.map(({ confidence }) => confidence);
    assert.deepEqual((await status()).labels, { total: 60, sinceTraining: 60, trainingSuggested: true });

    const report = await train();
    const progress = rig.of<TrainProgress>(ToClient.trainProgress);
    assert.ok(progress.length > 2);
    assert.ok(progress.every(({ fraction }, index) => fraction >= (progress[index - 1]?.fraction ?? 0)));
    assert.deepEqual([report.name, report.version, report.labels], ["project", "1", 60]);
    assert.ok(existsSync(join(adapterFolder(), "report.json")));

    if (!report.promoted) await rig.ask(Requests.activate, { adapter: { name: "project", version: "1" } });
    await rig.until(() => confidences().every((confidence, at) => confidence !== before[at]));
    const { folders, labels: count } = await status();
    const adapter = folders[0]?.adapter;
    assert.deepEqual(adapter, { name: "project", version: "1" });
    assert.deepEqual(count, { total: 60, sinceTraining: 0, trainingSuggested: false });
    assert.deepEqual(
      (await adapters()).map(({ version, active, kind }) => [version, active, kind]),
      [["1", true, "lora"]],
    );

    assert.equal(await rig.ask(Requests.rollback), null);
    await rig.until(() => confidences().every((confidence, at) => confidence === before[at]));
    assert.equal((await status()).folders[0]?.adapter, null);
  });

  it("keeps reports, locates their statements, compares, exports, imports and deletes", async () => {
    await start();
    await train();
    await rig.ask(Requests.scan);
    const report = await rig.ask<TrainReport>(Requests.report, { name: "project", version: "1" });
    assert.ok(report.flips.length > 0);
    for (const { text, uri, line } of report.flips) {
      const name = / ([a-d]) \d+\.$/.exec(text)![1]!;
      assert.equal(uri, rig.uri(`${name}.md`));
      assert.equal(documentOf(name).split("\n")[line!], text);
    }

    const comparison = await rig.ask<Comparison>(Requests.compare, {
      first: null,
      second: { name: "project", version: "1" },
    });
    assert.equal(comparison.statements, 60);
    assert.equal(comparison.second.score.weightedF1, report.after.weightedF1);
    assert.equal(comparison.first.score.weightedF1, report.before.weightedF1);
    assert.ok(comparison.gain.low <= comparison.gain.weightedF1 && comparison.gain.weightedF1 <= comparison.gain.high);

    const outside = join(rig.root, "outside");
    assert.equal(await rig.ask(Requests.exportAdapter, { name: "project", version: "1", folder: outside }), null);
    assert.deepEqual(readdirSync(outside).sort(), readdirSync(adapterFolder()).sort());
    await refused(
      Requests.exportAdapter,
      { name: "project", version: "1", folder: outside },
      /outside .*(exists already|holds)/,
    );
    const imported = await rig.ask<AdapterSummary>(Requests.importAdapter, { folder: outside });
    assert.deepEqual([imported.name, imported.version, imported.active], ["project", "2", false]);
    await rig.ask(Requests.activate, { adapter: { name: "project", version: "2" } });
    await refused(Requests.deleteAdapter, { name: "project", version: "2" }, /is active/);
    await rig.ask(Requests.activate, { adapter: null });
    const { folder } = await rig.ask<{ folder: string }>(Requests.deleteAdapter, { name: "project", version: "2" });
    assert.ok(existsSync(join(folder, "adapter_config.json")));
    assert.deepEqual(
      (await adapters()).map(({ name }) => name),
      ["project"],
    );
    await refused(Requests.report, { name: "project", version: "2" }, /holds no adapter/);
  });

  it("clears away what a killed trainer left half-written, and nothing of one that runs", async () => {
    const machine = writerMark().split("-")[0]!;
    const gone = spawnSync(process.execPath, ["--version"]).pid;
    const left = (pid: number): string => `.nfr-lens/adapters/project/.1.${machine}-${pid}.0123456789ab.tmp`;
    const files = {
      ...TAUGHT_FOLDER,
      [`${left(gone)}/nfr-lens.json`]: "{",
      [`${left(process.pid)}/nfr-lens.json`]: "{",
    };
    await start({ files, options: { trusted: false } });
    await rig.ready();
    assert.deepEqual(await adapters(), []);
    assert.ok(existsSync(join(rig.root, left(gone))), "nothing is touched in a folder that is not trusted");
    await rig.client.sendNotification(ToServer.trust, { trusted: true });
    await rig.until(() => rig.of<ServerStatus>(ToClient.status).at(-1)?.restricted === false);
    assert.ok(!existsSync(join(rig.root, left(gone))));
    assert.ok(existsSync(join(rig.root, left(process.pid))));
  });

  it("suspects a wrong label although the adapter in force has learnt it", async () => {
    const lines = labelsOf(TAUGHT_NAMES).split("\n");
    const wrong = JSON.parse(lines[0]!) as LabelRecord;
    lines[0] = JSON.stringify({ ...wrong, label: "US" });
    await start({ files: { ...TAUGHT_FOLDER, ".nfr-lens/labels.jsonl": lines.join("\n") } });
    await train();
    await rig.ask(Requests.activate, { adapter: { name: "project", version: "1" } });
    const { items } = await rig.ask<Review>(Requests.review);
    const suspect = items.find(({ kind, text }) => kind === "suspect" && text === wrong.text);
    assert.ok(suspect !== undefined, JSON.stringify(items));
    assert.deepEqual([suspect.suggested, suspect.labels], ["SE", [{ label: "US", author: "Ada" }]]);
    assert.match(suspect.reason, /which did not learn from this label, says Security/);
  });

  it("cancels a training within a second and leaves nothing behind", async () => {
    await start();
    const training = rig.ask<TrainOutcome>(Requests.train, { ...LESSON, epochs: 400 });
    await rig.until(() => rig.of<TrainProgress>(ToClient.trainProgress).length > 0);
    await refused(Requests.train, LESSON, /A training is under way/);
    const asked = performance.now();
    assert.equal(await rig.ask(Requests.cancelTraining), null);
    assert.deepEqual(await training, { outcome: "cancelled" });
    assert.ok(performance.now() - asked < 2000, "the trainer took too long to end");
    assert.deepEqual(await adapters(), []);
    assert.equal(existsSync(adapterFolder()), false);
  });

  it("refuses to train without labels, and passes on why the trainer will not", async () => {
    await start({ files: { "a.md": documentOf("a") } });
    await refused(Requests.train, LESSON, /There are no labels yet/);
    rig.write(".nfr-lens/labels.jsonl", `${labelsOf(["a"]).split("\n")[0] ?? ""}\n`);
    await rig.client.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: rig.uri(".nfr-lens/labels.jsonl"), type: 2 }],
    });
    await rig.until(() => (rig.of<ServerStatus>(ToClient.status).at(-1)?.labels.total ?? 0) === 1);
    const outcome = await rig.ask<TrainOutcome>(Requests.train, LESSON);
    assert.ok(outcome.outcome === "failed" && outcome.refused, "a refusal, no failure");
    assert.match(outcome.message, /label/);
    await refused(Requests.train, { kind: "full" }, /a model of its own, not an adapter.*nfr-lens train --kind full/);
    await refused(Requests.train, { kind: "magic" }, /kind is "magic", expected one of/);
    await refused(Requests.train, { epochs: -1 }, /epochs is -1, expected a number from 0/);
  });

  it("loads nothing of an untrusted workspace, and the adapter once it is trusted", async () => {
    await start();
    await train();
    await rig.ask(Requests.activate, { adapter: { name: "project", version: "1" } });
    const saved = join(rig.root, ".nfr-lens/adapters");
    const copy = join(pack.folder, "../adapters");
    cpSync(saved, copy, { recursive: true });
    await rig.stop();
    await start({ options: { trusted: false } });
    cpSync(copy, join(rig.root, ".nfr-lens/adapters"), { recursive: true });
    rmSync(copy, { recursive: true });
    await rig.open("new.md", documentOf("new"));
    assert.deepEqual([(await status()).folders[0]?.adapter, (await status()).restricted], [null, true]);
    await refused(Requests.train, LESSON, /In Restricted Mode nothing is trained/);
    await refused(Requests.activate, { adapter: { name: "project", version: "1" } }, /In Restricted Mode no adapter/);
    await refused(Requests.rollback, {}, /In Restricted Mode no adapter/);
    await rig.client.sendNotification(ToServer.trust, { trusted: true });
    await rig.until(() => rig.of<ServerStatus>(ToClient.status).at(-1)?.folders[0]?.adapter?.name === "project");
  });

  it("starts with the base alone, and says so, when the adapter in force is damaged or made for another base", async () => {
    await start();
    await train();
    await rig.ask(Requests.activate, { adapter: { name: "project", version: "1" } });
    const weights = join(adapterFolder(), "adapter_model.safetensors");
    const bytes = readFileSync(weights);
    writeFileSync(weights, bytes.subarray(0, bytes.length - 40));
    await rig.client.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: rig.uri(".nfr-lens/adapters/project/1/adapter_model.safetensors"), type: 2 }],
    });
    await rig.until(() => rig.warned.length === 1);
    assert.match(
      rig.warned[0]!,
      /^The adapter project 1 cannot be used, the base model alone classifies: .*adapter_model/,
    );
    assert.equal((await status()).folders[0]?.adapter, null);
    assert.ok((await rig.open("a.md", documentOf("a"))).statements.length > 0);
    writeFileSync(weights, bytes);
    const manifest = join(adapterFolder(), "nfr-lens.json");
    writeFileSync(
      manifest,
      readFileSync(manifest, "utf8").replace(/"base": "[0-9a-f]+"/, `"base": "${"0".repeat(64)}"`),
    );
    await refused(Requests.activate, { adapter: { name: "project", version: "1" } }, /base/);
    await refused(Requests.activate, { adapter: { name: "../..", version: "etc" } }, /name: found/);
    const broken = (await adapters()).map(({ problem }) => problem);
    assert.equal(broken.length, 1);
  });

  it("goes on when the pack on disk is replaced under it, and refuses what was trained on the other one", async () => {
    await start();
    await rig.ready();
    const original = join(pack.folder, "../original");
    cpSync(pack.folder, original, { recursive: true });
    const other = await tinyPackFolder({ precision: "int8" });
    try {
      cpSync(other.folder, pack.folder, { recursive: true });
      const report = await train();
      const answer = await rig.ask<{ message: string } | null>(Requests.activate, {
        adapter: { name: "project", version: "1" },
      });
      assert.match(answer?.message ?? "", /made for the base/);
      assert.equal(report.promoted, false);
      assert.equal((await status()).folders[0]?.adapter, null);
      assert.equal(report.name, "project");
      assert.ok((await rig.open("new.md", documentOf("new"))).statements.length > 0);
    } finally {
      cpSync(original, pack.folder, { recursive: true });
      rmSync(original, { recursive: true });
      other.remove();
    }
  });

  it("follows another window that activates an adapter", async () => {
    await start();
    await train();
    await rig.ask(Requests.activate, { adapter: null });
    const history = { adapter: { name: "project", version: "1" } satisfies AdapterName, since: "2026-01-01T00:00:00Z" };
    mkdirSync(join(rig.root, ".nfr-lens/adapters"), { recursive: true });
    rig.write(".nfr-lens/adapters/active.json", JSON.stringify({ format: 1, history: [history] }));
    await rig.client.sendNotification("workspace/didChangeWatchedFiles", {
      changes: [{ uri: rig.uri(".nfr-lens/adapters/active.json"), type: 2 }],
    });
    await rig.until(() => rig.of<ServerStatus>(ToClient.status).at(-1)?.folders[0]?.adapter?.version === "1");
  });
});
