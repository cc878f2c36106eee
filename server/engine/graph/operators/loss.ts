/** What training minimises. Dimensions: b rows of a batch, c classes. */
import type { Graph, GraphNode, Value } from "../builder.ts";
import { mul } from "./elementwise.ts";
import { reduceSum } from "./indexing.ts";
import type { Flow, Operator } from "./operator.ts";

/** x - log Σ exp(x) along the last axis. */
export const logSoftmax = {
  forward(graph: Graph, x: Value): Value {
    return graph.node1("LogSoftmax", [x], { type: x.type, shape: x.shape }, { attributes: { axis: -1 } });
  },
  /** dx = dy - softmax(x) Σ dy */
  gradient(graph: Graph, node: GraphNode, [dy]: Flow): Flow {
    const y = node.outputs[0]!;
    const probabilities = graph.node1("Exp", [y], { type: y.type, shape: y.shape });
    const shared = mul.forward(graph, probabilities, reduceSum.forward(graph, dy!, [-1], true));
    return [graph.node1("Sub", [dy!, shared], { type: y.type, shape: y.shape })];
  },
} satisfies Operator;

/**
 * Cross-entropy of logits [b, c] against soft targets [b, c], a scalar: -Σ targets · logSoftmax(logits). Class weights,
 * label smoothing, row weights and the mean over the batch are all in the targets, see {@link softTargets}.
 */
export function crossEntropy(graph: Graph, logits: Value, targets: Value): Value {
  const product = mul.forward(graph, logSoftmax.forward(graph, logits), targets);
  return mul.forward(graph, reduceSum.forward(graph, product, [0, 1], false), graph.scalar(-1));
}

export interface TargetOptions {
  /** Weight of each class; its length is the number of classes. */
  readonly classWeights: readonly number[];
  /** Share ε of the target that is spread over all classes (Szegedy et al., 2016). */
  readonly labelSmoothing: number;
}

/**
 * Soft targets [b, c] such that {@link crossEntropy} is the mean over the rows of their smoothed cross-entropy, each row
 * counting with its own weight times the weight of its class.
 */
export function softTargets(
  classes: readonly number[],
  rowWeights: readonly number[],
  { classWeights, labelSmoothing }: TargetOptions,
): Float32Array {
  const count = classWeights.length;
  const targets = new Float32Array(classes.length * count);
  const norm = classes.reduce((sum, target, row) => sum + rowWeights[row]! * classWeights[target]!, 0);
  classes.forEach((target, row) => {
    const share = norm === 0 ? 0 : (rowWeights[row]! * classWeights[target]!) / norm;
    for (let c = 0; c < count; c++) {
      const hard = c === target ? 1 - labelSmoothing : 0;
      targets[row * count + c] = share * (hard + labelSmoothing / count);
    }
  });
  return targets;
}
