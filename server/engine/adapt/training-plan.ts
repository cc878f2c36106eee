/**
 * What one training changes: the trainable tensors with their first values, and the place where the trained part of
 * the network begins. Everything before that place is frozen and can be computed once.
 *
 * Dimensions: H hidden, r rank, V virtual tokens, C classes.
 */
import type { FloatTensor } from "../graph/tensor.ts";
import type { Head } from "../model/adapter-tensors.ts";
import { type EncoderConfig, NAMES, type Target, targetName, targetSize } from "../model/encoder.ts";
import type { LoraTarget, TrainingOptions } from "./options.ts";
import type { Parameter } from "./optimizer.ts";
import { Random } from "./random.ts";

/** What training needs of a base model. Weights are dequantized to float32 whatever they are on disk. */
export interface TrainingBase {
  /** SHA-256 (hex) of the pack. */
  readonly hash: string;
  readonly config: EncoderConfig;
  readonly head: Head;
  /** Names of all parameters but the head's: `NAME.weight` and `NAME.bias`. */
  readonly parameterNames: readonly string[];
  /** A parameter; matrices of projections are [in, out]. */
  parameter(name: string): FloatTensor;
  /** Writes the word vector of `id` (H numbers) to `target` at `offset`. */
  writeWord(id: number, target: Float32Array, offset: number): void;
  /** Ids of a text with [CLS] and [SEP], cut to what the positions hold behind `room` virtual tokens. */
  tokenize(text: string, room: number): readonly number[];
}

/** Where the trained part begins: at the word vectors, at the states that enter a block, or at the pooled vectors. */
export type Entry =
  { readonly at: "words" } | { readonly at: "block"; readonly layer: number } | { readonly at: "pooled" };

/** A projection that LoRA changes. */
export interface LoraSite {
  /** Name of the projection as `targetName` gives it. */
  readonly name: string;
  readonly layer: number;
  readonly target: Target;
  readonly input: number;
  readonly output: number;
}

export interface TrainingPlan {
  readonly entry: Entry;
  readonly options: TrainingOptions;
  readonly sites: readonly LoraSite[];
  readonly usesPrompt: boolean;
  readonly full: boolean;
  /** Codes of the head's classes. */
  readonly labels: readonly string[];
}

const TARGET_OF: Readonly<Record<LoraTarget, Target>> = {
  q: "query",
  k: "key",
  v: "value",
  o: "attentionOutput",
  "ffn-in": "intermediate",
  "ffn-out": "output",
};

export function planTraining(config: EncoderConfig, options: TrainingOptions, labels: readonly string[]): TrainingPlan {
  const usesLora = options.kind === "lora" || options.kind === "lora+prompt";
  const usesPrompt = options.kind === "prompt" || options.kind === "lora+prompt";
  const full = options.kind === "full";
  const sites = usesLora
    ? options.layers.flatMap((layer) =>
        options.targets.map((short): LoraSite => {
          const target = TARGET_OF[short];
          return { name: targetName(layer, target), layer, target, ...targetSize(config, target) };
        }),
      )
    : [];
  const entry: Entry =
    full || usesPrompt ? { at: "words" } : usesLora ? { at: "block", layer: options.layers[0]! } : { at: "pooled" };
  return { entry, options, sites, usesPrompt, full, labels };
}

export const PROMPT = {
  tokens: "prompt.tokens",
  inWeight: "prompt.in.weight",
  inBias: "prompt.in.bias",
  outWeight: "prompt.out.weight",
} as const;

/** The trainable tensors of a plan with their first values; the same seed gives the same values. */
export function initialParameters(base: TrainingBase, plan: TrainingPlan): Parameter[] {
  const { options } = plan;
  const make = (name: string, shape: readonly number[], data: Float32Array<ArrayBuffer>, decay = true): Parameter => ({
    name,
    shape,
    data,
    decay,
    rate: 1,
  });
  const parameters: Parameter[] = plan.sites.flatMap(({ name, input, output }) => [
    make(
      `${name}.lora_A`,
      [input, options.rank],
      uniform(options.seed, name, input * options.rank, 1 / Math.sqrt(input)),
    ),
    // Zero, so that a fresh adapter changes nothing (Hu et al. 2021).
    make(`${name}.lora_B`, [options.rank, output], new Float32Array(options.rank * output)),
  ]);
  if (plan.usesPrompt) parameters.push(...promptParameters(base, options, make));
  if (plan.full) {
    for (const name of base.parameterNames) {
      const { shape, data } = base.parameter(name);
      parameters.push(make(name, shape, Float32Array.from(data), name.endsWith(".weight") && shape.length > 1));
    }
  }
  const head = adaptedHead(base.head, plan.labels);
  parameters.push(make(`${NAMES.classifier}.weight`, head.weight.shape, Float32Array.from(head.weight.data)));
  parameters.push(make(`${NAMES.classifier}.bias`, head.bias.shape, Float32Array.from(head.bias.data), false));
  return parameters;
}

type Make = (name: string, shape: readonly number[], data: Float32Array<ArrayBuffer>, decay?: boolean) => Parameter;

/**
 * Virtual tokens start as word vectors drawn from the vocabulary, because random ones lie outside what the encoder
 * knows (Lester et al. 2021); the re-parameterisation starts at zero effect.
 */
function promptParameters(base: TrainingBase, options: TrainingOptions, make: Make): Parameter[] {
  const { hiddenSize: H, vocabularySize } = base.config;
  const random = Random.named(options.seed, "prompt");
  const tokens = new Float32Array(options.virtualTokens * H);
  for (let v = 0; v < options.virtualTokens; v++) base.writeWord(random.below(vocabularySize), tokens, v * H);
  const parameters = [make(PROMPT.tokens, [options.virtualTokens, H], tokens, false)];
  const width = options.promptWidth;
  if (width > 0) {
    parameters.push(
      make(PROMPT.inWeight, [H, width], uniform(options.seed, PROMPT.inWeight, H * width, 1 / Math.sqrt(H))),
      make(PROMPT.inBias, [width], new Float32Array(width), false),
      make(PROMPT.outWeight, [width, H], new Float32Array(width * H)),
    );
  }
  return parameters;
}

function uniform(seed: number, purpose: string, length: number, bound: number): Float32Array<ArrayBuffer> {
  const random = Random.named(seed, purpose);
  return Float32Array.from({ length }, () => (2 * random.uniform() - 1) * bound);
}

/** The head for other classes: columns of known classes keep what they learnt, new ones start at zero. */
export function adaptedHead(head: Head, labels: readonly string[]): Head {
  const [H, known] = head.weight.shape as [number, number];
  const weight = new Float32Array(H * labels.length);
  const bias = new Float32Array(labels.length);
  const meanBias = head.bias.data.reduce((sum, value) => sum + value, 0) / Math.max(1, known);
  labels.forEach((label, column) => {
    const from = head.labels.indexOf(label);
    bias[column] = from < 0 ? meanBias : head.bias.data[from]!;
    if (from < 0) return;
    for (let row = 0; row < H; row++) weight[row * labels.length + column] = head.weight.data[row * known + from]!;
  });
  return {
    labels,
    weight: { type: "float32", shape: [H, labels.length], data: weight },
    bias: { type: "float32", shape: [labels.length], data: bias },
  };
}
