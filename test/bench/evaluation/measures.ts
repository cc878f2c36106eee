/** Pure part of `npm run evaluate`: what each number means, its interval, and the table of the model card. */
import { Random } from "../../../server/engine/adapt/random.ts";
import { bootstrapInterval } from "../../../server/engine/judge/bootstrap.ts";
import { conformalSet, fitConformalMass } from "../../../server/engine/judge/conformal.ts";
import { expectedCalibrationError, score, type Judged } from "../../../server/engine/judge/metrics.ts";
import type { PredictionSet } from "../../../server/engine/model/classifier.ts";
import { FUNCTIONAL, NONE } from "../../../server/engine/taxonomy.ts";

/** A prediction of the engine with what was true. */
export interface Row {
  readonly truth: string;
  readonly group: string;
  readonly scores: Readonly<Record<string, number>>;
}

/** One line of the table. */
export interface Measure {
  readonly name: string;
  readonly value: number;
  /** 95 % interval by bootstrap, where the measure has one. */
  readonly interval?: readonly [low: number, high: number];
  /** What issue and card ask for; `most` where less is better. */
  readonly bound?: { readonly least?: number; readonly most?: number; readonly aim: number };
}

/** The most likely of `codes`, with its share among them. */
export function among(row: Row, codes: readonly string[]): Judged & { group: string } {
  const total = codes.reduce((sum, code) => sum + (row.scores[code] ?? 0), 0);
  const share = (code: string): number => (row.scores[code] ?? 0) / total;
  const label = codes.reduce((best, code) => (share(code) > share(best) ? code : best));
  return { truth: row.truth, label, confidence: share(label), group: row.group };
}

/** F or not F: not F where the other categories together are more likely. */
export function functionalOrNot(row: Row, codes: readonly string[]): Judged & { group: string } {
  const functional = among(row, codes);
  const total = codes.reduce((sum, code) => sum + (row.scores[code] ?? 0), 0);
  const share = (row.scores[FUNCTIONAL] ?? 0) / total;
  const named = (isFunctional: boolean): string => (isFunctional ? FUNCTIONAL : "not F");
  return {
    truth: named(row.truth === FUNCTIONAL),
    label: named(share > 0.5),
    confidence: Math.max(share, 1 - share),
    group: functional.group,
  };
}

/** What is not `none`, whatever its category. */
export const REQUIREMENT = "requirement";

/** Requirement or `none`, by the most likely category. */
export function requirementOrNot(row: Row): Judged & { group: string } {
  const share = row.scores[NONE] ?? 0;
  const named = (isNone: boolean): string => (isNone ? NONE : REQUIREMENT);
  const none = Object.entries(row.scores).every(([, other]) => other <= share);
  return { truth: named(row.truth === NONE), label: named(none), confidence: share, group: row.group };
}

/** A row with the categories of the promised coverage. */
export interface RowWithSet {
  readonly group: string;
  readonly size: number;
  /** Whether the truth is among them. */
  readonly holds: boolean;
}

/** The set that the product shows beside a prediction; nothing where it shows none. */
export function shownSet({ truth, group, set }: Row & { readonly set: PredictionSet | null }): RowWithSet[] {
  return set === null ? [] : [{ group, size: set.labels.length, holds: set.labels.includes(truth) }];
}

/**
 * Conformal sets of `coverage` over `codes`, each group's by the mass that the other groups need: what is promised is
 * judged on projects that did not help to promise it.
 */
export function conformalSets(rows: readonly Row[], codes: readonly string[], coverage: number): RowWithSet[] {
  const shares = (row: Row): number[] => codes.map((code) => row.scores[code] ?? 0);
  return [...new Set(rows.map(({ group }) => group))].flatMap((group) => {
    const others = rows.filter((row) => row.group !== group);
    const mass = fitConformalMass(
      others.map(shares),
      others.map(({ truth }) => codes.indexOf(truth)),
      coverage,
    );
    return rows
      .filter((row) => row.group === group)
      .map((row) => {
        const set = conformalSet(shares(row), mass).map((index) => codes[index]);
        return { group, size: set.length, holds: set.includes(row.truth) };
      });
  });
}

export const setCoverage = (rows: readonly RowWithSet[]): number => share(rows, ({ holds }) => holds);
export const meanSize = (rows: readonly RowWithSet[]): number =>
  rows.reduce((sum, { size }) => sum + size, 0) / rows.length;

/** A judged row and the project it belongs to. */
export type Grouped = Judged & { group: string };

export const weightedF1 = (rows: readonly Grouped[]): number => score(rows, []).weightedF1;
export const macroF1 = (rows: readonly Grouped[]): number => score(rows, []).macroF1;
export const calibrationError = (rows: readonly Grouped[]): number => expectedCalibrationError(rows);

/** Precision, recall or F1 of one class. */
export function scoreOf(what: "precision" | "recall" | "f1", label: string): (rows: readonly Grouped[]) => number {
  return (rows) => score(rows, [label]).perClass.find((entry) => entry.label === label)?.[what] ?? 0;
}

/** Lowest accuracy among the groups. */
export function lowestAccuracy(rows: readonly Grouped[]): number {
  return Math.min(...grouped(rows).map((group) => share(group, (row) => row.label === row.truth)));
}

/** Share of rows that `test` holds for; 0 of none. */
export function share<T>(rows: readonly T[], test: (row: T) => boolean): number {
  return rows.length === 0 ? 0 : rows.filter(test).length / rows.length;
}

/** With fewer groups rows are drawn, since an interval from three documents says nothing. */
const FEWEST_GROUPS = 5;

/**
 * The statistic with its 95 % interval by bootstrap (Efron and Tibshirani, 1993). Whole projects are drawn where there
 * are enough of them, because rows of one project do not err independently.
 */
export function measured<T extends { readonly group: string }>(
  name: string,
  rows: readonly T[],
  statistic: (rows: readonly T[]) => number,
  bound?: Measure["bound"],
): Measure {
  const random = Random.named(1, name);
  const { value, low, high } = bootstrapInterval(
    rows.length,
    (drawn) => statistic(drawn.map((index) => rows[index]!)),
    { uniform: () => random.uniform(), group: rows.map(({ group }) => group), fewestGroups: FEWEST_GROUPS },
  );
  return { name, value, interval: [low, high], ...(bound === undefined ? {} : { bound }) };
}

/** The rows of each group, in the order of their first rows. */
export function grouped<T extends { readonly group: string }>(rows: readonly T[]): T[][] {
  const groups = new Map<string, T[]>();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return [...groups.values()];
}

/** Whether the value reaches what is asked. */
export function reached({ value, bound }: Measure): boolean {
  if (bound === undefined) return true;
  return value >= (bound.least ?? -Infinity) && value <= (bound.most ?? Infinity);
}

const HEADER = ["measure", "value", "95 % interval", "at least", "aim"];

/** The table as Markdown, as the model card shows it. */
export function table(measures: readonly Measure[]): string {
  const rows = measures.map((measure) => {
    const { name, value, interval, bound } = measure;
    const wanted = bound?.least ?? bound?.most;
    return [
      name,
      value.toFixed(3),
      interval === undefined ? "–" : interval.map((end) => end.toFixed(3)).join(" to "),
      wanted === undefined ? "–" : `${bound?.most === undefined ? "" : "at most "}${wanted}`,
      bound === undefined ? "–" : String(bound.aim),
    ];
  });
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(HEADER), line(HEADER.map(() => "---")), ...rows.map(line)].join("\n") + "\n";
}

export const CARD_BEGIN = "<!-- npm run evaluate: begin -->";
export const CARD_END = "<!-- npm run evaluate: end -->";

/** The card with the table between its marks replaced. Throws where the marks are missing. */
export function withTable(card: string, text: string): string {
  const [begin, end] = [card.indexOf(CARD_BEGIN), card.indexOf(CARD_END)];
  if (begin < 0 || end < begin) throw new Error(`the card has no "${CARD_BEGIN}" … "${CARD_END}" to put the table in`);
  return `${card.slice(0, begin + CARD_BEGIN.length)}\n${text}${card.slice(end)}`;
}

/** Numbers in the card's table, by measure. */
export function shippedValues(card: string): Map<string, number> {
  const [begin, end] = [card.indexOf(CARD_BEGIN), card.indexOf(CARD_END)];
  const lines = begin < 0 || end < begin ? [] : card.slice(begin, end).split("\n");
  const cells = lines.filter((line) => line.startsWith("| ")).map((line) => line.split("|").map((cell) => cell.trim()));
  return new Map(cells.slice(2).map(([, name, value]): [string, number] => [name ?? "", Number(value)]));
}

/** Another processor rounds differently in training, so the last digits may move. */
export const TOLERANCE = 0.01;

/** Every shipped number that the measures do not confirm, as a sentence. */
export function differences(shipped: ReadonlyMap<string, number>, measures: readonly Measure[]): string[] {
  const found = new Map(measures.map(({ name, value }) => [name, value]));
  return [...shipped].flatMap(([name, value]) => {
    const now = found.get(name);
    if (now === undefined) return [`the card states "${name}", which was not measured`];
    return Math.abs(now - value) <= TOLERANCE ? [] : [`"${name}" is ${now.toFixed(3)}, the card says ${value}`];
  });
}
