/** Operators on each element, with NumPy broadcasting where there are two operands. */
import type { Graph, GraphNode, Value } from "../builder.ts";
import type { ElementType } from "../tensor.ts";
import { sumTo } from "./indexing.ts";
import { broadcast, type Flow, type Operator } from "./operator.ts";

/** a + b */
export const add = {
  forward(graph: Graph, a: Value, b: Value): Value {
    return graph.node1("Add", [a, b], { type: a.type, shape: broadcast(a.shape, b.shape) });
  },
  /** da = dy, db = dy, each summed over the axes along which the operand was repeated. */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow, wanted: readonly boolean[]): Flow {
    return node.inputs.map((operand, i) => (wanted[i] === true ? sumTo(graph, dy!, operand!.shape) : null));
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
  /** da = dy · b, db = dy · a, each summed over the axes along which the operand was repeated. */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow, wanted: readonly boolean[]): Flow {
    return node.inputs.map((operand, i) => {
      if (wanted[i] !== true) return null;
      return sumTo(graph, mul.forward(graph, dy!, node.inputs[1 - i]!), operand!.shape);
    });
  },
} satisfies Operator;

/** x Φ(x), with the exact normal distribution function (Hendrycks and Gimpel 2016). */
export const gelu = {
  forward(graph: Graph, x: Value): Value {
    return graph.node1("Gelu", [x], { type: x.type, shape: x.shape });
  },
  /**
   * dx = dy (Φ(x) + x φ(x)). With s = x / √2 both need one pass over x: Φ(x) = (erf(s) + 1) / 2, which a hard sigmoid
   * computes at once, and x φ(x) = s exp(-s² - ln √π).
   */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow): Flow {
    const x = node.inputs[0]!;
    const unary = (op: string, value: Value, attributes = {}): Value =>
      graph.node1(op, [value], { type: x.type, shape: x.shape }, { attributes });
    const s = mul.forward(graph, x, graph.scalar(Math.SQRT1_2));
    const half = { float: 0.5 };
    const distribution = unary("HardSigmoid", unary("Erf", s), { alpha: half, beta: half });
    const exponent = sub.forward(graph, graph.scalar(-0.5 * Math.log(Math.PI)), mul.forward(graph, s, s));
    const density = mul.forward(graph, s, unary("Exp", exponent));
    return [mul.forward(graph, dy!, add.forward(graph, distribution, density))];
  },
} satisfies Operator;

export const tanh = {
  forward(graph: Graph, x: Value): Value {
    return graph.node1("Tanh", [x], { type: x.type, shape: x.shape });
  },
  /** dx = dy (1 - y²) */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow): Flow {
    const y = node.outputs[0]!;
    return [mul.forward(graph, dy!, sub.forward(graph, graph.scalar(1), mul.forward(graph, y, y)))];
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
