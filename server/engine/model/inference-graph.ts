/** Assembles the inference graphs: inputs, encoder, gated heads, outputs. What the inputs mean stands in `encoder.ts`. */
import { Graph, type Value } from "../graph/builder.ts";
import { add, mul } from "../graph/operators/elementwise.ts";
import { reduceSum } from "../graph/operators/indexing.ts";
import { matMul } from "../graph/operators/matrix.ts";
import { blocks, embed, NAMES, pool, targetName } from "./encoder.ts";
import { type InferenceOptions, inferenceOperators } from "./inference-operators.ts";
import type { Weights } from "./weights.ts";

/**
 * - plain: no adapter inputs; `positions` is [tokens].
 * - adapted: inputs for low-rank adapters, prompts and activation ranges; `positions` is [batch, sequence].
 */
export type GraphKind = "plain" | "adapted";

/** Which adapters each row, or the whole batch, multiplies with: int32 [groups, chosen]. */
export const CHOICE = "choice";

/** Names of a site's inputs, and of its outputs when activations are observed. */
export const siteInput = (site: string, part: "a" | "b" | "gate" | "scale" | "zero"): string => `${site}/${part}`;
export const siteOutput = (site: string, part: "minimum" | "maximum"): string => `${site}/${part}`;

/** Where adapters enter a block: each site is named by the first of the projections that share its input. */
export function sitesOf(layers: number): { site: string; projections: readonly string[] }[] {
  return Array.from({ length: layers }, (_, layer) => {
    const name = targetName.bind(undefined, layer);
    return [
      { site: name("query"), projections: [name("query"), name("key"), name("value")] },
      { site: name("attentionOutput"), projections: [name("attentionOutput")] },
      { site: name("intermediate"), projections: [name("intermediate")] },
      { site: name("output"), projections: [name("output")] },
    ];
  }).flat();
}

export interface InferenceGraphOptions {
  readonly kind: GraphKind;
  /** Adds outputs with the least and greatest activation at every site. */
  readonly observe: boolean;
}

/**
 * The graph from token ids to `logits` [batch, labels] and `pooled` [batch, hidden]. Heads are inputs in both kinds:
 * `head.weight` [heads, hidden, labels], `head.bias` [heads, 1, labels], `head.gate` [heads, batch, 1].
 */
export function inferenceGraph(weights: Weights, { kind, observe }: InferenceGraphOptions): Graph {
  const { config } = weights;
  const adapted = kind === "adapted";
  const graph = new Graph();
  const length = adapted ? "sequence" : "tokens";
  const ids = graph.input("ids", "int32", ["batch", "tokens"]);
  const positions = graph.input("positions", "int32", adapted ? ["batch", length] : [length]);
  const mask = graph.input("mask", "int32", ["batch", length]);
  const pooling = graph.input("pooling", "float32", ["batch", length]);
  const observed: { site: string; x: Value }[] = [];
  const operators = inferenceOperators(graph, weights, {
    ...(adapted ? adapterInputs(graph) : {}),
    ...(observe ? { observe: (site: string, x: Value) => observed.push({ site, x }) } : {}),
  });
  const prompt = adapted ? { prompt: graph.input("prompt", "float32", ["batch", "prompt", config.hiddenSize]) } : {};
  const x = embed(operators, config, { ids, positions, ...prompt });
  const pooled = pool(operators, config, blocks(operators, config, x, mask), pooling);
  graph.output("logits", gatedHeads(graph, pooled));
  graph.output("pooled", pooled);
  for (const { site, x: activations } of observed) {
    if (site !== NAMES.pooler) emitExtremes(graph, site, activations);
  }
  return graph;
}

function adapterInputs(graph: Graph): InferenceOptions {
  const choice = graph.input(CHOICE, "int32", ["groups", "chosen"]);
  return {
    adapter(site, input, output) {
      if (site === NAMES.pooler) return undefined;
      const rank = `rank of ${site}`;
      return {
        choice,
        a: graph.input(siteInput(site, "a"), "float32", ["adapters", rank, input]),
        b: graph.input(siteInput(site, "b"), "float32", ["adapters", rank, output]),
        gate: graph.input(siteInput(site, "gate"), "float32", ["batch", 1, `chosen ${rank}`]),
      };
    },
    range: (site) => ({
      scale: graph.input(siteInput(site, "scale"), "float32", []),
      zero: graph.input(siteInput(site, "zero"), "uint8", []),
    }),
  };
}

/** Σ over heads of gate · (pooled W + b): [batch, hidden] → [batch, labels] */
function gatedHeads(graph: Graph, pooled: Value): Value {
  const hidden = pooled.shape.at(-1)!;
  const weight = graph.input("head.weight", "float32", ["heads", hidden, "labels"]);
  const bias = graph.input("head.bias", "float32", ["heads", 1, "labels"]);
  const gate = graph.input("head.gate", "float32", ["heads", "batch", 1]);
  const each = add.forward(graph, matMul.forward(graph, pooled, weight), bias);
  return reduceSum.forward(graph, mul.forward(graph, each, gate), [0], false);
}

function emitExtremes(graph: Graph, site: string, x: Value): void {
  const scalar = { type: x.type, shape: [] } as const;
  const attributes = { keepdims: 0 };
  graph.output(siteOutput(site, "minimum"), graph.node1("ReduceMin", [x], scalar, { attributes }));
  graph.output(siteOutput(site, "maximum"), graph.node1("ReduceMax", [x], scalar, { attributes }));
}
