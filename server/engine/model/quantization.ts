/**
 * Weights in fewer bits. A matrix is [out, in] as Hugging Face stores linear layers: each row makes one output.
 *
 * - int8: one scale a row, symmetric. On processors with AVX2 or AVX-512 but without VNNI the integer kernels add
 *   neighbouring products (an unsigned activation up to 255 times a weight) in 16 bits and saturate. Scales are chosen so that
 *   two neighbouring weights of a row never sum to more than 128 in magnitude, and 255 · 128 still fits:
 *   results are the same on every processor (checked on an emulated Haswell: exact with the rule, far off without).
 * - int4: blocks of 32 along a row, one scale a block, values -8 to 7 stored as 0 to 15, the first of a pair in the
 *   low half of the byte, as onnxruntime's MatMulNBits wants it.
 * - Embedding tables: int8, one scale a row.
 */
import { type FloatTensor, float32 } from "../graph/tensor.ts";

export type Precision = "fp32" | "int8" | "int4";
export const PRECISIONS: readonly Precision[] = ["fp32", "int8", "int4"];

export const BLOCK = 32;
const BLOCK_BYTES = BLOCK / 2;
const INT4_OFFSET = 8;
const LARGEST_INT8 = 127;
/** 255 · 128 = 32,640 fits 16 signed bits; 255 · 129 does not. */
const LARGEST_PAIR = 128;

export interface DenseMatrix {
  readonly kind: "fp32";
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns] */
  readonly values: Float32Array;
}

export interface Int8Matrix {
  readonly kind: "int8";
  readonly rows: number;
  readonly columns: number;
  /** [rows, columns] */
  readonly values: Int8Array;
  /** [rows] */
  readonly scales: Float32Array;
}

export interface Int4Matrix {
  readonly kind: "int4";
  readonly rows: number;
  readonly columns: number;
  /** [rows, blocks, 16] */
  readonly packed: Uint8Array;
  /** [rows, blocks] */
  readonly scales: Float32Array;
}

export type Matrix = DenseMatrix | Int8Matrix | Int4Matrix;

/** How many blocks of 32 a row of `columns` weights takes. */
export function blocksOf(columns: number): number {
  return Math.ceil(columns / BLOCK);
}

/** A matrix from a float tensor [rows, columns]. */
export function denseMatrix(tensor: FloatTensor): DenseMatrix {
  const [rows, columns] = tensor.shape as [number, number];
  return { kind: "fp32", rows, columns, values: tensor.data };
}

/** @param pairs keeps neighbouring weights within what 16-bit sums hold; needed for products, not for tables. */
export function quantizeInt8({ rows, columns, values }: DenseMatrix, pairs: boolean): Int8Matrix {
  const quantized = new Int8Array(rows * columns);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const weights = values.subarray(row * columns, (row + 1) * columns);
    const scale = Math.fround(int8Scale(weights, pairs));
    scales[row] = scale;
    const target = quantized.subarray(row * columns, (row + 1) * columns);
    for (let column = 0; column < columns; column++) target[column] = Math.round(weights[column]! / scale);
    if (pairs) shrinkPairs(target);
  }
  return { kind: "int8", rows, columns, values: quantized, scales };
}

function int8Scale(weights: Float32Array, pairs: boolean): number {
  let largest = 0;
  let largestPair = 0;
  for (let column = 0; column < weights.length; column++) {
    largest = Math.max(largest, Math.abs(weights[column]!));
    if (column % 2 === 1) largestPair = Math.max(largestPair, Math.abs(weights[column - 1]! + weights[column]!));
  }
  const scale = Math.max(largest / LARGEST_INT8, pairs ? largestPair / LARGEST_PAIR : 0);
  return scale === 0 ? 1 : scale;
}

/** Rounding can lift a sum just above the limit; one step on the larger of the two brings it back. */
function shrinkPairs(row: Int8Array): void {
  for (let column = 1; column < row.length; column += 2) {
    const sum = row[column - 1]! + row[column]!;
    if (Math.abs(sum) <= LARGEST_PAIR) continue;
    const larger = Math.abs(row[column]!) >= Math.abs(row[column - 1]!) ? column : column - 1;
    row[larger]! -= Math.sign(sum);
  }
}

/** Fractions of the plain scale that are tried for each block of four-bit weights. */
const INT4_SCALE_TRIALS = [1, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7];

/** Each block takes the scale with the least squared error: clipping one outlier often serves the other 31. */
export function quantizeInt4({ rows, columns, values }: DenseMatrix): Int4Matrix {
  const blocks = blocksOf(columns);
  const packed = new Uint8Array(rows * blocks * BLOCK_BYTES).fill(INT4_OFFSET | (INT4_OFFSET << 4));
  const scales = new Float32Array(rows * blocks);
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const first = row * columns + block * BLOCK;
      const weights = values.subarray(first, Math.min(first + BLOCK, (row + 1) * columns));
      const at = row * blocks + block;
      const scale = bestInt4Scale(weights);
      scales[at] = scale;
      packInt4(weights, scale, packed.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES));
    }
  }
  return { kind: "int4", rows, columns, packed, scales };
}

function bestInt4Scale(weights: Float32Array): number {
  const extreme = weights.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  if (extreme === 0) return 1;
  let best = 1;
  let least = Infinity;
  for (const fraction of INT4_SCALE_TRIALS) {
    // The extreme weight becomes -8, the longer end of the range, so its sign decides the scale's.
    const scale = Math.fround((extreme / -INT4_OFFSET) * fraction);
    const error = weights.reduce((sum, weight) => sum + (weight - int4(weight, scale) * scale) ** 2, 0);
    if (error < least) {
      least = error;
      best = scale;
    }
  }
  return best;
}

function int4(weight: number, scale: number): number {
  return Math.min(INT4_OFFSET - 1, Math.max(-INT4_OFFSET, Math.round(weight / scale)));
}

function packInt4(weights: Float32Array, scale: number, target: Uint8Array): void {
  for (let column = 0; column < weights.length; column++) {
    const nibble = int4(weights[column]!, scale) + INT4_OFFSET;
    const byte = column >> 1;
    target[byte] = column % 2 === 0 ? (target[byte]! & 0xf0) | nibble : (target[byte]! & 0x0f) | (nibble << 4);
  }
}

/** The matrix in floats [rows, columns]. A dense one is returned as it is, not copied. */
export function dequantize(matrix: Matrix): FloatTensor {
  const { rows, columns } = matrix;
  if (matrix.kind === "fp32") return float32(matrix.values, [rows, columns]);
  const values = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[row * columns + column] = weightAt(matrix, row, column);
  }
  return float32(values, [rows, columns]);
}

function weightAt(matrix: Int8Matrix | Int4Matrix, row: number, column: number): number {
  if (matrix.kind === "int8") return matrix.values[row * matrix.columns + column]! * matrix.scales[row]!;
  const block = row * blocksOf(matrix.columns) + Math.floor(column / BLOCK);
  const within = column % BLOCK;
  const byte = matrix.packed[block * BLOCK_BYTES + (within >> 1)]!;
  const nibble = within % 2 === 0 ? byte & 0x0f : byte >> 4;
  return (nibble - INT4_OFFSET) * matrix.scales[block]!;
}

/** Swaps rows and columns: graphs multiply by [in, out], files store [out, in]. */
export function transposed<T extends Float32Array | Int8Array>(values: T, rows: number, columns: number): T {
  const result = values.slice() as T;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = values[row * columns + column]!;
  }
  return result;
}

/** Lists of numbers one after the other. */
export function join<T extends Float32Array | Int8Array | Uint8Array>(
  type: new (length: number) => T,
  parts: readonly T[],
): T {
  const whole = new type(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** The range of activations that enter an int8 product, as eight-bit steps: real = scale · (quantized - zero). */
export interface ActivationRange {
  readonly scale: number;
  readonly zero: number;
}

/** Keeps the step of activations that are always zero above zero. */
const SMALLEST_STEP = 1e-12;

/** Spreads 0 to 255 over [minimum, maximum], which is widened to hold 0. */
export function activationRange(minimum: number, maximum: number): ActivationRange {
  const low = Math.min(minimum, 0);
  const high = Math.max(maximum, 0);
  const scale = Math.max((high - low) / 255, SMALLEST_STEP);
  return { scale, zero: Math.round(-low / scale) };
}
