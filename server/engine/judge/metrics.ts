/** Scores of a classifier on labelled rows: plain functions of predictions, no model and no file in sight. */

/** What was true and what was said about one row. */
export interface Judged {
  readonly truth: string;
  readonly label: string;
  /** Probability given to `label`. */
  readonly confidence: number;
}

export interface ClassScore {
  label: string;
  precision: number;
  recall: number;
  f1: number;
  support: number;
}

export interface Scores {
  weightedF1: number;
  macroF1: number;
  accuracy: number;
  calibrationError: number;
  perClass: ClassScore[];
}

/**
 * Scores of pooled predictions. Weighted F1 weighs each class by its true rows; macro F1 is the mean over the classes
 * that occur in the truth. `perClass` lists the classes of truth or prediction, in the order of `classes`.
 */
export function score(rows: readonly Judged[], classes: readonly string[]): Scores {
  const perClass = scoreClasses(rows, classes);
  const present = perClass.filter((entry) => entry.support > 0);
  const total = rows.length;
  return {
    weightedF1: total === 0 ? 0 : present.reduce((sum, entry) => sum + entry.f1 * entry.support, 0) / total,
    macroF1: present.length === 0 ? 0 : present.reduce((sum, entry) => sum + entry.f1, 0) / present.length,
    accuracy: total === 0 ? 0 : rows.filter((row) => row.label === row.truth).length / total,
    calibrationError: expectedCalibrationError(rows),
    perClass,
  };
}

function scoreClasses(rows: readonly Judged[], classes: readonly string[]): ClassScore[] {
  const truth = new Map<string, number>();
  const said = new Map<string, number>();
  const right = new Map<string, number>();
  const add = (counts: Map<string, number>, key: string): unknown => counts.set(key, (counts.get(key) ?? 0) + 1);
  for (const row of rows) {
    add(truth, row.truth);
    add(said, row.label);
    if (row.truth === row.label) add(right, row.label);
  }
  const unlisted = [...truth.keys(), ...said.keys()].filter((code) => !classes.includes(code)).sort();
  return [...new Set([...classes, ...unlisted])].flatMap((label) => {
    const [support, predicted, hits] = [truth.get(label) ?? 0, said.get(label) ?? 0, right.get(label) ?? 0];
    if (support === 0 && predicted === 0) return [];
    const precision = predicted === 0 ? 0 : hits / predicted;
    const recall = support === 0 ? 0 : hits / support;
    const f1 = support + predicted === 0 ? 0 : (2 * hits) / (support + predicted);
    return [{ label, precision, recall, f1, support }];
  });
}

/** Weighted F1 alone, for the inner loops of training and bootstrap: `truth` and `said` are class indices. */
export function weightedF1Of(truth: ArrayLike<number>, said: ArrayLike<number>, classCount: number): number {
  const tally = new Tally(classCount);
  for (let i = 0; i < truth.length; i++) tally.add(truth[i]!, said[i]!);
  return tally.weightedF1();
}

/** Counts of rows from which weighted F1 follows, for whoever draws rows again and again. */
export class Tally {
  private rows = 0;
  private readonly support: Float64Array;
  private readonly predicted: Float64Array;
  private readonly hits: Float64Array;

  constructor(classCount: number) {
    this.support = new Float64Array(classCount);
    this.predicted = new Float64Array(classCount);
    this.hits = new Float64Array(classCount);
  }

  add(truth: number, said: number): void {
    this.rows++;
    this.support[truth]!++;
    this.predicted[said]!++;
    if (truth === said) this.hits[truth]!++;
  }

  clear(): void {
    this.rows = 0;
    for (const counts of [this.support, this.predicted, this.hits]) counts.fill(0);
  }

  weightedF1(): number {
    let sum = 0;
    this.support.forEach((support, c) => {
      if (support > 0) sum += (support * 2 * this.hits[c]!) / (support + this.predicted[c]!);
    });
    return this.rows === 0 ? 0 : sum / this.rows;
  }
}

/** Expected calibration error (Guo et al., 2017): 15 equal bins of confidence, gap to accuracy weighted by rows. */
export function expectedCalibrationError(rows: readonly Judged[], bins = 15): number {
  if (rows.length === 0) return 0;
  const sums = Array.from({ length: bins }, () => ({ rows: 0, confidence: 0, right: 0 }));
  for (const row of rows) {
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.ceil(row.confidence * bins) - 1))]!;
    bin.rows++;
    bin.confidence += row.confidence;
    if (row.label === row.truth) bin.right++;
  }
  return sums.reduce((error, bin) => error + Math.abs(bin.confidence - bin.right), 0) / rows.length;
}

/** Accuracy and size of each group, largest first. */
export function accuracyByGroup(
  rows: readonly (Judged & { group: string })[],
): { group: string; accuracy: number; rows: number }[] {
  const groups = new Map<string, { rows: number; right: number }>();
  for (const row of rows) {
    const group = groups.get(row.group) ?? { rows: 0, right: 0 };
    group.rows++;
    if (row.label === row.truth) group.right++;
    groups.set(row.group, group);
  }
  return [...groups]
    .map(([group, sums]) => ({ group, accuracy: sums.right / sums.rows, rows: sums.rows }))
    .sort((a, b) => b.rows - a.rows || (a.group < b.group ? -1 : 1));
}

/** Rows by truth and prediction, most frequent confusions first; right answers are left out. */
export function confusions(rows: readonly Judged[]): { truth: string; label: string; rows: number }[] {
  const counts = new Map<string, { truth: string; label: string; rows: number }>();
  for (const { truth, label } of rows) {
    if (truth === label) continue;
    const key = `${truth}\n${label}`;
    const entry = counts.get(key) ?? { truth, label, rows: 0 };
    entry.rows++;
    counts.set(key, entry);
  }
  return [...counts.values()].sort(
    (a, b) => b.rows - a.rows || (`${a.truth}\n${a.label}` < `${b.truth}\n${b.label}` ? -1 : 1),
  );
}
