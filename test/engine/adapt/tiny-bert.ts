/** The tiny random checkpoint of `test/fixtures/tiny-bert` as a training base, and what PyTorch computed with it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { float32, floats, type FloatTensor, type Tensor } from "../../../server/engine/graph/tensor.ts";
import { readEncoderConfig } from "../../../server/engine/model/config.ts";
import { readSafetensors } from "../../../server/engine/model/safetensors.ts";
import type { TrainingBase } from "../../../server/engine/adapt/training-plan.ts";

const FOLDER = join("test", "fixtures", "tiny-bert");

type Numbers = number[] | number[][];

/** `outputs.json`, as the script that made it describes it. */
export interface Stored {
  texts: string[];
  ids: number[][];
  mask: number[][];
  pooling: Record<"mean" | "cls", { pooled: number[][]; logits: number[][] }>;
  loss: { target: number[]; labelSmoothing: number; classWeight: number[]; weightedSmoothed: number };
  adamw: { lr: number; beta1: number; beta2: number; eps: number; weightDecay: number };
  lora: {
    rank: number;
    alpha: number;
    tensors: Record<string, number[][]>;
    logits: number[][];
    loss: number;
    gradients: Record<string, Numbers>;
    steps: { losses: number[]; final: Record<string, Numbers> };
  };
  full: { loss: number; steps: { losses: number[]; final: Record<string, Numbers> } };
}

export function stored(): Stored {
  return JSON.parse(readFileSync(join(FOLDER, "outputs.json"), "utf8")) as Stored;
}

export function safetensors(name: string): ReadonlyMap<string, Tensor> {
  return readSafetensors(readFileSync(join(FOLDER, name)), name).tensors;
}

/** [out, in] as PyTorch stores a matrix → [in, out] as the graph wants it. */
export function transposed(tensor: Tensor): FloatTensor {
  const [rows, columns] = tensor.shape as [number, number];
  const data = new Float32Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) data[c * rows + r] = Number(tensor.data[r * columns + c]!);
  return float32(data, [columns, rows]);
}

/** True for the matrices of projections, which PyTorch stores transposed; embeddings and norms are stored as they are. */
export function isProjection(name: string): boolean {
  return name.endsWith(".weight") && !name.includes("embeddings") && !name.includes("LayerNorm");
}

export function tinyBert(pooling: "mean" | "cls" = "mean"): TrainingBase {
  const weights = safetensors("model.safetensors");
  const config = {
    ...readEncoderConfig(readFileSync(join(FOLDER, "config.json"), "utf8"), "config.json"),
    pooling,
    pooler: false,
  };
  const numbers = stored();
  const byText = new Map(
    numbers.texts.map((text, i) => [text, numbers.ids[i]!.filter((_, j) => numbers.mask[i]![j] === 1)]),
  );
  const words = floats(weights.get("bert.embeddings.word_embeddings.weight")!, "words");
  const H = config.hiddenSize;
  return {
    hash: "0".repeat(64),
    config,
    head: {
      labels: ["F", "PE", "SE", "US", "none"],
      weight: transposed(weights.get("classifier.weight")!),
      bias: weights.get("classifier.bias") as FloatTensor,
    },
    parameterNames: [...weights.keys()].filter((name) => name.startsWith("bert.")).map((name) => name.slice(5)),
    parameter(name) {
      const tensor = weights.get(`bert.${name}`)!;
      return isProjection(name) ? transposed(tensor) : float32(Float32Array.from(floats(tensor, name)), tensor.shape);
    },
    writeWord: (id, target, offset) => target.set(words.subarray(id * H, (id + 1) * H), offset),
    tokenize: (text, room) =>
      (byText.get(text) ?? hashIds(text, config.vocabularySize)).slice(0, config.maximumPositions - room),
  };
}

/** Stand-in ids for texts that the fixture has none for: one id a word, [CLS] and [SEP] around them. */
function hashIds(text: string, vocabulary: number): number[] {
  const id = (word: string): number => {
    let hash = 7;
    for (const character of word) hash = (hash * 31 + character.charCodeAt(0)) >>> 0;
    return 5 + (hash % (vocabulary - 5));
  };
  return [2, ...text.toLowerCase().split(/\s+/u).map(id), 3];
}
