/**
 * What the trainer process does: reads pack, labels and the active adapter, runs the engine's course, writes the
 * adapter. Everything slow is in the engine; everything on disk is in `store/`.
 */
import { availableParallelism } from "node:os";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { readAdapter, trainedParts, writeAdapter } from "./engine/adapt/adapter.ts";
import { readCheckpoint, writeCheckpoint } from "./engine/adapt/checkpoint.ts";
import { classify, type Example, normalised, readLabelRows, trainingSet } from "./engine/adapt/examples.ts";
import { writeFullModel } from "./engine/adapt/full-model.ts";
import { formatHeldOut, parseHeldOut, textKey } from "./engine/adapt/held-out.ts";
import { type AdapterManifest, hashOf } from "./engine/adapt/manifest.ts";
import { parseTrainingOptions, type TrainingOptions } from "./engine/adapt/options.ts";
import { trainingBase } from "./engine/adapt/pack-base.ts";
import { type BeforePrediction, compare, type Comparison, labelled } from "./engine/adapt/report.ts";
import {
  calibrate,
  type CourseProgress,
  type CourseState,
  designOf,
  type JudgedFold,
  type PreparedExample,
  runCourse,
} from "./engine/adapt/train-adapter.ts";
import { planTraining, type TrainingBase } from "./engine/adapt/training-plan.ts";
import { syntheticStatements } from "./engine/adapt/synthetic.ts";
import { Trainer, type TrainingRow } from "./engine/adapt/trainer.ts";
import type { Calibration } from "./engine/model/calibration.ts";
import { NetworkClassifier } from "./engine/model/network-classifier.ts";
import type { Pack } from "./engine/model/pack.ts";
import { InputError } from "./engine/outcome.ts";
import { collectGarbage, memoryMb, peakMemoryMb } from "./memory.ts";
import type { TrainProgress, TrainReport } from "./protocol.ts";
import { readAdapterFiles, HELD_OUT_FILE, REPORT_FILE, writeAdapterFolder } from "./store/adapter-folder.ts";
import { writeFileAtomic } from "./store/atomic-write.ts";
import { readPackFolder } from "./store/pack-folder.ts";
import type { RunHooks, TrainingRequest, TrainingResult } from "./training.ts";

/** A checkpoint costs a write to disk that waits for the disk: not more often than this. */
const CHECKPOINT_EVERY_MS = 2000;

/** Pack and labels, read and checked. */
export interface LoadedInputs {
  readonly pack: Pack;
  readonly base: TrainingBase;
  readonly classifier: NetworkClassifier;
  readonly labels: readonly string[];
  readonly examples: readonly Example[];
  readonly skipped: readonly string[];
  readonly threads: number;
  readonly rssAfterLoadMb: number;
}

export async function loadInputs(
  request: Pick<TrainingRequest, "pack" | "labels" | "threads"> & { classes: readonly string[] | null },
): Promise<LoadedInputs> {
  const threads = request.threads > 0 ? request.threads : availableParallelism();
  const pack = await readPackFolder(request.pack);
  const classifier = await NetworkClassifier.create(pack, { threads });
  // The first run allocates what the loaded model needs; memory counts from here.
  await classifier.classify(["The system shall answer within two seconds."]);
  collectGarbage();
  const rssAfterLoadMb = memoryMb();
  const skipped: string[] = [];
  const rows = [];
  for (const file of request.labels) {
    const read = readLabelRows(await readText(file), file);
    rows.push(...read.rows);
    skipped.push(...read.skipped);
  }
  const labels = request.classes ?? pack.head.labels;
  const known = classify(rows, labels);
  skipped.push(...known.skipped);
  const base = trainingBase(pack);
  return { pack, base, classifier, labels, examples: known.examples, skipped, threads, rssAfterLoadMb };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      `${file} cannot be read: ${found}. Name a file of labels: .nfr-lens/labels.jsonl or JSON lines.`,
      {
        cause,
      },
    );
  }
}

/** Trains, judges and writes one adapter. Rejects with Cancelled or InputError. */
export async function train(request: TrainingRequest, hooks: RunHooks): Promise<TrainingResult> {
  const started = performance.now();
  const inputs = await loadInputs(request);
  const { examples, skipped: contradictions } = trainingSet(inputs.examples);
  const options = parseTrainingOptions(request.choices, inputs.pack.config.layers);
  const plan = planTraining(inputs.pack.config, options, inputs.labels);
  const room = plan.usesPrompt ? options.virtualTokens : 0;
  const prepared = examples.map((example): PreparedExample => {
    return { ...example, ids: inputs.base.tokenize(example.text, room) };
  });
  const before = await predictBefore(inputs, request.active, examples, hooks.signal);
  const trainer = await Trainer.create(inputs.base, plan, { threads: inputs.threads });
  collectGarbage();
  const design = designOf(prepared, options.seed);
  const checkpoint = await Checkpoint.open(request, inputs, examples);
  const synthetic = syntheticRows(request, options, inputs, prepared, room);
  const judged = await runCourse(trainer, { examples: prepared, synthetic }, design, {
    signal: hooks.signal,
    onProgress: progressReporter(hooks, started),
    onCheckpoint: (state) => checkpoint.save(state, options),
    resume: checkpoint.resume,
  });
  const calibration = calibrate(judged, prepared);
  const comparison = compare(prepared, judged, before, { labels: inputs.labels, calibration, seed: options.seed });
  const outcome = { inputs, options, trainer, prepared, judged, calibration, comparison, design: design.description };
  const report = await writeOutcome(request, outcome, started);
  await checkpoint.discard();
  return {
    outcome: "trained",
    report,
    folder: request.out,
    rssAfterLoadMb: inputs.rssAfterLoadMb,
    trials: [],
    skipped: [...inputs.skipped, ...contradictions],
  };
}

/** Labels below which synthetic statements warm the adapter up, unless the user says otherwise. */
const FEW_LABELS = 100;

function syntheticRows(
  { projectTexts }: TrainingRequest,
  { synthetic, seed }: TrainingOptions,
  { base, labels }: LoadedInputs,
  examples: readonly Example[],
  room: number,
): TrainingRow[] {
  if (synthetic === "never" || (synthetic === "auto" && examples.length >= FEW_LABELS)) return [];
  const texts = [...projectTexts, ...examples.map((example) => example.text)];
  return syntheticStatements(texts, labels, seed).map(({ text, label }) => {
    return { ids: base.tokenize(text, room), target: labels.indexOf(label), weight: 1 };
  });
}

/**
 * What is active says about each example. An adapter has learnt from old labels: for those its own out-of-fold
 * predictions count, which it keeps in its folder, and where it has none the row cannot be compared.
 */
async function predictBefore(
  { classifier, pack }: LoadedInputs,
  active: string | null,
  examples: readonly Example[],
  signal: AbortSignal | undefined,
): Promise<BeforePrediction[]> {
  let heldOut: ReadonlyMap<string, BeforePrediction> = new Map();
  if (active !== null) {
    const files = await readAdapterFiles(active);
    const base = { config: pack.config, hash: pack.hash, labels: pack.head.labels };
    await classifier.activate(readAdapter(files, base).tensors);
    heldOut = parseHeldOut(new TextDecoder().decode(files.get(HELD_OUT_FILE)));
  }
  const texts = examples.map((example) => example.text);
  const predictions = await classifier.classify(texts, { signal });
  return examples.map((example, i) => {
    const known = heldOut.get(textKey(example.text));
    if (known !== undefined) return known;
    const { label, confidence } = predictions[i]!;
    return { label, confidence };
  });
}

/** The out-of-fold prediction of each training row, null for rows that were never held out. */
function heldOutLines({ prepared, judged, calibration, inputs }: Outcome): string {
  const predictions = new Map<number, { label: string; confidence: number }>();
  for (const fold of judged) {
    fold.rows.forEach((row, i) => predictions.set(row, labelled(fold.logits[i]!, inputs.labels, calibration)));
  }
  return formatHeldOut(prepared.map(({ text }, row) => ({ text, prediction: predictions.get(row) ?? null })));
}

interface Outcome {
  readonly inputs: LoadedInputs;
  readonly options: TrainingOptions;
  readonly trainer: Trainer;
  readonly prepared: readonly PreparedExample[];
  readonly judged: readonly JudgedFold[];
  readonly calibration: Calibration;
  readonly comparison: Comparison;
  readonly design: string;
}

async function writeOutcome(request: TrainingRequest, outcome: Outcome, started: number): Promise<TrainReport> {
  const { inputs, options, trainer, prepared, comparison, design } = outcome;
  const manifest = manifestOf(request, outcome);
  const files = new Map(
    options.kind === "full"
      ? writeFullModel(trainer.parameters, manifest, {
          ...(await originals(request.pack)),
          pooling: inputs.pack.config.pooling,
        })
      : writeAdapter(trainedParts(trainer.plan, trainer.parameters), manifest),
  );
  const report: TrainReport = {
    name: request.name,
    version: request.version,
    kind: options.kind,
    seconds: (performance.now() - started) / 1000,
    peakRssMb: peakMemoryMb(),
    trainableParameters: trainer.parameters.reduce((sum, { data }) => sum + data.length, 0),
    adapterBytes: [...files.values()].reduce((sum, bytes) => sum + bytes.byteLength, 0),
    labels: prepared.length,
    split: design,
    before: comparison.before,
    after: comparison.after,
    gain: comparison.gain,
    phases: [...comparison.phases],
    flips: comparison.flips.map(({ document, ...flip }) => ({ ...flip, uri: document, line: null })),
    promoted: comparison.promoted,
    why: comparison.why,
  };
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  files.set(REPORT_FILE, encode(JSON.stringify(report, null, 2) + "\n"));
  files.set(HELD_OUT_FILE, encode(heldOutLines(outcome)));
  await writeAdapterFolder(request.out, files);
  return report;
}

async function originals(pack: string): Promise<{ config: Uint8Array; tokenizer: Uint8Array }> {
  return {
    config: await readFile(join(pack, "config.json")),
    tokenizer: await readFile(join(pack, "tokenizer.json")),
  };
}

function manifestOf(
  request: TrainingRequest,
  { inputs, options, prepared, calibration, comparison }: Outcome,
): AdapterManifest {
  const { before, after, gain, flips } = comparison;
  return {
    kind: options.kind,
    name: request.name,
    version: request.version,
    createdAt: request.createdAt,
    base: inputs.pack.hash,
    labels: inputs.labels,
    taxonomy: hashOf(inputs.labels),
    labelSet: { hash: labelSetHash(prepared), rows: prepared.length },
    calibration,
    options,
    metrics: { before, after, gain },
    flips,
  };
}

function labelSetHash(examples: readonly Example[]): string {
  return hashOf(examples.map(({ text, label }) => JSON.stringify([normalised(text), label])).sort());
}

const PHASES: Record<CourseProgress["phase"], string> = {
  synthetic: "synthetic statements",
  folds: "judging on held-out statements",
  labels: "learning from all labels",
};

function progressReporter({ onProgress }: RunHooks, started: number): (progress: CourseProgress) => void {
  return ({ phase, epoch, epochs, loss, validationF1, fraction }) => {
    const elapsed = (performance.now() - started) / 1000;
    const secondsLeft = fraction > 0.02 ? (elapsed * (1 - fraction)) / fraction : null;
    const progress: TrainProgress = { phase: PHASES[phase], epoch, epochs, loss, validationF1, fraction, secondsLeft };
    onProgress?.(progress);
  };
}

/** The file that a killed training goes on from, beside the folder it was to make. */
class Checkpoint {
  readonly resume: CourseState | undefined;
  private readonly path: string;
  private readonly key: string;
  private saved = -Infinity;

  private constructor(path: string, key: string, resume: CourseState | undefined) {
    this.path = path;
    this.key = key;
    this.resume = resume;
  }

  static async open(request: TrainingRequest, inputs: LoadedInputs, examples: readonly Example[]): Promise<Checkpoint> {
    const key = hashOf([
      inputs.pack.hash,
      labelSetHash(examples),
      JSON.stringify(request.choices),
      inputs.labels.join(),
    ]);
    const path = `${request.out}.checkpoint`;
    const bytes = await readFile(path).catch(() => null);
    return new Checkpoint(path, key, (bytes === null ? null : readCheckpoint(bytes, key)) ?? undefined);
  }

  /** Full fine-tunings are too large to save every few seconds and are only made to be measured. */
  async save(state: CourseState, { kind }: TrainingOptions): Promise<void> {
    if (kind === "full" || performance.now() - this.saved < CHECKPOINT_EVERY_MS) return;
    await writeFileAtomic(this.path, writeCheckpoint(state, this.key));
    this.saved = performance.now();
  }

  async discard(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
