import assert from "node:assert/strict";
import { Random } from "../../../server/engine/adapt/random.ts";
import { bootstrapInterval, pairedBootstrap } from "../../../server/engine/judge/bootstrap.ts";
import { fitTemperature } from "../../../server/engine/judge/calibration.ts";
import { fitClassBias } from "../../../server/engine/judge/class-bias.ts";
import { conformalSet, fitConformalMass } from "../../../server/engine/judge/conformal.ts";
import {
  accuracyByGroup,
  confusions,
  expectedCalibrationError,
  score,
  weightedF1Of,
} from "../../../server/engine/judge/metrics.ts";
import { thresholdForPrecision } from "../../../server/engine/judge/selective.ts";
import { probabilities } from "../../../server/engine/model/calibration.ts";
import { close } from "./close.ts";

const rows = ["A A", "A A", "A B", "B B", "B C", "C C"].map((pair) => {
  const [truth, label] = pair.split(" ") as [string, string];
  return { truth, label, confidence: 1 };
});

describe("judge: scores", () => {
  it("are those worked out by hand", () => {
    const { weightedF1, macroF1, accuracy, perClass } = score(rows, ["A", "B", "C", "D"]);
    close(weightedF1, (3 * 0.8 + 2 * 0.5 + 2 / 3) / 6);
    close(macroF1, (0.8 + 0.5 + 2 / 3) / 3);
    close(accuracy, 4 / 6);
    assert.deepEqual(perClass[1], { label: "B", precision: 0.5, recall: 0.5, f1: 0.5, support: 2 });
    assert.equal(perClass.length, 3, "a class that never occurs has no score");
    const index = (label: string) => "ABC".indexOf(label);
    close(
      weightedF1Of(
        rows.map((row) => index(row.truth)),
        rows.map((row) => index(row.label)),
        3,
      ),
      weightedF1,
    );
  });

  it("count confusions, the most frequent first", () => {
    assert.deepEqual(confusions([...rows, rows[2]!]), [
      { truth: "A", label: "B", rows: 2 },
      { truth: "B", label: "C", rows: 1 },
    ]);
  });

  it("count accuracy by group, the largest first", () => {
    const grouped = rows.map((row, i) => ({ ...row, group: i < 2 ? "x" : "y" }));
    assert.deepEqual(accuracyByGroup(grouped), [
      { group: "y", accuracy: 0.5, rows: 4 },
      { group: "x", accuracy: 1, rows: 2 },
    ]);
  });

  it("measure calibration in 15 bins", () => {
    const said = (confidence: number, right: boolean) => ({ truth: "A", label: right ? "A" : "B", confidence });
    close(expectedCalibrationError([said(0.95, true), said(0.95, false), said(0.55, true)]), (0.9 + 0.45) / 3);
    assert.equal(expectedCalibrationError([said(1, true), said(1, true)]), 0);
  });
});

describe("judge: intervals", () => {
  const truth = Array.from({ length: 200 }, (_, i) => i % 3);
  const worse = truth.map((label, i) => (i % 4 === 0 ? (label + 1) % 3 : label));
  const uniform = () => {
    const random = new Random(7);
    return () => random.uniform();
  };

  it("of a gain exclude zero where there is one, and are zero wide where there is none", () => {
    const gain = pairedBootstrap(truth, worse, truth, { classCount: 3, uniform: uniform(), draws: 300 });
    assert.ok(gain.low > 0.15 && gain.low < gain.weightedF1 && gain.weightedF1 < gain.high && gain.high < 0.35);
    const none = pairedBootstrap(truth, worse, worse, { classCount: 3, uniform: uniform(), draws: 50 });
    assert.deepEqual(none, { weightedF1: 0, low: 0, high: 0 });
  });

  it("of a gain, counted while rows are drawn, are those of the rows that are drawn", () => {
    const of = (said: readonly number[], drawn: readonly number[]): number =>
      weightedF1Of(
        drawn.map((row) => truth[row]!),
        drawn.map((row) => said[row]!),
        3,
      );
    const group = truth.map((_, i) => `document ${Math.floor(i / 20)}`);
    for (const grouped of [{}, { group }]) {
      const plain = bootstrapInterval(200, (drawn) => of(truth, drawn) - of(worse, drawn), {
        uniform: uniform(),
        draws: 300,
        ...grouped,
      });
      const counted = pairedBootstrap(truth, worse, truth, {
        classCount: 3,
        uniform: uniform(),
        draws: 300,
        ...grouped,
      });
      close(counted.weightedF1, plain.value);
      close(counted.low, plain.low);
      close(counted.high, plain.high);
    }
  });

  it("of a mean agree with the textbook and repeat with the seed", () => {
    const values = truth.map((_, i) => i / 200);
    const mean = (drawn: readonly number[]) => drawn.reduce((sum, i) => sum + values[i]!, 0) / drawn.length;
    const one = bootstrapInterval(200, mean, { uniform: uniform() });
    // The standard error of the mean of 200 even values between 0 and 1 is 0.0204.
    close(one.value, 0.4975);
    close(one.high - one.low, 2 * 1.96 * 0.0204, 0.008);
    assert.deepEqual(bootstrapInterval(200, mean, { uniform: uniform() }), one);
  });

  it("draw whole groups, which widens them where rows of a group agree", () => {
    const group = truth.map((_, i) => `document ${Math.floor(i / 20)}`);
    const byGroup = (drawn: readonly number[]) => drawn.filter((i) => i % 40 < 20).length / drawn.length;
    const width = (groups?: string[]) => {
      const { low, high } = bootstrapInterval(200, byGroup, {
        uniform: uniform(),
        ...(groups ? { group: groups } : {}),
      });
      return high - low;
    };
    assert.ok(width(group) > 3 * width());
  });
});

describe("judge: calibration", () => {
  it("finds the temperature that was put in", () => {
    // Right eight times of ten at odds of 4 to 1, with logits twice as sure as that.
    const logits = Array.from({ length: 100 }, () => [2 * Math.log(4), 0]);
    const targets = logits.map((_, i) => (i % 10 < 8 ? 0 : 1));
    close(fitTemperature(logits, targets), 2, 0.01);
  });

  it("finds the bias that was put in, and a temperature beside it", () => {
    const flat = fitClassBias(
      Array.from({ length: 40 }, () => [0, 0]),
      Array.from({ length: 40 }, (_, i) => (i % 4 ? 0 : 1)),
      1e-6,
    );
    close(flat.bias[0]! - flat.bias[1]!, Math.log(3), 0.01);
    const random = new Random(3);
    const logits = Array.from({ length: 3000 }, () => [random.normal() * 4, random.normal() * 4, random.normal() * 4]);
    const targets = logits.map((row) => {
      let left = random.uniform();
      const true_ = probabilities(row, { temperature: 2, bias: [1, 0, -1], threshold: 0 });
      return Math.max(
        0,
        true_.findIndex((p) => (left -= p) < 0),
      );
    });
    const fitted = fitClassBias(logits, targets, 1e-6);
    close(fitted.temperature, 2, 0.15);
    close(fitted.bias[0]! - fitted.bias[1]!, 1, 0.15);
    close(fitted.bias[1]! - fitted.bias[2]!, 1, 0.15);
  });

  it("holds one class and frees another where each has its own penalty", () => {
    const logits = Array.from({ length: 40 }, () => [0, 0]);
    const targets = logits.map((_, i) => (i % 4 ? 0 : 1));
    const { bias } = fitClassBias(logits, targets, [1, 1e-6]);
    close(bias[0]!, 0, 0.01);
    close(bias[1]!, -Math.log(3), 0.01);
  });

  it("leaves classes without rows near zero, and nothing where there are no rows", () => {
    const { bias } = fitClassBias(
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      [0, 1],
    );
    assert.ok(Math.abs(bias[2]!) < 3 && bias.every(Number.isFinite));
    assert.deepEqual(fitClassBias([], []), { temperature: 1, bias: [] });
  });
});

describe("judge: uncertain or not", () => {
  const judged = [0.9, 0.8, 0.7, 0.6, 0.5].map((confidence, i) => ({ confidence, right: i !== 2 && i !== 4 }));

  it("shows as much as keeps the wanted share right", () => {
    assert.deepEqual(thresholdForPrecision(judged, 0.75), { threshold: 0.6, coverage: 0.8, precision: 0.75 });
    assert.deepEqual(thresholdForPrecision(judged, 0.85), { threshold: 0.8, coverage: 0.4, precision: 1 });
    assert.equal(thresholdForPrecision(judged, 0.1).coverage, 1);
    const never = thresholdForPrecision(
      judged.map((row) => ({ ...row, right: false })),
      0.85,
    );
    assert.ok(never.threshold > 1 && never.coverage === 0);
  });

  it("shows rows of one confidence together", () => {
    const tied = [true, true, false].map((right) => ({ confidence: 0.7, right }));
    assert.equal(thresholdForPrecision(tied, 0.9).coverage, 0);
    assert.deepEqual(thresholdForPrecision(tied, 0.6), { threshold: 0.7, coverage: 1, precision: 2 / 3 });
  });
});

describe("judge: conformal sets", () => {
  it("take the most likely classes up to the mass, and always one", () => {
    assert.deepEqual(conformalSet([0.1, 0.6, 0.3], 0.5), [1]);
    assert.deepEqual(conformalSet([0.1, 0.6, 0.3], 0.89), [1]);
    assert.deepEqual(conformalSet([0.1, 0.6, 0.3], 0.9), [1, 2]);
    assert.deepEqual(conformalSet([0.1, 0.6, 0.3], 1), [1, 2, 0]);
    assert.deepEqual(conformalSet([0.5, 0.5], 0), [0]);
  });

  it("promise nothing on a handful of rows", () => {
    assert.equal(fitConformalMass([[0.9, 0.1]], [0], 0.9), 1);
    assert.equal(fitConformalMass([], [], 0.9), 1);
  });

  it("hold the truth as often as promised on rows that were not seen", () => {
    const random = new Random(11);
    const draw = () => {
      const row = probabilities(
        [0, 0, 0, 0].map(() => random.normal() * 2),
        { temperature: 1, bias: [], threshold: 0 },
      );
      // The model is overconfident about what it says: the truth is drawn from a flatter distribution.
      const flat = row.map((p) => Math.sqrt(p));
      let left = random.uniform() * flat.reduce((a, b) => a + b, 0);
      return {
        row,
        target: Math.max(
          0,
          flat.findIndex((p) => (left -= p) < 0),
        ),
      };
    };
    const [seen, unseen] = [Array.from({ length: 1000 }, draw), Array.from({ length: 4000 }, draw)];
    const mass = fitConformalMass(
      seen.map(({ row }) => row),
      seen.map(({ target }) => target),
      0.9,
    );
    const held = unseen.filter(({ row, target }) => conformalSet(row, mass).includes(target)).length / unseen.length;
    assert.ok(held > 0.88 && held < 0.93, `held ${held}`);
  });
});
