/**
 * A pack as one ordinary ONNX file for other servers: standard operators only, weights as floats, token ids and
 * attention mask in, logits out. The tokenizer stays a file of its own.
 */
import { Graph, type Value } from "../graph/builder.ts";
import { add, cast, mul } from "../graph/operators/elementwise.ts";
import { gather, reduceSum } from "../graph/operators/indexing.ts";
import { matMul } from "../graph/operators/matrix.ts";
import { blocks, embed, pool } from "./encoder.ts";
import type { Pack } from "./pack.ts";
import { trainingOperators } from "./training-operators.ts";

/**
 * The bytes of the file. Inputs, named as Hugging Face names them: `input_ids` and `attention_mask`, int64
 * [batch, tokens]. Output: `logits` [batch, labels], in the order of the pack's labels, before calibration.
 * @throws RangeError when the weights exceed the 2 GB of an ONNX file
 */
export function exportOnnx({ weights, config, head }: Pack): Uint8Array {
  const graph = new Graph();
  const constants = new Map<string, Value>();
  const parameter = (name: string): Value => {
    const known = constants.get(name) ?? graph.constant(name, weights.trainable(name));
    constants.set(name, known);
    return known;
  };
  const operators = trainingOperators(graph, { parameter, adapter: () => undefined });
  const ids = graph.input("input_ids", "int64", ["batch", "tokens"]);
  const attention = graph.input("attention_mask", "int64", ["batch", "tokens"]);
  const positions = countTokens(graph, ids);
  const mask = cast.forward(graph, attention, "float32");
  const pooling = config.pooling === "cls" ? firstToken(graph, positions, mask) : meanOfTokens(graph, mask);
  const state = blocks(operators, config, embed(operators, config, { ids, positions }), attention);
  const pooled = pool(operators, config, state, pooling);
  const product = matMul.forward(graph, pooled, graph.constant("classifier.weight", head.weight));
  graph.output("logits", add.forward(graph, product, graph.constant("classifier.bias", head.bias)));
  return graph.encode();
}

/** 0, 1, 2, … for each token: int64 [tokens] */
function countTokens(graph: Graph, ids: Value): Value {
  const integer = (name: string, value: bigint): Value =>
    graph.constant(name, { type: "int64", shape: [], data: BigInt64Array.of(value) });
  const zero = integer("zero", 0n);
  const one = integer("one", 1n);
  const shape = graph.node1("Shape", [ids], { type: "int64", shape: [2] });
  const tokens = gather.forward(graph, shape, one);
  return graph.node1("Range", [zero, tokens, one], { type: "int64", shape: ["tokens"] });
}

/** 1 at the first token of each row: [batch, tokens] */
function firstToken(graph: Graph, positions: Value, mask: Value): Value {
  const first = graph.node1("Equal", [positions, graph.integers([0])], { type: "bool", shape: positions.shape });
  return mul.forward(graph, mask, cast.forward(graph, first, "float32"));
}

/** 1/n on each of a row's n tokens: [batch, tokens] */
function meanOfTokens(graph: Graph, mask: Value): Value {
  const count = reduceSum.forward(graph, mask, [1], true);
  return graph.node1("Div", [mask, count], { type: mask.type, shape: mask.shape });
}
