/** Paired bootstrap (Efron and Tibshirani, 1993): is the gain of one model over another more than luck? */
import { Tally } from "./metrics.ts";

/** A gain in weighted F1 with its 95 % interval. */
export interface Gain {
  weightedF1: number;
  low: number;
  high: number;
}

/**
 * Gain of `after` over `before` in weighted F1 on the same rows. All arrays hold class indices. Where `group` is given,
 * whole groups (documents) are drawn, because rows of one document do not err independently; with fewer than
 * {@link FEWEST_GROUPS} groups rows are drawn, since an interval from three documents says nothing.
 * `uniform` gives numbers in [0, 1).
 */
export function pairedBootstrap(
  truth: readonly number[],
  before: readonly number[],
  after: readonly number[],
  options: { classCount: number; uniform: () => number; draws?: number; group?: readonly string[] },
): Gain {
  const { classCount, uniform, draws = 1000 } = options;
  const units = resamplingUnits(truth.length, options.group);
  const [old, fresh] = [new Tally(classCount), new Tally(classCount)];
  // Counted as they are drawn: a thousand draws of fifty thousand rows are no arrays.
  const gainOf = (unitOf: (unit: number) => readonly number[]): number => {
    old.clear();
    fresh.clear();
    for (let unit = 0; unit < units.length; unit++) {
      for (const row of unitOf(unit)) {
        old.add(truth[row]!, before[row]!);
        fresh.add(truth[row]!, after[row]!);
      }
    }
    return fresh.weightedF1() - old.weightedF1();
  };
  const drawn = (): readonly number[] => units[Math.floor(uniform() * units.length)]!;
  const gains = Float64Array.from({ length: draws }, () => gainOf(drawn)).sort();
  const at = (share: number): number => gains[Math.min(draws - 1, Math.floor(share * draws))] ?? 0;
  return { weightedF1: gainOf((unit) => units[unit]!), low: at(0.025), high: at(0.975) };
}

/** A statistic with its 95 % percentile interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Percentile bootstrap of any statistic of `rows` indices. Groups are drawn as in {@link pairedBootstrap}, from
 * `fewestGroups` groups on; `statistic` is given the indices of the rows drawn, repeats included.
 */
export function bootstrapInterval(
  rows: number,
  statistic: (drawn: readonly number[]) => number,
  options: { uniform: () => number; draws?: number; group?: readonly string[]; fewestGroups?: number },
): Interval {
  const { uniform, draws = 1000, group, fewestGroups } = options;
  const units = resamplingUnits(rows, group, fewestGroups);
  const values = Array.from({ length: draws }, () =>
    statistic(units.flatMap(() => units[Math.floor(uniform() * units.length)]!)),
  ).sort((a, b) => a - b);
  const at = (share: number): number => values[Math.min(draws - 1, Math.floor(share * draws))] ?? NaN;
  return { value: statistic(Array.from({ length: rows }, (_, row) => row)), low: at(0.025), high: at(0.975) };
}

/** Fewest documents that are drawn as wholes. */
export const FEWEST_GROUPS = 8;

function resamplingUnits(rows: number, group: readonly string[] | undefined, fewest = FEWEST_GROUPS): number[][] {
  const units = new Map<string, number[]>();
  for (let i = 0; i < rows; i++) {
    const key = group?.[i] ?? "";
    const unit = units.get(key);
    if (unit) unit.push(i);
    else units.set(key, [i]);
  }
  return units.size >= fewest ? [...units.values()] : Array.from({ length: rows }, (_, i) => [i]);
}
