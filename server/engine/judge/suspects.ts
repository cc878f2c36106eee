/** Labels that look wrong: confident learning (Northcutt, Jiang and Chuang, 2021) on out-of-fold probabilities. */

/** A label worth a second look. */
export interface Suspect {
  /** Index of the row. */
  readonly row: number;
  readonly given: number;
  readonly suggested: number;
  /** Probability of the given class less that of the suggested one; the lower, the more suspect. */
  readonly margin: number;
}

/**
 * Rows whose label the model confidently contradicts, most suspect first. `probabilities` must come from models that
 * did not see the row, else nothing looks wrong. A class counts as confident for a row when its probability reaches
 * the mean that rows labelled with it are given; so a model that is shy about a class is not held against it.
 */
export function suspectLabels(probabilities: readonly ArrayLike<number>[], labels: readonly number[]): Suspect[] {
  const thresholds = meanOwnProbability(probabilities, labels);
  const suspects: Suspect[] = [];
  probabilities.forEach((row, index) => {
    const given = labels[index]!;
    let suggested = -1;
    for (let c = 0; c < row.length; c++) {
      const confident = row[c]! >= (thresholds[c] ?? Infinity);
      if (confident && (suggested < 0 || row[c]! > row[suggested]!)) suggested = c;
    }
    if (suggested < 0 || suggested === given) return;
    const margin = row[given]! - row[suggested]!;
    if (margin < 0) suspects.push({ row: index, given, suggested, margin });
  });
  return suspects.sort((a, b) => a.margin - b.margin || a.row - b.row);
}

/** For each class the mean probability that rows of the class give it; undefined for classes without rows. */
function meanOwnProbability(rows: readonly ArrayLike<number>[], labels: readonly number[]): (number | undefined)[] {
  const sums: { sum: number; rows: number }[] = [];
  rows.forEach((row, index) => {
    const label = labels[index]!;
    const entry = (sums[label] ??= { sum: 0, rows: 0 });
    entry.sum += row[label]!;
    entry.rows++;
  });
  return Array.from(sums, (entry: { sum: number; rows: number } | undefined) => entry && entry.sum / entry.rows);
}
