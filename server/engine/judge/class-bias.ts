/**
 * Temperature and a bias for each class, fitted together (vector scaling with one shared scale, after Guo et al.,
 * 2017). Biases repair priors that differ between training data and real documents, most of all that of `none`.
 */

/** Fitted so that `softmax(logits / temperature + bias)` has the lowest loss. */
export interface ClassBias {
  readonly temperature: number;
  readonly bias: readonly number[];
}

const MOST_STEPS = 300;

/**
 * Minimises mean negative log-likelihood + Σ `penalty` / 2 · bias², with one penalty for all classes or one for each. It
 * keeps classes near zero that have a handful of rows, or whose share will be another elsewhere. Convex in
 * (1 / temperature, bias); gradient descent with a step that adapts.
 */
export function fitClassBias(
  logits: readonly ArrayLike<number>[],
  targets: readonly number[],
  penalty: number | readonly number[] = 0.01,
): ClassBias {
  const classes = logits[0]?.length ?? 0;
  const penalties = Array.from({ length: classes }, (_, c) => (typeof penalty === "number" ? penalty : penalty[c]!));
  let at = new Float64Array(classes + 1);
  at[classes] = 1;
  let here = evaluate(logits, targets, at, penalties);
  let rate = 1;
  for (let step = 0; step < MOST_STEPS && logits.length > 0; step++) {
    const next = at.map((value, i) => value - rate * here.gradient[i]!);
    next[classes] = Math.max(next[classes]!, 0.05);
    const there = evaluate(logits, targets, next, penalties);
    if (there.loss < here.loss) {
      const gain = here.loss - there.loss;
      [at, here] = [next, there];
      rate *= 1.3;
      if (gain < 1e-10) break;
    } else {
      rate *= 0.4;
      if (rate < 1e-9) break;
    }
  }
  return { temperature: 1 / at[classes]!, bias: Array.from(at.subarray(0, classes)) };
}

/** Loss and gradient at biases followed by the scale 1 / temperature. */
function evaluate(
  logits: readonly ArrayLike<number>[],
  targets: readonly number[],
  at: Float64Array,
  penalties: readonly number[],
): { loss: number; gradient: Float64Array } {
  const classes = at.length - 1;
  const scale = at[classes]!;
  const gradient = new Float64Array(at.length);
  const scaled = new Float64Array(classes);
  let loss = 0;
  logits.forEach((row, i) => {
    let highest = -Infinity;
    for (let c = 0; c < classes; c++) highest = Math.max(highest, (scaled[c] = row[c]! * scale + at[c]!));
    let total = 0;
    for (let c = 0; c < classes; c++) total += Math.exp(scaled[c]! - highest);
    loss += (Math.log(total) + highest - scaled[targets[i]!]!) / logits.length;
    for (let c = 0; c < classes; c++) {
      const slope = (Math.exp(scaled[c]! - highest) / total - (c === targets[i] ? 1 : 0)) / logits.length;
      gradient[c]! += slope;
      gradient[classes]! += slope * row[c]!;
    }
  });
  for (let c = 0; c < classes; c++) {
    loss += (penalties[c]! / 2) * at[c]! ** 2;
    gradient[c]! += penalties[c]! * at[c]!;
  }
  return { loss, gradient };
}
