/** Findings in the user's words: the same for the Problems view and the command line. */
import * as l10n from "@vscode/l10n";
import type { Range } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { ClassifiedStatement } from "./classified.ts";
import { classifierText } from "./engine/documents/statement.ts";
import { FINDING_RULES, type FindingRule, findingsAbout, type StatementFinding } from "./engine/judge/findings.ts";
import type { Prediction } from "./engine/model/classifier.ts";
import { type Categories, nameOf } from "./lsp/categories.ts";
import type { FindingSettings } from "./protocol.ts";

/** How diagnostics and reports name the rules. */
export const FINDING_CODES: Readonly<Record<FindingRule, string>> = {
  unmeasurable: "unmeasurable",
  severalQualities: "several-qualities",
  contradictsHeading: "contradicts-heading",
};
/** A category that the project must have and lacks. */
export const MISSING_CODE = "missing-category";

/** What is listed where nobody says otherwise: only what is right nearly always. */
export const DEFAULT_FINDINGS: FindingSettings = {
  unmeasurable: true,
  severalQualities: true,
  contradictsHeading: false,
};

export const NO_FINDINGS: FindingSettings = { unmeasurable: false, severalQualities: false, contradictsHeading: false };

export interface ShownFinding {
  readonly rule: FindingRule;
  readonly code: string;
  readonly message: string;
  /** The words it is about, where they stand in the text; the whole statement otherwise. */
  readonly word: string | undefined;
}

/** What is found about a statement by the rules that are switched on. */
export function shownFindings(
  statement: ClassifiedStatement,
  wanted: FindingSettings,
  categories: Categories,
): ShownFinding[] {
  if (!FINDING_RULES.some((rule) => wanted[rule])) return [];
  return rawFindings(statement)
    .filter(({ rule }) => wanted[rule])
    .map((finding) => ({
      rule: finding.rule,
      code: FINDING_CODES[finding.rule],
      message: messageOf(finding, statement, categories),
      word: finding.rule === "unmeasurable" ? finding.about[0] : undefined,
    }));
}

/** Where the finding's word stands; markup or a line break may lie between its parts. */
export function findingRange(
  { shown }: ClassifiedStatement,
  { word }: ShownFinding,
  text: TextDocument | undefined,
): Range {
  if (word === undefined || text === undefined) return shown.range;
  const written = word.split(/\s+/u).map((part) => part.replace(/[^\p{L}\p{N}]/gu, "\\$&"));
  const found = new RegExp(written.join("[\\s>*_]+")).exec(text.getText(shown.range));
  if (found === null) return shown.range;
  const start = text.offsetAt(shown.range.start) + found.index;
  return { start: text.positionAt(start), end: text.positionAt(start + found[0].length) };
}

/** What was found about the words of a prediction: an edit elsewhere must not make thousands of statements be read again. */
const known = new WeakMap<Prediction, { about: string; found: StatementFinding[] }>();

function rawFindings({ shown, statement, prediction }: ClassifiedStatement): StatementFinding[] {
  const { label, uncertain, heading } = shown;
  // A list item is read with what stands above its list: "The system shall be:" and "easy to use".
  const text = classifierText({ text: statement.text, context: statement.context?.replace(/\s*:\s*$/u, "") });
  const about = `${label} ${String(uncertain)} ${heading.at(-1) ?? ""}\n${text}`;
  const before = known.get(prediction);
  if (before?.about === about) return before.found;
  const { scores } = prediction;
  const found = findingsAbout({ text, label, sure: !uncertain, scores, heading });
  known.set(prediction, { about, found });
  return found;
}

function messageOf(
  { reason, about }: StatementFinding,
  { shown }: ClassifiedStatement,
  categories: Categories,
): string {
  const [first = ""] = about;
  switch (reason) {
    case "vagueWord":
      return l10n.t("“{0}” cannot be measured: say how much, in which case, and how it is checked.", first);
    case "noPeriod":
      return l10n.t("{0} of which time? Say over which period the availability is counted.", first);
    case "severalQualities": {
      const words = about.map((word) => `“${word}”`).join(", ");
      return l10n.t(
        "Several qualities in one statement ({0}): one statement for each can be tested and traced.",
        words,
      );
    }
    case "otherHeading":
      return l10n.t("{0} below the heading “{1}”: is it in the right place?", nameOf(categories, shown.label), first);
  }
}
