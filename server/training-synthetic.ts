/** The first phase where labels are few: statements that are made up from what is known before anything is labelled. */
import type { TrainingOptions } from "./engine/adapt/options.ts";
import { syntheticStatements } from "./engine/adapt/synthetic.ts";
import type { TrainingRow } from "./engine/adapt/trainer.ts";
import type { LoadedInputs } from "./training-inputs.ts";

/** Labels below which synthetic statements warm the adapter up, unless the user says otherwise. */
const FEW_LABELS = 100;

/**
 * Synthetic rows in the words of `texts`, or none where `labelled` rows are enough.
 * @param room Positions that virtual tokens take.
 */
export function syntheticRows(
  { base, labels }: LoadedInputs,
  { synthetic, seed }: TrainingOptions,
  { labelled, texts, room }: { labelled: number; texts: readonly string[]; room: number },
): TrainingRow[] {
  if (synthetic === "never" || (synthetic === "auto" && labelled >= FEW_LABELS)) return [];
  return syntheticStatements(texts, labels, seed).map(({ text, label }) => {
    return { ids: base.tokenize(text, room), target: labels.indexOf(label), weight: 1 };
  });
}
