/** What an operator is, and the shape rules that several share. */
import type { Dimension, Graph, GraphNode, Shape, Value } from "../builder.ts";

/** Gradients of several values, in their order; null where none flows or none is wanted. */
export type Flow = readonly (Value | null)[];

/**
 * Emits the gradients of a node's inputs, in their order, from those of its outputs (null: the output does not
 * influence the loss). Only inputs with `wanted` need a value; null for the others and where none flows.
 */
export type Gradient = (graph: Graph, node: GraphNode, upstream: Flow, wanted: readonly boolean[]) => Flow;

/** One ONNX operator: its emission, and beside it the emission of its gradient where training needs one. */
export interface Operator {
  readonly forward: (graph: Graph, ...operands: never[]) => Value | Value[];
  readonly gradient?: Gradient;
}

/** NumPy broadcasting on symbolic shapes. @throws Error naming both shapes when they do not fit. */
export function broadcast(a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  const result: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new Error(`Shapes [${a.join(", ")}] and [${b.join(", ")}] do not broadcast.`);
    }
    result.push(left === 1 ? right : left);
  }
  return result;
}

/** A non-negative axis. */
export function axisOf(shape: Shape, axis: number): number {
  return axis < 0 ? shape.length + axis : axis;
}
