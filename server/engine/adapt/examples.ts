/**
 * From lines of label files to training examples. What cannot be used is named by file, line and reason and left out;
 * what cannot be trained on at all is refused with what to do.
 */
import { InputError } from "../outcome.ts";

/** One usable row of a label file. */
export interface LabelledText {
  readonly text: string;
  readonly label: string;
  /** Project or document the row came from; null where the file does not say. */
  readonly group: string | null;
  readonly weight: number;
  /** Where the statement stands, for links in reports. */
  readonly document: string | null;
}

/** A training example: a labelled text whose label is an index into the classes. */
export interface Example extends LabelledText {
  readonly target: number;
}

export interface LabelRows {
  readonly rows: readonly LabelledText[];
  /** One sentence for every line that was left out, at most {@link MAXIMUM_NAMED} of them and then a count. */
  readonly skipped: readonly string[];
}

/** How many left-out lines are named one by one. */
const MAXIMUM_NAMED = 50;
/** Fewest examples and classes that a training is allowed to learn from. */
export const MINIMUM_EXAMPLES = 8;

/** Too little is left to learn from; the hosts say so in the person's language. */
export class TooFewLabels extends InputError {
  readonly labels: number;
  readonly classes: number;
  /** The first reason why a row was left out, or null where none was. */
  readonly leftOut: string | null;

  constructor(labels: number, classes: number, leftOut: string | null) {
    super(`${labels} usable labels of ${classes} categories are too few`);
    this.name = "TooFewLabels";
    this.labels = labels;
    this.classes = classes;
    this.leftOut = leftOut;
  }
}

/** White space collapsed, case folded: two texts that only differ in that are one statement. */
export function normalised(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim().toLowerCase();
}

/** Collects reasons, names the first ones, counts the rest. */
class Skipped {
  private readonly named: string[] = [];
  private more = 0;

  add(reason: string): void {
    if (this.named.length < MAXIMUM_NAMED) this.named.push(reason);
    else this.more++;
  }

  list(): string[] {
    return this.more === 0 ? this.named : [...this.named, `and ${this.more} more lines`];
  }
}

/**
 * Reads one label file: lines of `.nfr-lens/labels.jsonl` (the newest decision about a statement wins, a decision
 * taken back counts as none) or rows with `text`, `label` and optional `project`, `document`, `weight`, in any mixture.
 */
export function readLabelRows(content: string, file: string): LabelRows {
  const skipped = new Skipped();
  const plain: LabelledText[] = [];
  const decisions = new Map<string, { time: string; row: LabelledText | null }>();
  let number = 0;
  for (const line of content.replace(/^\uFEFF/u, "").split("\n")) {
    number++;
    if (line.trim() === "") continue;
    const where = `${file}:${number}`;
    const fields = parseObject(line);
    if (fields === null) {
      skipped.add(`${where}: not a JSON object; expected one with "text" and "label"`);
      continue;
    }
    const row = parseRow(fields, where, skipped);
    if (typeof fields["key"] !== "string" || typeof fields["time"] !== "string") {
      if (row !== null) plain.push(row);
      continue;
    }
    const earlier = decisions.get(fields["key"]);
    if (earlier === undefined || earlier.time <= fields["time"])
      decisions.set(fields["key"], { time: fields["time"], row });
  }
  for (const { row } of decisions.values()) if (row !== null) plain.push(row);
  return { rows: plain, skipped: skipped.list() };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The row, or null with the reason noted; a label of null in the log is a decision taken back and needs no reason. */
function parseRow(fields: Record<string, unknown>, where: string, skipped: Skipped): LabelledText | null {
  const { text, label, weight = 1 } = fields;
  if (label === null) return null;
  if (typeof text !== "string" || text.trim() === "") skipped.add(`${where}: "text" is missing or empty`);
  else if (typeof label !== "string" || label === "") {
    skipped.add(
      `${where}: "label" is ${label === undefined ? "missing" : JSON.stringify(label)}, expected one category code`,
    );
  } else if (typeof weight !== "number" || !(weight > 0 && weight <= 1000)) {
    skipped.add(`${where}: "weight" is ${JSON.stringify(weight)}, expected a number above 0 and at most 1000`);
  } else {
    const document = optionalString(fields["document"]);
    const group = optionalString(fields["project"]) ?? document;
    return { text: text.replace(/\s+/gu, " ").trim(), label, group, weight, document };
  }
  return null;
}

function optionalString(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

/** Rows of known classes as examples, in their order; unknown classes are left out by name. */
export function classify(
  rows: readonly LabelledText[],
  classes: readonly string[],
): { examples: Example[]; skipped: string[] } {
  const index = new Map(classes.map((code, i) => [code, i]));
  const unknown = new Map<string, number>();
  const examples: Example[] = [];
  for (const row of rows) {
    const target = index.get(row.label);
    if (target === undefined) unknown.set(row.label, (unknown.get(row.label) ?? 0) + 1);
    else examples.push({ ...row, target });
  }
  const known = classes.join(", ");
  const skipped = [...unknown].map(
    ([label, count]) =>
      `${count === 1 ? "1 row carries" : `${count} rows carry`} the unknown category "${label}"; known are ${known}`,
  );
  return { examples, skipped };
}

/**
 * What a training may learn from: each text once. Where a text carries several labels the most frequent one counts;
 * a tie says nothing and is left out. Throws TooFewLabels where too little is left, with the first of the lines
 * that were `leftOut` before.
 */
export function trainingSet(
  examples: readonly Example[],
  leftOut: readonly string[] = [],
): { examples: Example[]; skipped: string[] } {
  const byText = new Map<string, Example[]>();
  for (const example of examples) {
    const key = normalised(example.text);
    const same = byText.get(key);
    if (same) same.push(example);
    else byText.set(key, [example]);
  }
  const skipped = new Skipped();
  const chosen: Example[] = [];
  for (const same of byText.values()) {
    const winner = same.length === 1 ? same[0]! : majority(same);
    if (winner !== null) chosen.push(winner);
    else {
      const labels = [...new Set(same.map((example) => example.label))].join(" and ");
      skipped.add(`contradictory labels ${labels} for one text, left out: "${same[0]!.text.slice(0, 80)}"`);
    }
  }
  const classes = new Set(chosen.map((example) => example.target)).size;
  if (chosen.length < MINIMUM_EXAMPLES || classes < 2) {
    throw new TooFewLabels(chosen.length, classes, [...leftOut, ...skipped.list()][0] ?? null);
  }
  return { examples: chosen, skipped: skipped.list() };
}

/** The example with the label that has the most weight among rows of one text, or null on a tie. */
function majority(same: readonly Example[]): Example | null {
  const votes = new Map<number, number>();
  for (const example of same) votes.set(example.target, (votes.get(example.target) ?? 0) + example.weight);
  const best = Math.max(...votes.values());
  const winners = [...votes].filter(([, weight]) => weight === best);
  if (winners.length > 1) return null;
  return same.find((example) => example.target === winners[0]![0])!;
}
