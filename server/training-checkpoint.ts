/** The checkpoint of a training on disk: where it lies, when it is written, and which training it belongs to. */
import { readFile, rm } from "node:fs/promises";
import { readCheckpoint, writeCheckpoint } from "./engine/adapt/checkpoint.ts";
import type { Example } from "./engine/adapt/examples.ts";
import { hashOf, labelSetHash } from "./engine/adapt/manifest.ts";
import type { TrainingOptions } from "./engine/adapt/options.ts";
import type { CourseState } from "./engine/adapt/train-adapter.ts";
import { writeFileAtomic } from "./store/atomic-write.ts";
import type { TrainingRequest } from "./training.ts";
import type { LoadedInputs } from "./training-inputs.ts";

/** A checkpoint costs a write to disk that waits for the disk: not more often than this. */
const CHECKPOINT_EVERY_MS = 2000;

/** The file that a killed training goes on from, beside the folder it was to make. */
export class Checkpoint {
  readonly resume: CourseState | undefined;
  private readonly path: string;
  private readonly key: string;
  private saved = -Infinity;

  private constructor(path: string, key: string, resume: CourseState | undefined) {
    this.path = path;
    this.key = key;
    this.resume = resume;
  }

  static async open(request: TrainingRequest, inputs: LoadedInputs, examples: readonly Example[]): Promise<Checkpoint> {
    const key = hashOf([
      inputs.pack.hash,
      labelSetHash(examples),
      JSON.stringify(request.choices),
      inputs.labels.join(),
    ]);
    const path = `${request.out}.checkpoint`;
    const bytes = await readFile(path).catch(() => null);
    return new Checkpoint(path, key, (bytes === null ? null : readCheckpoint(bytes, key)) ?? undefined);
  }

  /** Full fine-tunings are too large to save every few seconds and are only made to be measured. */
  async save(state: CourseState, { kind }: TrainingOptions): Promise<void> {
    if (kind === "full" || performance.now() - this.saved < CHECKPOINT_EVERY_MS) return;
    await writeFileAtomic(this.path, writeCheckpoint(state, this.key));
    this.saved = performance.now();
  }

  async discard(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
