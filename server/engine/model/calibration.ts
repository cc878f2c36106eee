/** From logits to probabilities that mean what they say (Guo et al. 2017, temperature scaling). */

/** How the logits of one head become shown categories. */
export interface Calibration {
  /** Logits are divided by it; positive. */
  readonly temperature: number;
  /** Added to the divided logits, one number a label in the head's order; empty for none. */
  readonly bias: readonly number[];
  /** Predictions with less confidence are "uncertain"; 0 to 1. */
  readonly threshold: number;
  /** Smallest probability mass that covers the truth with the wanted frequency on unseen projects, if measured. */
  readonly conformal?: { readonly coverage: number; readonly mass: number };
}

/** Leaves logits as they are and calls nothing uncertain. */
export const UNCALIBRATED: Calibration = { temperature: 1, bias: [], threshold: 0 };

/** Calibrated probabilities of one row of logits; they sum to 1. */
export function probabilities(logits: ArrayLike<number>, calibration: Calibration): Float64Array {
  const scaled = Float64Array.from(logits, (z, label) => z / calibration.temperature + (calibration.bias[label] ?? 0));
  const highest = scaled.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scaled.map((z) => Math.exp(z - highest));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}
