/**
 * Truths about training that need no stored number: a fresh adapter changes nothing, only it receives gradient,
 * saved = loaded, cached = computed anew, the same seed gives the same bits.
 */
import assert from "node:assert/strict";
import { trainedParts } from "../../../server/engine/adapt/adapter.ts";
import { EntryFeeds } from "../../../server/engine/adapt/activations.ts";
import { readCheckpoint, writeCheckpoint } from "../../../server/engine/adapt/checkpoint.ts";
import { parseTrainingOptions, type TrainingChoices } from "../../../server/engine/adapt/options.ts";
import { Random } from "../../../server/engine/adapt/random.ts";
import { type FitState, Trainer, type TrainingRow } from "../../../server/engine/adapt/trainer.ts";
import { initialParameters, planTraining, type TrainingBase } from "../../../server/engine/adapt/training-plan.ts";
import { TrainingSession } from "../../../server/engine/adapt/training-session.ts";
import { softTargets } from "../../../server/engine/graph/operators/loss.ts";
import { Cancelled } from "../../../server/engine/outcome.ts";
import { tinyBert } from "./tiny-bert.ts";

const base = tinyBert();

/** Statements that differ in one word decide the class, so that there is something to learn. */
function rows(count: number, seed = 3): TrainingRow[] {
  const random = new Random(seed);
  const words = ["fast", "secret", "easy"];
  return Array.from({ length: count }, () => {
    const target = random.below(words.length);
    const filler = Array.from({ length: 3 + random.below(9) }, () => `w${random.below(40)}`).join(" ");
    return { ids: base.tokenize(`${filler} ${words[target]!} ${words[target]!}`, 4), target: target + 1, weight: 1 };
  });
}

async function trainer(choices: TrainingChoices, cacheBytes?: number, on: TrainingBase = base): Promise<Trainer> {
  const options = parseTrainingOptions({ virtualTokens: 4, promptWidth: 8, ...choices }, on.config);
  const settings = cacheBytes === undefined ? { threads: 1 } : { threads: 1, cacheBytes };
  return Trainer.create(on, planTraining(on.config, options, on.head.labels), settings);
}

const flat = (logits: readonly Float32Array[]): number[] => logits.flatMap((row) => [...row]);

describe("training", () => {
  it("starts from what the base says: a fresh adapter changes nothing", async () => {
    const data = rows(20);
    const expected = flat(await (await trainer({ kind: "head" })).predict(data));
    for (const choices of [{ kind: "lora", layers: "all", targets: "q,k,v,o,ffn-in,ffn-out" }, { kind: "full" }]) {
      const fresh = flat(await (await trainer(choices)).predict(data));
      fresh.forEach((logit, i) =>
        assert.ok(Math.abs(logit - expected[i]!) < 1e-5, `${choices.kind}: ${logit} ${expected[i]!}`),
      );
    }
  });

  for (const kind of ["lora", "prompt", "lora+prompt", "head", "full"] as const) {
    it(`${kind}: learns, changes predictions, and repeats itself bit for bit`, async () => {
      const data = rows(48);
      const run = async (): Promise<{ before: number[]; after: number[]; losses: number[] }> => {
        const one = await trainer({ kind, epochs: 6, learningRate: kind === "full" ? 3e-3 : 2e-2, dropout: 0.1 });
        const before = flat(await one.predict(data));
        const losses: number[] = [];
        await one.fit({ rows: data, validation: [], epochs: 6, onProgress: ({ loss }) => losses.push(loss) });
        return { before, after: flat(await one.predict(data)), losses };
      };
      const [first, second] = [await run(), await run()];
      assert.deepEqual(first, second);
      assert.notDeepEqual(first.after, first.before);
      assert.ok(first.losses.at(-1)! < 0.8 * first.losses[0]!, `loss ${first.losses[0]!} to ${first.losses.at(-1)!}`);
    });
  }

  it("another seed gives another result", async () => {
    const data = rows(32);
    const run = async (seed: number): Promise<number[]> => {
      const one = await trainer({ seed });
      await one.fit({ rows: data, validation: [], epochs: 2 });
      return flat(await one.predict(data));
    };
    assert.notDeepEqual(await run(1), await run(2));
  });

  it("gives gradients to the adapter and the head only", async () => {
    const options = parseTrainingOptions({ kind: "lora", layers: "1", targets: "q,ffn-out", dropout: 0 }, base.config);
    const plan = planTraining(base.config, options, base.head.labels);
    const parameters = initialParameters(base, plan);
    const session = await TrainingSession.create(base, plan, parameters, 1);
    const feeds = await EntryFeeds.create(base, plan, { threads: 1 });
    const data = rows(8);
    const targets = softTargets(
      data.map((row) => row.target),
      data.map(() => 1),
      { classWeights: base.head.labels.map(() => 1), labelSmoothing: 0 },
    );
    const { gradients } = await session.step(await feeds.of(data), targets, new Random(1));
    assert.deepEqual([...gradients.keys()].sort(), [
      "classifier.bias",
      "classifier.weight",
      "encoder.layer.1.attention.self.query.lora_A",
      "encoder.layer.1.attention.self.query.lora_B",
      "encoder.layer.1.output.dense.lora_A",
      "encoder.layer.1.output.dense.lora_B",
    ]);
    // B is zero at the start, so nothing flows to A yet, and everything to B.
    assert.ok(gradients.get("encoder.layer.1.output.dense.lora_A")!.every((g) => g === 0));
    assert.ok(gradients.get("encoder.layer.1.output.dense.lora_B")!.some((g) => g !== 0));
  });

  it("a batch cut for memory has the gradients of the whole batch", async () => {
    const options = parseTrainingOptions({ kind: "full", dropout: 0 }, base.config);
    const plan = planTraining(base.config, options, base.head.labels);
    const session = await TrainingSession.create(base, plan, initialParameters(base, plan), 1);
    const feeds = await EntryFeeds.create(base, plan, { threads: 1 });
    const data = rows(12);
    const targets = softTargets(
      data.map((row) => row.target),
      data.map((_, i) => 1 + (i % 3)),
      { classWeights: [1, 2, 0.5, 1, 1], labelSmoothing: 0.1 },
    );
    const random = new Random(1);
    const copy = (gradients: ReadonlyMap<string, Float32Array>): Map<string, Float32Array> =>
      new Map([...gradients].map(([name, gradient]) => [name, gradient.slice()]));
    const whole = copy((await session.step(await feeds.of(data), targets, random)).gradients);
    const width = base.head.labels.length;
    const first = copy(
      (await session.step(await feeds.of(data.slice(0, 7)), targets.slice(0, 7 * width), random)).gradients,
    );
    const rest = { continued: true };
    const { gradients } = await session.step(await feeds.of(data.slice(7)), targets.slice(7 * width), random, rest);
    for (const [name, gradient] of gradients) {
      // Tables go on summing by themselves, the others are added by whoever cut the batch.
      const sum =
        name.includes("embeddings.word") || name.includes("embeddings.position") || name.includes("token_type");
      const expected = whole.get(name)!;
      const largest = Math.max(1e-3, ...expected.map(Math.abs));
      gradient.forEach((value, i) => {
        const total = sum ? value : value + first.get(name)![i]!;
        assert.ok(Math.abs(total - expected[i]!) < 1e-4 * largest, `${name}: ${total} ${expected[i]!}`);
      });
    }
  });

  it("cached activations equal those computed anew", async () => {
    const data = rows(40);
    const results: number[][] = [];
    for (const cacheBytes of [undefined, 4000, 0]) {
      const one = await trainer({ kind: "lora", layers: "1" }, cacheBytes);
      await one.fit({ rows: data, validation: [], epochs: 3 });
      results.push(flat(await one.predict(data)));
    }
    for (const other of results.slice(1)) {
      other.forEach((logit, i) => assert.ok(Math.abs(logit - results[0]![i]!) < 1e-4, `${logit} ${results[0]![i]!}`));
    }
  });

  it("keeps the best epoch and stops when validation no longer improves", async () => {
    const one = await trainer({ epochs: 40, patience: 2, learningRate: 2e-2 });
    const epochs: number[] = [];
    const result = await one.fit({
      rows: rows(60),
      validation: rows(20, 9),
      epochs: 40,
      onEpoch: ({ epoch }) => Promise.resolve(void epochs.push(epoch)),
    });
    assert.ok(epochs.length < 40, `ran ${epochs.length} epochs`);
    assert.equal(epochs.length, result.epochs + 2);
  });

  it("ends within a step when it is cancelled", async () => {
    const one = await trainer({ kind: "full", epochs: 100 });
    const abort = new AbortController();
    let steps = 0;
    const fit = one.fit({
      rows: rows(64),
      validation: [],
      epochs: 100,
      signal: abort.signal,
      onProgress() {
        if (++steps === 3) abort.abort();
      },
    });
    await assert.rejects(fit, Cancelled);
    assert.equal(steps, 3);
  });

  it("goes on from a checkpoint as if it had never stopped", async () => {
    const data = rows(40);
    const validation = rows(12, 5);
    const straight = await trainer({ epochs: 5 });
    await straight.fit({ rows: data, validation, epochs: 5 });
    let bytes: Uint8Array | undefined;
    const interrupted = await trainer({ epochs: 5 });
    const abort = new AbortController();
    const onEpoch = (state: FitState): Promise<void> => {
      if (state.epoch === 2) {
        bytes = Buffer.concat(writeCheckpoint({ judged: [], fit: { part: -1, state } }, "key"));
        abort.abort();
      }
      return Promise.resolve();
    };
    await assert.rejects(
      interrupted.fit({ rows: data, validation, epochs: 5, onEpoch, signal: abort.signal }),
      Cancelled,
    );
    assert.equal(readCheckpoint(bytes!, "another training"), null);
    assert.equal(readCheckpoint(bytes!.subarray(0, bytes!.length - 9), "key"), null);
    const resumed = await trainer({ epochs: 5 });
    await resumed.fit({ rows: data, validation, epochs: 5, resume: readCheckpoint(bytes!, "key")!.fit!.state });
    assert.deepEqual(flat(await resumed.predict(data)), flat(await straight.predict(data)));
  });

  it("merged into the weights, an adapter says the same", async () => {
    const data = rows(24);
    const adapted = await trainer({
      kind: "lora",
      layers: "all",
      targets: "q,k,v,o,ffn-in,ffn-out",
      learningRate: 2e-2,
    });
    await adapted.fit({ rows: data, validation: [], epochs: 3 });
    const { lowRank, head } = trainedParts(adapted.plan, adapted.parameters);
    const merged: TrainingBase = {
      ...base,
      head: head!,
      parameter(name) {
        const weight = base.parameter(name);
        const change = name.endsWith(".weight") ? lowRank.get(name.slice(0, -".weight".length)) : undefined;
        if (change === undefined) return weight;
        const [rank, width] = change.b.shape as [number, number];
        const data = weight.data.map((value, i) => {
          const [row, column] = [Math.floor(i / width), i % width];
          let sum = 0;
          for (let r = 0; r < rank; r++) sum += change.a.data[row * rank + r]! * change.b.data[r * width + column]!;
          return value + change.scale * sum;
        });
        return { ...weight, data };
      },
    };
    const expected = flat(await adapted.predict(data));
    const plain = flat(await (await trainer({ kind: "head" }, undefined, merged)).predict(data));
    plain.forEach((logit, i) => assert.ok(Math.abs(logit - expected[i]!) < 1e-4, `${logit} ${expected[i]!}`));
  });

  it("blends with the base: not at all, half, and but for classes the base lacks", async () => {
    const options = parseTrainingOptions(
      { kind: "lora", layers: "1", targets: "v", epochs: 3, learningRate: 2e-2 },
      base.config,
    );
    const one = await Trainer.create(base, planTraining(base.config, options, ["F", "PE", "NEW"]), { threads: 1 });
    const fresh = one.snapshot();
    await one.fit({ rows: rows(24).map((row) => ({ ...row, target: row.target - 1 })), validation: [], epochs: 3 });
    const trained = one.snapshot();
    const half = (name: string, i: number): number => (fresh.get(name)![i]! + trained.get(name)![i]!) / 2;
    const close = (a: number, b: number): void => assert.ok(Math.abs(a - b) < 1e-6, `${a} ${b}`);
    one.blend(0.5);
    for (const { name, data } of one.parameters) {
      data.forEach((value, i) => {
        const kept = name.endsWith("lora_A") || (name.startsWith("classifier") && i % 3 === 2);
        close(value, kept ? trained.get(name)![i]! : half(name, i));
      });
    }
    one.restore(trained);
    one.blend(1);
    one.parameters.forEach(({ name, data }) => data.forEach((value, i) => close(value, trained.get(name)![i]!)));
  });

  it("grows and shrinks the classes without losing the others", async () => {
    const options = parseTrainingOptions({ kind: "head" }, base.config);
    const labels = ["US", "F", "NEW"];
    const one = await Trainer.create(base, planTraining(base.config, options, labels), { threads: 1 });
    const data = rows(6);
    const before = await (await trainer({ kind: "head" })).predict(data);
    const after = await one.predict(data);
    after.forEach((row, i) => {
      assert.ok(Math.abs(row[0]! - before[i]![base.head.labels.indexOf("US")]!) < 1e-6);
      assert.ok(Math.abs(row[1]! - before[i]![base.head.labels.indexOf("F")]!) < 1e-6);
    });
  });
});
