/** What the server knows about the statements of a document: the reader's, the model's and the person's word, as one. */
import type { Position } from "vscode-languageserver";
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

/** Joins a statement with the model's opinion and the person's decision, which wins. */
export function judged(
  statement: Statement,
  prediction: Prediction,
  key: string,
  surroundings: Surroundings,
  positionAt: (offset: number) => Position,
): ClassifiedStatement {
  const label = surroundings.findLabel(key, classifierText(statement));
  const { threshold } = surroundings;
  const uncertain = threshold === null ? prediction.uncertain : prediction.confidence < threshold;
  const shown: ShownStatement = {
    key,
    text: statement.text,
    ...(statement.id === undefined ? {} : { id: statement.id }),
    start: statement.start,
    end: statement.end,
    range: { start: positionAt(statement.start), end: positionAt(statement.end) },
    heading: [...statement.heading],
    label: label?.label ?? prediction.label,
    source: label === undefined ? "model" : "person",
    confidence: prediction.confidence,
    uncertain: uncertain && label === undefined,
    predicted: prediction.label,
  };
  return { shown, statement, prediction, label };
}

/** Statement keys of one document. Hashing costs more than everything else an edit does, so known keys are kept. */
export class Keys {
  readonly #document: string;
  #known = new Map<string, string>();

  constructor(document: string) {
    this.#document = document;
  }

  of(statement: Statement): string {
    const words = classifierText(statement);
    const place = `${statement.heading.join("\n")}\n\n${words}`;
    let key = this.#known.get(place);
    if (key === undefined) {
      key = statementKey(words, this.#document, statement.heading);
      this.#known.set(place, key);
    }
    return key;
  }

  /** Forgets statements that are gone once they outnumber those that are left. */
  trim(statements: number): void {
    if (this.#known.size > 2 * statements + 1000) this.#known = new Map();
  }
}
