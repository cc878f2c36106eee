/** Operators on each element, with NumPy broadcasting where there are two operands. */
import type { Graph, Value } from "../builder.ts";
import type { ElementType } from "../tensor.ts";
import { broadcast, type Operator } from "./operator.ts";

/** a + b */
export const add = {
  forward(graph: Graph, a: Value, b: Value): Value {
    return graph.node1("Add", [a, b], { type: a.type, shape: broadcast(a.shape, b.shape) });
  },
} satisfies Operator;

/** a - b */
export const sub = {
  forward(graph: Graph, a: Value, b: Value): Value {
    return graph.node1("Sub", [a, b], { type: a.type, shape: broadcast(a.shape, b.shape) });
  },
} satisfies Operator;

/** a · b */
export const mul = {
  forward(graph: Graph, a: Value, b: Value): Value {
    return graph.node1("Mul", [a, b], { type: a.type, shape: broadcast(a.shape, b.shape) });
  },
} satisfies Operator;

/** x Φ(x), with the exact normal distribution function (Hendrycks and Gimpel 2016). */
export const gelu = {
  forward(graph: Graph, x: Value): Value {
    return graph.node1("Gelu", [x], { type: x.type, shape: x.shape });
  },
} satisfies Operator;

export const tanh = {
  forward(graph: Graph, x: Value): Value {
    return graph.node1("Tanh", [x], { type: x.type, shape: x.shape });
  },
} satisfies Operator;

/** Elements in another type; ONNX numbers of the types the engine casts to. */
export const cast = {
  forward(graph: Graph, x: Value, type: keyof typeof CAST_TARGETS): Value {
    return graph.node1("Cast", [x], { type, shape: x.shape }, { attributes: { to: CAST_TARGETS[type] } });
  },
} satisfies Operator;

const CAST_TARGETS = { float32: 1, int32: 6, int64: 7, bool: 9 } as const satisfies Partial<
  Record<ElementType, number>
>;
