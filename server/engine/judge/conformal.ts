/**
 * Prediction sets with a promised coverage: the categories that together hold the truth nine times out of ten.
 * Adaptive prediction sets of Romano, Sesia and Candès (2020), without randomisation.
 */

/** What the sets of this product promise. */
export const COVERAGE = 0.9;

/**
 * The probability mass at which sets of the most likely classes hold the truth with frequency `coverage` on rows like
 * these. `rows` are calibrated probabilities, `targets` class indices. With the finite-sample correction of split
 * conformal prediction; 1 (every class) where the rows are too few to promise anything.
 */
export function fitConformalMass(
  rows: readonly ArrayLike<number>[],
  targets: readonly number[],
  coverage: number,
): number {
  const masses = rows.map((row, i) => massUpTo(row, targets[i]!)).sort((a, b) => a - b);
  const rank = Math.ceil((masses.length + 1) * coverage);
  return Math.min(1, masses[rank - 1] ?? 1);
}

/**
 * Indices of the most likely classes, most likely first, as long as their probabilities together stay within `mass`;
 * the most likely one in any case. To go on until the mass is reached would hold the truth more often than promised.
 */
export function conformalSet(row: ArrayLike<number>, mass: number): number[] {
  let sum = 0;
  // Sums of floats may miss a mass that was itself such a sum by the last bit.
  return byProbability(row).filter((index, rank) => (sum += row[index]!) <= mass + 1e-9 || rank === 0);
}

/** The mass that a set needs to hold `target`; the most likely class is always in, so it needs none. */
function massUpTo(row: ArrayLike<number>, target: number): number {
  let sum = 0;
  const order = byProbability(row);
  if (order[0] === target) return 0;
  for (const index of order) {
    sum += row[index]!;
    if (index === target) break;
  }
  return sum;
}

function byProbability(row: ArrayLike<number>): number[] {
  return Array.from({ length: row.length }, (_, index) => index).sort((a, b) => row[b]! - row[a]! || a - b);
}
