/** Answer or say "uncertain": a threshold on confidence (selective classification, El-Yaniv and Wiener, 2010). */

/** A threshold and what it does on the rows that it was chosen on. */
export interface SelectiveThreshold {
  readonly threshold: number;
  /** Share of rows with at least that confidence: those that are shown. */
  readonly coverage: number;
  /** Share of right answers among them; NaN where none is shown. */
  readonly precision: number;
}

/**
 * The lowest threshold at which shown answers are right at least `precision` of the time. Ties in confidence are shown
 * or hidden together. Where no threshold does it, nothing is shown: threshold 1 and a little, coverage 0.
 */
export function thresholdForPrecision(
  rows: readonly { confidence: number; right: boolean }[],
  precision: number,
): SelectiveThreshold {
  const sorted = [...rows].sort((a, b) => b.confidence - a.confidence);
  let best: SelectiveThreshold = { threshold: 1 + Number.EPSILON, coverage: 0, precision: NaN };
  let right = 0;
  sorted.forEach((row, i) => {
    if (row.right) right++;
    const tied = sorted[i + 1]?.confidence === row.confidence;
    const share = right / (i + 1);
    if (!tied && share >= precision) {
      best = { threshold: row.confidence, coverage: (i + 1) / sorted.length, precision: share };
    }
  });
  return best;
}
