/** What the model says about the statements of a document, asked only for words that the document did not hold before. */
import { classifierText, type Statement } from "./engine/documents/statement.ts";
import type { Classifier, Prediction } from "./engine/model/classifier.ts";
import { throwIfCancelled } from "./engine/outcome.ts";
import type { TrackedDocument } from "./tracked-document.ts";

/** Predictions of all statements. Rejects with Cancelled when a newer edit superseded the run. */
export async function predict(
  document: TrackedDocument,
  statements: readonly Statement[],
  classifier: Classifier,
  signal: AbortSignal,
): Promise<(statement: Statement) => Prediction> {
  const identity = `${classifier.identity.pack} ${classifier.identity.adapter ?? ""}`;
  const known =
    document.predictions.identity === identity ? document.predictions.byWords : new Map<string, Prediction>();
  const words = statements.map(classifierText);
  const missing = [...new Set(words.filter((text) => !known.has(text)))];
  const fresh = missing.length === 0 ? [] : await classifier.classify(missing, { signal });
  throwIfCancelled(signal);
  missing.forEach((text, index) => known.set(text, fresh[index]!));
  // What was edited away is kept for an undo, but not without end.
  const crowded = known.size > 2 * words.length + 1000;
  const byWords = crowded ? new Map(words.map((text) => [text, known.get(text)!])) : known;
  document.predictions = { identity, byWords };
  return (statement) => byWords.get(classifierText(statement))!;
}
