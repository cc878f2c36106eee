/** The encoder in primitive operators, each of which has a gradient: what training graphs are built from. */
import type { Graph, Value } from "../graph/builder.ts";
import { add, cast, gelu, mul, sub, tanh } from "../graph/operators/elementwise.ts";
import { concat, gather } from "../graph/operators/indexing.ts";
import { matMul, reshape, transpose } from "../graph/operators/matrix.ts";
import { layerNormalization, softmax } from "../graph/operators/normalization.ts";
import type { EncoderOperators } from "./encoder.ts";

/** Added to the attention scores of masked positions; exp of it is exactly 0 in float32. */
const MASKED = 1e9;

/** An adapter of one projection: a [in, rank], b [rank, out], gate [batch, 1, rank] or a scalar. */
export interface LowRank {
  readonly a: Value;
  readonly b: Value;
  readonly gate: Value;
  /** Multiplied onto the adapter's input while training: [batch, 1, in], made outside from a seed. */
  readonly dropout?: Value | undefined;
}

export interface TrainingParameters {
  /**
   * A parameter as a value: a constant, or an input where it is trained. Named `NAME.weight` or `NAME.bias`;
   * matrices of projections are [in, out], transposed from how they are stored.
   */
  parameter(name: string): Value;
  /** The adapter of a projection, if it has one. */
  adapter(name: string): LowRank | undefined;
}

export function trainingOperators(graph: Graph, parameters: TrainingParameters): EncoderOperators {
  const parameter = (name: string): Value => parameters.parameter(name);
  return {
    rows: (table, indices) => gather.forward(graph, parameter(`${table}.weight`), indices),
    prepend: (prompt, words) => concat.forward(graph, [prompt, words], 1, "sequence"),
    addNormalize(a, b, norm, epsilon) {
      const sum = add.forward(graph, a, b);
      return layerNormalization.forward(graph, sum, parameter(`${norm}.weight`), parameter(`${norm}.bias`), epsilon)[0];
    },
    project: (x, names) => names.map((name) => project(graph, parameters, x, name)),
    attend: (query, key, value, mask, heads) => attend(graph, query, key, value, mask, heads),
    gelu: (x) => gelu.forward(graph, x),
    tanh: (x) => tanh.forward(graph, x),
    pool(weights, x) {
      const [batch, sequence] = weights.shape;
      const row = reshape.forward(graph, weights, [batch!, 1, sequence!]);
      return reshape.forward(graph, matMul.forward(graph, row, x), [batch!, x.shape.at(-1)!]);
    },
  };
}

function project(graph: Graph, parameters: TrainingParameters, x: Value, name: string): Value {
  const product = matMul.forward(graph, x, parameters.parameter(`${name}.weight`));
  const plain = add.forward(graph, product, parameters.parameter(`${name}.bias`));
  const adapter = parameters.adapter(name);
  if (adapter === undefined) return plain;
  const kept = adapter.dropout === undefined ? x : mul.forward(graph, x, adapter.dropout);
  const inner = mul.forward(graph, matMul.forward(graph, kept, adapter.a), adapter.gate);
  return add.forward(graph, plain, matMul.forward(graph, inner, adapter.b));
}

/** softmax(q kᵀ / √d + mask) v, heads side by side (Vaswani et al. 2017). */
function attend(graph: Graph, query: Value, key: Value, value: Value, mask: Value, heads: number): Value {
  const [batch, sequence, hidden] = query.shape as [string, string, number];
  const size = hidden / heads;
  const perHead = (x: Value, order: readonly number[]): Value =>
    transpose.forward(graph, reshape.forward(graph, x, [batch, sequence, heads, size]), order);
  const q = perHead(query, [0, 2, 1, 3]);
  const k = perHead(key, [0, 2, 3, 1]);
  const v = perHead(value, [0, 2, 1, 3]);
  const scores = mul.forward(graph, matMul.forward(graph, q, k), graph.scalar(1 / Math.sqrt(size)));
  const open = sub.forward(graph, cast.forward(graph, mask, "float32"), graph.scalar(1));
  const bias = mul.forward(graph, open, graph.scalar(MASKED));
  const spread = transpose.forward(graph, reshape.forward(graph, bias, [batch, sequence, 1, 1]), [0, 2, 3, 1]);
  const weights = softmax.forward(graph, add.forward(graph, scores, spread));
  const context = transpose.forward(graph, matMul.forward(graph, weights, v), [0, 2, 1, 3]);
  return reshape.forward(graph, context, [batch, sequence, hidden]);
}
