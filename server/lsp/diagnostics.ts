/**
 * Diagnostics: categories as Information, uncertain ones as Hints, and Warnings only for what a person has to mend.
 * VS Code drops everything beyond 1,000 problems of a file without a word, so the list is cut before and says so.
 */
import * as l10n from "@vscode/l10n";
import { type Diagnostic, DiagnosticSeverity, type Range } from "vscode-languageserver";
import type { ClassifiedDocument, ClassifiedStatement } from "../classified.ts";
import type { DocumentProblem } from "../engine/documents/statement.ts";
import type { ConfigProblem } from "../store/config.ts";
import { type Categories, isRequirement, verdict } from "./categories.ts";

export const SOURCE = "NFR Lens";

/** The diagnostics of a document, at most `maximum`; the last one then says how many are missing. */
export function diagnostics(
  document: ClassifiedDocument,
  categories: Categories,
  maximum: number,
  rangeOf: (problem: DocumentProblem) => Range,
): Diagnostic[] {
  const problems = document.problems.map((problem) => warning(rangeOf(problem), problem.message));
  const shown = document.statements.filter(isRequirement);
  const room = Math.max(0, maximum - problems.length);
  if (shown.length <= room) return [...problems, ...shown.map((statement) => finding(statement, categories))];
  const listed = shown.slice(0, Math.max(0, room - 1));
  const rest = shown.length - listed.length;
  const next = shown[listed.length];
  const more = next === undefined ? [] : [andMore(next, rest)];
  return [...problems.slice(0, maximum), ...listed.map((statement) => finding(statement, categories)), ...more].slice(
    0,
    maximum,
  );
}

function finding(statement: ClassifiedStatement, categories: Categories): Diagnostic {
  const { range, uncertain, label } = statement.shown;
  return {
    range,
    severity: uncertain ? DiagnosticSeverity.Hint : DiagnosticSeverity.Information,
    code: label,
    source: SOURCE,
    message: verdict(statement, categories),
  };
}

function andMore(next: ClassifiedStatement, count: number): Diagnostic {
  return {
    range: next.shown.range,
    severity: DiagnosticSeverity.Information,
    code: "more",
    source: SOURCE,
    message: l10n.t("and {0} more requirements from here on; the view “Requirements” lists them all", count),
  };
}

function warning(range: Range, message: string): Diagnostic {
  return { range, severity: DiagnosticSeverity.Warning, source: SOURCE, message };
}

/** What is wrong in the project's configuration, at the field that is wrong. */
export function configDiagnostics(text: string, problems: readonly ConfigProblem[]): Diagnostic[] {
  return problems.map(({ field, message }) => warning(rangeOfField(text, field), message));
}

/** The line of the last named key of a dotted field path, or the first line. */
function rangeOfField(text: string, field: string): Range {
  const name = field.split(".").find((part) => Number.isNaN(Number(part))) ?? "";
  const lines = text.split(/\r?\n/);
  const found = name === "" ? -1 : lines.findIndex((line) => line.includes(JSON.stringify(name)));
  const line = Math.max(0, found);
  return { start: { line, character: 0 }, end: { line, character: (lines[line] ?? "").length } };
}
