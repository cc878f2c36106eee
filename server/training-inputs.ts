/** What a training or an evaluation starts from: the loaded pack, the rows of the label files, memory so far. */
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { classify, type Example, type LabelRows, readLabelRows } from "./engine/adapt/examples.ts";
import { trainingBase } from "./engine/adapt/pack-base.ts";
import type { TrainingBase } from "./engine/adapt/training-plan.ts";
import { NetworkClassifier } from "./engine/model/network-classifier.ts";
import type { Pack } from "./engine/model/pack.ts";
import { InputError } from "./engine/outcome.ts";
import { collectGarbage, memoryMb } from "./memory.ts";
import { readPackFolder } from "./store/pack-folder.ts";
import type { TrainingRequest } from "./training.ts";

/** Pack and labels, read and checked. */
export interface LoadedInputs {
  readonly pack: Pack;
  readonly base: TrainingBase;
  readonly classifier: NetworkClassifier;
  readonly labels: readonly string[];
  readonly examples: readonly Example[];
  readonly skipped: readonly string[];
  readonly threads: number;
  readonly rssAfterLoadMb: number;
}

export async function loadInputs(
  request: Pick<TrainingRequest, "pack" | "labels" | "threads"> & { classes: readonly string[] | null },
): Promise<LoadedInputs> {
  const threads = request.threads > 0 ? request.threads : availableParallelism();
  const pack = await readPackFolder(request.pack);
  const classifier = await NetworkClassifier.create(pack, { threads });
  // The first run allocates what the loaded model needs; memory counts from here.
  await classifier.classify(["The system shall answer within two seconds."]);
  collectGarbage();
  const rssAfterLoadMb = memoryMb();
  const read: LabelRows[] = [];
  for (const file of request.labels) read.push(readLabelRows(await readText(file), file));
  const labels = request.classes ?? pack.head.labels;
  const known = classify(
    read.flatMap(({ rows }) => rows),
    labels,
  );
  const skipped = [...read.flatMap((rows) => rows.skipped), ...known.skipped];
  const base = trainingBase(pack);
  return { pack, base, classifier, labels, examples: known.examples, skipped, threads, rssAfterLoadMb };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      `${file} cannot be read: ${found}. Name a file of labels: .nfr-lens/labels.jsonl or JSON lines.`,
      {
        cause,
      },
    );
  }
}
