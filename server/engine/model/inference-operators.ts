/**
 * The encoder in fused operators of onnxruntime (domain com.microsoft) and in the precision of the weights: what
 * inference graphs are built from. Chosen by measurement:
 * - Query, key and value are one product, cut in three afterwards.
 * - int8 products take activations in ranges measured when the pack was made (`DynamicQuantizeMatMul` would scale by
 *   the whole batch, and a statement's category would depend on its neighbours).
 * - Add and LayerNormalization stay two nodes: `SkipLayerNormalization` is seven times slower on CPUs. Sessions
 *   must therefore be created with optimization "basic", or the runtime fuses them again.
 */
import type { Graph, Shape, Value } from "../graph/builder.ts";
import { add, cast, mul, tanh } from "../graph/operators/elementwise.ts";
import { concat, gather, split } from "../graph/operators/indexing.ts";
import { matMul, reshape } from "../graph/operators/matrix.ts";
import { layerNormalization } from "../graph/operators/normalization.ts";
import { float32, type Tensor } from "../graph/tensor.ts";
import { type EncoderOperators, NAMES } from "./encoder.ts";
import {
  type ActivationRange,
  activationRange,
  BLOCK,
  blocksOf,
  denseMatrix,
  dequantize,
  type Int4Matrix,
  type Int8Matrix,
  join,
  type Matrix,
  transposed,
} from "./quantization.ts";
import type { Weights } from "./weights.ts";

const MICROSOFT = "com.microsoft";
/** MatMulNBits computes in eight-bit integers, each row of activations with its own scale. */
const ACCURACY_INT8 = 4;

/**
 * The adapters of projections that share an input, one after the other: a [adapters, rank, in],
 * b [adapters, rank, out of all], and gate [batch, 1, chosen · rank] for those that `choice` [groups, chosen] picks: one
 * group for the whole batch, or one for each row.
 */
export interface SiteAdapter {
  readonly a: Value;
  readonly b: Value;
  readonly gate: Value;
  readonly choice: Value;
}

export interface InferenceOptions {
  /** The adapter inputs of a site, named by the first of its projections. */
  readonly adapter?: (site: string, input: number, output: number) => SiteAdapter | undefined;
  /** The scale (float32 scalar) and zero (uint8 scalar) of a site as values; constants when left out. */
  readonly range?: (site: string, measured: ActivationRange) => { scale: Value; zero: Value };
  /** Told every site's activations before they are quantized: how ranges are measured. */
  readonly observe?: (site: string, x: Value) => void;
}

export function inferenceOperators(graph: Graph, weights: Weights, options: InferenceOptions = {}): EncoderOperators {
  const { hiddenSize } = weights.config;
  const parameters = new Map<string, Value>();
  const parameter = (name: string, make: () => Tensor): Value => {
    const known = parameters.get(name) ?? graph.constant(name, make());
    parameters.set(name, known);
    return known;
  };
  const vector = (name: string): Value => parameter(name, () => weights.vector(name, [hiddenSize]));
  return {
    rows(table, indices) {
      const matrix: Matrix = table === NAMES.words ? weights.words() : denseMatrix(weights.positions());
      return lookUp(graph, table, matrix, indices);
    },
    prepend: (prompt, words) => concat.forward(graph, [prompt, words], 1, "sequence"),
    addNormalize(a, b, norm, epsilon) {
      const sum = add.forward(graph, a, b);
      return layerNormalization.forward(graph, sum, vector(`${norm}.weight`), vector(`${norm}.bias`), epsilon)[0];
    },
    project: (x, names) => project(graph, weights, options, x, names),
    attend(query, key, value, mask, heads) {
      const output = { type: query.type, shape: query.shape };
      const attributes = { num_heads: heads };
      return graph.node1("MultiHeadAttention", [query, key, value, null, mask], output, {
        domain: MICROSOFT,
        attributes,
      });
    },
    gelu: (x) => graph.node1("Gelu", [x], { type: x.type, shape: x.shape }, { domain: MICROSOFT }),
    tanh: (x) => tanh.forward(graph, x),
    pool(pooling, x) {
      const [batch, sequence] = pooling.shape;
      const row = reshape.forward(graph, pooling, [batch!, 1, sequence!]);
      return reshape.forward(graph, matMul.forward(graph, row, x), [batch!, x.shape.at(-1)!]);
    },
  };
}

/** Rows of a table, int8 ones scaled back after they were picked. */
function lookUp(graph: Graph, name: string, table: Matrix, indices: Value): Value {
  if (table.kind !== "int8") {
    return gather.forward(graph, graph.constant(name, dequantize(table)), indices);
  }
  const { rows, columns } = table;
  const values = graph.constant(name, { type: "int8", shape: [rows, columns], data: table.values });
  const scales = graph.constant(`${name}.scale`, float32(table.scales, [rows, 1]));
  const picked = cast.forward(graph, gather.forward(graph, values, indices), "float32");
  return mul.forward(graph, picked, gather.forward(graph, scales, indices));
}

function project(
  graph: Graph,
  weights: Weights,
  options: InferenceOptions,
  x: Value,
  names: readonly string[],
): Value[] {
  const site = names[0]!;
  const matrix = stack(names.map((name) => weights.projection(name)));
  const biases = names.map((name) => weights.bias(name).data);
  const bias = graph.constant(`${site}.bias`, float32(join(Float32Array, biases), [matrix.rows]));
  options.observe?.(site, x);
  let y = product(graph, weights, options, x, matrix, bias, site);
  const adapter = options.adapter?.(site, matrix.columns, matrix.rows);
  if (adapter !== undefined) {
    y = add.forward(graph, y, lowRank(graph, x, adapter));
  }
  return names.length === 1
    ? [y]
    : split.forward(
        graph,
        y,
        names.map(() => matrix.rows / names.length),
      );
}

/** ((x aᵀ) · gate) b with the chosen adapters below each other: [batch, sequence, in] → [batch, sequence, out] */
function lowRank(graph: Graph, x: Value, { a, b, gate, choice }: SiteAdapter): Value {
  const leading = x.shape.slice(0, -1);
  const rank = gate.shape.at(-1)!;
  const chosen = (matrices: Value): Value =>
    reshape.forward(graph, gather.forward(graph, matrices, choice), [choice.shape[0]!, rank, matrices.shape.at(-1)!]);
  const inner: Shape = [...leading, rank];
  const byRows = { domain: MICROSOFT, attributes: { transB: 1 } };
  const down = graph.node1("FusedMatMul", [x, chosen(a)], { type: x.type, shape: inner }, byRows);
  // The leading dimension of b is one group or the whole batch, which no symbolic shape can say.
  const output = { type: x.type, shape: [...leading, b.shape.at(-1)!] };
  return graph.node1("MatMul", [mul.forward(graph, down, gate), chosen(b)], output);
}

/** Layers with the same input and width as one matrix, rows below each other. */
function stack(matrices: readonly Matrix[]): Matrix {
  const [first] = matrices;
  if (first === undefined) throw new Error("A projection needs at least one matrix.");
  if (matrices.length === 1) return first;
  const rows = matrices.reduce((sum, matrix) => sum + matrix.rows, 0);
  const columns = first.columns;
  if (matrices.every((matrix) => matrix.kind === "int8")) {
    const values = join(
      Int8Array,
      matrices.map((matrix) => matrix.values),
    );
    return {
      kind: "int8",
      rows,
      columns,
      values,
      scales: join(
        Float32Array,
        matrices.map((matrix) => matrix.scales),
      ),
    };
  }
  if (matrices.every((matrix) => matrix.kind === "int4")) {
    const packed = join(
      Uint8Array,
      matrices.map((matrix) => matrix.packed),
    );
    return {
      kind: "int4",
      rows,
      columns,
      packed,
      scales: join(
        Float32Array,
        matrices.map((matrix) => matrix.scales),
      ),
    };
  }
  return {
    kind: "fp32",
    rows,
    columns,
    values: join(
      Float32Array,
      matrices.map((matrix) => dequantize(matrix).data),
    ),
  };
}

function product(
  graph: Graph,
  weights: Weights,
  options: InferenceOptions,
  x: Value,
  matrix: Matrix,
  bias: Value,
  site: string,
): Value {
  const output: Shape = [...x.shape.slice(0, -1), matrix.rows];
  if (matrix.kind === "int4") return int4Product(graph, x, matrix, bias, site, output);
  if (matrix.kind === "int8") {
    const { minimum, maximum } = weights.inputRange(site);
    const measured = activationRange(minimum, maximum);
    const range = options.range?.(site, measured) ?? constantRange(graph, site, measured);
    return int8Product(graph, x, matrix, bias, site, range, output);
  }
  const { rows, columns, values } = matrix;
  const weight = graph.constant(`${site}.weight`, float32(transposed(values, rows, columns), [columns, rows]));
  return add.forward(graph, matMul.forward(graph, x, weight), bias);
}

function constantRange(graph: Graph, site: string, { scale, zero }: ActivationRange): { scale: Value; zero: Value } {
  const data = Uint8Array.of(zero);
  return {
    scale: graph.constant(`${site}.input.scale`, float32([scale], [])),
    zero: graph.constant(`${site}.input.zero`, { type: "uint8", shape: [], data }),
  };
}

function int8Product(
  graph: Graph,
  x: Value,
  matrix: Int8Matrix,
  bias: Value,
  site: string,
  range: { scale: Value; zero: Value },
  output: Shape,
): Value {
  const { rows, columns } = matrix;
  const data = transposed(matrix.values, rows, columns);
  const weight = graph.constant(`${site}.weight`, { type: "int8", shape: [columns, rows], data });
  const scales = graph.constant(`${site}.weight.scale`, float32(matrix.scales, [rows]));
  const quantized = graph.node1("QuantizeLinear", [x, range.scale, range.zero], { type: "uint8", shape: x.shape });
  const inputs = [quantized, weight, range.scale, scales, range.zero, null, bias];
  return graph.node1("MatMulIntegerToFloat", inputs, { type: "float32", shape: output }, { domain: MICROSOFT });
}

function int4Product(graph: Graph, x: Value, matrix: Int4Matrix, bias: Value, site: string, output: Shape): Value {
  const { rows, columns, packed, scales } = matrix;
  const blocks = blocksOf(columns);
  const weight = graph.constant(`${site}.weight`, { type: "uint8", shape: [rows, blocks, BLOCK / 2], data: packed });
  const scale = graph.constant(`${site}.weight.scale`, float32(scales, [rows, blocks]));
  const attributes = { K: columns, N: rows, bits: 4, block_size: BLOCK, accuracy_level: ACCURACY_INT8 };
  const inputs = [x, weight, scale, null, null, bias];
  return graph.node1("MatMulNBits", inputs, { type: "float32", shape: output }, { domain: MICROSOFT, attributes });
}
