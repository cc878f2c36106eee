/** Operators that compare the elements of the last axis. */
import type { Graph, GraphNode, Shape, Value } from "../builder.ts";
import { mul, sub } from "./elementwise.ts";
import { reduceSum, sumTo } from "./indexing.ts";
import type { Flow, Operator } from "./operator.ts";

/** exp(x) over its sum along the last axis. */
export const softmax = {
  forward(graph: Graph, x: Value): Value {
    return graph.node1("Softmax", [x], { type: x.type, shape: x.shape }, { attributes: { axis: -1 } });
  },
  /** dx = y (dy - Σ dy · y) */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow): Flow {
    const y = node.outputs[0]!;
    const shared = reduceSum.forward(graph, mul.forward(graph, dy!, y), [-1], true);
    return [mul.forward(graph, y, sub.forward(graph, dy!, shared))];
  },
} satisfies Operator;

/**
 * (x - mean) · inverse deviation · scale + bias along the last axis (Ba, Kiros and Hinton 2016).
 * Returns y, mean [..., 1] and inverse deviation [..., 1]; the gradient reuses the last two.
 */
export const layerNormalization = {
  forward(graph: Graph, x: Value, scale: Value, bias: Value, epsilon: number): [Value, Value, Value] {
    const reduced: Shape = [...x.shape.slice(0, -1), 1];
    const [y, mean, inverseDeviation] = graph.node(
      "LayerNormalization",
      [x, scale, bias],
      [
        { type: x.type, shape: x.shape },
        { type: x.type, shape: reduced },
        { type: x.type, shape: reduced },
      ],
      { attributes: { axis: -1, epsilon: { float: epsilon } } },
    );
    return [y!, mean!, inverseDeviation!];
  },
  /**
   * With n = (x - mean) · inverse deviation and g = dy · scale:
   * dx = inverse deviation · (g - mean(g) - n · mean(g · n)), dscale = Σ dy · n, dbias = Σ dy.
   */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow, wanted: readonly boolean[]): Flow {
    const [x, scale, bias] = node.inputs as [Value, Value, Value];
    const [, mean, inverseDeviation] = node.outputs as [Value, Value, Value];
    const n = mul.forward(graph, sub.forward(graph, x, mean), inverseDeviation);
    const dx = (): Value => {
      const g = mul.forward(graph, dy!, scale);
      const along = (value: Value): Value =>
        graph.node1("ReduceMean", [value, graph.integers([-1])], { type: x.type, shape: mean.shape });
      const slope = mul.forward(graph, n, along(mul.forward(graph, g, n)));
      const centred = sub.forward(graph, sub.forward(graph, g, along(g)), slope);
      return mul.forward(graph, centred, inverseDeviation);
    };
    return [
      wanted[0] === true ? dx() : null,
      wanted[1] === true ? sumTo(graph, mul.forward(graph, dy!, n), scale.shape) : null,
      wanted[2] === true ? sumTo(graph, dy!, bias.shape) : null,
    ];
  },
} satisfies Operator;
