/**
 * From labels to a judged adapter: held-out documents (or folds, where labels are few) say what the recipe is worth,
 * then the adapter itself is trained on all labels for as long as proved best. Synthetic rows never enter a judgement.
 */
import { fitTemperature, fitThreshold } from "../judge/calibration.ts";
import { COVERAGE, fitConformalMass } from "../judge/conformal.ts";
import type { Calibration } from "../model/calibration.ts";
import { probabilities } from "../model/calibration.ts";
import type { Example } from "./examples.ts";
import { Random } from "./random.ts";
import { foldsOf, type Folds, trainingRows } from "./splits.ts";
import { argmax, type FitProgress, type FitState, type Trainer, type TrainingRow } from "./trainer.ts";

/** Up to so many labels every row is judged once, by cross-validation; beyond, a held-out quarter is enough. */
const CROSS_VALIDATED = 800;
const FOLDS = 4;
/** Labels from which a part of the training rows can be spared, and says enough, to decide when to stop. */
const SPARED_FROM = 1000;
/** Share of the learning rate in the synthetic phase, and its epochs: made-up statements may nudge, not teach. */
const SYNTHETIC = { rate: 0.1, epochs: 2 } as const;

/** An example with its tokens. */
export type PreparedExample = Example & TrainingRow;

export interface CourseData {
  readonly examples: readonly PreparedExample[];
  /** Rows made up for the first phase; empty skips it. */
  readonly synthetic: readonly TrainingRow[];
}

/** Said while a course runs; `fraction` is over the whole course. */
export interface CourseProgress {
  readonly phase: "synthetic" | "folds" | "labels";
  /** Which fold is judged, from 1, and how many are; null in the last part, which learns from all labels. */
  readonly part: { readonly number: number; readonly of: number } | null;
  readonly epoch: number;
  readonly epochs: number;
  readonly loss: number | null;
  readonly validationF1: number | null;
  readonly fraction: number;
}

/** Where a course stands: finished parts are not repeated when it is resumed. */
export interface CourseState {
  readonly judged: readonly JudgedFold[];
  /** The fit that was interrupted, and which it was: a fold's number, or -1 for the final one. */
  readonly fit: { readonly part: number; readonly state: FitState } | null;
}

export interface CourseHooks {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: CourseProgress) => void) | undefined;
  readonly onCheckpoint?: ((state: CourseState) => Promise<void>) | undefined;
  readonly resume?: CourseState | undefined;
}

/** Predictions for the rows of one fold by a model that saw none of its documents. */
export interface JudgedFold {
  readonly fold: number;
  readonly rows: readonly number[];
  readonly logits: readonly Float32Array[];
  /** Logits after the synthetic phase alone; empty without one. */
  readonly early: readonly Float32Array[];
  readonly epochs: number;
}

/** How rows were held out. */
export interface Design {
  readonly folds: Folds;
  /** Folds that are judged: all of them in cross-validation, the first where a part is held out. */
  readonly judged: readonly number[];
}

export function designOf(examples: readonly Example[], seed: number): Design {
  const folds = foldsOf(examples, FOLDS, seed);
  const all = Array.from({ length: FOLDS }, (_, fold) => fold);
  return { folds, judged: examples.length <= CROSS_VALIDATED ? all : [0] };
}

/** Judges the recipe, then trains the adapter: its weights are left in the trainer. */
export async function runCourse(
  trainer: Trainer,
  data: CourseData,
  design: Design,
  hooks: CourseHooks = {},
): Promise<readonly JudgedFold[]> {
  const judged = [...(hooks.resume?.judged ?? [])];
  const parts = design.judged.length + 1;
  const state = (part: number, fit: FitState): CourseState => ({ judged, fit: { part, state: fit } });
  for (const [i, fold] of design.judged.entries()) {
    if (judged.some((done) => done.fold === fold)) continue;
    const isHeld = (row: number): boolean => design.folds.of[row] === fold;
    judged.push(
      await judgeFold(
        trainer,
        data,
        { fold, rows: trainingRows(data.examples, isHeld), isHeld },
        part(hooks, fold, i, parts, state),
      ),
    );
  }
  const epochs = Math.max(1, Math.round(judged.reduce((sum, { epochs }) => sum + epochs, 0) / judged.length));
  await teach(
    trainer,
    { rows: data.examples, validation: [], synthetic: data.synthetic, epochs },
    part(hooks, -1, parts - 1, parts, state),
  );
  return judged;
}

interface PartHooks {
  readonly signal: AbortSignal | undefined;
  readonly onFit: (phase: "synthetic" | "labels", progress: FitProgress) => void;
  readonly onEpoch: ((state: FitState) => Promise<void>) | undefined;
  readonly resume: FitState | undefined;
}

/** The hooks of one part of the course, its share of the progress worked in. */
function part(
  hooks: CourseHooks,
  fold: number,
  index: number,
  parts: number,
  state: (part: number, fit: FitState) => CourseState,
): PartHooks {
  const resumed = hooks.resume?.fit;
  return {
    signal: hooks.signal,
    onFit(phase, { epoch, epochs, loss, validationF1, fraction }) {
      const name = fold < 0 ? phase : phase === "synthetic" ? phase : "folds";
      const part = fold < 0 ? null : { number: index + 1, of: parts - 1 };
      const numbers = { epoch, epochs, loss, validationF1, fraction: (index + fraction) / parts };
      hooks.onProgress?.({ phase: name, part, ...numbers });
    },
    onEpoch: async (fit) => hooks.onCheckpoint?.(state(fold, fit)),
    resume: resumed?.part === fold ? resumed.state : undefined,
  };
}

interface Fold {
  readonly fold: number;
  readonly rows: readonly number[];
  readonly isHeld: (row: number) => boolean;
}

/** Trains without a fold and predicts it. */
export async function judgeFold(
  trainer: Trainer,
  { examples, synthetic }: CourseData,
  { fold, rows, isHeld }: Fold,
  hooks: PartHooks,
): Promise<JudgedFold> {
  const held = examples.flatMap((_, row) => (isHeld(row) ? [row] : []));
  const heldRows = held.map((row) => examples[row]!);
  const { train, spare } = spareRows(
    rows.map((row) => examples[row]!),
    trainer.plan.options.seed,
  );
  let early: Float32Array[] = [];
  const afterSynthetic = async (): Promise<void> => {
    early = await trainer.predict(heldRows, hooks.signal);
  };
  const { epochs } = trainer.plan.options;
  const kept = await teach(trainer, { rows: train, validation: spare, synthetic, epochs, afterSynthetic }, hooks);
  return { fold, rows: held, logits: await trainer.predict(heldRows, hooks.signal), early, epochs: kept };
}

interface Lesson {
  readonly rows: readonly TrainingRow[];
  readonly validation: readonly TrainingRow[];
  readonly synthetic: readonly TrainingRow[];
  readonly epochs: number;
  readonly afterSynthetic?: () => Promise<void>;
}

/** Both phases from a fresh start. Returns the epochs that the kept weights were trained for. */
async function teach(trainer: Trainer, lesson: Lesson, hooks: PartHooks): Promise<number> {
  const { rows, validation, synthetic, epochs } = lesson;
  trainer.reset();
  const share = synthetic.length === 0 ? 0 : 0.3;
  if (synthetic.length > 0 && hooks.resume === undefined) {
    const onProgress = (progress: FitProgress): void =>
      hooks.onFit("synthetic", { ...progress, fraction: share * progress.fraction });
    await trainer.fit({ rows: synthetic, validation: [], ...SYNTHETIC, signal: hooks.signal, onProgress });
    await lesson.afterSynthetic?.();
  }
  const result = await trainer.fit({
    rows,
    validation,
    epochs,
    signal: hooks.signal,
    resume: hooks.resume,
    onEpoch: hooks.onEpoch,
    onProgress: (progress) => hooks.onFit("labels", { ...progress, fraction: share + (1 - share) * progress.fraction }),
  });
  trainer.blend(trainer.plan.options.blend);
  return result.epochs;
}

/** A seventh of the rows, by document where possible, to decide when to stop; none where rows are few. */
export function spareRows(
  rows: readonly PreparedExample[],
  seed: number,
): { train: readonly PreparedExample[]; spare: readonly PreparedExample[] } {
  if (rows.length < SPARED_FROM) return { train: rows, spare: [] };
  const { of } = foldsOf(rows, 7, Random.named(seed, "spare").below(2 ** 31));
  return { train: rows.filter((_, i) => of[i] !== 0), spare: rows.filter((_, i) => of[i] === 0) };
}

/** Temperature, threshold and the mass of prediction sets, where the labels are enough for one, from out-of-fold predictions. */
export function calibrate(judged: readonly JudgedFold[], examples: readonly Example[]): Calibration {
  const logits = judged.flatMap((fold) => [...fold.logits]);
  const targets = judged.flatMap((fold) => fold.rows.map((row) => examples[row]!.target));
  const temperature = fitTemperature(logits, targets);
  const shares = logits.map((row) => probabilities(row, { temperature, bias: [], threshold: 0 }));
  const answers = shares.map((row, i) => {
    const label = argmax(row);
    return { confidence: row[label]!, right: label === targets[i] };
  });
  const mass = fitConformalMass(shares, targets, COVERAGE);
  const conformal = mass < 1 ? { conformal: { coverage: COVERAGE, mass } } : {};
  return { temperature, bias: [], threshold: fitThreshold(answers), ...conformal };
}
