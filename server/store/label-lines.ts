/**
 * Reads the text of a label log. Pure: no line can make it throw, and every line it does not use is named with its
 * number and the reason. The log comes out of git and out of crashes, so torn lines, conflict markers, duplicates
 * and lines of a newer program are all ordinary.
 */
import * as l10n from "@vscode/l10n";
import { LABEL_FORMAT, type LabelRecord } from "./label.ts";
import { shown } from "./wording.ts";

export type LineProblemKind = "torn" | "malformed" | "conflict" | "newer";

/** A line of the log that is not used. It stays in the file. */
export interface LineProblem {
  readonly kind: LineProblemKind;
  /** One-based. */
  readonly line: number;
  readonly message: string;
}

export interface ParsedLabels {
  /** In the order of the file; of identical lines only the first. */
  readonly records: LabelRecord[];
  readonly problems: LineProblem[];
}

const CONFLICT = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;
const ORIGINS = ["document", "queue", "blind", "review"] as const;

/** One line of the log, newline included. Keys come in a fixed order so that equal decisions are equal lines. */
export function formatLabelLine(record: LabelRecord): string {
  const { v, key, text, label, document, heading, author, time, predicted, confidence, pack, adapter, origin } = record;
  const ordered = { v, key, text, label, document, heading, author, time };
  return JSON.stringify({ ...ordered, predicted, confidence, pack, adapter, origin }) + "\n";
}

/** Parses the whole log. `file` is only used in messages. */
export function parseLabelLines(bytes: Uint8Array, file: string): ParsedLabels {
  const records: LabelRecord[] = [];
  const problems: LineProblem[] = [];
  const seen = new Set<string>();
  const decoder = new TextDecoder("utf-8");
  let line = 0;
  for (let start = 0; start < bytes.length;) {
    const newline = bytes.indexOf(0x0a, start);
    const end = newline < 0 ? bytes.length : newline;
    line += 1;
    const text = decoder.decode(bytes.subarray(start, end)).trim();
    start = end + 1;
    if (text === "" || seen.has(text)) continue;
    seen.add(text);
    const read = readLine(text, file, line, newline < 0);
    if ("kind" in read) problems.push(read);
    else records.push(read);
  }
  return { records, problems };
}

function readLine(text: string, file: string, line: number, last: boolean): LabelRecord | LineProblem {
  if (CONFLICT.test(text)) {
    const message = l10n.t(
      "{0}, line {1}: a git conflict marker. Keep the lines on both sides and delete the marker.",
      file,
      line,
    );
    return { kind: "conflict", line, message };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const message = last
      ? l10n.t(
          "{0}, line {1}: the last line is incomplete and is not used. The next label starts a new line.",
          file,
          line,
        )
      : l10n.t("{0}, line {1}: not a JSON object; the line is not used.", file, line);
    return { kind: last ? "torn" : "malformed", line, message };
  }
  return readRecord(value, file, line);
}

function readRecord(value: unknown, file: string, line: number): LabelRecord | LineProblem {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    const message = l10n.t("{0}, line {1}: not a JSON object; the line is not used.", file, line);
    return { kind: "malformed", line, message };
  }
  const row = value as Record<string, unknown>;
  if (typeof row["v"] === "number" && row["v"] > LABEL_FORMAT) {
    const message = l10n.t(
      "{0}, line {1}: written in format {2}, this version reads up to {3}. The line is kept but not used; update NFR Lens.",
      file,
      line,
      row["v"],
      LABEL_FORMAT,
    );
    return { kind: "newer", line, message };
  }
  const wrong = FIELDS.find(([name, , fits]) => !fits(row[name]));
  if (wrong === undefined) return knownFields(row);
  const [name, expected] = wrong;
  const message = l10n.t(
    "{0}, line {1}: field {2} is {3}, expected {4}; the line is not used.",
    file,
    line,
    name,
    shown(row[name]),
    expected,
  );
  return { kind: "malformed", line, message };
}

const isString = (value: unknown): boolean => typeof value === "string";
const isWords = (value: unknown): boolean => typeof value === "string" && value.trim() !== "";
const isStringOrNull = (value: unknown): boolean => value === null || value === undefined || isString(value);

/** Name of each field, what it must be, and the test. Fields that later versions may drop have a default instead. */
const FIELDS: readonly (readonly [keyof LabelRecord, string, (value: unknown) => boolean])[] = [
  ["v", "a format version from 1", (value) => Number.isInteger(value) && (value as number) >= 1],
  ["key", "the hash of a statement", isWords],
  ["text", "the words of a statement", isWords],
  ["label", "a category code or null", (value) => value === null || isWords(value)],
  ["document", "a path", isString],
  ["heading", "a list of headings", (value) => Array.isArray(value) && value.every(isString)],
  ["author", "a name", isString],
  ["time", "a time in ISO 8601", (value) => isString(value) && !Number.isNaN(Date.parse(value as string))],
  ["predicted", "a category code or null", isStringOrNull],
  [
    "confidence",
    "a number from 0 to 1 or null",
    (value) => value === null || value === undefined || (typeof value === "number" && value >= 0 && value <= 1),
  ],
  ["pack", "a hash or null", isStringOrNull],
  ["adapter", "a hash or null", isStringOrNull],
  ["origin", ORIGINS.join(", "), (value) => value === undefined || ORIGINS.some((origin) => origin === value)],
];

/** Only the fields of this format; what else a line holds stays in the file and out of the program. */
function knownFields(row: Record<string, unknown>): LabelRecord {
  const known = row as unknown as LabelRecord;
  return {
    v: known.v,
    key: known.key,
    text: known.text,
    label: known.label,
    document: known.document,
    heading: known.heading,
    author: known.author,
    time: new Date(known.time).toISOString(),
    predicted: known.predicted ?? null,
    confidence: known.confidence ?? null,
    pack: known.pack ?? null,
    adapter: known.adapter ?? null,
    origin: (row["origin"] as LabelRecord["origin"] | undefined) ?? "document",
  };
}
