/**
 * Encodes graphs as ONNX files (protobuf). Only the messages and fields that the builder emits are declared;
 * numbers are those of onnx.proto. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
import protobuf from "protobufjs/light.js";
import { bytesOf, type ElementType, type Tensor } from "./tensor.ts";
import type { Attribute, Dimension, GraphNode, Value } from "./builder.ts";

const IR_VERSION = 10;
/** Operator sets that every emitted graph imports. */
const OPERATOR_SETS = [
  { domain: "", version: 20 },
  { domain: "com.microsoft", version: 1 },
];
/** protobuf cannot hold more in one message. */
const LARGEST_MODEL = 2 ** 31 - 1;

const DATA_TYPES: Readonly<Record<ElementType, number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
};

type Fields = Record<string, { type: string; id: number; rule?: "repeated" }>;

const message = (fields: Fields): { fields: Fields } => ({ fields });
const many = (type: string, id: number): Fields[string] => ({ rule: "repeated", type, id });
const one = (type: string, id: number): Fields[string] => ({ type, id });

const root = protobuf.Root.fromJSON({
  nested: {
    ModelProto: message({
      irVersion: one("int64", 1),
      producerName: one("string", 2),
      graph: one("GraphProto", 7),
      opsetImport: many("OperatorSetIdProto", 8),
    }),
    OperatorSetIdProto: message({ domain: one("string", 1), version: one("int64", 2) }),
    GraphProto: message({
      node: many("NodeProto", 1),
      name: one("string", 2),
      initializer: many("TensorProto", 5),
      input: many("ValueInfoProto", 11),
      output: many("ValueInfoProto", 12),
    }),
    NodeProto: message({
      input: many("string", 1),
      output: many("string", 2),
      name: one("string", 3),
      opType: one("string", 4),
      attribute: many("AttributeProto", 5),
      domain: one("string", 7),
    }),
    AttributeProto: message({
      name: one("string", 1),
      f: one("float", 2),
      i: one("int64", 3),
      s: one("bytes", 4),
      ints: many("int64", 8),
      type: one("int32", 20),
    }),
    TensorProto: message({
      dims: many("int64", 1),
      dataType: one("int32", 2),
      name: one("string", 8),
      rawData: one("bytes", 9),
    }),
    ValueInfoProto: message({ name: one("string", 1), type: one("TypeProto", 2) }),
    TypeProto: message({ tensorType: one("TypeProtoTensor", 1) }),
    TypeProtoTensor: message({ elemType: one("int32", 1), shape: one("TensorShapeProto", 2) }),
    TensorShapeProto: message({ dim: many("DimensionProto", 1) }),
    DimensionProto: message({ dimValue: one("int64", 1), dimParam: one("string", 2) }),
  },
});
const ModelProto = root.lookupType("ModelProto");

/** What {@link encodeModel} needs of a finished graph. */
export interface EncodableGraph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly initializers: ReadonlyMap<string, Tensor>;
  readonly tape: readonly GraphNode[];
}

/** The bytes of an `.onnx` file. @throws RangeError when the weights exceed protobuf's 2 GB. */
export function encodeModel(graph: EncodableGraph, name = "nfr-lens"): Uint8Array {
  const weights = [...graph.initializers.values()].reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
  if (weights > LARGEST_MODEL) {
    throw new RangeError(`The graph's weights take ${weights} bytes; an ONNX file holds at most ${LARGEST_MODEL}.`);
  }
  return ModelProto.encode({
    irVersion: IR_VERSION,
    producerName: "nfr-lens",
    opsetImport: OPERATOR_SETS,
    graph: {
      name,
      node: graph.tape.map(encodeNode),
      initializer: [...graph.initializers].map(([key, tensor]) => ({
        name: key,
        dims: tensor.shape,
        dataType: DATA_TYPES[tensor.type],
        rawData: bytesOf(tensor),
      })),
      input: graph.inputs.map(encodeValue),
      output: graph.outputs.map(encodeValue),
    },
  }).finish();
}

function encodeNode(node: GraphNode): object {
  return {
    name: node.name,
    opType: node.op,
    domain: node.domain,
    input: node.inputs.map((value) => value?.name ?? ""),
    output: node.outputs.map((value) => value?.name ?? ""),
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
  };
}

/** AttributeProto.AttributeType: FLOAT 1, INT 2, STRING 3, INTS 7. */
function encodeAttribute(name: string, value: Attribute): object {
  if (typeof value === "string") return { name, type: 3, s: new TextEncoder().encode(value) };
  if (typeof value === "object" && "float" in value) return { name, type: 1, f: value.float };
  if (typeof value === "number") return { name, type: 2, i: value };
  return { name, type: 7, ints: value };
}

function encodeValue(value: Value): object {
  const dim = value.shape.map((dimension: Dimension) =>
    typeof dimension === "number" ? { dimValue: dimension } : { dimParam: dimension },
  );
  return { name: value.name, type: { tensorType: { elemType: DATA_TYPES[value.type], shape: { dim } } } };
}
