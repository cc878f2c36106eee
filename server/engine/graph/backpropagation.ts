/**
 * Reverse-mode differentiation on the tape: it walks the nodes backwards from a scalar loss and appends, for each node
 * on the way to something trainable, the nodes that compute the gradients of its inputs. Training is then inference of
 * the bigger graph. Only the operators of the encoder are known; any other is refused by name.
 */
import type { Graph, GraphNode, Value } from "./builder.ts";
import { add, gelu, mul, tanh } from "./operators/elementwise.ts";
import { concat, reduceSum } from "./operators/indexing.ts";
import { logSoftmax } from "./operators/loss.ts";
import { matMul, reshape, transpose } from "./operators/matrix.ts";
import { layerNormalization, softmax } from "./operators/normalization.ts";
import type { Gradient } from "./operators/operator.ts";

/** Operators with a gradient by ONNX name; Gather is treated apart, see {@link RowGradient}. */
const OPERATORS: Readonly<Record<string, { readonly gradient: Gradient }>> = {
  Add: add,
  Mul: mul,
  Gelu: gelu,
  Tanh: tanh,
  Concat: concat,
  ReduceSum: reduceSum,
  LogSoftmax: logSoftmax,
  MatMul: matMul,
  Reshape: reshape,
  Transpose: transpose,
  LayerNormalization: layerNormalization,
  Softmax: softmax,
};

/**
 * The gradient of a table that rows were gathered from: `rows` belong to the rows at `indices`, and rows gathered
 * twice must be added up by the reader. It stays sparse for two reasons: a dense one would write the whole embedding
 * matrix at every step, and ScatterND with a sum adds in an order that depends on its threads, so that no run could be
 * repeated bit for bit.
 */
export interface RowGradient {
  readonly rows: Value;
  readonly indices: Value;
}

export interface Gradients {
  /** Gradient of each trainable value that influences the loss, by the value's name. */
  readonly dense: ReadonlyMap<string, Value>;
  /** Gradients of trainable tables, by the table's name; a table gathered from several times has several. */
  readonly rows: ReadonlyMap<string, readonly RowGradient[]>;
}

/**
 * Appends the nodes that compute the gradients of `loss` (a scalar) with respect to `trainable`.
 * @throws Error naming the operator when one without gradient lies between a trainable value and the loss.
 */
export function backpropagate(graph: Graph, loss: Value, trainable: readonly Value[]): Gradients {
  const forward = [...graph.tape];
  const affected = downstreamOf(forward, trainable);
  const flowing = new Map<string, Value>([[loss.name, graph.scalar(1)]]);
  const rows = new Map<string, RowGradient[]>();
  for (const node of forward.reverse()) {
    const upstream = node.outputs.map((output) => (output === null ? null : (flowing.get(output.name) ?? null)));
    const wanted = node.inputs.map((input) => input !== null && affected.has(input.name));
    if (upstream.every((value) => value === null) || !wanted.includes(true)) continue;
    if (node.op === "Gather" && wanted[0] === true) {
      collectRows(node, upstream[0]!, trainable, rows);
      continue;
    }
    const gradients = operatorOf(node).gradient(graph, node, upstream, wanted);
    node.inputs.forEach((input, i) => {
      const gradient = gradients[i];
      if (input === null || wanted[i] !== true || gradient === null || gradient === undefined) return;
      const sum = flowing.get(input.name);
      flowing.set(input.name, sum === undefined ? gradient : add.forward(graph, sum, gradient));
    });
  }
  const dense = trainable.flatMap((value): [string, Value][] => {
    const gradient = flowing.get(value.name);
    return gradient === undefined ? [] : [[value.name, gradient]];
  });
  return { dense: new Map(dense), rows };
}

/** Names of all values that depend on a trainable one, themselves included. */
function downstreamOf(tape: readonly GraphNode[], trainable: readonly Value[]): Set<string> {
  const affected = new Set(trainable.map((value) => value.name));
  for (const node of tape) {
    if (!node.inputs.some((input) => input !== null && affected.has(input.name))) continue;
    for (const output of node.outputs) if (output !== null) affected.add(output.name);
  }
  return affected;
}

function operatorOf(node: GraphNode): { readonly gradient: Gradient } {
  const known = node.domain === "" && Object.hasOwn(OPERATORS, node.op) ? OPERATORS[node.op] : undefined;
  if (known === undefined) {
    const name = node.domain === "" ? node.op : `${node.domain}.${node.op}`;
    throw new Error(`${name} has no gradient here, but something trainable lies upstream of node ${node.name}.`);
  }
  return known;
}

/** Notes the gradient of gathered rows; the table must itself be trainable, since nothing sparse flows further up. */
function collectRows(
  node: GraphNode,
  gradient: Value,
  trainable: readonly Value[],
  rows: Map<string, RowGradient[]>,
): void {
  const [table, indices] = node.inputs;
  if (!trainable.some((value) => value.name === table!.name)) {
    throw new Error(`Gather from ${table!.name}: the table itself must be trainable, not only what it depends on.`);
  }
  const collected = rows.get(table!.name) ?? [];
  collected.push({ rows: gradient, indices: indices! });
  rows.set(table!.name, collected);
}
