/**
 * Products and changes of layout.
 * Dimensions: m rows, k inner, n columns; `...` are leading dimensions that broadcast.
 */
import type { Graph, GraphNode, Shape, Value } from "../builder.ts";
import { sumTo } from "./indexing.ts";
import { broadcast, type Flow, type Operator } from "./operator.ts";

/** a [..., m, k] · b [..., k, n] → [..., m, n] */
export const matMul = {
  forward(graph: Graph, a: Value, b: Value): Value {
    const inner = a.shape.at(-1);
    if (a.shape.length < 2 || b.shape.length < 2 || inner !== b.shape.at(-2)) {
      throw new Error(`MatMul of [${a.shape.join(", ")}] and [${b.shape.join(", ")}]: inner sizes differ.`);
    }
    const leading = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2));
    return graph.node1("MatMul", [a, b], { type: a.type, shape: [...leading, a.shape.at(-2)!, b.shape.at(-1)!] });
  },
  /** da = dy · bᵀ, db = aᵀ · dy; leading dimensions that broadcast are summed. The runtime fuses the transpositions. */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow, wanted: readonly boolean[]): Flow {
    const [a, b] = node.inputs as [Value, Value];
    const da = (): Value => sumTo(graph, matMul.forward(graph, dy!, flipped(graph, b)), a.shape);
    const db = (): Value => {
      if (b.shape.length > 2) return sumTo(graph, matMul.forward(graph, flipped(graph, a), dy!), b.shape);
      // One matrix for all rows: laying the leading dimensions end to end sums over them in the product itself.
      return matMul.forward(graph, flipped(graph, rowsOf(graph, a)), rowsOf(graph, dy!));
    };
    return [wanted[0] === true ? da() : null, wanted[1] === true ? db() : null];
  },
} satisfies Operator;

/** The last two axes swapped. */
function flipped(graph: Graph, x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return transpose.forward(graph, x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

/** [..., m, k] → [... · m, k] */
function rowsOf(graph: Graph, x: Value): Value {
  return x.shape.length === 2 ? x : reshape.forward(graph, x, ["rows", x.shape.at(-1)!]);
}

/** Axes in a new order: output axis i is input axis permutation[i]. */
export const transpose = {
  forward(graph: Graph, x: Value, permutation: readonly number[]): Value {
    const shape = permutation.map((axis) => x.shape[axis]!);
    return graph.node1("Transpose", [x], { type: x.type, shape }, { attributes: { perm: permutation } });
  },
  /** dx = dy with the axes put back. */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow): Flow {
    const permutation = node.attributes["perm"] as readonly number[];
    return [
      transpose.forward(
        graph,
        dy!,
        permutation.map((_, axis) => permutation.indexOf(axis)),
      ),
    ];
  },
} satisfies Operator;

/**
 * The same elements in another shape. A named dimension of the target must stand at the same axis of the input,
 * except for one, which is inferred.
 */
export const reshape = {
  forward(graph: Graph, x: Value, shape: Shape): Value {
    const sizes = shape.map((dimension, axis) =>
      typeof dimension === "number" ? dimension : dimension === x.shape[axis] ? 0 : -1,
    );
    if (sizes.filter((size) => size === -1).length > 1) {
      throw new Error(`Reshape of [${x.shape.join(", ")}] to [${shape.join(", ")}] is ambiguous.`);
    }
    return graph.node1("Reshape", [x, graph.integers(sizes)], { type: x.type, shape });
  },
  /** dx = dy in the old shape. */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow): Flow {
    return [reshape.forward(graph, dy!, node.inputs[0]!.shape)];
  },
} satisfies Operator;
