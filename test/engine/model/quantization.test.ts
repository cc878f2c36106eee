import assert from "node:assert/strict";
import fc from "fast-check";
import { Graph } from "../../../server/engine/graph/builder.ts";
import { createSession } from "../../../server/engine/graph/runtime.ts";
import { float32, floats, type Tensor } from "../../../server/engine/graph/tensor.ts";
import { type EncoderConfig, targetName } from "../../../server/engine/model/encoder.ts";
import { inferenceOperators } from "../../../server/engine/model/inference-operators.ts";
import {
  activationRange,
  blocksOf,
  denseMatrix,
  dequantize,
  type Int8Matrix,
  quantizeInt4,
  quantizeInt8,
  transposed,
} from "../../../server/engine/model/quantization.ts";
import { SCALE, Weights } from "../../../server/engine/model/weights.ts";
import { distance } from "./tiny.ts";

const weight = fc.float({ min: -4, max: 4, noNaN: true });
/** A matrix whose rows are even and odd, shorter and longer than a block. */
const matrix = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 70 }))
  .chain(([rows, columns]) =>
    fc
      .array(weight, { minLength: rows * columns, maxLength: rows * columns })
      .map((values) => denseMatrix(float32(values, [rows, columns]))),
  );

describe("quantization", () => {
  it("int8: every weight is at most half a step away, or one and a half where a pair was shrunk", () => {
    fc.assert(
      fc.property(matrix, fc.boolean(), (dense, pairs) => {
        const quantized = quantizeInt8(dense, pairs);
        const { data } = dequantize(quantized);
        dense.values.forEach((value, index) => {
          const step = quantized.scales[Math.floor(index / dense.columns)]!;
          const allowed = (pairs ? 1.5 : 0.5) * step + 1e-5;
          assert.ok(Math.abs(value - data[index]!) <= allowed, `${value} became ${data[index]!}, step ${step}`);
        });
      }),
    );
  });

  it("int8: neighbouring weights never sum to more than 128, so 16-bit sums cannot saturate", () => {
    const extreme = fc.constantFrom(-1, 1, 0.999, -0.999, 0);
    const row = fc.array(fc.oneof(extreme, weight), { minLength: 2, maxLength: 40 });
    fc.assert(
      fc.property(row, (values) => {
        const { values: quantized } = quantizeInt8(denseMatrix(float32(values, [1, values.length])), true);
        for (let at = 1; at < quantized.length; at += 2) {
          assert.ok(Math.abs(quantized[at - 1]! + quantized[at]!) <= 128, `${quantized[at - 1]!} + ${quantized[at]!}`);
        }
      }),
    );
  });

  it("int4: every weight is within the reach of its block's scale", () => {
    fc.assert(
      fc.property(matrix, (dense) => {
        const quantized = quantizeInt4(dense);
        const { data } = dequantize(quantized);
        const blocks = blocksOf(dense.columns);
        dense.values.forEach((value, index) => {
          const row = Math.floor(index / dense.columns);
          const block = Math.floor((index % dense.columns) / 32);
          const step = Math.abs(quantized.scales[row * blocks + block]!);
          // A clipped weight lies at most 0.3 · 8 steps beyond the end of the range, on the short side one more.
          assert.ok(Math.abs(value - data[index]!) <= 4.5 * step + 1e-6);
        });
      }),
    );
  });

  it("int4: a block whose weights are multiples of one step is kept exactly", () => {
    const values = Array.from({ length: 32 }, (_, at) => ((at % 16) - 8) * 0.25);
    assert.deepEqual([...dequantize(quantizeInt4(denseMatrix(float32(values, [1, 32])))).data], values);
  });

  it("a row of zeros stays a row of zeros", () => {
    const zeros = denseMatrix(float32(new Float32Array(40), [1, 40]));
    for (const quantized of [quantizeInt8(zeros, true), quantizeInt4(zeros)]) {
      assert.ok(dequantize(quantized).data.every((value) => value === 0));
    }
  });

  it("activation ranges hold zero exactly and cover both ends", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -50, max: 50, noNaN: true }),
        fc.double({ min: 0, max: 90, noNaN: true }),
        (low, span) => {
          const { scale, zero } = activationRange(low, low + span);
          assert.ok(Number.isInteger(zero) && zero >= 0 && zero <= 255);
          assert.ok(
            (255 - zero) * scale >= Math.max(0, low + span) - scale && -zero * scale <= Math.min(0, low) + scale,
          );
        },
      ),
    );
  });
});

const CONFIG: EncoderConfig = {
  vocabularySize: 1,
  hiddenSize: 64,
  layers: 1,
  heads: 1,
  intermediateSize: 64,
  maximumPositions: 4,
  layerNormEpsilon: 1e-12,
  padTokenId: 0,
  pooling: "mean",
  pooler: false,
};
const NAME = targetName(0, "attentionOutput");

/** Runs one stored projection of 64 × 64 on rows of activations. */
async function project(weights: Weights, rows: Float32Array): Promise<Float32Array> {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["batch", 64]);
  graph.output("y", inferenceOperators(graph, weights).project(x, [NAME])[0]!);
  const session = await createSession(graph.encode(), { threads: 1, optimization: "basic" });
  const { y } = await session.run({ x: float32(rows, [rows.length / 64, 64]) });
  return floats(y!, "y");
}

describe("quantized products", () => {
  const bias = float32(
    Float32Array.from({ length: 64 }, (_, at) => at / 64),
    [64],
  );

  it("int8 equals the integer arithmetic it stands for, on the worst activations and weights", async () => {
    // Rows of the largest allowed pairs and activations at both ends of the range: kernels that add in 16 bits
    // saturate as soon as a pair exceeds 128.
    const values = Float32Array.from(
      { length: 64 * 64 },
      (_, at) => (at % 64 < 32 ? 1 : -1) * (at % 3 === 0 ? 1 : 0.97),
    );
    const matrix: Int8Matrix = quantizeInt8(denseMatrix(float32(values, [64, 64])), true);
    const weights = new Weights(
      CONFIG,
      new Map<string, Tensor>([
        [`${NAME}.weight`, { type: "int8", shape: [64, 64], data: matrix.values }],
        [`${NAME}.weight${SCALE}`, float32(matrix.scales, [64])],
        [`${NAME}.bias`, bias],
        [`${NAME}.input.range`, float32([-1, 3], [2])],
      ]),
      "test",
    );
    const { scale, zero } = activationRange(-1, 3);
    const rows = Float32Array.from(
      { length: 3 * 64 },
      (_, at) => [3, at % 64 < 32 ? 3 : -1, Math.sin(at)][Math.floor(at / 64)]!,
    );
    const expected = Float64Array.from({ length: 3 * 64 }, (_, at) => {
      const [row, output] = [Math.floor(at / 64), at % 64];
      let sum = 0;
      for (let k = 0; k < 64; k++) {
        const quantized = Math.min(255, Math.max(0, roundEven(rows[row * 64 + k]! / Math.fround(scale)) + zero));
        sum += (quantized - zero) * matrix.values[output * 64 + k]!;
      }
      return sum * scale * matrix.scales[output]! + bias.data[output]!;
    });
    assert.ok(distance(await project(weights, rows), expected) < 1e-4);
  });

  it("int4 equals the product with the dequantized weights, up to the eight bits of the activations", async () => {
    const values = Float32Array.from({ length: 64 * 64 }, (_, at) => Math.sin(at * 12.9898) * 0.1);
    const matrix = quantizeInt4(denseMatrix(float32(values, [64, 64])));
    const weights = new Weights(
      CONFIG,
      new Map<string, Tensor>([
        [`${NAME}.weight`, { type: "uint8", shape: [64, 2, 16], data: matrix.packed }],
        [`${NAME}.weight${SCALE}`, float32(matrix.scales, [64, 2])],
        [`${NAME}.bias`, bias],
      ]),
      "test",
    );
    const rows = Float32Array.from({ length: 2 * 64 }, (_, at) => Math.cos(at));
    const turned = transposed(dequantize(matrix).data, 64, 64);
    const expected = Float64Array.from({ length: 2 * 64 }, (_, at) => {
      let sum = bias.data[at % 64]!;
      for (let k = 0; k < 64; k++) sum += rows[Math.floor(at / 64) * 64 + k]! * turned[k * 64 + (at % 64)]!;
      return sum;
    });
    // Half a step of 1/127 in each of 64 activations, times weights of 0.1 at most, rarely all in one direction.
    assert.ok(distance(await project(weights, rows), expected) < 0.01);
  });
});

/** ONNX rounds halves to even. */
function roundEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
