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

/** Something a rule found, or a part of the document that could not be read as it stands (`problem`). */
export interface Finding {
  rule: string;
  message: string;
  line: number;
  start: number;
  end: number;
}

export interface CheckedDocument {
  /** As given on the command line, or below the folder given; forward slashes. */
  path: string;
  statements: CheckedStatement[];
  findings: Finding[];
}

export type Rule =
  | { readonly kind: "uncertain" | "problem" }
  /** `missing`: no statement of the category in all documents; `found`: one at least. */
  | { readonly kind: "missing" | "found"; readonly code: string };

/** What the help says about each rule. */
export const RULES: readonly (readonly [rule: string, says: string])[] = [
  ["uncertain", "a statement whose category the model is not sure of and no person decided"],
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
  if ((kind === "uncertain" || kind === "problem") && code === undefined) return { kind };
  if ((kind === "missing" || kind === "found") && code !== undefined && rest.length === 0) {
    if (codes.includes(code)) return { kind, code };
    const near = suggestion(code, codes);
    throw new InputError(`--fail-on ${word}: unknown category "${code}", expected one of ${codes.join(", ")}${near}`);
  }
  const near = suggestion(kind, ["uncertain", "problem", "missing:CODE", "found:CODE"]);
  throw new InputError(`--fail-on "${word}" is no rule, expected one of ${known.join(", ")}${near}`);
}

export function ruleName(rule: Rule): string {
  return "code" in rule ? `${rule.kind}:${rule.code}` : rule.kind;
}

/** What the rule finds in one document. `missing` looks at all documents and finds nothing here. */
export function findingsOf(rule: Rule, statements: readonly CheckedStatement[]): Finding[] {
  const report = (statement: CheckedStatement, message: string): Finding => {
    const { line, start, end } = statement;
    return { rule: ruleName(rule), message, line, start, end };
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
    .map((statement) => report(statement, `category ${rule.code}`));
}

/** One sentence for each rule that the documents break; empty where none is broken. */
export function failures(rules: readonly Rule[], documents: readonly CheckedDocument[]): string[] {
  return rules.flatMap((rule) => {
    const name = ruleName(rule);
    if (rule.kind === "missing") {
      const there = documents.some(({ statements }) => statements.some(({ label }) => label === rule.code));
      return there
        ? []
        : [`${name}: no statement of category ${rule.code} in ${counted(documents.length, "document")}`];
    }
    const found = documents.flatMap(({ findings }) => findings).filter((finding) => finding.rule === name).length;
    return found === 0 ? [] : [`${name}: ${counted(found, "finding")}`];
  });
}

/** `1 document`, `2 documents`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
