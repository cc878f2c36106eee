/** What one configuration is worth: weighted F1 on projects that neither the base nor the adapter has seen. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT_IN_CODES, NONE } from "../../../server/engine/taxonomy.ts";
import { evaluate } from "../../../server/evaluation-run.ts";
import type { TrainingChoices } from "../../../server/training.ts";
import { dataFolder, readRows } from "../../shared-data.ts";
import { among, weightedF1 } from "../evaluation/measures.ts";

export interface Worth {
  readonly weightedF1: number;
  readonly seconds: number;
}

/** PROMISE NFR, 12 classes, leave one project out, one seed; an adapter is trained for each of the 15 projects. */
export async function measureWorth(
  pack: string,
  threads: number,
  choices: TrainingChoices,
  seed: number,
): Promise<Worth> {
  const rows = readRows(join(dataFolder()!, "promise_nfr.jsonl"));
  const folder = mkdtempSync(join(tmpdir(), "nfr-lens-worth-"));
  const file = join(folder, "labels.jsonl");
  try {
    writeFileSync(file, rows.map((row) => JSON.stringify(row) + "\n").join(""));
    const request = { pack, labels: [file], adapter: null, folds: "project" as const, threads };
    const { predictions, seconds } = await evaluate({ ...request, choices: { ...choices, seed } }, {});
    const twelve = BUILT_IN_CODES.filter((code) => code !== NONE);
    return { weightedF1: weightedF1(predictions.map((row) => among(row, twelve))), seconds };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
