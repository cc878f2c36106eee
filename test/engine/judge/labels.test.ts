import assert from "node:assert/strict";
import { Random } from "../../../server/engine/adapt/random.ts";
import {
  agreementOf,
  cohenKappa,
  conflictsOf,
  fleissKappa,
  selfAgreementOf,
} from "../../../server/engine/judge/agreement.ts";
import { explain, tellingParts } from "../../../server/engine/judge/explanation.ts";
import { trainingWorthwhile } from "../../../server/engine/judge/training-worthwhile.ts";
import { firstToLabel, nextToLabel } from "../../../server/engine/judge/next-to-label.ts";
import { suspectLabels } from "../../../server/engine/judge/suspects.ts";
import { cosineDistance, textVector } from "../../../server/engine/judge/text-vector.ts";
import type { Prediction } from "../../../server/engine/model/classifier.ts";
import { close } from "./close.ts";

describe("judge: agreement", () => {
  it("is Cohen's kappa of the textbook", () => {
    const pairs = ["yy".repeat(20), "nn".repeat(15), "yn".repeat(5), "ny".repeat(10)].join("").split("");
    const [one, other] = [0, 1].map((rater) => pairs.filter((_, i) => i % 2 === rater)) as [string[], string[]];
    close(cohenKappa(one, other), 0.4);
    assert.equal(cohenKappa(["a", "a"], ["a", "a"]), 1);
    close(cohenKappa(["a", "b"], ["b", "a"]), -1);
  });

  it("is Fleiss' kappa of the textbook", () => {
    const table =
      "0 0 0 0 14|0 2 6 4 2|0 0 3 5 6|0 3 9 2 0|2 2 8 1 1|7 7 0 0 0|3 2 6 3 0|2 5 3 2 2|6 5 2 1 0|0 2 2 3 7";
    const items = table
      .split("|")
      .map((line) => line.split(" ").flatMap((n, label) => Array<string>(Number(n)).fill(`${label}`)));
    close(fleissKappa(items), 0.2099, 0.0001);
    assert.ok(Number.isNaN(fleissKappa([["a"]])));
  });

  it("looks at statements with two authors, and at the newest decision of each", () => {
    const decide = (item: string, author: string, label: string) => ({ item, author, label });
    const two = [decide("1", "ann", "F"), decide("1", "bob", "SE"), decide("1", "ann", "SE"), decide("2", "ann", "F")];
    assert.deepEqual(agreementOf(two), { kappa: 1, method: "Cohen", statements: 1, authors: 2 });
    assert.deepEqual(conflictsOf(two), []);
    const three = [...two, decide("2", "cy", "PE")];
    assert.equal(agreementOf(three)?.method, "Fleiss");
    assert.deepEqual(conflictsOf(three), [{ item: "2", labels: [decide("2", "ann", "F"), decide("2", "cy", "PE")] }]);
    assert.equal(agreementOf([two[0]!]), undefined);
  });

  it("counts repeats by author", () => {
    const repeats = [
      { author: "bob", first: "F", again: "F" },
      { author: "ann", first: "F", again: "F" },
      { author: "ann", first: "F", again: "SE" },
    ];
    assert.deepEqual(selfAgreementOf(repeats), [
      { author: "ann", agreed: 1, repeated: 2 },
      { author: "bob", agreed: 1, repeated: 1 },
    ]);
  });
});

describe("judge: suspected labels", () => {
  it("are those that a confident model contradicts", () => {
    const rows = [
      [0.9, 0.1],
      [0.8, 0.2],
      [0.2, 0.8],
      [0.1, 0.9],
      [0.95, 0.05],
      [0.55, 0.45],
    ];
    const labels = [0, 0, 1, 1, 1, 1];
    // The mean own probability is 0.85 for class 0 and 0.55 for class 1: only the fifth row is confident and contrary.
    assert.deepEqual(suspectLabels(rows, labels), [{ row: 4, given: 1, suggested: 0, margin: 0.05 - 0.95 }]);
  });

  it("find labels that were flipped", () => {
    const random = new Random(5);
    const truth = Array.from({ length: 300 }, () => random.below(3));
    const rows = truth.map((label) =>
      [0, 1, 2].map((c) => (c === label ? 0.7 : 0.15) + 0.1 * (random.uniform() - 0.5)),
    );
    const flipped = new Set(Array.from({ length: 30 }, (_, i) => i * 10));
    const labels = truth.map((label, i) => (flipped.has(i) ? (label + 1) % 3 : label));
    const found = suspectLabels(rows, labels);
    const hits = found.filter(({ row, suggested }) => flipped.has(row) && suggested === truth[row]).length;
    assert.ok(hits >= 15 && hits === found.length, `${hits} of ${found.length}`);
    assert.deepEqual(suspectLabels(rows, truth), []);
  });
});

describe("judge: what to label next", () => {
  const candidate = (probabilities: number[], vector: number[]) => ({ probabilities, vector });

  it("prefers the uncertain, then what is unlike it", () => {
    const pool = [
      candidate([0.98, 0.02], [1, 0]),
      candidate([0.5, 0.5], [0, 1]),
      candidate([0.5, 0.5], [0, 1.01]),
      candidate([0.6, 0.4], [-1, 0]),
    ];
    const picks = nextToLabel(pool, { vectors: [[1, 0.1]], counts: [5, 5] }, 4);
    assert.deepEqual(picks.map((pick) => pick.candidate).slice(0, 2), [3, 1]);
    assert.equal(new Set(picks.map((pick) => pick.candidate)).size, 4);
  });

  it("prefers classes with few labels, and says so", () => {
    const pool = [candidate([0.4, 0.6], [0, 1]), candidate([0.6, 0.4], [0, 1]), candidate([0.6, 0.4], [0, 1])];
    const [first] = nextToLabel(pool, { vectors: [[1, 0]], counts: [100, 1] }, 1);
    assert.deepEqual([first?.candidate, first?.because], [0, "rarity"]);
  });

  it("asks for no more than there are", () => {
    assert.deepEqual(nextToLabel([], { vectors: [], counts: [] }, 3), []);
    assert.deepEqual(
      firstToLabel([], 3, () => 0),
      [],
    );
    assert.equal(firstToLabel([candidate([1, 0], [1, 0])], 3, () => 0.5).length, 1);
  });

  it("begins with one typical statement of each cluster", () => {
    const random = new Random(2);
    const around = (x: number, y: number) => [x + 0.05 * random.normal(), y + 0.05 * random.normal()];
    const centres: [number, number][] = [
      [1, 0],
      [0, 1],
      [-1, -1],
    ];
    const pool = Array.from({ length: 60 }, (_, i) => candidate([0.5, 0.5], around(...centres[i % 3]!)));
    const picks = firstToLabel(pool, 3, () => random.uniform());
    assert.deepEqual(picks.map((pick) => pick.candidate % 3).sort(), [0, 1, 2]);
    assert.ok(picks.every((pick) => pick.because === "typical"));
  });

  it("knows like texts from unlike ones without a model", () => {
    const [one, like, other] = [
      "The system shall encrypt all backups.",
      "The system shall encrypt every backup file.",
      "Pages load within two seconds.",
    ].map(textVector) as [Float32Array, Float32Array, Float32Array];
    assert.ok(cosineDistance(one, like) < cosineDistance(one, other));
    close(cosineDistance(one, one), 0, 1e-6);
    assert.equal(cosineDistance(textVector("…"), one), 0.5);
  });
});

describe("judge: when labels are enough", () => {
  it("suggests a training after enough labels of two classes", () => {
    assert.ok(trainingWorthwhile({ total: 30, sinceTraining: 20, classes: 2 }));
    assert.ok(!trainingWorthwhile({ total: 30, sinceTraining: 19, classes: 2 }));
    assert.ok(!trainingWorthwhile({ total: 1000, sinceTraining: 100, classes: 5 }));
    assert.ok(!trainingWorthwhile({ total: 30, sinceTraining: 30, classes: 1 }));
  });
});

describe("judge: explanation", () => {
  /** The plainest model: each word on its list adds a quarter to the probability of security. */
  const classify = (texts: readonly string[]): Promise<Prediction[]> =>
    Promise.resolve(
      texts.map((text) => {
        const share = 0.25 * (text.match(/\b(?:encrypted|passwords)\b/gu)?.length ?? 0);
        const label = share >= 0.5 ? "SE" : "F";
        return {
          label,
          confidence: Math.max(share, 1 - share),
          uncertain: false,
          scores: { SE: share, F: 1 - share },
          set: null,
        };
      }),
    );

  it("finds the words that matter, with their places and what is left without them", async () => {
    const text = "All passwords shall be encrypted.";
    const found = await explain(text, { classify });
    assert.deepEqual([found.label, found.share], ["SE", 0.5]);
    assert.deepEqual(
      tellingParts(found, 3).map(({ start, end, words, without }) => [text.slice(start, end), words, without]),
      [
        ["passwords", "passwords", 0.25],
        ["encrypted", "encrypted", 0.25],
      ],
    );
    assert.equal(tellingParts(found, 1).length, 1);
    const against = await explain(text, { classify }, { label: "F" });
    assert.equal(against.parts.find(({ words }) => words === "encrypted")?.without, 0.75);
  });

  it("takes the words of a long text together", async () => {
    let calls = 0;
    const counting = (texts: readonly string[]) => {
      calls += texts.length;
      return classify(texts);
    };
    const text = `${"word ".repeat(200)}encrypted passwords`;
    const { parts } = await explain(text, { classify: counting });
    assert.ok(calls <= 49);
    assert.equal(parts.map(({ words }) => words).join(" "), text);
    assert.deepEqual((await explain("", { classify })).parts, []);
  });

  it("names what speaks for the answer before what speaks against it", () => {
    const part = (words: string, without: number) => ({ start: 0, end: 0, words, without });
    const parts = [part("against", 0.9), part("nothing", 0.71), part("little", 0.6), part("much", 0.2)];
    assert.deepEqual(
      tellingParts({ label: "SE", share: 0.7, parts }, 3).map(({ words }) => words),
      ["much", "little", "against"],
    );
  });
});
