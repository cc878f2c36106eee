/**
 * What adapters cost and are worth against full fine-tuning with the same engine, rows and epochs: time and processor
 * time of a step, peak memory above the loaded model, size, and with --f1 weighted F1 (PROMISE NFR, leave one project
 * out). Then the same steps in PyTorch, where python3-torch exists, and 500 labels from file to judged adapter.
 *
 *   node --import tsx test/bench/adapt.ts [--f1] [--pack DIR] [--threads N] [--seeds N] [--only TEXT] [--work DIR]
 *
 * --f1     needs the public data sets in ../shared/data; left out without them
 * --seeds  how many seeds full fine-tuning and the default adapter get (5); the others get one
 * --only   only configurations whose name contains TEXT: a table made in pieces; finished pieces stay in --work
 * --work   folder of finished measurements (out/adapt): an interrupted run goes on where it stopped, unless the pack,
 *          the threads or the engine changed
 *
 * On two idle cores the costs take 5 minutes, and F1 takes more than an hour for everything with five seeds; its
 * processes have one thread each and run side by side, because F1, unlike time, does not depend on what else the
 * machine does.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { runTraining, type TrainingChoices } from "../../server/training.ts";
import { dataFolder } from "../shared-data.ts";
import { CONFIGURATIONS, DEFAULT, FULL } from "./adaptation/configurations.ts";
import { type Cost, measureCost, medianCost, ownStatements } from "./adaptation/cost.ts";
import { Results } from "./adaptation/results.ts";
import { measureWorth, type Worth } from "./adaptation/worth.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const ROUNDS = 3;
const { values: asked } = parseArgs({
  options: {
    f1: { type: "boolean", default: false },
    pack: { type: "string", default: join(ROOT, "models/base") },
    threads: { type: "string", default: "2" },
    seeds: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    work: { type: "string", default: join(ROOT, "out/adapt") },
    /** One measurement for the process that started this one; a JSON object on standard output. */
    measure: { type: "string" },
  },
});

/** What a process of its own measures: the cost, or with a seed the worth. */
interface Measurement {
  readonly pack: string;
  readonly threads: number;
  readonly choices: TrainingChoices;
  readonly seed: number | null;
}

interface Row {
  readonly name: string;
  readonly cost: Cost;
  readonly worths: readonly Worth[];
}

/**
 * Costs first, one at a time and in rounds, because a machine is faster in one minute than in the next; each number is the
 * median of its rounds. A table whose F1 is still being measured says most of it.
 */
async function measureAll(hash: string): Promise<Row[]> {
  const [pack, threads] = [resolve(asked.pack), Number(asked.threads)];
  const results = new Results(asked.work, { hash, threads });
  const measure = (name: string, what: string, of: Pick<Measurement, "seed" | "threads">): Promise<unknown> => {
    process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${name}, ${what}\n`);
    const measurement: Measurement = { pack, choices: CONFIGURATIONS.get(name)!, ...of };
    return results.of(`${name}, ${what}`, import.meta.filename, measurement);
  };
  const names = [...CONFIGURATIONS.keys()].filter((name) => name === FULL || name.includes(asked.only));
  const costs = new Map(names.map((name) => [name, [] as Cost[]]));
  for (let round = 1; round <= ROUNDS; round++) {
    for (const name of names)
      costs.get(name)!.push((await measure(name, `cost ${round}`, { seed: null, threads })) as Cost);
  }
  const worths = new Map(names.map((name) => [name, [] as Worth[]]));
  const jobs = asked.f1 && dataFolder() !== undefined ? worthsToMeasure(names) : [];
  const work = async (): Promise<void> => {
    for (let job = jobs.shift(); job !== undefined; job = jobs.shift())
      worths
        .get(job.name)!
        .push((await measure(job.name, `seed ${job.seed}`, { seed: job.seed, threads: 1 })) as Worth);
  };
  await Promise.all(Array.from({ length: threads }, work));
  return names.map((name) => ({ name, cost: medianCost(costs.get(name)!), worths: worths.get(name)! }));
}

/**
 * Seed by seed, so that a table broken off compares as many seeds of each. F1 is the same on a busy machine: they run
 * side by side.
 */
function worthsToMeasure(names: readonly string[]): { name: string; seed: number }[] {
  const wanted = names.filter((name) => name.includes(asked.only));
  const seeds = Array.from({ length: Number(asked.seeds) }, (_, index) => index + 1);
  const compared = seeds.flatMap((seed) => [DEFAULT, FULL].map((name) => ({ name, seed })));
  const others = wanted.filter((name) => name !== FULL && name !== DEFAULT).map((name) => ({ name, seed: 1 }));
  return [...compared.filter(({ name }) => wanted.includes(name)), ...others];
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

function printTable(rows: readonly Row[]): void {
  const full = rows.find(({ name }) => name === FULL)!.cost;
  const saved = (part: number, whole: number): string => `${(100 * (part / whole - 1)).toFixed(0)} %`;
  const header = ["ms/step", "CPU ms/step", "warm ms/step", "peak MB", "parameters", "adapter KB"];
  const table = [["", ...header, "time", "CPU time", "memory", "weighted F1 (seeds)"]];
  for (const { name, cost, worths } of rows) {
    const f1s = worths.map(({ weightedF1 }) => weightedF1);
    const spread = f1s.length > 1 ? `, ${Math.min(...f1s).toFixed(3)} to ${Math.max(...f1s).toFixed(3)}` : "";
    table.push([
      name,
      ...[cost.wall, cost.cpu, cost.warm].map((milliseconds) => milliseconds.toFixed(1)),
      cost.peakMb.toFixed(0),
      String(cost.parameters),
      (cost.bytes / 1024).toFixed(0),
      saved(cost.wall, full.wall),
      saved(cost.cpu, full.cpu),
      saved(cost.peakMb, full.peakMb),
      f1s.length === 0 ? "–" : `${mean(f1s).toFixed(3)} (${f1s.length}${spread})`,
    ]);
  }
  const widths = table[0]!.map((_, column) => Math.max(...table.map((line) => line[column]!.length)));
  for (const line of table) {
    console.log(line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join("  "));
  }
  console.log("asked of LoRA against full: time -80 %, memory above the loaded model -60 %, F1 at most 0.010 lower");
  const minutes = rows.flatMap(({ worths }) => worths).reduce((sum, { seconds }) => sum + seconds / 60, 0);
  if (minutes > 0) console.log(`(F1 took ${minutes.toFixed(0)} minutes of training)`);
}

/** The same steps in PyTorch on batches of 16 × 32 tokens, the mean shape of the measured rows. */
async function printTorch(rows: readonly Row[]): Promise<void> {
  const { config } = await readPackFolder(asked.pack);
  const sizes = [config.layers, config.hiddenSize, config.heads, config.intermediateSize, config.vocabularySize];
  const script = [join(import.meta.dirname, "torch_step.py"), ...[...sizes, 16, 32, asked.threads].map(String)];
  // Debian's python3-torch belongs to the system's Python, which may not be the first on the path.
  const runs = ["python3", "/usr/bin/python3"].map((python) => spawnSync(python, script, { encoding: "utf8" }));
  const stdout = runs.find(({ status }) => status === 0)?.stdout;
  if (stdout === undefined) {
    console.log("no PyTorch here to compare with");
    return;
  }
  const torch = JSON.parse(stdout) as { lora: number; loraCached: number; full: number };
  const warm = (name: string): number => rows.find((row) => row.name === name)?.cost.warm ?? NaN;
  console.log(
    `PyTorch LoRA step ${torch.lora.toFixed(1)} ms, from kept activations ${torch.loraCached.toFixed(1)} ms, full ${torch.full.toFixed(1)} ms`,
  );
  console.log(
    `ours over PyTorch: LoRA ${(warm(DEFAULT) / torch.lora).toFixed(2)}, both from kept activations ${(warm(DEFAULT) / torch.loraCached).toFixed(2)}, full ${(warm(FULL) / torch.full).toFixed(2)} (aim: at most 2)`,
  );
}

async function printWholeTraining(count: number, most: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "nfr-lens-bench-"));
  const labels = join(folder, "labels.jsonl");
  const lines = ownStatements(count).map(({ text, label, domain }) => JSON.stringify({ text, label, project: domain }));
  writeFileSync(labels, lines.join("\n") + "\n");
  const request = { pack: asked.pack, labels: [labels], name: "bench", version: "1", active: null, classes: null };
  const rest = { createdAt: new Date().toISOString(), projectTexts: [], choices: {}, threads: Number(asked.threads) };
  const hooks = { trainer: join(ROOT, "server/trainer.ts") };
  const result = await runTraining({ ...request, ...rest, out: join(folder, "adapter") }, hooks);
  rmSync(folder, { recursive: true });
  if (result.outcome !== "trained") throw new Error(JSON.stringify(result));
  const { seconds, peakRssMb } = result.report;
  console.log(
    `${count} labels, trained, validated and ready: ${seconds.toFixed(1)} s (asked: ${most}), ${peakRssMb.toFixed(0)} MB (asked: below 1000)`,
  );
}

if (asked.measure !== undefined) {
  const { pack, threads, choices, seed } = JSON.parse(asked.measure) as Measurement;
  const value =
    seed === null ? await measureCost(pack, threads, choices) : await measureWorth(pack, threads, choices, seed);
  console.log(JSON.stringify(value));
} else {
  const { hash } = await readPackFolder(asked.pack);
  const rows = await measureAll(hash);
  printTable(rows);
  if (asked.only === "") {
    await printTorch(rows);
    await printWholeTraining(500, 60);
    await printWholeTraining(5000, 480);
  }
}
