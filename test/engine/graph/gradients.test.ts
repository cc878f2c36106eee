/**
 * Every gradient against central finite differences in float32. The loss is Σ c · y with random c, so that no element
 * of the gradient is trivially zero or equal to another.
 *
 * Tolerance: float32 losses carry a rounding error of about 1e-6 of their size; divided by a step of 1e-2 and with a
 * curvature error of the same order that leaves 5e-3 of the gradient's largest element.
 */
import assert from "node:assert/strict";
import { Random } from "../../../server/engine/adapt/random.ts";
import { backpropagate } from "../../../server/engine/graph/backpropagation.ts";
import { Graph, type Shape, type Value } from "../../../server/engine/graph/builder.ts";
import { add, gelu, mul, sub, tanh } from "../../../server/engine/graph/operators/elementwise.ts";
import { concat, gather, reduceSum } from "../../../server/engine/graph/operators/indexing.ts";
import { crossEntropy, logSoftmax, softTargets } from "../../../server/engine/graph/operators/loss.ts";
import { matMul, reshape, transpose } from "../../../server/engine/graph/operators/matrix.ts";
import { layerNormalization, softmax } from "../../../server/engine/graph/operators/normalization.ts";
import { createSession } from "../../../server/engine/graph/runtime.ts";
import { float32, floats, int32, sizeOf, type Tensor } from "../../../server/engine/graph/tensor.ts";

const STEP = 1e-2;
const TOLERANCE = 5e-3;

interface Case {
  name: string;
  /** Symbolic shape and sizes of each differentiated input. */
  inputs: { shape: Shape; sizes: number[] }[];
  emit: (graph: Graph, inputs: Value[]) => Value;
}

const known = (...sizes: number[]): { shape: Shape; sizes: number[] } => ({ shape: sizes, sizes });
const named = (shape: Shape, ...sizes: number[]): { shape: Shape; sizes: number[] } => ({ shape, sizes });

const CASES: Case[] = [
  { name: "Add", inputs: [known(2, 3), known(2, 3)], emit: (g, [a, b]) => add.forward(g, a!, b!) },
  { name: "Add, bias broadcast", inputs: [known(2, 4, 3), known(3)], emit: (g, [a, b]) => add.forward(g, a!, b!) },
  {
    name: "Add, inner broadcast",
    inputs: [known(2, 1, 3), known(2, 4, 3)],
    emit: (g, [a, b]) => add.forward(g, a!, b!),
  },
  { name: "Mul", inputs: [known(2, 3), known(2, 3)], emit: (g, [a, b]) => mul.forward(g, a!, b!) },
  {
    name: "Mul, gate broadcast",
    inputs: [known(2, 4, 3), known(2, 1, 3)],
    emit: (g, [a, b]) => mul.forward(g, a!, b!),
  },
  { name: "Mul, one value twice", inputs: [known(2, 3)], emit: (g, [a]) => mul.forward(g, a!, a!) },
  { name: "Gelu", inputs: [known(3, 5)], emit: (g, [x]) => gelu.forward(g, x!) },
  { name: "Tanh", inputs: [known(3, 5)], emit: (g, [x]) => tanh.forward(g, x!) },
  {
    name: "MatMul, one matrix for a batch",
    inputs: [named(["batch", "tokens", 4], 2, 3, 4), known(4, 5)],
    emit: (g, [a, b]) => matMul.forward(g, a!, b!),
  },
  {
    name: "MatMul, constant right side",
    inputs: [named(["batch", "tokens", 4], 2, 3, 4)],
    emit: (g, [a]) => matMul.forward(g, a!, g.constant("weight", randomTensor([4, 5], 7))),
  },
  {
    name: "MatMul, computed right side",
    inputs: [known(2, 2, 3, 4), known(2, 2, 4, 3)],
    emit: (g, [a, b]) => matMul.forward(g, a!, b!),
  },
  { name: "Transpose", inputs: [known(2, 3, 4)], emit: (g, [x]) => transpose.forward(g, x!, [2, 0, 1]) },
  {
    name: "Reshape to heads",
    inputs: [named(["batch", "tokens", 6], 2, 3, 6)],
    emit: (g, [x]) => reshape.forward(g, x!, ["batch", "tokens", 2, 3]),
  },
  { name: "Softmax", inputs: [known(3, 5)], emit: (g, [x]) => softmax.forward(g, x!) },
  { name: "LogSoftmax", inputs: [known(3, 5)], emit: (g, [x]) => logSoftmax.forward(g, x!) },
  {
    name: "LayerNormalization with scale and bias",
    inputs: [known(2, 3, 6), known(6), known(6)],
    emit: (g, [x, scale, bias]) => layerNormalization.forward(g, x!, scale!, bias!, 1e-12)[0],
  },
  { name: "ReduceSum, kept", inputs: [known(2, 3, 4)], emit: (g, [x]) => reduceSum.forward(g, x!, [1], true) },
  { name: "ReduceSum, dropped", inputs: [known(2, 3, 4)], emit: (g, [x]) => reduceSum.forward(g, x!, [0, 2], false) },
  {
    name: "Concat of a prompt and words",
    inputs: [named(["batch", 2, 3], 2, 2, 3), named(["batch", "tokens", 3], 2, 4, 3)],
    emit: (g, [prompt, words]) => concat.forward(g, [prompt!, words!], 1, "sequence"),
  },
  {
    name: "pooling: weights times states",
    inputs: [named(["batch", "tokens", 4], 2, 3, 4), named(["batch", 1, "tokens"], 2, 1, 3)],
    emit: (g, [x, weights]) => matMul.forward(g, weights!, x!),
  },
  {
    name: "cross-entropy with class weights, smoothing and row weights",
    inputs: [known(3, 4)],
    emit: (g, [logits]) => {
      const options = { classWeights: [1, 2, 0.5, 1], labelSmoothing: 0.1 };
      return crossEntropy(
        g,
        logits!,
        g.constant("targets", float32(softTargets([0, 3, 2], [1, 0.5, 2], options), [3, 4])),
      );
    },
  },
  {
    name: "a value used three times",
    inputs: [known(2, 3)],
    emit: (g, [x]) => add.forward(g, mul.forward(g, x!, x!), tanh.forward(g, x!)),
  },
];

describe("gradients by finite differences", () => {
  for (const { name, inputs, emit } of CASES) {
    it(name, async () => {
      const worst = await worstError(inputs, emit);
      assert.ok(worst < TOLERANCE, `relative error ${worst}`);
    });
  }

  it("collects rows for a gathered table, also from two places", async () => {
    const graph = new Graph();
    const table = graph.input("table", "float32", [5, 2]);
    const first = gather.forward(graph, table, graph.constant("i", int32([1, 3, 1], [3])));
    const second = gather.forward(graph, table, graph.constant("j", int32([0], [1])));
    const loss = add.forward(
      graph,
      reduceSum.forward(graph, mul.forward(graph, first, first), [0, 1], false),
      reduceSum.forward(graph, second, [0, 1], false),
    );
    const gradients = backpropagate(graph, loss, [table]);
    assert.equal(gradients.dense.size, 0);
    const rows = gradients.rows.get("table")!;
    assert.deepEqual(rows.map(({ indices }) => indices.name).sort(), ["i", "j"]);
    rows.forEach((part) => graph.output(`rows of ${part.indices.name}`, part.rows));
    const session = await createSession(graph.encode(), { threads: 1 });
    const results = await session.run({ table: float32([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [5, 2]) });
    assert.deepEqual([...results["rows of i"]!.data], [4, 6, 12, 14, 4, 6]);
    assert.deepEqual([...results["rows of j"]!.data], [1, 1]);
  });
});

describe("backpropagation", () => {
  it("appends nothing for what does not lead to anything trainable", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2, 3]);
    const w = graph.input("w", "float32", [3, 2]);
    const frozen = graph.constant("frozen", randomTensor([3, 3], 1));
    const y = matMul.forward(graph, gelu.forward(graph, matMul.forward(graph, x, frozen)), w);
    const loss = reduceSum.forward(graph, mul.forward(graph, y, y), [0, 1], false);
    const before = graph.tape.length;
    const gradients = backpropagate(graph, loss, [w]);
    assert.deepEqual([...gradients.dense.keys()], ["w"]);
    const appended = graph.tape.slice(before);
    assert.ok(appended.length > 0);
    assert.ok(!appended.some((node) => node.op === "Erf"), "the frozen GELU was differentiated");
    assert.ok(!appended.some((node) => node.inputs.some((input) => input?.name === "frozen")));
  });

  it("refuses an operator without gradient by name", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2, 2]);
    const inverse = graph.node1("Reciprocal", [x], { type: "float32", shape: [2, 2] });
    const loss = reduceSum.forward(graph, inverse, [0, 1], false);
    assert.throws(() => backpropagate(graph, loss, [x]), /Reciprocal has no gradient/);
  });

  it("refuses Sub by name: only the constant mask is subtracted in the encoder", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [2]);
    const loss = reduceSum.forward(graph, sub.forward(graph, x, graph.scalar(1)), [0], false);
    assert.throws(() => backpropagate(graph, loss, [x]), /Sub has no gradient/);
  });

  it("refuses a computed table", () => {
    const graph = new Graph();
    const x = graph.input("x", "float32", [4, 2]);
    const rows = gather.forward(graph, tanh.forward(graph, x), graph.constant("i", int32([1], [1])));
    const loss = reduceSum.forward(graph, rows, [0, 1], false);
    assert.throws(() => backpropagate(graph, loss, [x]), /the table itself must be trainable/);
  });
});

function randomTensor(sizes: readonly number[], seed: number): Tensor {
  const random = new Random(seed);
  return float32(
    Float32Array.from({ length: sizeOf(sizes) }, () => random.normal()),
    sizes,
  );
}

/** Largest difference between emitted and numerical gradient over all inputs, relative to the largest element. */
async function worstError(inputs: Case["inputs"], emit: Case["emit"]): Promise<number> {
  const graph = new Graph();
  const values = inputs.map(({ shape }, i) => graph.input(`x${i}`, "float32", shape));
  const y = emit(graph, values);
  const weights = graph.input("c", "float32", y.shape);
  const product = mul.forward(graph, y, weights);
  const axes = y.shape.map((_, axis) => axis);
  const loss = axes.length === 0 ? product : reduceSum.forward(graph, product, axes, false);
  graph.output("y", y);
  graph.output("loss", loss);
  const { dense } = backpropagate(graph, loss, values);
  values.forEach((value, i) => graph.output(`dx${i}`, dense.get(value.name)!));
  const session = await createSession(graph.encode(), { threads: 1 });
  const feeds: Record<string, Tensor> = {};
  inputs.forEach(({ sizes }, i) => (feeds[`x${i}`] = randomTensor(sizes, i + 1)));
  feeds["c"] = randomTensor(sizesOf(y.shape, inputs), 99);
  const analytic = await session.run(feeds);
  let worst = 0;
  for (const [i] of inputs.entries()) {
    const data = floats(feeds[`x${i}`]!, "input");
    const gradient = floats(analytic[`dx${i}`]!, "gradient");
    const largest = Math.max(...gradient.map(Math.abs));
    for (let j = 0; j < data.length; j++) {
      const original = data[j]!;
      const lossAt = async (value: number): Promise<number> => {
        data[j] = value;
        const { loss } = await session.run(feeds, ["loss"]);
        return floats(loss!, "loss")[0]!;
      };
      const numerical = ((await lossAt(original + STEP)) - (await lossAt(original - STEP))) / (2 * STEP);
      data[j] = original;
      worst = Math.max(worst, Math.abs(numerical - gradient[j]!) / largest);
    }
  }
  return worst;
}

/** The sizes of a value, its named dimensions looked up among those of the inputs. */
function sizesOf(shape: Shape, inputs: Case["inputs"]): number[] {
  const sizes = new Map<string, number>([["sequence", 6]]);
  for (const input of inputs) {
    input.shape.forEach((dimension, axis) => {
      if (typeof dimension === "string") sizes.set(dimension, input.sizes[axis]!);
    });
  }
  return shape.map((dimension) => (typeof dimension === "number" ? dimension : sizes.get(dimension)!));
}
