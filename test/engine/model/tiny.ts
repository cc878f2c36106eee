/** The tiny random checkpoint of `test/fixtures/tiny-bert` and what PyTorch computed with it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Calibration } from "../../../server/engine/model/calibration.ts";
import { type CheckpointBytes, makePack, type MakePackOptions } from "../../../server/engine/model/make-pack.ts";
import { type Pack, packOf } from "../../../server/engine/model/pack.ts";

const FOLDER = join("test", "fixtures", "tiny-bert");

export interface StoredOutputs {
  readonly texts: string[];
  readonly ids: number[][];
  readonly mask: number[][];
  readonly pooling: Record<"mean" | "cls", { pooled: number[][]; logits: number[][] }>;
  readonly lora: { rank: number; alpha: number; tensors: Record<string, number[][]>; logits: number[][] };
}

export function storedOutputs(): StoredOutputs {
  return JSON.parse(readFileSync(join(FOLDER, "outputs.json"), "utf8")) as StoredOutputs;
}

/** The rows of token ids that PyTorch saw, without padding. */
export function storedRows({ ids, mask }: StoredOutputs): Int32Array[] {
  return ids.map((row, index) => Int32Array.from(row.filter((_, at) => mask[index]![at] === 1)));
}

export function tinyCheckpoint(): CheckpointBytes {
  const read = (name: string): Uint8Array => readFileSync(join(FOLDER, name));
  return {
    config: read("config.json"),
    tokenizer: read("tokenizer.json"),
    model: read("model.safetensors"),
    calibration: null,
  };
}

export const OPTIONS: MakePackOptions = {
  place: "tiny",
  name: "tiny",
  version: "1.0.0",
  created: "2026-01-01T00:00:00Z",
  licence: "MIT",
  provenance: "A random checkpoint for tests.",
  precision: "fp32",
  seed: 1,
};

export async function tinyPack(options: Partial<MakePackOptions> = {}, calibration?: Calibration): Promise<Pack> {
  const measured = calibration === undefined ? null : new TextEncoder().encode(JSON.stringify(calibration));
  const { files } = await makePack({ ...tinyCheckpoint(), calibration: measured }, { ...OPTIONS, ...options });
  return packOf(files, "tiny");
}

/** Largest absolute difference of two lists of numbers. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Infinity;
  return Array.from(a, (value, index) => Math.abs(value - b[index]!)).reduce((x, y) => Math.max(x, y), 0);
}
