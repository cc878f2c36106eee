/** Whether more labels will help, and when to stop labelling or to train again. */
import { cohenKappa } from "./agreement.ts";

/** A held-out score and the number of labels that the model had. */
export interface CurvePoint {
  readonly labels: number;
  readonly score: number;
}

/** score ≈ limit − drop · labels^−rate. */
export interface LearningCurve {
  readonly limit: number;
  readonly drop: number;
  readonly rate: number;
  /** The score to expect with that many labels, at most 1. */
  at(labels: number): number;
}

/**
 * Fits an inverse power law (Cortes et al., 1994; Figueroa et al., 2012): for each rate on a grid the other two by
 * least squares, later points weighing more. Undefined with fewer than three different sizes.
 */
export function fitLearningCurve(points: readonly CurvePoint[]): LearningCurve | undefined {
  const used = points.filter((point) => point.labels > 0);
  if (new Set(used.map((point) => point.labels)).size < 3) return undefined;
  let best: { error: number; limit: number; drop: number; rate: number } | undefined;
  for (let rate = 0.05; rate <= 2; rate += 0.05) {
    const { limit, drop } = leastSquares(used, rate);
    const error = used.reduce((sum, { labels, score }) => {
      return sum + labels * (score - (limit - drop * labels ** -rate)) ** 2;
    }, 0);
    if (drop >= 0 && limit <= 1 && (best === undefined || error < best.error)) best = { error, limit, drop, rate };
  }
  // A curve that falls, or shoots past 1, is flat as far as anyone can tell.
  const { limit, drop, rate } = best ?? { limit: meanScore(used), drop: 0, rate: 1 };
  return { limit, drop, rate, at: (labels) => Math.min(1, limit - drop * Math.max(1, labels) ** -rate) };
}

/** How sure successive models must be of each other, and how many times in a row. */
const STABLE_KAPPA = 0.99;
const STABLE_ROUNDS = 3;

/**
 * True when labelling can stop: the models of the last trainings say the same about the same statements (stabilising
 * predictions, Bloodgood and Vijay-Shanker, 2009). Oldest first; each entry holds the labels of one fixed list.
 */
export function predictionsStable(
  history: readonly (readonly string[])[],
  { kappa = STABLE_KAPPA, rounds = STABLE_ROUNDS }: { kappa?: number; rounds?: number } = {},
): boolean {
  if (history.length <= rounds) return false;
  const recent = history.slice(-rounds - 1);
  return recent.slice(1).every((labels, i) => cohenKappa(recent[i]!, labels) >= kappa);
}

/** Fewest new labels that are worth a training, and the share of all labels that new ones should reach. */
const FEWEST_NEW = 20;
const NEW_SHARE = 0.2;

/**
 * True when a training should help: enough new labels, of at least two classes. A doubling of labels raises the score
 * about as much as the doubling before, so what counts is their share and not their number.
 */
export function trainingWorthwhile(labels: { total: number; sinceTraining: number; classes: number }): boolean {
  const { total, sinceTraining, classes } = labels;
  return classes >= 2 && sinceTraining >= FEWEST_NEW && sinceTraining >= NEW_SHARE * total;
}

/** limit and drop of score = limit − drop · x with x = labels^−rate, each point weighing as many rows as it had. */
function leastSquares(points: readonly CurvePoint[], rate: number): { limit: number; drop: number } {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const { labels, score } of points) {
    const x = labels ** -rate;
    w += labels;
    wx += labels * x;
    wy += labels * score;
    wxx += labels * x * x;
    wxy += labels * x * score;
  }
  const slope = (w * wxy - wx * wy) / (w * wxx - wx * wx);
  return { limit: (wy - slope * wx) / w, drop: -slope };
}

function meanScore(points: readonly CurvePoint[]): number {
  return points.reduce((sum, point) => sum + point.score, 0) / points.length;
}
