/**
 * Products and changes of layout.
 * Dimensions: m rows, k inner, n columns; `...` are leading dimensions that broadcast.
 */
import type { Graph, Shape, Value } from "../builder.ts";
import { broadcast, type Operator } from "./operator.ts";

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
} satisfies Operator;

/** Axes in a new order: output axis i is input axis permutation[i]. */
export const transpose = {
  forward(graph: Graph, x: Value, permutation: readonly number[]): Value {
    const shape = permutation.map((axis) => x.shape[axis]!);
    return graph.node1("Transpose", [x], { type: x.type, shape }, { attributes: { perm: permutation } });
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
} satisfies Operator;
