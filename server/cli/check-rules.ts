/** The rules that `check` can fail on, and what they find. Pure: results in, findings out. */
import type { PredictionSet } from "../engine/model/classifier.ts";
import { InputError } from "../engine/outcome.ts";
import { suggestion } from "./options.ts";

/** One statement as `check` reports it. */
export interface CheckedStatement {
  /** Identifier written in the document, or null. */
  id: string | null;
  text: string;
  /** UTF-16 offsets in the document, half-open. */
  start: number;
  end: number;
  /** One-based. */
  line: number;
  heading: string[];
  /** The person's label where there is one, else the model's. */
  label: string;
  source: "model" | "person";
  /** Of the model in its own category. */
  confidence: number;
  uncertain: boolean;
  /** The categories that hold the right one so often; null where that was not measured. */
  set: PredictionSet | null;
}

/** A place in a document; lines and columns are one-based, the end is half-open, all in UTF-16 code units. */
export interface FindingPlace {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  start: number;
  end: number;
}

/** Something a rule found, or a part of the document that could not be read as it stands (`problem`). */
export interface Finding extends FindingPlace {
  rule: string;
  message: string;
}

export interface CheckedDocument {
  /** As given on the command line, or below the folder given; forward slashes. */
  path: string;
  /** The adapter that classified it, or null for the base alone. */
  adapter: string | null;
  statements: CheckedStatement[];
  findings: Finding[];
}

/** What a whole check came to. */
export interface CheckReport {
  /** Name, version and precision of the model. */
  readonly model: string;
  readonly documents: readonly CheckedDocument[];
  readonly unreadable: readonly { readonly path: string; readonly message: string }[];
  /** Categories that the projects require and their documents lack. */
  readonly missing: readonly MissingCategory[];
  /** The rules that `--fail-on` names. */
  readonly rules: readonly Rule[];
  /** One sentence for each of them that is broken. */
  readonly failed: readonly string[];
}

/** Rules of one word. `missing` alone: what the project's configuration requires. */
const PLAIN_RULES = [
  "unmeasurable",
  "several-qualities",
  "contradicts-heading",
  "uncertain",
  "missing",
  "problem",
] as const;

/** `missing` with a code: no statement of the category in all documents; `found`: one at least. */
export type Rule = { readonly kind: (typeof PLAIN_RULES)[number] | "found"; readonly code?: string };

/** A category that a project requires and its documents lack. */
export interface MissingCategory {
  readonly code: string;
  /** The configuration that requires it, as shown. */
  readonly config: string;
}

/** What the help says about each rule. */
export const RULES: readonly (readonly [rule: string, says: string])[] = [
  ["unmeasurable", "a quality that nobody could measure: a vague word, or an availability without a period"],
  ["several-qualities", "several qualities demanded in one statement"],
  ["contradicts-heading", "a category that does not fit the heading above it; reported only where it is asked for"],
  ["uncertain", "a statement whose category the model is not sure of and no person decided"],
  ["missing", 'a category that "required" in .nfr-lens/config.json names and no document has'],
  ["missing:CODE", "no statement of the category in all documents together, for example missing:SE"],
  ["found:CODE", "a statement of the category, for example found:L"],
  ["problem", "a part of a document that could not be read as it stands"],
];

/** Reads `--fail-on` values; several rules may stand in one, separated by commas. Throws InputError for unknown ones. */
export function parseRules(values: readonly string[], codes: readonly string[]): Rule[] {
  const words = values.flatMap((value) => value.split(",")).map((word) => word.trim());
  return words.map((word) => parseRule(word, codes));
}

function parseRule(word: string, codes: readonly string[]): Rule {
  const [kind = "", code, ...rest] = word.split(":");
  const known = RULES.map(([rule]) => rule);
  const plain = PLAIN_RULES.find((name) => name === kind);
  if (plain !== undefined && code === undefined) return { kind: plain };
  if ((kind === "missing" || kind === "found") && code !== undefined && rest.length === 0) {
    if (codes.includes(code)) return { kind, code };
    const near = suggestion(code, codes);
    throw new InputError(`--fail-on ${word}: unknown category "${code}", expected one of ${codes.join(", ")}${near}`);
  }
  const near = suggestion(kind, [...PLAIN_RULES, "missing:CODE", "found:CODE"]);
  throw new InputError(`--fail-on "${word}" is no rule, expected one of ${known.join(", ")}${near}`);
}

export function ruleName(rule: Rule): string {
  return rule.code === undefined ? rule.kind : `${rule.kind}:${rule.code}`;
}

/** What a rule finds in the labels of one document; the other rules look elsewhere and find nothing here. */
export function findingsOf(
  rule: Rule,
  statements: readonly CheckedStatement[],
  placeOf: (span: { start: number; end: number }) => FindingPlace,
): Finding[] {
  const report = (statement: CheckedStatement, message: string): Finding => {
    return { rule: ruleName(rule), message, ...placeOf(statement) };
  };
  if (rule.kind === "uncertain") {
    return statements
      .filter((statement) => statement.uncertain)
      .map((statement) =>
        report(statement, `uncertain: ${statement.label} at ${Math.round(statement.confidence * 100)} %`),
      );
  }
  if (rule.kind !== "found") return [];
  return statements
    .filter((statement) => statement.label === rule.code)
    .map((statement) => report(statement, `category ${String(rule.code)}`));
}

/** One sentence for each rule that the documents break; empty where none is broken. */
export function failures(
  rules: readonly Rule[],
  documents: readonly CheckedDocument[],
  required: readonly MissingCategory[],
): string[] {
  return rules.flatMap((rule) => {
    const name = ruleName(rule);
    if (rule.kind === "missing" && rule.code === undefined) return required.map(missingSentence);
    if (rule.kind === "missing") {
      const there = documents.some(({ statements }) => statements.some(({ label }) => label === rule.code));
      return there
        ? []
        : [`${name}: no statement of category ${String(rule.code)} in ${counted(documents.length, "document")}`];
    }
    const found = documents.flatMap(({ findings }) => findings).filter((finding) => finding.rule === name).length;
    return found === 0 ? [] : [`${name}: ${counted(found, "finding")}`];
  });
}

export function missingSentence({ code, config }: MissingCategory): string {
  return `missing: no statement of category ${code}, which ${config} requires`;
}

/** `1 document`, `2 documents`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
