/**
 * An adapter in memory: what the training side reads from disk and the classifier feeds to its session. Shapes are
 * those of the graph (PEFT stores A and B transposed); the meaning of each part is written in `encoder.ts`.
 */
import type { FloatTensor } from "../graph/tensor.ts";
import type { Calibration } from "./calibration.ts";

/** The low-rank change of one projection. */
export interface LowRankTensors {
  /** [in, rank] */
  readonly a: FloatTensor;
  /** [rank, out] */
  readonly b: FloatTensor;
  /** alpha / rank: becomes part of the gate. */
  readonly scale: number;
}

/** A classification head: logits = pooled · weight + bias. */
export interface Head {
  /** Category codes in the order of the columns. */
  readonly labels: readonly string[];
  /** [hidden, labels] */
  readonly weight: FloatTensor;
  /** [labels] */
  readonly bias: FloatTensor;
}

export interface AdapterTensors {
  /** SHA-256 (hex) over the adapter's files: part of every cache key. */
  readonly hash: string;
  /** By the projection's name, as `targetName` gives it; empty for a prompt or head adapter. */
  readonly lowRank: ReadonlyMap<string, LowRankTensors>;
  /** Virtual tokens [prompt, hidden], or null. */
  readonly prompt: FloatTensor | null;
  /** Null keeps the pack's head. */
  readonly head: Head | null;
  readonly calibration: Calibration;
}
