/** Is the new adapter better than what is active? The numbers, the verdict, and what would change. */
import { pairedBootstrap, type Gain } from "../judge/bootstrap.ts";
import { type Judged, score, type Scores } from "../judge/metrics.ts";
import { type Calibration, probabilities } from "../model/calibration.ts";
import type { Example } from "./examples.ts";
import type { Flip } from "./manifest.ts";
import { Random } from "./random.ts";
import type { JudgedFold } from "./train-adapter.ts";
import { argmax } from "./trainer.ts";

/** What the model in use says about an example; null where that would be no honest test, because it learnt from it. */
export type BeforePrediction = { readonly label: string; readonly confidence: number } | null;

export interface Comparison {
  readonly before: Scores;
  readonly after: Scores;
  readonly gain: Gain;
  /** Rows that both sides could be judged on. */
  readonly rows: number;
  readonly flips: readonly Flip[];
  readonly phases: readonly PhaseScore[];
  readonly verdict: Verdict;
}

/** What the 95 % interval of the gain says: it lies above zero, below, around it, or there was nothing to compare. */
export type Verdict = "better" | "worse" | "chance" | "untested";

/** Weighted F1 on held-out rows after a phase. */
export interface PhaseScore {
  readonly name: "synthetic" | "labels";
  readonly weightedF1: number;
}

interface Row {
  readonly example: Example;
  readonly before: Judged;
  readonly after: Judged;
}

/** Compares on the rows of the judged folds where `before` is known. `labels` are the new head's classes. */
export function compare(
  examples: readonly Example[],
  judged: readonly JudgedFold[],
  before: readonly BeforePrediction[],
  context: { labels: readonly string[]; calibration: Calibration; seed: number },
): Comparison {
  const { labels, calibration, seed } = context;
  const rows = judged.flatMap((fold) =>
    fold.rows.flatMap((row, i): Row[] => {
      const [example, old] = [examples[row]!, before[row] ?? null];
      if (old === null) return [];
      const truth = example.label;
      return [
        { example, before: { truth, ...old }, after: { truth, ...labelled(fold.logits[i]!, labels, calibration) } },
      ];
    }),
  );
  const sides = (side: (row: Row) => Judged): Judged[] => rows.map(side);
  const gain = bootstrapGain(rows, labels, seed);
  return {
    before: score(
      sides((row) => row.before),
      labels,
    ),
    after: score(
      sides((row) => row.after),
      labels,
    ),
    gain,
    rows: rows.length,
    flips: flipsOf(rows),
    phases: phasesOf(examples, judged, labels),
    verdict: verdictOf(gain, rows.length),
  };
}

/** Category and calibrated confidence of one row of logits. */
export function labelled(
  logits: ArrayLike<number>,
  labels: readonly string[],
  calibration: Calibration,
): { label: string; confidence: number } {
  const scores = probabilities(logits, calibration);
  const best = argmax(scores);
  return { label: labels[best]!, confidence: scores[best]! };
}

function bootstrapGain(rows: readonly Row[], labels: readonly string[], seed: number): Gain {
  const codes = [
    ...new Set([...labels, ...rows.flatMap(({ before, after }) => [before.label, after.label, after.truth])]),
  ];
  const index = new Map(codes.map((code, i) => [code, i]));
  const indices = (of: (row: Row) => string): number[] => rows.map((row) => index.get(of(row))!);
  const random = Random.named(seed, "bootstrap");
  return pairedBootstrap(
    indices((row) => row.after.truth),
    indices((row) => row.before.label),
    indices((row) => row.after.label),
    {
      classCount: codes.length,
      uniform: () => random.uniform(),
      group: rows.map(({ example }) => example.group ?? example.text),
    },
  );
}

/** More than a person reads; a report of a huge label file stays a report. */
const MOST_FLIPS = 1000;

function flipsOf(rows: readonly Row[]): Flip[] {
  return rows
    .filter((row) => row.before.label !== row.after.label)
    .slice(0, MOST_FLIPS)
    .map(({ example, before, after }) => ({
      text: example.text,
      document: example.document,
      truth: example.label,
      before: before.label,
      after: after.label,
    }));
}

/** What each phase brought, on held-out rows. */
function phasesOf(
  examples: readonly Example[],
  judged: readonly JudgedFold[],
  labels: readonly string[],
): PhaseScore[] {
  const f1Of = (pick: (fold: JudgedFold) => readonly Float32Array[]): number => {
    const rows = judged.flatMap((fold) =>
      pick(fold).map((logits, i): Judged => {
        return { truth: examples[fold.rows[i]!]!.label, label: labels[argmax(logits)]!, confidence: 1 };
      }),
    );
    return score(rows, labels).weightedF1;
  };
  const labelled: PhaseScore = { name: "labels", weightedF1: f1Of((fold) => fold.logits) };
  const early = judged.length > 0 && judged.every((fold) => fold.early.length === fold.rows.length);
  return early ? [{ name: "synthetic", weightedF1: f1Of((fold) => fold.early) }, labelled] : [labelled];
}

function verdictOf({ low, high }: Gain, rows: number): Verdict {
  if (rows === 0) return "untested";
  if (low > 0) return "better";
  return high < 0 ? "worse" : "chance";
}
