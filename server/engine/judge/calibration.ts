/** Temperature scaling (Guo et al., 2017) and the threshold below which an answer is "uncertain". */

export interface Calibration {
  /** Logits are divided by it before the softmax. */
  readonly temperature: number;
  /** Calibrated confidence below which a prediction is shown as uncertain. */
  readonly threshold: number;
}

/** Probabilities of one row: softmax of `logits / temperature`. */
export function softmax(logits: ArrayLike<number>, temperature = 1): number[] {
  const scaled = Array.from(logits, (logit) => logit / temperature);
  const highest = Math.max(...scaled);
  const powers = scaled.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** The temperature with the lowest mean negative log-likelihood, by golden-section search on a logarithmic scale. */
export function fitTemperature(logits: readonly ArrayLike<number>[], targets: readonly number[]): number {
  if (logits.length === 0) return 1;
  const loss = (logTemperature: number): number => {
    const temperature = Math.exp(logTemperature);
    return logits.reduce((sum, row, i) => sum - Math.log(Math.max(1e-12, softmax(row, temperature)[targets[i]!]!)), 0);
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

/**
 * The lowest threshold at which answers below it are right less often than `worth` says an answer must be: walking up
 * from the least confident row, rows are uncertain while the running share of right ones stays under `worth`.
 */
export function fitThreshold(rows: readonly { confidence: number; right: boolean }[], worth = 0.5): number {
  const sorted = [...rows].sort((a, b) => a.confidence - b.confidence);
  let right = 0;
  let threshold = 0;
  sorted.forEach((row, i) => {
    if (row.right) right++;
    // The bound keeps one lucky or unlucky row at the start from deciding.
    if (i >= 9 && right / (i + 1) < worth) threshold = row.confidence;
  });
  return Math.min(threshold, 0.9);
}
