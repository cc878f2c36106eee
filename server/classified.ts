/** What the server knows about the statements of a document: the reader's, the model's and the person's word, as one. */
import type { Position, Range } from "vscode-languageserver";
import { classifierText, type DocumentProblem, type Statement } from "./engine/documents/statement.ts";
import type { Prediction } from "./engine/model/classifier.ts";
import type { ShownStatement } from "./protocol.ts";
import { type LabelRecord, statementKey } from "./store/label.ts";

export interface ClassifiedStatement {
  readonly shown: ShownStatement;
  readonly statement: Statement;
  readonly prediction: Prediction;
  /** The decision in force, if a person decided. */
  readonly label: LabelRecord | undefined;
}

export interface ClassifiedDocument {
  readonly uri: string;
  /** The version that was classified; null for a document read from disk. */
  readonly version: number | null;
  readonly statements: readonly ClassifiedStatement[];
  readonly problems: readonly DocumentProblem[];
}

/** What a document's surroundings say about its statements. */
export interface Surroundings {
  /** Path in the workspace with forward slashes, or the URI of a document outside: part of every key. */
  readonly document: string;
  /** Replaces the model's own threshold where the project has one. */
  readonly threshold: number | null;
  /** The decision in force about a statement; `words` as the model reads them. */
  findLabel(key: string, words: string): LabelRecord | undefined;
}

/** What a run found about the statements of a document, in their order. */
export interface Findings {
  readonly statements: readonly Statement[];
  readonly predictionOf: (statement: Statement) => Prediction;
  readonly positionAt: (offset: number) => Position;
}

/**
 * Joins statements with the model's opinion and with people's decisions, which win. What did not change since
 * `previous` is taken over as it is, so that an edit in a large document costs what it touches.
 */
export function joined(
  { statements, predictionOf, positionAt }: Findings,
  surroundings: Surroundings,
  previous: readonly ClassifiedStatement[],
): ClassifiedStatement[] {
  // Statements before an edit keep their index, those behind it keep their distance from the end.
  const shift = previous.length - statements.length;
  return statements.map((statement, index) => {
    const before = same(previous[index], statement) ?? same(previous[index + shift], statement);
    const key = before?.shown.key ?? statementKey(classifierText(statement), surroundings.document, statement.heading);
    const prediction = predictionOf(statement);
    const label = surroundings.findLabel(key, classifierText(statement));
    const uncertain = label === undefined && isUncertain(prediction, surroundings.threshold);
    if (
      before?.statement === statement &&
      before.prediction === prediction &&
      before.shown.uncertain === uncertain &&
      isSameDecision(before.label, label)
    ) {
      return before;
    }
    const range = { start: positionAt(statement.start), end: positionAt(statement.end) };
    return { shown: shownStatement(statement, prediction, label, key, uncertain, range), statement, prediction, label };
  });
}

function shownStatement(
  statement: Statement,
  prediction: Prediction,
  label: LabelRecord | undefined,
  key: string,
  uncertain: boolean,
  range: Range,
): ShownStatement {
  const { text, id, start, end } = statement;
  return {
    key,
    text,
    ...(id === undefined ? {} : { id }),
    start,
    end,
    range,
    heading: statement.heading as string[],
    label: label?.label ?? prediction.label,
    source: label === undefined ? "model" : "person",
    confidence: prediction.confidence,
    uncertain,
    predicted: prediction.label,
  };
}

function isUncertain({ confidence, uncertain }: Prediction, threshold: number | null): boolean {
  return threshold === null ? uncertain : confidence < threshold;
}

/** What was known before, where it said the same under the same headings and therefore has the same key. */
function same(before: ClassifiedStatement | undefined, statement: Statement): ClassifiedStatement | undefined {
  const old = before?.statement;
  if (old === undefined || old === statement) return before;
  const isSame = old.text === statement.text && old.context === statement.context;
  return isSame && areSame(old.heading, statement.heading) ? before : undefined;
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  return some === others || (some.length === others.length && some.every((text, depth) => text === others[depth]));
}

function isSameDecision(a: LabelRecord | undefined, b: LabelRecord | undefined): boolean {
  return a === b || (a?.label === b?.label && a?.author === b?.author && a?.time === b?.time);
}
