/**
 * The graphs of a training, emitted from the one definition of the encoder: the frozen part below the entry, and the
 * trained part with loss and gradients, or without them for predictions.
 *
 * Dimensions: batch, tokens, sequence = virtual tokens + tokens, H hidden, C classes.
 */
import { backpropagate, type RowGradient } from "../graph/backpropagation.ts";
import { Graph, type Value } from "../graph/builder.ts";
import { add, mul, tanh } from "../graph/operators/elementwise.ts";
import { crossEntropy } from "../graph/operators/loss.ts";
import { matMul, reshape } from "../graph/operators/matrix.ts";
import { float32, int32 } from "../graph/tensor.ts";
import { blocks, embed, type EncoderOperators, NAMES, pool, type Target } from "../model/encoder.ts";
import { type LowRank, type TrainingParameters, trainingOperators } from "../model/training-operators.ts";
import type { Parameter } from "./optimizer.ts";
import { PROMPT, type LoraSite, type TrainingBase, type TrainingPlan } from "./training-plan.ts";

/** What a training graph wants to be fed besides the trainable tensors; absent inputs are not declared. */
export const INPUTS = {
  /** int32 [batch, tokens], full fine-tuning only */
  ids: "ids",
  /** float32 [batch, tokens, H]: word vectors, looked up outside so that no copy of the table lives in the graph */
  words: "words",
  /** float32 [batch, sequence, H]: what enters the first trained block */
  states: "states",
  /** float32 [batch, H], head only */
  pooled: "pooled",
  /** int32 [sequence] */
  positions: "positions",
  /** int32 [batch, sequence] */
  mask: "mask",
  /** float32 [batch, sequence]; each row sums to 1 */
  pooling: "pooling",
  /** float32 [batch, 1, 1] of ones: spreads the prompt over the batch */
  ones: "ones",
  /** float32 [batch, C]: soft targets, see `softTargets` */
  targets: "targets",
} as const;

export interface TrainingGraph {
  readonly graph: Graph;
  /** Trainable tables whose gradients come as rows, with the constant indices where these are not `ids`. */
  readonly rows: ReadonlyMap<string, readonly { output: string; indices: RowGradient["indices"] }[]>;
  /** Names and widths of the dropout masks to feed, each float32 [batch, 1, width] or [batch, width]. */
  readonly dropout: readonly { name: string; width: number; flat: boolean }[];
}

/** Name of the graph's output that holds the gradient of a trainable tensor. */
export function gradientName(parameter: string): string {
  return `gradient of ${parameter}`;
}

/** Everything below the first trained block, from word vectors to `states`; with all blocks it ends in `pooled`. */
export function emitLower(base: TrainingBase, to: number | "pooled"): Graph {
  const graph = new Graph();
  const operators = frozenOperators(graph, base);
  const mask = graph.input(INPUTS.mask, "int32", ["batch", "sequence"]);
  const positions = graph.input(INPUTS.positions, "int32", ["sequence"]);
  // The prompt-less sequence is the tokens themselves.
  const words = graph.input(INPUTS.words, "float32", ["batch", "sequence", base.config.hiddenSize]);
  const from = embed({ ...operators, rows: rowsFrom(graph, base, operators, words) }, base.config, {
    ids: mask,
    positions,
  });
  const state = blocks(operators, base.config, from, mask, 0, to === "pooled" ? base.config.layers : to);
  if (to !== "pooled") graph.output(INPUTS.states, state);
  else {
    const weights = graph.input(INPUTS.pooling, "float32", ["batch", "sequence"]);
    graph.output(INPUTS.pooled, pool(operators, base.config, state, weights));
  }
  return graph;
}

function frozenOperators(graph: Graph, base: TrainingBase): EncoderOperators {
  return trainingOperators(graph, constantParameters(graph, base));
}

function constantParameters(graph: Graph, base: TrainingBase): TrainingParameters {
  const known = new Map<string, Value>();
  return {
    parameter(name) {
      const value = known.get(name) ?? graph.constant(name, base.parameter(name));
      known.set(name, value);
      return value;
    },
    adapter: () => undefined,
  };
}

/** Word rows come in as an input; the vector of the one token type in use is added to the positions. */
function rowsFrom(
  graph: Graph,
  base: TrainingBase,
  operators: EncoderOperators,
  words: Value | null,
): EncoderOperators["rows"] {
  return (table, indices) => {
    if (table === NAMES.words && words !== null) return words;
    const rows = operators.rows(table, indices);
    if (table !== NAMES.positions || !base.parameterNames.includes(`${NAMES.types}.weight`)) return rows;
    return add.forward(graph, rows, operators.rows(NAMES.types, graph.constant("token type", int32([0], [1]))));
  };
}

/**
 * The trained part. With `training` it has dropout, the loss and a gradient for each parameter as outputs besides
 * `logits`; without, only `logits`.
 */
export function emitTrained(
  base: TrainingBase,
  plan: TrainingPlan,
  parameters: readonly Parameter[],
  training: boolean,
): TrainingGraph {
  const graph = new Graph();
  const trainable = new Map(parameters.map(({ name, shape }) => [name, graph.input(name, "float32", shape)]));
  const dropout: { name: string; width: number; flat: boolean }[] = [];
  const masks = new Map<string, Value>();
  const dropped = (site: string, width: number, flat: boolean): Value | undefined => {
    if (!training || plan.options.dropout === 0) return undefined;
    const name = `dropout at ${site}`;
    const known = masks.get(name);
    if (known !== undefined) return known;
    dropout.push({ name, width, flat });
    const value = graph.input(name, "float32", flat ? ["batch", width] : ["batch", 1, width]);
    masks.set(name, value);
    return value;
  };
  const frozen = constantParameters(graph, base);
  const sites = new Map(plan.sites.map((site) => [site.name, site]));
  const gate = graph.constant("alpha / rank", float32([plan.options.alpha / plan.options.rank], [1]));
  const operators = trainingOperators(graph, {
    parameter: (name) => trainable.get(name) ?? frozen.parameter(name),
    adapter(name): LowRank | undefined {
      const site = sites.get(name);
      if (site === undefined) return undefined;
      const [a, b] = [trainable.get(`${name}.lora_A`)!, trainable.get(`${name}.lora_B`)!];
      return { a, b, gate, dropout: dropped(dropoutSite(site), site.input, false) };
    },
  });
  const pooled = emitEncoder(graph, base, plan, operators, trainable);
  const mask = dropped("the head", base.config.hiddenSize, true);
  const kept = mask === undefined ? pooled : mul.forward(graph, pooled, mask);
  const product = matMul.forward(graph, kept, trainable.get(`${NAMES.classifier}.weight`)!);
  const logits = add.forward(graph, product, trainable.get(`${NAMES.classifier}.bias`)!);
  graph.output("logits", logits);
  const rows = training ? emitGradients(graph, logits, [...trainable.values()]) : new Map<string, never>();
  return { graph, rows, dropout };
}

/** From the entry to the pooled vectors [batch, H]. */
function emitEncoder(
  graph: Graph,
  base: TrainingBase,
  plan: TrainingPlan,
  operators: EncoderOperators,
  trainable: ReadonlyMap<string, Value>,
): Value {
  const { config } = base;
  const H = config.hiddenSize;
  if (plan.entry.at === "pooled") return graph.input(INPUTS.pooled, "float32", ["batch", H]);
  const mask = graph.input(INPUTS.mask, "int32", ["batch", "sequence"]);
  const pooling = graph.input(INPUTS.pooling, "float32", ["batch", "sequence"]);
  if (plan.entry.at === "block") {
    const states = graph.input(INPUTS.states, "float32", ["batch", "sequence", H]);
    return pool(operators, config, blocks(operators, config, states, mask, plan.entry.layer), pooling);
  }
  const positions = graph.input(INPUTS.positions, "int32", ["sequence"]);
  const tokens = plan.usesPrompt ? "tokens" : "sequence";
  const words = plan.full ? null : graph.input(INPUTS.words, "float32", ["batch", tokens, H]);
  const ids = plan.full ? graph.input(INPUTS.ids, "int32", ["batch", tokens]) : mask;
  const lookup = { ...operators, rows: rowsFrom(graph, base, operators, words) };
  const prompt = plan.usesPrompt ? emitPrompt(graph, plan, trainable, H) : undefined;
  const embedded = embed(lookup, config, prompt === undefined ? { ids, positions } : { ids, positions, prompt });
  return pool(operators, config, blocks(operators, config, embedded, mask), pooling);
}

/** The prompt of every row: tokens [V, H], plus tanh(tokens W + b) W' where it is re-parameterised. → [batch, V, H] */
function emitPrompt(graph: Graph, plan: TrainingPlan, trainable: ReadonlyMap<string, Value>, H: number): Value {
  const tokens = trainable.get(PROMPT.tokens)!;
  const ones = graph.input(INPUTS.ones, "float32", ["batch", 1, 1]);
  const prompt = promptOf(graph, tokens, trainable);
  return mul.forward(graph, ones, reshape.forward(graph, prompt, [1, plan.options.virtualTokens, H]));
}

function promptOf(graph: Graph, tokens: Value, trainable: ReadonlyMap<string, Value>): Value {
  const weight = trainable.get(PROMPT.inWeight);
  if (weight === undefined) return tokens;
  const hidden = add.forward(graph, matMul.forward(graph, tokens, weight), trainable.get(PROMPT.inBias)!);
  const change = matMul.forward(graph, tanh.forward(graph, hidden), trainable.get(PROMPT.outWeight)!);
  return add.forward(graph, tokens, change);
}

/** Projections of one input share a mask, so that query, key and value see the same thinned states. */
function dropoutSite({ layer, target }: LoraSite): string {
  const input: Record<Target, string> = {
    query: "states",
    key: "states",
    value: "states",
    attentionOutput: "context",
    intermediate: "attended states",
    output: "wide states",
  };
  return `${input[target]} of layer ${layer}`;
}

function emitGradients(graph: Graph, logits: Value, trainable: readonly Value[]): TrainingGraph["rows"] {
  const targets = graph.input(INPUTS.targets, "float32", logits.shape);
  const loss = crossEntropy(graph, logits, targets);
  graph.output("loss", loss);
  const gradients = backpropagate(graph, loss, trainable);
  for (const [name, value] of gradients.dense) graph.output(gradientName(name), value);
  const rows = new Map<string, { output: string; indices: Value }[]>();
  for (const [name, parts] of gradients.rows) {
    rows.set(
      name,
      parts.map(({ rows: value, indices }, i) => {
        const output = `${gradientName(name)}, rows ${i}`;
        graph.output(output, value);
        return { output, indices };
      }),
    );
  }
  return rows;
}
