/**
 * Splits by project or document, never by row where the data says where a row came from: statements of one document
 * resemble each other, and a split by row would measure memory. Rows without an origin are groups of their own.
 */
import { Random } from "./random.ts";
import { normalised } from "./examples.ts";

/** What a split looks at. */
export interface Splittable {
  readonly text: string;
  readonly target: number;
  readonly group: string | null;
}

interface Group {
  readonly rows: number[];
  readonly counts: Map<number, number>;
}

/** A fold number for every row, and words that say how rows were kept together. */
export interface Folds {
  readonly count: number;
  readonly of: readonly number[];
  readonly by: "project" | "text";
}

/**
 * `count` folds with the classes spread as evenly as the groups allow, seeded. Falls back to single texts where there
 * are fewer groups than folds; equal texts always share a fold.
 */
export function foldsOf(rows: readonly Splittable[], count: number, seed: number): Folds {
  const named = new Set(rows.map((row) => row.group).filter((group) => group !== null));
  const by = named.size >= count ? "project" : "text";
  const groups = groupRows(rows, by);
  const order = Random.named(seed, "folds").shuffle([...groups.values()]);
  // Large groups first: they have the least freedom. Node's sort is stable, so the shuffle decides among equals.
  order.sort((a, b) => b.rows.length - a.rows.length);
  const total = countsOf(rows);
  const folds = Array.from({ length: count }, () => ({ size: 0, counts: new Map<number, number>() }));
  const of = new Array<number>(rows.length).fill(0);
  for (const group of order) {
    let best = 0;
    let bestCost = Infinity;
    for (let f = 0; f < count; f++) {
      const cost = costOfAdding(group, folds[f]!, total, rows.length / count, count);
      if (cost < bestCost) [best, bestCost] = [f, cost];
    }
    const fold = folds[best]!;
    fold.size += group.rows.length;
    for (const [target, n] of group.counts) fold.counts.set(target, (fold.counts.get(target) ?? 0) + n);
    for (const row of group.rows) of[row] = best;
  }
  return { count, of, by };
}

/** One fold for every project or document: leave one out. Rows without a group share the fold "". */
export function leaveOneGroupOut(rows: readonly Splittable[]): Folds {
  const index = new Map<string, number>();
  for (const row of rows) if (!index.has(row.group ?? "")) index.set(row.group ?? "", index.size);
  return { count: index.size, of: rows.map((row) => index.get(row.group ?? "")!), by: "project" };
}

/** Rows to train on when `held` is measured: the others, without any text that also occurs among the held-out ones. */
export function trainingRows(rows: readonly Splittable[], isHeld: (row: number) => boolean): number[] {
  const heldTexts = new Set<string>();
  rows.forEach((row, i) => {
    if (isHeld(i)) heldTexts.add(normalised(row.text));
  });
  return rows.flatMap((row, i) => (isHeld(i) || heldTexts.has(normalised(row.text)) ? [] : [i]));
}

function groupRows(rows: readonly Splittable[], by: "project" | "text"): Map<string, Group> {
  const groups = new Map<string, Group>();
  rows.forEach((row, i) => {
    const key = by === "project" && row.group !== null ? `g:${row.group}` : `t:${normalised(row.text)}`;
    const group = groups.get(key) ?? { rows: [], counts: new Map<number, number>() };
    group.rows.push(i);
    group.counts.set(row.target, (group.counts.get(row.target) ?? 0) + 1);
    groups.set(key, group);
  });
  return groups;
}

function countsOf(rows: readonly Splittable[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(row.target, (counts.get(row.target) ?? 0) + 1);
  return counts;
}

/** How far the fold would be from its fair share of rows and of each class; rare classes weigh as much as common ones. */
function costOfAdding(
  group: Group,
  fold: { size: number; counts: Map<number, number> },
  total: ReadonlyMap<number, number>,
  fairSize: number,
  count: number,
): number {
  let cost = (2 * group.rows.length * fold.size + group.rows.length ** 2) / fairSize ** 2;
  for (const [target, n] of group.counts) {
    const fair = total.get(target)! / count;
    const before = (fold.counts.get(target) ?? 0) / fair;
    const after = before + n / fair;
    cost += after ** 2 - before ** 2;
  }
  return cost;
}
