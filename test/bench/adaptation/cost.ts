/** What training one configuration costs. Called in a process of its own, so that memory is that of one configuration. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { trainedParts } from "../../../server/engine/adapt/adapter.ts";
import { parseTrainingOptions, type TrainingChoices } from "../../../server/engine/adapt/options.ts";
import { trainingBase } from "../../../server/engine/adapt/pack-base.ts";
import { writePeft } from "../../../server/engine/adapt/peft.ts";
import { Trainer, type TrainingRow } from "../../../server/engine/adapt/trainer.ts";
import { planTraining } from "../../../server/engine/adapt/training-plan.ts";
import { NetworkClassifier } from "../../../server/engine/model/network-classifier.ts";
import { collectGarbage, memoryMb, peakMemoryMb } from "../../../server/memory.ts";
import { readPackFolder } from "../../../server/store/pack-folder.ts";

/** As many as the default adapter gets. */
const EPOCHS = 8;
const ROWS = 256;

export interface Cost {
  /** Wall and processor milliseconds a step of 16 rows, first epoch and making the sessions included. */
  readonly wall: number;
  readonly cpu: number;
  /** The same for the best epoch alone: activations cached, everything warm. */
  readonly warm: number;
  /** The most memory above that of the loaded model. */
  readonly peakMb: number;
  readonly parameters: number;
  readonly bytes: number;
}

/** The median of each number on its own. */
export function medianCost(costs: readonly Cost[]): Cost {
  const median = (of: (cost: Cost) => number): number =>
    costs.map(of).sort((a, b) => a - b)[Math.floor(costs.length / 2)]!;
  return {
    wall: median(({ wall }) => wall),
    cpu: median(({ cpu }) => cpu),
    warm: median(({ warm }) => warm),
    peakMb: median(({ peakMb }) => peakMb),
    parameters: median(({ parameters }) => parameters),
    bytes: median(({ bytes }) => bytes),
  };
}

/** Labelled statements of the project's own data set. */
export function ownStatements(count: number): { text: string; label: string; domain: string }[] {
  const data = resolve(import.meta.dirname, "../../../models/recipe/data/synthetic");
  const rows = readdirSync(data)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(data, name), "utf8").trim().split("\n"))
    .map((line) => JSON.parse(line) as { text: string; label: string; domain: string });
  const step = Math.floor(rows.length / count);
  return Array.from({ length: count }, (_, i) => rows[i * step]!);
}

export async function measureCost(pack: string, threads: number, choices: TrainingChoices): Promise<Cost> {
  const loaded = await readPackFolder(pack);
  const classifier = await NetworkClassifier.create(loaded, { threads });
  await classifier.classify(["The system shall answer within two seconds."]);
  collectGarbage();
  const before = memoryMb();
  const base = trainingBase(loaded);
  const options = parseTrainingOptions({ ...choices, epochs: EPOCHS }, loaded.config);
  const plan = planTraining(loaded.config, options, loaded.head.labels);
  const room = plan.usesPrompt ? options.virtualTokens : 0;
  const rows = ownStatements(ROWS).map(({ text, label }): TrainingRow => {
    return { ids: base.tokenize(text, room), target: loaded.head.labels.indexOf(label), weight: 1 };
  });
  const start = { wall: performance.now(), cpu: process.cpuUsage() };
  const trainer = await Trainer.create(base, plan, { threads });
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
