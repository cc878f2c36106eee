/**
 * What the trainer process does: reads pack, labels and the active adapter, runs the engine's course, writes the
 * adapter. Everything slow is in the engine; everything on disk is in `store/`.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as l10n from "@vscode/l10n";
import { readAdapter, trainedParts, writeAdapter } from "./engine/adapt/adapter.ts";
import { type Example, MINIMUM_EXAMPLES, TooFewLabels, trainingSet } from "./engine/adapt/examples.ts";
import { writeFullModel } from "./engine/adapt/full-model.ts";
import { formatHeldOut, parseHeldOut, textKey } from "./engine/adapt/held-out.ts";
import { type AdapterManifest, hashOf, labelSetHash } from "./engine/adapt/manifest.ts";
import { parseTrainingOptions, type TrainingOptions } from "./engine/adapt/options.ts";
import { type BeforePrediction, compare, type Comparison, labelled } from "./engine/adapt/report.ts";
import {
  calibrate,
  type CourseProgress,
  type Design,
  designOf,
  type JudgedFold,
  type PreparedExample,
  runCourse,
} from "./engine/adapt/train-adapter.ts";
import { planTraining } from "./engine/adapt/training-plan.ts";
import { searchOptions } from "./engine/adapt/search.ts";
import { Trainer } from "./engine/adapt/trainer.ts";
import type { Calibration } from "./engine/model/calibration.ts";
import { InputError } from "./engine/outcome.ts";
import { collectGarbage, peakMemoryMb } from "./memory.ts";
import type { TrainPhase, TrainReport } from "./protocol.ts";
import { readAdapterFiles, HELD_OUT_FILE, REPORT_FILE, writeAdapterFolder } from "./store/adapter-folder.ts";
import { takePlace } from "./store/training-place.ts";
import { WriteFailure } from "./store/write-failure.ts";
import { Checkpoint } from "./training-checkpoint.ts";
import { type LoadedInputs, loadInputs } from "./training-inputs.ts";
import { syntheticRows } from "./training-synthetic.ts";
import {
  type RunHooks,
  timeLeft,
  type TrainingChoices,
  type TrainingRequest,
  type TrainingResult,
  type Trial,
} from "./training.ts";

/** Trains, judges and writes one adapter. Rejects with Cancelled or InputError; then nothing was changed. */
export async function train(request: TrainingRequest, hooks: RunHooks): Promise<TrainingResult> {
  const giveBack = await takePlace(request.out);
  try {
    return await trainThere(request, hooks);
  } finally {
    await giveBack();
  }
}

async function trainThere(request: TrainingRequest, hooks: RunHooks): Promise<TrainingResult> {
  const started = performance.now();
  const inputs = await loadInputs(request);
  const { examples, skipped: contradictions } = learnable(inputs);
  const { choices, trials } = await chooseOptions(request, inputs, examples, hooks);
  const options = parseTrainingOptions(choices, inputs.pack.config);
  const plan = planTraining(inputs.pack.config, options, inputs.labels);
  const room = plan.usesPrompt ? options.virtualTokens : 0;
  const prepared = examples.map((example): PreparedExample => {
    return { ...example, ids: inputs.base.tokenize(example.text, room) };
  });
  const before = await predictBefore(inputs, request.active, examples, hooks);
  const trainer = await Trainer.create(inputs.base, plan, { threads: inputs.threads });
  collectGarbage();
  const design = designOf(prepared, options.seed);
  const checkpoint = await Checkpoint.open(request.out, inputs, examples, options);
  const texts = [...request.projectTexts, ...prepared.map(({ text }) => text)];
  const synthetic = syntheticRows(inputs, options, { labelled: prepared.length, texts, room });
  try {
    const judged = await runCourse(trainer, { examples: prepared, synthetic }, design, {
      signal: hooks.signal,
      onProgress: progressReporter(hooks),
      onCheckpoint: (state) => checkpoint.save(state),
      resume: checkpoint.resume,
    });
    const calibration = calibrate(judged, prepared);
    const comparison = compare(prepared, judged, before, { labels: inputs.labels, calibration, seed: options.seed });
    const outcome = { inputs, options, trainer, prepared, judged, calibration, comparison, design };
    const report = await writeOutcome(request, outcome, started);
    await checkpoint.discard();
    return {
      outcome: "trained",
      report,
      folder: request.out,
      rssAfterLoadMb: inputs.rssAfterLoadMb,
      trials,
      skipped: [...inputs.skipped, ...contradictions],
    };
  } catch (error) {
    throw error instanceof WriteFailure ? resumable(error, checkpoint) : error;
  }
}

/** What may be learnt from. @throws InputError in the person's words where that is too little */
function learnable({ examples, skipped }: LoadedInputs): ReturnType<typeof trainingSet> {
  try {
    return trainingSet(examples, skipped);
  } catch (error) {
    if (!(error instanceof TooFewLabels)) throw error;
    const message = l10n.t(
      "Found {0} usable labels of {1} categories; training needs at least {2} labels of at least 2 categories. Label more statements, then train again.",
      error.labels,
      error.classes,
      MINIMUM_EXAMPLES,
    );
    const leftOut = error.leftOut === null ? "" : ` ${l10n.t("Left out: {0}", error.leftOut)}`;
    throw new InputError(message + leftOut, { cause: error });
  }
}

/** What a training that the disk stopped tells: what happened, and that little is lost. */
function resumable(failure: WriteFailure, { isThere }: Checkpoint): InputError {
  const message = isThere
    ? l10n.t(
        "{0} Nothing was changed. Mend that, then train again: it goes on from its last checkpoint.",
        failure.message,
      )
    : l10n.t("{0} Nothing was changed. Mend that, then train again.", failure.message);
  return new InputError(message, { cause: failure });
}

/** The user's choices, completed by a search where one was asked for. */
async function chooseOptions(
  { choices }: TrainingRequest,
  { base, labels, threads, pack }: LoadedInputs,
  examples: readonly Example[],
  { signal, onProgress }: RunHooks,
): Promise<{ choices: TrainingChoices; trials: Trial[] }> {
  const { seed, searchMinutes } = parseTrainingOptions(choices, pack.config);
  if (searchMinutes === 0) return { choices, trials: [] };
  const given = Object.entries(choices).filter(([, value]) => value !== undefined);
  const fixed = Object.fromEntries(given.filter(([name]) => name !== "epochs" && name !== "searchMinutes"));
  const started = performance.now();
  const milliseconds = searchMinutes * 60_000;
  const trials = await searchOptions(base, examples, fixed, {
    labels,
    seed,
    threads,
    milliseconds,
    signal,
    now: () => performance.now(),
    onTrial(done, planned, { epochs, weightedF1 }) {
      const secondsLeft = Math.max(0, (started + milliseconds - performance.now()) / 1000);
      onProgress?.({
        phase: "search",
        part: { number: done, of: planned },
        epoch: epochs,
        epochs,
        loss: null,
        validationF1: weightedF1,
        fraction: 0,
        secondsLeft,
      });
    },
  });
  const best = trials[0]?.choices ?? {};
  return { choices: { ...best, ...Object.fromEntries(given) } as TrainingChoices, trials: trials as Trial[] };
}

/**
 * What is active says about each example. An adapter has learnt from old labels: for those its own out-of-fold
 * predictions count, which it keeps in its folder, and where it has none the row cannot be compared.
 */
async function predictBefore(
  { classifier, pack }: LoadedInputs,
  active: string | null,
  examples: readonly Example[],
  { signal, onProgress }: RunHooks,
): Promise<BeforePrediction[]> {
  let heldOut: ReadonlyMap<string, BeforePrediction> = new Map();
  if (active !== null) {
    const files = await readAdapterFiles(active);
    const base = { config: pack.config, hash: pack.hash, labels: pack.head.labels };
    await classifier.activate(readAdapter(files, base).tensors);
    heldOut = parseHeldOut(new TextDecoder().decode(files.get(HELD_OUT_FILE)));
  }
  const texts = examples.map((example) => example.text);
  const nothing = { epoch: 0, epochs: 0, loss: null, validationF1: null, fraction: 0, secondsLeft: null };
  const say = atMostTenASecond(onProgress);
  const predictions = await classifier.classify(texts, {
    signal,
    // Seconds at most, but for the largest label files.
    onProgress: (number, of) => say({ phase: "before", part: { number, of }, ...nothing }),
  });
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
  readonly design: Design;
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
    split: { folds: design.folds.count, judged: design.judged.length, by: design.folds.by },
    compared: comparison.rows,
    before: comparison.before,
    after: comparison.after,
    gain: comparison.gain,
    phases: [...comparison.phases],
    flips: comparison.flips.map(({ document, ...flip }) => ({ ...flip, uri: document, line: null })),
    verdict: comparison.verdict,
    // A full fine-tuning is a model of its own: nothing here can put it in force.
    promoted: comparison.verdict === "better" && options.kind !== "full",
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

const PHASES: Readonly<Record<CourseProgress["phase"], TrainPhase>> = {
  synthetic: "synthetic",
  folds: "judging",
  labels: "labels",
};

/** Steps of a small adapter take less than a millisecond; nobody reads more than ten messages a second. */
const PROGRESS_EVERY_MS = 100;

function progressReporter({ onProgress }: RunHooks): (progress: CourseProgress) => void {
  const say = atMostTenASecond(onProgress);
  // Loading and searching say nothing about how long the course takes.
  const started = performance.now();
  return ({ phase, part, epoch, epochs, loss, validationF1, fraction }) => {
    const secondsLeft = timeLeft((performance.now() - started) / 1000, fraction);
    say({ phase: PHASES[phase], part, epoch, epochs, loss, validationF1, fraction, secondsLeft });
  };
}

function atMostTenASecond(onProgress: RunHooks["onProgress"]): NonNullable<RunHooks["onProgress"]> {
  let said = -Infinity;
  return (progress) => {
    if (performance.now() - said < PROGRESS_EVERY_MS) return;
    said = performance.now();
    onProgress?.(progress);
  };
}
