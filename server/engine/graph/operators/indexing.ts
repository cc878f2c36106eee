/** Operators that pick, join and sum along an axis. */
import type { Dimension, Graph, Shape, Value } from "../builder.ts";
import { axisOf, type Operator } from "./operator.ts";

/** Rows of `table` [rows, ...] at `indices` [...]: the result has the indices' shape followed by the row's. */
export const gather = {
  forward(graph: Graph, table: Value, indices: Value): Value {
    const shape = [...indices.shape, ...table.shape.slice(1)];
    return graph.node1("Gather", [table, indices], { type: table.type, shape }, { attributes: { axis: 0 } });
  },
} satisfies Operator;

/** Joins along one axis; `size` names the joined dimension where it is not the sum of known ones. */
export const concat = {
  forward(graph: Graph, parts: readonly Value[], axis: number, size: Dimension): Value {
    const shape = parts[0]!.shape.with(axisOf(parts[0]!.shape, axis), size);
    return graph.node1("Concat", parts, { type: parts[0]!.type, shape }, { attributes: { axis } });
  },
} satisfies Operator;

/** Cuts the last axis into pieces of the given sizes. */
export const split = {
  forward(graph: Graph, x: Value, sizes: readonly number[]): Value[] {
    const pieces = sizes.map((size) => ({ type: x.type, shape: x.shape.with(-1, size) }));
    return graph.node("Split", [x, graph.integers(sizes)], pieces, { attributes: { axis: -1 } });
  },
} satisfies Operator;

/** The sum along some axes, which are kept with size 1 or dropped. */
export const reduceSum = {
  forward(graph: Graph, x: Value, axes: readonly number[], keep: boolean): Value {
    const reduced = new Set(axes.map((axis) => axisOf(x.shape, axis)));
    const shape: Shape = x.shape.flatMap((size, axis) => (reduced.has(axis) ? (keep ? [1] : []) : [size]));
    const attributes = { keepdims: keep ? 1 : 0 };
    return graph.node1("ReduceSum", [x, graph.integers(axes)], { type: x.type, shape }, { attributes });
  },
} satisfies Operator;
