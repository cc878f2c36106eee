/** Operators that pick, join and sum along an axis. */
import type { Dimension, Graph, GraphNode, Shape, Value } from "../builder.ts";
import { axisOf, type Flow, type Operator } from "./operator.ts";

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
  /** Each part's gradient is its slice of dy; the sizes of the parts before it must be known numbers. */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow, wanted: readonly boolean[]): Flow {
    const axis = axisOf(dy!.shape, node.attributes["axis"] as number);
    let start: Dimension = 0;
    return node.inputs.map((part, i) => {
      const from: Dimension = start;
      const size = part!.shape[axis]!;
      start = typeof from === "number" && typeof size === "number" ? from + size : "unknown";
      if (wanted[i] !== true) return null;
      if (typeof from !== "number") throw new Error(`Concat: the place of part ${i} of ${node.name} is not known.`);
      const end = i === node.inputs.length - 1 ? Number.MAX_SAFE_INTEGER : start;
      if (typeof end !== "number") throw new Error(`Concat: the size of part ${i} of ${node.name} is not known.`);
      const bounds = [[from], [end], [axis]].map((values) => graph.integers(values));
      return graph.node1("Slice", [dy!, ...bounds], { type: dy!.type, shape: part!.shape });
    });
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
  /** dx = dy, repeated along the summed axes. */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow): Flow {
    const x = node.inputs[0]!;
    const kept = node.attributes["keepdims"] === 1;
    const summed = x.shape.map((size, axis) => (kept && dy!.shape[axis] === size ? size : 1));
    const aligned = kept ? dy! : graph.node1("Unsqueeze", [dy!, node.inputs[1]!], { type: x.type, shape: summed });
    const sizes = graph.node1("Shape", [x], { type: "int64", shape: [x.shape.length] });
    return [graph.node1("Expand", [aligned, sizes], { type: x.type, shape: x.shape })];
  },
} satisfies Operator;

/** Undoes broadcasting: sums `gradient` over the axes that `shape` lacks or has with size 1. */
export function sumTo(graph: Graph, gradient: Value, shape: Shape): Value {
  const extra = gradient.shape.length - shape.length;
  const leading = Array.from({ length: extra }, (_, axis) => axis);
  const inner = extra === 0 ? gradient : reduceSum.forward(graph, gradient, leading, false);
  const repeated = shape.flatMap((size, axis) => (size === 1 && inner.shape[axis] !== 1 ? [axis] : []));
  return repeated.length === 0 ? inner : reduceSum.forward(graph, inner, repeated, true);
}
