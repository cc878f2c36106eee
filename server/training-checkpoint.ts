/** The checkpoint of a training on disk: where it lies, when it is written, and which training it belongs to. */
import { readFile, rm } from "node:fs/promises";
import { readCheckpoint, writeCheckpoint } from "./engine/adapt/checkpoint.ts";
import type { Example } from "./engine/adapt/examples.ts";
import { hashOf, labelSetHash } from "./engine/adapt/manifest.ts";
import type { TrainingOptions } from "./engine/adapt/options.ts";
import type { CourseState } from "./engine/adapt/train-adapter.ts";
import { writeFileAtomic } from "./store/atomic-write.ts";
import type { LoadedInputs } from "./training-inputs.ts";

/** A checkpoint costs a write that waits for the disk: not more often than this, */
const CHECKPOINT_EVERY_MS = 2000;
/** and a large one, of a full fine-tuning, at most for a tenth of the time. */
const REST = 9;

/** The file that a killed training goes on from, beside the folder it was to make. */
export class Checkpoint {
  readonly resume: CourseState | undefined;
  private readonly path: string;
  private readonly key: string;
  private next = -Infinity;
  private onDisk: boolean;

  private constructor(path: string, key: string, resume: CourseState | undefined) {
    this.path = path;
    this.key = key;
    this.resume = resume;
    this.onDisk = resume !== undefined;
  }

  /** Whether a training that ends here can go on from the disk. */
  get isThere(): boolean {
    return this.onDisk;
  }

  /** @param out The folder that the training is to make. */
  static async open(
    out: string,
    { pack, labels }: LoadedInputs,
    examples: readonly Example[],
    options: TrainingOptions,
  ): Promise<Checkpoint> {
    // Complete options: a search may choose others the next time, and defaults change between versions.
    const key = hashOf([pack.hash, labelSetHash(examples), JSON.stringify(options), labels.join()]);
    const path = `${out}.checkpoint`;
    const bytes = await readFile(path).catch(() => null);
    return new Checkpoint(path, key, (bytes === null ? null : readCheckpoint(bytes, key)) ?? undefined);
  }

  /** @throws WriteFailure when the disk refuses; the checkpoint before stays */
  async save(state: CourseState): Promise<void> {
    const began = performance.now();
    if (began < this.next) return;
    await writeFileAtomic(this.path, writeCheckpoint(state, this.key));
    this.onDisk = true;
    const ended = performance.now();
    this.next = ended + Math.max(CHECKPOINT_EVERY_MS, REST * (ended - began));
  }

  async discard(): Promise<void> {
    await rm(this.path, { force: true });
  }
}
