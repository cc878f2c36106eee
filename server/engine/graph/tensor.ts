/** Plain numbers with a shape: what goes into files, graphs and sessions. Data is row-major. */
import { InputError } from "../outcome.ts";

/** Element types the engine uses; names as in onnxruntime. `float16` and `bfloat16` only occur in files. */
export type ElementType = "float32" | "float16" | "bfloat16" | "int64" | "int32" | "int8" | "uint8" | "bool";

export type TensorData = Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array | Uint16Array;

export interface Tensor {
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** A tensor whose element type the compiler knows. */
export interface FloatTensor extends Tensor {
  readonly type: "float32";
  readonly data: Float32Array;
}

export const BYTES_PER_ELEMENT: Readonly<Record<ElementType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
  uint8: 1,
  bool: 1,
};

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

export function float32(data: Float32Array | readonly number[], shape: readonly number[]): FloatTensor {
  return { type: "float32", shape, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

export function int32(data: Int32Array | readonly number[], shape: readonly number[]): Tensor {
  return { type: "int32", shape, data: data instanceof Int32Array ? data : Int32Array.from(data) };
}

/** The data of a float32 tensor. @throws InputError naming `what` for any other type. */
export function floats(tensor: Tensor, what: string): Float32Array {
  if (tensor.type !== "float32") throw new InputError(`${what} holds ${tensor.type}; float32 was expected.`);
  return tensor.data as Float32Array;
}

/** The bytes behind a tensor's data, without copying. Little-endian on every platform Node runs on. */
export function bytesOf(tensor: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = tensor.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
