import assert from "node:assert/strict";
import { Graph, type Value } from "../../../server/engine/graph/builder.ts";
import { createSession } from "../../../server/engine/graph/runtime.ts";
import { float32, type FloatTensor, floats, int32, type Tensor } from "../../../server/engine/graph/tensor.ts";
import type { AdapterTensors } from "../../../server/engine/model/adapter-tensors.ts";
import { UNCALIBRATED } from "../../../server/engine/model/calibration.ts";
import { blocks, embed, pool } from "../../../server/engine/model/encoder.ts";
import { Network } from "../../../server/engine/model/network.ts";
import type { Pack } from "../../../server/engine/model/pack.ts";
import { trainingOperators } from "../../../server/engine/model/training-operators.ts";
import { Random } from "../../../server/engine/adapt/random.ts";
import { distance, storedOutputs, storedRows, tinyPack } from "./tiny.ts";

const stored = storedOutputs();
const rows = storedRows(stored);
const hidden = 32;

const open = (pack: Pack): Promise<Network> => Network.create(pack.weights, pack.head, { threads: 1 });

function random(seed: number, shape: number[], size = 0.3): FloatTensor {
  const chance = new Random(seed);
  const length = shape.reduce((a, b) => a * b, 1);
  return float32(
    Float32Array.from({ length }, () => chance.normal() * size),
    shape,
  );
}

function adapter(hash: string, parts: Partial<AdapterTensors>): AdapterTensors {
  return { hash, lowRank: new Map(), prompt: null, head: null, calibration: UNCALIBRATED, ...parts };
}

/** An adapter of different ranks on different projections of both layers; `b` of zeros makes it a fresh one. */
function lowRank(seed: number, fresh = false): AdapterTensors {
  const b = (shape: number[]): FloatTensor =>
    fresh ? float32(new Float32Array(shape[0]! * shape[1]!), shape) : random(seed + 1, shape);
  return adapter(`low rank ${seed}`, {
    lowRank: new Map([
      ["encoder.layer.0.attention.self.query", { a: random(seed, [32, 2]), b: b([2, 32]), scale: 2 }],
      ["encoder.layer.0.attention.self.value", { a: random(seed + 2, [32, 3]), b: b([3, 32]), scale: 1 }],
      ["encoder.layer.1.attention.output.dense", { a: random(seed + 3, [32, 1]), b: b([1, 32]), scale: 0.5 }],
      ["encoder.layer.1.intermediate.dense", { a: random(seed + 4, [32, 2]), b: b([2, 64]), scale: 1 }],
      ["encoder.layer.1.output.dense", { a: random(seed + 5, [64, 2]), b: b([2, 32]), scale: 1 }],
    ]),
  });
}

const prompt = (seed: number, length: number): AdapterTensors =>
  adapter(`prompt ${seed}`, { prompt: random(seed, [length, hidden], 0.05) });

/** Logits of each row, computed with these adapters in these shares. */
async function logits(network: Network, adapters: AdapterTensors[], mixes: number[][]): Promise<Float32Array> {
  return (await network.run(rows, await network.prepare(adapters, rows), mixes)).logits;
}

/** The same encoder in primitive operators, with one adapter: the graph that training differentiates. */
async function primitive(pack: Pack, change: AdapterTensors): Promise<Float32Array> {
  const graph = new Graph();
  const values = new Map<string, Value>();
  const constant = (name: string, tensor: () => Tensor): Value => {
    const known = values.get(name) ?? graph.constant(name, tensor());
    values.set(name, known);
    return known;
  };
  const operators = trainingOperators(graph, {
    parameter: (name) => constant(name, () => pack.weights.trainable(name)),
    adapter(name) {
      const part = change.lowRank.get(name);
      if (part === undefined) return undefined;
      return {
        a: constant(`${name} A`, () => part.a),
        b: constant(`${name} B`, () => part.b),
        gate: graph.scalar(part.scale),
      };
    },
  });
  const length = change.prompt?.shape[0] ?? 0;
  const tokens = Math.max(...rows.map((row) => row.length));
  const sequence = length + tokens;
  const axis = change.prompt === null ? "tokens" : "sequence";
  const ids = graph.input("ids", "int32", ["batch", "tokens"]);
  const positions = graph.input("positions", "int32", [axis]);
  const mask = graph.input("mask", "int32", ["batch", axis]);
  const pooling = graph.input("pooling", "float32", ["batch", axis]);
  const words = change.prompt === null ? {} : { prompt: graph.input("prompt", "float32", ["batch", "prompt", hidden]) };
  const state = embed(operators, pack.config, { ids, positions, ...words });
  graph.output("pooled", pool(operators, pack.config, blocks(operators, pack.config, state, mask), pooling));
  const padded = (fill: (row: Int32Array, at: number) => number, width: number, from: number): number[] =>
    rows.flatMap((row) => Array.from({ length: width }, (_, at) => fill(row, at - from)));
  const session = await createSession(graph.encode(), { threads: 1 });
  const { pooled } = await session.run({
    ids: int32(
      padded((row, at) => row[at] ?? 0, tokens, 0),
      [rows.length, tokens],
    ),
    positions: int32(
      Array.from({ length: sequence }, (_, at) => at),
      [sequence],
    ),
    mask: int32(
      padded((row, at) => (at < row.length ? 1 : 0), sequence, length),
      [rows.length, sequence],
    ),
    pooling: float32(
      padded((row, at) => (at >= 0 && at < row.length ? 1 / row.length : 0), sequence, length),
      [rows.length, sequence],
    ),
    ...(change.prompt === null
      ? {}
      : {
          prompt: float32(
            rows.flatMap(() => [...change.prompt!.data]),
            [rows.length, length, hidden],
          ),
        }),
  });
  return floats(pooled!, "pooled");
}

describe("encoder", () => {
  for (const pooling of ["mean", "cls"] as const) {
    it(`equals PyTorch within 1e-4 (${pooling} pooling)`, async () => {
      const network = await open(await tinyPack({ pooling }));
      const output = await network.run(rows);
      assert.ok(distance(output.pooled, stored.pooling[pooling].pooled.flat()) < 1e-4);
      assert.ok(distance(output.logits, stored.pooling[pooling].logits.flat()) < 1e-4);
    });
  }

  it("equals PyTorch with LoRA on query and value", async () => {
    const { alpha, rank, tensors } = stored.lora;
    const part = (name: string): FloatTensor =>
      float32(tensors[name]!.flat(), [tensors[name]!.length, tensors[name]![0]!.length]);
    const changes = [0, 1].flatMap((layer) =>
      ["query", "value"].map((target) => {
        const name = `layer.${layer}.${target}`;
        return [
          `encoder.layer.${layer}.attention.self.${target}`,
          { a: part(`${name}.A`), b: part(`${name}.B`), scale: alpha / rank },
        ] as const;
      }),
    );
    const network = await open(await tinyPack());
    const found = await logits(
      network,
      [adapter("stored", { lowRank: new Map(changes) })],
      rows.map(() => [1]),
    );
    assert.ok(distance(found, stored.lora.logits.flat()) < 1e-4);
  });

  it("int8 stays close to fp32, int4 further", async () => {
    const [fp32, int8, int4] = await Promise.all(
      (["fp32", "int8", "int4"] as const).map(
        async (precision) => (await (await open(await tinyPack({ precision }))).run(rows)).logits,
      ),
    );
    assert.ok(distance(int8!, fp32!) < 0.03, String(distance(int8!, fp32!)));
    assert.ok(distance(int4!, fp32!) < 0.4, String(distance(int4!, fp32!)));
    assert.ok(distance(int8!, fp32!) > 0);
  });

  const changes = { "no adapter": adapter("none", {}), "low rank": lowRank(5), "a prompt": prompt(6, 3) };
  for (const [what, change] of Object.entries(changes)) {
    it(`fused and primitive operators agree within 1e-5 with ${what}`, async () => {
      const pack = await tinyPack();
      const network = await open(pack);
      const { pooled } = await network.run(
        rows,
        await network.prepare([change], rows),
        rows.map(() => [1]),
      );
      assert.ok(distance(pooled, await primitive(pack, change)) < 1e-5);
    });
  }
});

for (const precision of ["fp32", "int8"] as const) {
  describe(`adapters as inputs (${precision})`, () => {
    /** Rounding of sums in another order; in int8 a sum at the edge of a step may fall on the other side. */
    const tolerance = precision === "fp32" ? 1e-5 : 0.02;
    let network: Network;
    let base: Float32Array;
    before(async () => {
      network = await open(await tinyPack({ precision }));
      base = (await network.run(rows)).logits;
    });
    const all = (share: number[]): number[][] => rows.map(() => share);

    it("a fresh adapter changes nothing, a trained one does", async () => {
      assert.ok(distance(await logits(network, [lowRank(1, true)], all([1])), base) < tolerance);
      assert.ok(distance(await logits(network, [lowRank(1)], all([1])), base) > 0.1);
    });

    it("gate zero is the base", async () => {
      assert.ok(distance(await logits(network, [lowRank(1), prompt(2, 4)], all([0, 0])), base) < tolerance);
    });

    it("k identical adapters at gate 1/k are one", async () => {
      const one = await logits(network, [lowRank(3)], all([1]));
      const three = await logits(network, [lowRank(3), lowRank(3), lowRank(3)], all([1 / 3, 1 / 3, 1 / 3]));
      assert.ok(distance(one, three) < tolerance);
    });

    it("rows of one batch may use different adapters, each as if alone", async () => {
      const adapters = [lowRank(3), prompt(4, 5), lowRank(20), prompt(7, 2)];
      const labels = base.length / rows.length;
      const mixed = await logits(
        network,
        adapters,
        rows.map((_, row) => adapters.map((__, index) => (index === row ? 1 : 0))),
      );
      for (const [row, alone] of adapters.entries()) {
        const single = await logits(network, [alone], all([1]));
        const part = (values: Float32Array): Float32Array => values.subarray(row * labels, (row + 1) * labels);
        assert.ok(distance(part(mixed), part(single)) < tolerance, `row ${row}`);
        assert.ok(
          distance(part(single), part(base)) > 10 * tolerance || alone.prompt !== null,
          `row ${row} does not change`,
        );
      }
    });

    it("a prompt changes the output", async () => {
      assert.ok(distance(await logits(network, [prompt(4, 5)], all([1])), base) > 1e-3);
    });

    it("another head needs no other session, and labels it lacks get no probability", async () => {
      const head = { labels: ["SE", "new"], weight: random(8, [hidden, 2]), bias: float32([0.5, -0.5], [2]) };
      const prepared = await network.prepare([adapter("head", { head })], rows);
      assert.deepEqual(prepared.stack.labels, ["F", "PE", "SE", "US", "none", "new"]);
      const { logits: found, pooled } = await network.run(rows, prepared, all([1]));
      rows.forEach((_, row) => {
        const vector = pooled.subarray(row * hidden, (row + 1) * hidden);
        const expected = [0, 1].map((label) =>
          vector.reduce((sum, value, at) => sum + value * head.weight.data[at * 2 + label]!, head.bias.data[label]!),
        );
        assert.ok(distance([found[row * 6 + 2]!, found[row * 6 + 5]!], expected) < 1e-5);
        assert.ok(found[row * 6]! < -1000);
      });
    });
  });
}

describe("adapters that do not fit", () => {
  const wrong: [string, AdapterTensors, RegExp][] = [
    [
      "another width",
      adapter("w", {
        lowRank: new Map([
          ["encoder.layer.0.attention.self.query", { a: random(1, [16, 2]), b: random(1, [2, 32]), scale: 1 }],
        ]),
      }),
      /A of encoder.layer.0.attention.self.query has shape \[16, 2\]; this base expects \[32, 2\]/,
    ],
    [
      "ranks that differ",
      adapter("w", {
        lowRank: new Map([
          ["encoder.layer.0.attention.self.query", { a: random(1, [32, 2]), b: random(1, [3, 32]), scale: 1 }],
        ]),
      }),
      /B of .* has shape \[3, 32\]; this base expects \[2, 32\]/,
    ],
    [
      "a layer too many",
      adapter("w", {
        lowRank: new Map([
          ["encoder.layer.7.output.dense", { a: random(1, [64, 2]), b: random(1, [2, 32]), scale: 1 }],
        ]),
      }),
      /no projection encoder.layer.7.output.dense/,
    ],
    ["a narrow prompt", adapter("w", { prompt: random(1, [4, 16]) }), /the prompt has shape \[4, 16\]/],
    ["an endless prompt", adapter("w", { prompt: random(1, [63, 32]) }), /63 virtual tokens leave no room in 64/],
    [
      "a head of another width",
      adapter("w", { head: { labels: ["a"], weight: random(1, [8, 1]), bias: random(1, [1]) } }),
      /the head's weight has shape/,
    ],
  ];
  for (const [what, change, message] of wrong) {
    it(`refuses ${what}`, async () => {
      const network = await open(await tinyPack());
      await assert.rejects(network.prepare([change], rows), message);
    });
  }
});
