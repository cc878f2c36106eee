/** Quick fixes for findings: a criterion to fill in, and one statement for each quality. */
import * as l10n from "@vscode/l10n";
import { type CodeAction, CodeActionKind, type Diagnostic, type Range, type TextEdit } from "vscode-languageserver";
import type { ClassifiedStatement } from "../classified.ts";
import { splitQualities } from "../engine/judge/findings.ts";
import { FINDING_CODES, type ShownFinding } from "../findings.ts";

/**
 * What makes a quality checkable (the fit criterion of Robertson and Robertson), with dots to fill in. In the language
 * of the documents, which is English. Categories without a usual measure have none.
 */
const CRITERIA: Readonly<Record<string, string>> = {
  PE: "within … s in … % of cases with … users at the same time",
  A: "… % of the time in each month",
  US: "… of … new users succeed within … minutes without help",
  LF: "… of … people asked agree",
  SC: "up to … at the same time, with the response times of today",
  MN: "by one developer within … days",
  FT: "in service again within … minutes, with at most … lost",
};

/** What the fixes of a statement need. */
export interface FindingFixes {
  readonly uri: string;
  readonly statement: ClassifiedStatement;
  readonly findings: readonly ShownFinding[];
  /** The statement as it is written in the document. */
  readonly written: string;
  /** The diagnostics that the client asks about; each fix names those that it mends. */
  readonly diagnostics: readonly Diagnostic[];
}

/** The fixes that fit; none where markup inside the statement would be lost. */
export function findingActions({ uri, statement, findings, written, diagnostics }: FindingFixes): CodeAction[] {
  return findings.flatMap(({ rule }) => {
    const fix = rule === "unmeasurable" ? withCriterion(statement, written) : undefined;
    const found = fix ?? (rule === "severalQualities" ? inParts(statement, written) : undefined);
    if (found === undefined) return [];
    const mended = diagnostics.filter(({ code }) => code === FINDING_CODES[rule]);
    return [
      {
        title: found.title,
        kind: CodeActionKind.QuickFix,
        edit: { changes: { [uri]: [found.edit] } },
        ...(mended.length === 0 ? {} : { diagnostics: mended }),
      },
    ];
  });
}

interface Fix {
  readonly title: string;
  readonly edit: TextEdit;
}

function withCriterion({ shown }: ClassifiedStatement, written: string): Fix | undefined {
  const criterion = CRITERIA[shown.label];
  if (criterion === undefined) return undefined;
  const { end } = shown.range;
  const full = /[.!]$/u.test(written);
  const place = full ? { line: end.line, character: end.character - 1 } : end;
  return { title: l10n.t("Add a criterion to fill in"), edit: insertion(place, ` (${criterion})`) };
}

function insertion(place: Range["start"], newText: string): TextEdit {
  return { range: { start: place, end: place }, newText };
}

function inParts({ shown }: ClassifiedStatement, written: string): Fix | undefined {
  const parts = written === shown.text ? splitQualities(written) : undefined;
  if (parts === undefined) return undefined;
  return {
    title: l10n.t("Split into {0} statements", parts.length),
    edit: { range: shown.range, newText: parts.join(" ") },
  };
}
