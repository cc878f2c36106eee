/** What out-of-fold predictions say about how sure an adapter may be. */
import assert from "node:assert/strict";
import type { Example } from "../../../server/engine/adapt/examples.ts";
import { calibrate, type JudgedFold } from "../../../server/engine/adapt/train-adapter.ts";

/** `count` rows of three classes; the likeliest class is the true one in three of four. */
function judged(count: number): { folds: JudgedFold[]; examples: Example[] } {
  const rows = Array.from({ length: count }, (_, i) => i);
  const examples = rows.map((i): Example => {
    return { text: `statement ${i}`, label: "F", target: i % 4 === 0 ? 1 : 0, document: null, group: null, weight: 1 };
  });
  const logits = rows.map((i) => Float32Array.of(2 + (i % 7) / 10, 1, -3));
  return { folds: [{ fold: 0, rows, logits, early: [], epochs: 1 }], examples };
}

describe("calibration of an adapter", () => {
  it("promises a set of categories where the labels are enough to promise one", () => {
    const { folds, examples } = judged(200);
    const { conformal, temperature } = calibrate(folds, examples);
    assert.ok(temperature > 0);
    assert.equal(conformal?.coverage, 0.9);
    assert.ok(conformal.mass > 0.5 && conformal.mass < 1, String(conformal.mass));
  });

  it("promises none where they are too few", () => {
    const { folds, examples } = judged(8);
    assert.equal(calibrate(folds, examples).conformal, undefined);
  });
});
