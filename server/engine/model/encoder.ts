/**
 * The encoder, defined once: a BERT with post-layer-norm blocks (Devlin et al. 2019). Inference and training emit
 * different operators for the same definition; the two sets stand in `inference-operators.ts` and
 * `training-operators.ts`.
 *
 * Dimensions: batch, tokens (word pieces of a statement with [CLS] and [SEP], right-padded), prompt (virtual tokens,
 * 0 without a prompt adapter), sequence = prompt + tokens, hidden, heads, rank (sum of the adapters' ranks),
 * labels (classes of the head).
 *
 * What the inputs mean, for inference and training alike:
 * - `ids` int32 [batch, tokens]; `prompt` float32 [batch, prompt, hidden] stands in front of [CLS] as word vectors
 *   (before positions are added and normalized), as PEFT's prompt tuning does.
 * - `positions` int32 [batch, sequence] (or [tokens] without prompt): 0, 1, 2, … over the virtual tokens and then the
 *   words. A row without a prompt in a mixed batch masks its virtual tokens, and its words count from 0.
 * - `mask` int32 [batch, sequence]: 1 where a row may look, 0 for padding and unused virtual tokens.
 * - `pooling` float32 [batch, sequence]: each row sums to 1. Mean pooling: 1/n on every token of the text ([CLS] and
 *   [SEP] included), 0 on virtual tokens and padding. CLS pooling: 1 at [CLS].
 * - An adapter changes a projection to y = xW + b + ((xA) · gate) B, with A [hidden in, rank], B [rank, out] and
 *   gate [batch, rank] spread over the tokens; alpha / r is part of the gate (Hu et al. 2021).
 * - The head: logits [batch, labels] = Σ over heads g of gate[batch, g] · (pooled W_g + b_g).
 */
import type { Value } from "../graph/builder.ts";

export interface EncoderConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly intermediateSize: number;
  readonly maximumPositions: number;
  readonly layerNormEpsilon: number;
  readonly padTokenId: number;
  readonly pooling: "mean" | "cls";
  /** Whether a dense layer with tanh follows pooling (`pooler.dense`). */
  readonly pooler: boolean;
}

/** Names of parameters as Hugging Face gives them, without the leading `bert.`. */
export const NAMES = {
  words: "embeddings.word_embeddings",
  positions: "embeddings.position_embeddings",
  types: "embeddings.token_type_embeddings",
  embeddingNorm: "embeddings.LayerNorm",
  pooler: "pooler.dense",
  classifier: "classifier",
} as const;

/** The projections of a block that adapters can change. */
export const TARGETS = ["query", "key", "value", "attentionOutput", "intermediate", "output"] as const;
export type Target = (typeof TARGETS)[number];

const TARGET_PATHS: Readonly<Record<Target, string>> = {
  query: "attention.self.query",
  key: "attention.self.key",
  value: "attention.self.value",
  attentionOutput: "attention.output.dense",
  intermediate: "intermediate.dense",
  output: "output.dense",
};

/** Hugging Face's name of a block's projection: `encoder.layer.0.attention.self.query`. */
export function targetName(layer: number, target: Target): string {
  return `encoder.layer.${layer}.${TARGET_PATHS[target]}`;
}

/** Input and output width of a projection. */
export function targetSize(config: EncoderConfig, target: Target): { input: number; output: number } {
  const { hiddenSize, intermediateSize } = config;
  return {
    input: target === "output" ? intermediateSize : hiddenSize,
    output: target === "intermediate" ? intermediateSize : hiddenSize,
  };
}

/** What the definition needs; names are those of {@link NAMES} and {@link targetName}. */
export interface EncoderOperators {
  /** Rows of an embedding table: int32 [...] → [..., hidden]. */
  rows(table: string, indices: Value): Value;
  /** Virtual tokens in front of words: [batch, prompt, hidden], [batch, tokens, hidden] → [batch, sequence, hidden]. */
  prepend(prompt: Value, words: Value): Value;
  /** Layer normalization of a sum; b may lack the batch axis. → shape of a */
  addNormalize(a: Value, b: Value, norm: string, epsilon: number): Value;
  /** xW + b of each named projection of the same x, adapters included. [..., in] → [..., out] each */
  project(x: Value, names: readonly string[]): Value[];
  /** Softmax attention with `heads` heads: three of [batch, sequence, hidden] → [batch, sequence, hidden]. */
  attend(query: Value, key: Value, value: Value, mask: Value, heads: number): Value;
  gelu(x: Value): Value;
  tanh(x: Value): Value;
  /** Weighted sum over the sequence: [batch, sequence], [batch, sequence, hidden] → [batch, hidden]. */
  pool(weights: Value, x: Value): Value;
}

export interface EncoderInputs {
  readonly ids: Value;
  readonly positions: Value;
  readonly prompt?: Value;
}

/** Word and position vectors, summed and normalized. → [batch, sequence, hidden] */
export function embed(operators: EncoderOperators, config: EncoderConfig, inputs: EncoderInputs): Value {
  const words = operators.rows(NAMES.words, inputs.ids);
  const sequence = inputs.prompt === undefined ? words : operators.prepend(inputs.prompt, words);
  const places = operators.rows(NAMES.positions, inputs.positions);
  return operators.addNormalize(sequence, places, NAMES.embeddingNorm, config.layerNormEpsilon);
}

/** The blocks `from` (included) to `to` (excluded). [batch, sequence, hidden] → the same */
export function blocks(
  operators: EncoderOperators,
  config: EncoderConfig,
  x: Value,
  mask: Value,
  from = 0,
  to = config.layers,
): Value {
  let state = x;
  for (let layer = from; layer < to; layer++) state = block(operators, config, state, mask, layer);
  return state;
}

function block(operators: EncoderOperators, config: EncoderConfig, x: Value, mask: Value, layer: number): Value {
  const name = (target: Target): string => targetName(layer, target);
  const norm = (part: string): string => `encoder.layer.${layer}.${part}.LayerNorm`;
  const epsilon = config.layerNormEpsilon;
  const [query, key, value] = operators.project(x, [name("query"), name("key"), name("value")]);
  const context = operators.attend(query!, key!, value!, mask, config.heads);
  const [attended] = operators.project(context, [name("attentionOutput")]);
  const middle = operators.addNormalize(attended!, x, norm("attention.output"), epsilon);
  const [wide] = operators.project(middle, [name("intermediate")]);
  const [narrow] = operators.project(operators.gelu(wide!), [name("output")]);
  return operators.addNormalize(narrow!, middle, norm("output"), epsilon);
}

/** One vector for each statement. [batch, sequence, hidden] → [batch, hidden] */
export function pool(operators: EncoderOperators, config: EncoderConfig, x: Value, pooling: Value): Value {
  const pooled = operators.pool(pooling, x);
  if (!config.pooler) return pooled;
  return operators.tanh(operators.project(pooled, [NAMES.pooler])[0]!);
}
