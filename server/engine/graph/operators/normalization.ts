/** Operators that compare the elements of the last axis. */
import type { Graph, Shape, Value } from "../builder.ts";
import type { Operator } from "./operator.ts";

/** exp(x) over its sum along the last axis. */
export const softmax = {
  forward(graph: Graph, x: Value): Value {
    return graph.node1("Softmax", [x], { type: x.type, shape: x.shape }, { attributes: { axis: -1 } });
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
} satisfies Operator;
