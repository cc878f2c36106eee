/** Fits what `model/calibration.ts` applies: a temperature (Guo et al., 2017) and the threshold of "uncertain". */
import { probabilities, UNCALIBRATED } from "../model/calibration.ts";

/** The temperature with the lowest negative log-likelihood, by golden-section search on a logarithmic scale. */
export function fitTemperature(logits: readonly ArrayLike<number>[], targets: readonly number[]): number {
  if (logits.length === 0) return 1;
  const loss = (logTemperature: number): number => {
    const calibration = { ...UNCALIBRATED, temperature: Math.exp(logTemperature) };
    return logits.reduce((sum, row, i) => {
      return sum - Math.log(Math.max(1e-12, probabilities(row, calibration)[targets[i]!]!));
    }, 0);
  };
  const ratio = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [Math.log(0.2), Math.log(8)];
  for (let i = 0; i < 24; i++) {
    const left = high - ratio * (high - low);
    const right = low + ratio * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/** Rows below which no running share of right answers decides, so that one lucky row does not. */
const FEWEST_ROWS = 10;

/**
 * The confidence below which answers are right less often than `worth`: walking up from the least confident row, the
 * highest confidence at which the share of right answers so far is still under `worth`.
 */
export function fitThreshold(rows: readonly { confidence: number; right: boolean }[], worth = 0.5): number {
  const sorted = [...rows].sort((a, b) => a.confidence - b.confidence);
  let right = 0;
  let threshold = 0;
  sorted.forEach((row, i) => {
    if (row.right) right++;
    if (i + 1 >= FEWEST_ROWS && right / (i + 1) < worth) threshold = row.confidence;
  });
  return Math.min(threshold, 0.9);
}
