/**
 * Diagnostics: categories as Information, uncertain ones as Hints, and Warnings only for what a person has to mend.
 * VS Code drops everything beyond 1,000 problems of a file without a word, so the list is cut before and says so.
 */
import * as l10n from "@vscode/l10n";
import { type Diagnostic, DiagnosticSeverity, type Range } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { ClassifiedDocument, ClassifiedStatement } from "../classified.ts";
import { missingCategories } from "../engine/judge/findings.ts";
import { findingRange, MISSING_CODE, shownFindings } from "../findings.ts";
import type { FindingSettings } from "../protocol.ts";
import { readingProblemText } from "../reading-problem.ts";
import type { ConfigProblem } from "../store/config.ts";
import { type Categories, isRequirement, nameOf, verdict } from "./categories.ts";

export const SOURCE = "NFR Lens";

/** What decides which diagnostics a document gets. */
export interface DiagnosticChoice {
  /** The list is no longer than this; the last entry then says how many are missing. */
  readonly maximum: number;
  readonly findings: FindingSettings;
}

/** The diagnostics of a document. `text` is its text where an editor has it open: findings then mark single words. */
export function diagnostics(
  document: ClassifiedDocument,
  categories: Categories,
  { maximum, findings }: DiagnosticChoice,
  text: TextDocument | undefined,
): Diagnostic[] {
  const nowhere = { line: 0, character: 0 };
  const warnings = [
    ...document.problems.map(({ start, end, problem }) =>
      warning(
        { start: text?.positionAt(start) ?? nowhere, end: text?.positionAt(end) ?? nowhere },
        readingProblemText(problem),
      ),
    ),
    ...document.statements.flatMap((statement) =>
      shownFindings(statement, findings, categories).map((finding) => ({
        ...warning(findingRange(statement, finding, text), finding.message),
        code: finding.code,
      })),
    ),
  ];
  // What needs action stands first, so that the cut falls on what merely informs.
  const shown = document.statements.filter(isRequirement);
  const room = Math.max(0, maximum - warnings.length);
  if (shown.length <= room) return [...warnings, ...shown.map((statement) => category(statement, categories))];
  const listed = shown.slice(0, Math.max(0, room - 1));
  const rest = shown.length - listed.length;
  const next = shown[listed.length];
  const more = next === undefined ? [] : [andMore(next, rest)];
  return [...warnings.slice(0, maximum), ...listed.map((statement) => category(statement, categories)), ...more].slice(
    0,
    maximum,
  );
}

function category(statement: ClassifiedStatement, categories: Categories): Diagnostic {
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

/** Categories that the project's configuration requires and no document has, where it requires them. */
export function missingDiagnostics(
  configText: string,
  required: readonly string[],
  labels: Iterable<string>,
  categories: Categories,
): Diagnostic[] {
  return missingCategories(labels, required).map((code) => ({
    ...warning(
      rangeOfField(configText, "required"),
      l10n.t("No document has a requirement of the category {0} ({1}).", nameOf(categories, code), code),
    ),
    code: MISSING_CODE,
  }));
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
