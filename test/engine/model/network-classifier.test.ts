import assert from "node:assert/strict";
import fc from "fast-check";
import { float32 } from "../../../server/engine/graph/tensor.ts";
import { planBatches } from "../../../server/engine/model/batches.ts";
import { probabilities } from "../../../server/engine/model/calibration.ts";
import type { Prediction } from "../../../server/engine/model/classifier.ts";
import { NetworkClassifier } from "../../../server/engine/model/network-classifier.ts";
import { Cancelled } from "../../../server/engine/outcome.ts";
import { tinyPack } from "./tiny.ts";

const WORDS = "the system shall respond within two seconds when a user opens an order and prints its receipt".split(
  " ",
);
/** Statements of 1 to 40 words, all different. */
const TEXTS = Array.from(
  { length: 120 },
  (_, index) =>
    Array.from({ length: 1 + ((index * 7) % 40) }, (__, at) => WORDS[(index * 5 + at * 3) % WORDS.length]).join(" ") +
    ` ${index}.`,
);

async function classifier(precision: "fp32" | "int8" = "int8"): Promise<NetworkClassifier> {
  return NetworkClassifier.create(await tinyPack({ precision }, { temperature: 0.7, bias: [], threshold: 0.5 }), {
    threads: 1,
  });
}

function gap(a: Prediction, b: Prediction): number {
  return Math.max(...Object.keys(a.scores).map((label) => Math.abs(a.scores[label]! - b.scores[label]!)));
}

describe("classifier", () => {
  it("gives calibrated probabilities that sum to 1, and says when it is uncertain", async () => {
    const predictions = await (await classifier()).classify(TEXTS);
    for (const { label, confidence, uncertain, scores } of predictions) {
      const values = Object.values(scores);
      assert.deepEqual(Object.keys(scores), ["F", "PE", "SE", "US", "none"]);
      assert.ok(Math.abs(values.reduce((a, b) => a + b, 0) - 1) < 1e-9);
      assert.equal(confidence, Math.max(...values));
      assert.equal(scores[label], confidence);
      assert.equal(uncertain, confidence < 0.5);
    }
    assert.ok(predictions.some(({ uncertain }) => uncertain) && predictions.some(({ uncertain }) => !uncertain));
  });

  for (const precision of ["fp32", "int8"] as const) {
    // Padding changes the order of some float sums by a few units in the last place. In int8 that may lift one activation
    // over the edge of its step; a batch-wide range would move every one of them.
    const tolerance = precision === "fp32" ? 1e-5 : 2e-3;
    it(`a statement's answer does not depend on its neighbours (${precision}, within ${tolerance})`, async () => {
      const together = await (await classifier(precision)).classify(TEXTS);
      const apart = await classifier(precision);
      for (const [index, text] of TEXTS.entries()) {
        const [alone] = await apart.classify([text]);
        assert.ok(gap(alone!, together[index]!) < tolerance, `${text}: ${gap(alone!, together[index]!)}`);
        assert.equal(alone!.label, together[index]!.label);
      }
    });
  }

  it("answers in the order of the texts, repeated and empty ones included", async () => {
    const subject = await classifier();
    const [long, short, again, empty] = await subject.classify([TEXTS[5]!, TEXTS[0]!, TEXTS[5]!, ""]);
    assert.deepEqual(long, again);
    assert.deepEqual([short], await subject.classify([TEXTS[0]!]));
    assert.ok(empty!.confidence > 0);
    assert.deepEqual(await subject.classify([]), []);
  });

  it("cuts a text that is too long, and reads its beginning", async () => {
    const subject = await classifier();
    const [long] = await subject.classify([`${"shall ".repeat(200_000)}end`]);
    const [cut] = await subject.classify(["shall ".repeat(300)]);
    assert.deepEqual(long, cut);
  });

  it("stops between batches when cancelled, and keeps what was done", async () => {
    const subject = await classifier();
    const controller = new AbortController();
    const seen: number[] = [];
    const run = subject.classify(TEXTS, {
      signal: controller.signal,
      onProgress(done, total) {
        seen.push(done);
        assert.equal(total, TEXTS.length);
        controller.abort();
      },
    });
    await assert.rejects(run, Cancelled);
    assert.equal(seen.length, 1);
    const later: number[] = [];
    await subject.classify(TEXTS, { onProgress: (done) => later.push(done) });
    assert.ok(later[0]! > seen[0]!, "the first batch was computed twice");
    assert.equal(later.at(-1), TEXTS.length);
    await assert.rejects(subject.classify(["anything"], { signal: AbortSignal.abort() }), Cancelled);
  });

  it("computes nothing for what it knows, and anew for another adapter", async () => {
    const subject = await classifier();
    let batches = 0;
    const options = { onProgress: (): number => batches++ };
    const plain = await subject.classify(TEXTS, options);
    const first = batches;
    assert.deepEqual(await subject.classify(TEXTS, options), plain);
    assert.equal(batches, first);
    const head = { labels: ["PE", "own"], weight: float32(new Float32Array(64), [32, 2]), bias: float32([0, 3], [2]) };
    const calibration = { temperature: 1, bias: [], threshold: 0 };
    await subject.activate({ hash: "a1", lowRank: new Map(), prompt: null, head, calibration });
    assert.deepEqual(subject.identity.adapter, "a1");
    assert.deepEqual(subject.labels, ["PE", "own"]);
    const own = await subject.classify(TEXTS, options);
    assert.ok(batches > first);
    assert.deepEqual(own[0], {
      label: "own",
      confidence: own[0]!.confidence,
      uncertain: false,
      scores: own[0]!.scores,
      set: null,
    });
    assert.ok(Math.abs(own[0].scores["PE"]! - 1 / (1 + Math.exp(3))) < 1e-6);
    await subject.activate(null);
    const known = batches;
    assert.deepEqual(await subject.classify(TEXTS, options), plain);
    assert.equal(batches, known);
  });

  it("names the categories of the promised coverage by the calibration of whatever is active", async () => {
    const subject = await classifier();
    // Two categories with shares of 3/4 and 1/4, whatever the text.
    const bias = float32([Math.log(3), 0], [2]);
    const head = { labels: ["PE", "own"], weight: float32(new Float32Array(64), [32, 2]), bias };
    const sets = [];
    for (const mass of [0.7, 0.9, 1]) {
      const calibration = { temperature: 1, bias: [], threshold: 0, conformal: { coverage: 0.8, mass } };
      await subject.activate({ hash: `mass ${mass}`, lowRank: new Map(), prompt: null, head, calibration });
      sets.push((await subject.classify(["anything"]))[0]!.set);
    }
    assert.deepEqual(sets, [
      { coverage: 0.8, labels: ["PE"] },
      { coverage: 0.8, labels: ["PE"] },
      { coverage: 0.8, labels: ["PE", "own"] },
    ]);
  });

  it("keeps the active adapter when another does not fit", async () => {
    const subject = await classifier();
    const prompt = float32(new Float32Array(8), [1, 8]);
    const calibration = { temperature: 1, bias: [], threshold: 0 };
    await assert.rejects(
      subject.activate({ hash: "bad", lowRank: new Map(), prompt, head: null, calibration }),
      /the prompt/,
    );
    assert.equal(subject.identity.adapter, null);
  });
});

describe("batches", () => {
  it("hold every statement once, within the limits, with like lengths together", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 300 }), (lengths) => {
        const batches = planBatches(lengths);
        assert.deepEqual(
          batches.flat().sort((a, b) => a - b),
          lengths.map((_, index) => index),
        );
        let longest = 0;
        for (const batch of batches) {
          const own = batch.map((index) => lengths[index]!);
          assert.ok(Math.min(...own) >= longest);
          longest = Math.max(...own);
          assert.ok(batch.length === 1 || (longest * batch.length <= 1024 && batch.length <= 64));
        }
      }),
    );
  });
});

describe("calibration", () => {
  it("divides by the temperature, adds the bias, and never overflows", () => {
    const calibration = { temperature: 2, bias: [0, 1, 0], threshold: 0 };
    const total = Math.exp(1) + Math.exp(3) + Math.exp(-1);
    const expected = [Math.exp(1) / total, Math.exp(3) / total, Math.exp(-1) / total];
    const found = probabilities([2, 4, -2], calibration);
    found.forEach((share, index) => assert.ok(Math.abs(share - expected[index]!) < 1e-12));
    assert.deepEqual([...probabilities([1e30, 0], { temperature: 1, bias: [], threshold: 0 })], [1, 0]);
  });
});
