/** Every operator that training graphs are made of, by its ONNX name: where backpropagation looks up gradients. */
import { add, cast, gelu, mul, sub, tanh } from "./operators/elementwise.ts";
import { concat, gather, reduceSum, split } from "./operators/indexing.ts";
import { matMul, reshape, transpose } from "./operators/matrix.ts";
import { layerNormalization, softmax } from "./operators/normalization.ts";
import type { Operator } from "./operators/operator.ts";

export const OPERATORS: Readonly<Record<string, Operator>> = {
  Add: add,
  Cast: cast,
  Concat: concat,
  Gather: gather,
  Gelu: gelu,
  LayerNormalization: layerNormalization,
  MatMul: matMul,
  Mul: mul,
  ReduceSum: reduceSum,
  Reshape: reshape,
  Softmax: softmax,
  Split: split,
  Sub: sub,
  Tanh: tanh,
  Transpose: transpose,
};
