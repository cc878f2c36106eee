/** The trainer process: trains, is cancelled, is killed at any moment, goes on where it was. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Random } from "../../server/engine/adapt/random.ts";
import { speak, translationsOf } from "../../server/language.ts";
import type { TrainProgress } from "../../server/protocol.ts";
import {
  activate,
  activeAdapter,
  folderOf,
  listAdapters,
  readAdapterFolder,
} from "../../server/store/adapter-folder.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { runEvaluation, runTraining, type TrainingRequest, type TrainingResult } from "../../server/training.ts";
import { labelLines } from "../engine/adapt/label-lines.ts";
import { tinyPackFolder, type TinyPack } from "../server/tiny-pack.ts";

const trainer = join("server", "trainer.ts");

function failure(result: { outcome: string; message?: string }): string {
  assert.equal(result.outcome, "failed");
  return result.message ?? "";
}

describe("the trainer process", function () {
  this.timeout(120_000);
  let pack: TinyPack;
  let workspace: string;
  before(async () => {
    pack = await tinyPackFolder({ precision: "int8" });
    workspace = mkdtempSync(join(tmpdir(), "nfr-lens-training-"));
  });
  after(() => {
    pack.remove();
    rmSync(workspace, { recursive: true });
  });

  function request(version: string, changes: Partial<TrainingRequest> = {}): TrainingRequest {
    const labels = join(workspace, `${version}.jsonl`);
    if (!existsSync(labels)) writeFileSync(labels, labelLines(60));
    return {
      pack: pack.folder,
      labels: [labels],
      out: folderOf(workspace, { name: "project", version }),
      name: "project",
      version,
      createdAt: "2026-01-01T00:00:00.000Z",
      active: null,
      classes: null,
      projectTexts: [],
      choices: { epochs: 3, learningRate: 2e-2, synthetic: "never" },
      threads: 1,
      ...changes,
    };
  }

  const trained = (result: TrainingResult): Extract<TrainingResult, { outcome: "trained" }> => {
    assert.ok(result.outcome === "trained", JSON.stringify(result));
    return result;
  };

  async function load(version: string): Promise<Awaited<ReturnType<typeof readAdapterFolder>>> {
    const { config, hash, head } = await readPackFolder(pack.folder);
    return readAdapterFolder(folderOf(workspace, { name: "project", version }), { config, hash, labels: head.labels });
  }

  it("trains, reports, writes a complete adapter, and repeats itself", async () => {
    const progress: TrainProgress[] = [];
    const { report, folder, rssAfterLoadMb, skipped } = trained(
      await runTraining(request("1"), { trainer, onProgress: (step) => progress.push(step) }),
    );
    assert.equal(folder, folderOf(workspace, { name: "project", version: "1" }));
    assert.deepEqual(skipped, []);
    assert.deepEqual(report.split, { folds: 4, judged: 4, by: "project" });
    assert.equal(report.compared, 60);
    assert.ok(report.after.weightedF1 > report.before.weightedF1);
    assert.ok(report.gain.low <= report.gain.weightedF1 && report.gain.weightedF1 <= report.gain.high);
    assert.equal(report.promoted, report.gain.low > 0);
    assert.equal(report.promoted, report.verdict === "better");
    assert.equal(report.labels, 60);
    assert.ok(report.peakRssMb >= rssAfterLoadMb && rssAfterLoadMb > 10);
    assert.ok(progress.length > 0); // How many depends on the speed: at most ten a second are sent.
    progress
      .slice(1)
      .forEach(({ fraction }, i) => assert.ok(fraction >= progress[i]!.fraction, "progress goes forward"));
    const { manifest } = await load("1");
    assert.equal(manifest.labelSet.rows, 60);
    assert.deepEqual(
      readdirSync(workspace).filter((name) => name.includes("checkpoint")),
      [],
    );
    trained(await runTraining(request("2"), { trainer }));
    const tensors = (version: string): Buffer =>
      readFileSync(join(folderOf(workspace, { name: "project", version }), "adapter_model.safetensors"));
    assert.ok(tensors("1").equals(tensors("2")), "the same seed gave other weights");
  });

  it("measures an adapter against the active one by what that one said before it learnt", async () => {
    const active = folderOf(workspace, { name: "project", version: "1" });
    const { report } = trained(await runTraining(request("3", { active }), { trainer }));
    const first = JSON.parse(readFileSync(join(active, "report.json"), "utf8")) as typeof report;
    // Same labels, same seed: its out-of-fold predictions are those of the active one.
    assert.equal(report.before.weightedF1, first.after.weightedF1);
    assert.deepEqual([report.gain.weightedF1, report.promoted, report.flips.length], [0, false, 0]);
  });

  it("is cancelled within a second, and leaves nothing behind that looks like an adapter", async () => {
    const abort = new AbortController();
    let cancelledAt = 0;
    const result = await runTraining(request("4", { choices: { epochs: 900, kind: "full" } }), {
      trainer,
      signal: abort.signal,
      onProgress() {
        if (cancelledAt === 0) {
          cancelledAt = performance.now();
          abort.abort();
        }
      },
    });
    assert.deepEqual(result, { outcome: "cancelled" });
    assert.ok(performance.now() - cancelledAt < 1000, `${performance.now() - cancelledAt} ms`);
    assert.ok(!existsSync(folderOf(workspace, { name: "project", version: "4" })));
  });

  it("says what is wrong", async () => {
    const labels = join(workspace, "bad.jsonl");
    writeFileSync(labels, labelLines(60).replace(/"label":"[A-Z]+"/gu, '"label":"XX"'));
    assert.match(
      failure(await runTraining(request("5", { labels: [labels] }), { trainer })),
      /Found 0 usable labels.*Left out: 60 rows carry the unknown category "XX"; known are F, PE/,
    );
    const missing = await runTraining(request("5", { labels: [join(workspace, "no.jsonl")] }), { trainer });
    assert.match(failure(missing), /no\.jsonl cannot be read/);
    assert.match(
      failure(await runTraining(request("5"), { trainer: "no.ts" })),
      /The trainer ended before it was done \(code 1\); nothing was changed.*Its last words: Error.*no\.ts/,
    );
  });

  it("says it in the language of the one who asked", async () => {
    const labels = join(workspace, "few.jsonl");
    writeFileSync(labels, labelLines(3));
    speak(translationsOf(process.cwd(), "ja-JP"));
    try {
      const text = failure(await runTraining(request("5", { labels: [labels] }), { trainer }));
      assert.equal(
        text,
        "使えるラベルは 3 カテゴリの 3 件です。学習には 2 つ以上のカテゴリのラベルが 8 件以上必要です。さらにラベルを付けてから、もう一度学習してください。",
      );
      assert.match(failure(await runTraining(request("1"), { trainer })), /project.1 は既にあります。/);
    } finally {
      speak(null);
    }
  });

  it("searches for options within the time given", async () => {
    const { trials, report } = trained(
      await runTraining(request("7", { choices: { searchMinutes: 0.05, seed: 3 } }), { trainer }),
    );
    assert.ok(trials.length >= 1 && trials.every(({ weightedF1 }) => weightedF1 >= 0 && weightedF1 <= 1));
    assert.equal(report.kind, trials[0]!.choices.kind ?? "lora");
  });

  it("keeps the active adapter whatever moment it is killed at, and goes on afterwards", async () => {
    await activate(workspace, { name: "project", version: "1" }, "2026-01-01T00:00:00.000Z");
    // Random moments of the second or two that a training takes; the seed is in the message of a failure.
    const seed = Date.now() % 1e9;
    const random = new Random(seed);
    for (let round = 0; round < 6; round++) {
      const delay = Math.floor(random.uniform() * 2500);
      const result = await killedAfter(delay, request("6"));
      const when = `killed after ${delay} ms, seed ${seed}`;
      assert.deepEqual(await activeAdapter(workspace), { name: "project", version: "1" }, when);
      await load("1");
      for (const adapter of await listAdapters(workspace)) assert.equal(adapter.problem, null, when);
      if (result.outcome === "trained") rmSync(result.folder, { recursive: true });
      else assert.match(failure(result), /nothing was changed.*goes on/);
    }
    trained(await runTraining(request("6"), { trainer }));
    await load("6");
  });

  for (const kind of ["full", "prompt", "head"] as const) {
    it(`resumes ${kind} where the last checkpoint was, and ends where an untroubled training ends`, async () => {
      const choices = { kind, epochs: 12, learningRate: 1e-3, synthetic: "never" } as const;
      const job = request(`${kind}-killed`, { choices });
      const killed = await killedAtCheckpoint(job);
      assert.match(failure(killed), /SIGKILL.*it goes on from its last checkpoint/);
      assert.deepEqual(await listed(job.out), [".training", ".checkpoint"]);
      const epochs: number[] = [];
      const resumed = trained(
        await runTraining(job, { trainer, onProgress: ({ epoch }) => epoch > 0 && epochs.push(epoch) }),
      );
      assert.ok(epochs[0]! > 1, "it began anew");
      assert.deepEqual(await listed(job.out), [""]);
      const straight = trained(await runTraining(request(`${kind}-straight`, { choices }), { trainer }));
      const file = kind === "full" ? "model.safetensors" : "adapter_model.safetensors";
      const read = (folder: string): Buffer => readFileSync(join(folder, file));
      assert.ok(read(resumed.folder).equals(read(straight.folder)), "the resumed training gave other weights");
      assert.deepEqual(resumed.report.after, straight.report.after);
      if (kind === "full") assert.equal(resumed.report.promoted, false);
    });
  }

  /** What lies at a place: the ends of the names that begin like it. */
  async function listed(out: string): Promise<string[]> {
    const name = basename(out);
    const own = (await readdir(dirname(out))).filter((found) => found.replace(/^\./, "").startsWith(name)).sort();
    return own.map((found) => found.replace(/^\./, "").slice(name.length));
  }

  /** Kills the trainer as soon as it has written a checkpoint. */
  async function killedAtCheckpoint(job: TrainingRequest): Promise<TrainingResult> {
    const killer = join(workspace, "at-checkpoint.mts");
    mkdirSync(dirname(job.out), { recursive: true });
    const lines = [
      'import { watch } from "node:fs";',
      `watch(${JSON.stringify(dirname(job.out))}, (_, name) => {`,
      `  if (name === ${JSON.stringify(`${basename(job.out)}.checkpoint`)}) process.kill(process.pid, "SIGKILL");`,
      "});",
      `await import(${JSON.stringify(join(process.cwd(), trainer))});`,
    ];
    writeFileSync(killer, lines.join("\n"));
    return runTraining(job, { trainer: killer });
  }

  /** Kills the trainer the hard way after so many milliseconds. */
  async function killedAfter(delay: number, job: TrainingRequest): Promise<TrainingResult> {
    const killer = join(workspace, "killed.mts");
    const entry = join(process.cwd(), trainer);
    const lines = [
      `setTimeout(() => process.kill(process.pid, "SIGKILL"), ${delay});`,
      `await import(${JSON.stringify(entry)});`,
    ];
    writeFileSync(killer, lines.join("\n"));
    return runTraining(job, { trainer: killer });
  }

  it("evaluates the base, an adapter, and a recipe by folds", async () => {
    const labels = [join(workspace, "1.jsonl")];
    const shared = {
      pack: pack.folder,
      labels,
      threads: 1,
      choices: { epochs: 3, learningRate: 2e-2, synthetic: "never" } as const,
    };
    const adapter = folderOf(workspace, { name: "project", version: "1" });
    const base = await runEvaluation({ ...shared, adapter: null, folds: null }, { trainer });
    const adapted = await runEvaluation({ ...shared, adapter, folds: null }, { trainer });
    const folded = await runEvaluation({ ...shared, adapter: null, folds: "project" }, { trainer });
    assert.ok(base.outcome === "evaluated" && adapted.outcome === "evaluated" && folded.outcome === "evaluated");
    for (const { metrics } of [adapted, folded]) {
      assert.ok(metrics.weightedF1 > base.metrics.weightedF1, `${metrics.weightedF1} ${base.metrics.weightedF1}`);
    }
    assert.deepEqual([base.kind, adapted.kind, folded.kind, folded.folds], ["base", "lora", "lora", 5]);
    assert.equal(folded.predictions.length, 60);
    assert.deepEqual(
      folded.groups.map(({ rows }) => rows),
      [12, 12, 12, 12, 12],
    );
    for (const { scores, label, confidence } of folded.predictions) {
      assert.ok(Math.abs(Object.values(scores).reduce((a, b) => a + b, 0) - 1) < 1e-6);
      assert.equal(scores[label], confidence);
    }
    const phases = async (synthetic: "always" | "never"): Promise<string[]> => {
      const said = new Set<string>();
      const onProgress = ({ phase, part }: TrainProgress): void =>
        void said.add(`${phase} ${part?.number}/${part?.of}`);
      const choices = { ...shared.choices, synthetic };
      await runEvaluation({ ...shared, choices, adapter: null, folds: 2 }, { trainer, onProgress });
      return [...said].sort();
    };
    assert.deepEqual(await phases("never"), ["judging 1/2", "judging 2/2"]);
    assert.deepEqual(await phases("always"), ["judging 1/2", "judging 2/2", "synthetic 1/2", "synthetic 2/2"]);
    const both = await runEvaluation({ ...shared, adapter, folds: 3 }, { trainer });
    assert.match(failure(both), /--adapter cannot be given/);
  });
});
