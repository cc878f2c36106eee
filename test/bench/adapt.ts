/**
 * What adapters cost against full fine-tuning with the same engine, rows and epochs, each in a process of its own: time
 * and processor time of a step, peak memory above the loaded model, size. Then the same steps in PyTorch, where
 * python3-torch exists, and 500 labels from file to finished, judged adapter.
 *
 *   node --import tsx test/bench/adapt.ts [PACK] [THREADS]      models/base and 2 unless named
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { trainedParts } from "../../server/engine/adapt/adapter.ts";
import { parseTrainingOptions, type TrainingChoices } from "../../server/engine/adapt/options.ts";
import { trainingBase } from "../../server/engine/adapt/pack-base.ts";
import { writePeft } from "../../server/engine/adapt/peft.ts";
import { Trainer, type TrainingRow } from "../../server/engine/adapt/trainer.ts";
import { planTraining } from "../../server/engine/adapt/training-plan.ts";
import { NetworkClassifier } from "../../server/engine/model/network-classifier.ts";
import { collectGarbage, memoryMb, peakMemoryMb } from "../../server/memory.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { runTraining } from "../../server/training.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const [pack = join(ROOT, "models/base"), threads = "2", one] = process.argv.slice(2);
const EPOCHS = 4;
const ROWS = 256;
const CONFIGURATIONS: [string, TrainingChoices][] = [
  ["full", { kind: "full" }],
  ["head", { kind: "head" }],
  ["prompt", { kind: "prompt" }],
  ["lora, top layer, rank 8", { kind: "lora", layers: "top1" }],
  ["lora, upper half, rank 4", { kind: "lora", rank: 4 }],
  ["lora, upper half, rank 8", { kind: "lora" }],
  ["lora, upper half, rank 16", { kind: "lora", rank: 16 }],
  ["lora, all layers, rank 8", { kind: "lora", layers: "all" }],
  ["lora+prompt, upper half", { kind: "lora+prompt" }],
];

interface Cost {
  /** Wall and processor milliseconds a step of 16 rows, first epoch and making the sessions included. */
  wall: number;
  cpu: number;
  /** The same for the best epoch alone: activations cached, everything warm. */
  warm: number;
  peakMb: number;
  parameters: number;
  bytes: number;
}

/** Labelled statements of the project's own data set. */
function labelled(count: number): { text: string; label: string; domain: string }[] {
  const data = join(ROOT, "models/recipe/data/synthetic");
  const rows = readdirSync(data)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(data, name), "utf8").trim().split("\n"))
    .map((line) => JSON.parse(line) as { text: string; label: string; domain: string });
  const step = Math.floor(rows.length / count);
  return Array.from({ length: count }, (_, i) => rows[i * step]!);
}

/** Runs in a process of its own, so that memory is that of one configuration. */
async function measure(choices: TrainingChoices): Promise<Cost> {
  const loaded = await readPackFolder(pack);
  const classifier = await NetworkClassifier.create(loaded, { threads: Number(threads) });
  await classifier.classify(["The system shall answer within two seconds."]);
  collectGarbage();
  const before = memoryMb();
  const base = trainingBase(loaded);
  const options = parseTrainingOptions({ ...choices, epochs: EPOCHS }, loaded.config.layers);
  const plan = planTraining(loaded.config, options, loaded.head.labels);
  const room = plan.usesPrompt ? options.virtualTokens : 0;
  const rows = labelled(ROWS).map(({ text, label }): TrainingRow => {
    return { ids: base.tokenize(text, room), target: loaded.head.labels.indexOf(label), weight: 1 };
  });
  const start = { wall: performance.now(), cpu: process.cpuUsage() };
  const trainer = await Trainer.create(base, plan, { threads: Number(threads) });
  collectGarbage();
  let last = performance.now();
  let warm = Infinity;
  await trainer.fit({
    rows,
    validation: [],
    epochs: EPOCHS,
    onEpoch: () => {
      warm = Math.min(warm, performance.now() - last);
      last = performance.now();
      return Promise.resolve();
    },
  });
  const { user, system } = process.cpuUsage(start.cpu);
  const steps = (EPOCHS * ROWS) / options.batchSize;
  const parameters = trainer.parameters.reduce((sum, { data }) => sum + data.length, 0);
  const files = writePeft(trainedParts(plan, trainer.parameters), { base: "", dropout: 0 });
  const bytes = [...files.values()].reduce((sum, file) => sum + file.byteLength, 0);
  return {
    wall: (performance.now() - start.wall) / steps,
    cpu: (user + system) / 1000 / steps,
    warm: (warm * options.batchSize) / ROWS,
    peakMb: peakMemoryMb() - before,
    parameters,
    bytes: plan.full ? 4 * parameters : bytes,
  };
}

function inOwnProcess(choices: TrainingChoices): Cost {
  const script = [import.meta.filename, pack, threads, JSON.stringify(choices)];
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--expose-gc", "--import", "tsx", ...script], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Cost;
}

function printCosts(): Map<string, Cost> {
  const costs = new Map<string, Cost>();
  console.log(
    "                              ms/step  CPU ms/step  warm ms/step  peak MB  parameters  adapter KB   time  memory",
  );
  for (const [name, choices] of CONFIGURATIONS) {
    const cost = inOwnProcess(choices);
    costs.set(name, cost);
    const full = costs.get("full")!;
    const numbers = [
      cost.wall.toFixed(1).padStart(9),
      cost.cpu.toFixed(1).padStart(13),
      cost.warm.toFixed(1).padStart(14),
    ];
    const sizes = [
      cost.peakMb.toFixed(0).padStart(9),
      String(cost.parameters).padStart(12),
      (cost.bytes / 1024).toFixed(0).padStart(12),
    ];
    const saved = (part: number, whole: number): string => `${(100 * (part / whole - 1)).toFixed(0)} %`.padStart(7);
    console.log(
      name.padEnd(28) +
        numbers.join("") +
        sizes.join("") +
        saved(cost.wall, full.wall) +
        saved(cost.peakMb, full.peakMb),
    );
  }
  console.log("aim for LoRA against full: time -80 %, memory above the loaded model -60 %");
  return costs;
}

/** The same steps in PyTorch on batches of 16 × 32 tokens, the mean shape of the rows above. */
async function printTorch(costs: ReadonlyMap<string, Cost>): Promise<void> {
  const { config } = await readPackFolder(pack);
  const sizes = [config.layers, config.hiddenSize, config.heads, config.intermediateSize, config.vocabularySize];
  const script = [join(import.meta.dirname, "torch_step.py"), ...[...sizes, 16, 32, threads].map(String)];
  // Debian's python3-torch belongs to the system's Python, which may not be the first on the path.
  const runs = ["python3", "/usr/bin/python3"].map((python) => spawnSync(python, script, { encoding: "utf8" }));
  const stdout = runs.find(({ status }) => status === 0)?.stdout;
  if (stdout === undefined) {
    console.log("no PyTorch here to compare with");
    return;
  }
  const torch = JSON.parse(stdout) as { lora: number; loraCached: number; full: number };
  const own = costs.get("lora, upper half, rank 8")!.warm;
  const full = costs.get("full")!.warm;
  console.log(
    `PyTorch LoRA step ${torch.lora.toFixed(1)} ms, from kept activations ${torch.loraCached.toFixed(1)} ms, full ${torch.full.toFixed(1)} ms`,
  );
  console.log(
    `ours over PyTorch: LoRA ${(own / torch.lora).toFixed(2)}, both from kept activations ${(own / torch.loraCached).toFixed(2)}, full ${(full / torch.full).toFixed(2)} (aim: at most 2)`,
  );
}

async function printWholeTraining(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "nfr-lens-bench-"));
  const labels = join(folder, "labels.jsonl");
  const lines = labelled(500).map(({ text, label, domain }) => JSON.stringify({ text, label, project: domain }));
  writeFileSync(labels, lines.join("\n") + "\n");
  const request = {
    pack,
    labels: [labels],
    name: "bench",
    version: "1",
    createdAt: new Date().toISOString(),
    active: null,
  };
  const rest = { classes: null, projectTexts: [], choices: {}, threads: Number(threads), out: join(folder, "adapter") };
  const result = await runTraining({ ...request, ...rest }, { trainer: join(ROOT, "server/trainer.ts") });
  rmSync(folder, { recursive: true });
  if (result.outcome !== "trained") throw new Error(JSON.stringify(result));
  const { seconds, peakRssMb } = result.report;
  console.log(
    `500 labels, trained, cross-validated and ready: ${seconds.toFixed(1)} s (aim 60), ${peakRssMb.toFixed(0)} MB (aim below 1000)`,
  );
}

if (one !== undefined) console.log(JSON.stringify(await measure(JSON.parse(one) as TrainingChoices)));
else {
  const costs = printCosts();
  await printTorch(costs);
  await printWholeTraining();
}
