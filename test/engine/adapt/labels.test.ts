/** From label files to examples, options and splits: what is used, what is left out, what is refused, and why. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  classify,
  type Example,
  readLabelRows,
  TooFewLabels,
  trainingSet,
} from "../../../server/engine/adapt/examples.ts";
import { parseTrainingOptions } from "../../../server/engine/adapt/options.ts";
import { foldsOf, leaveOneGroupOut, trainingRows } from "../../../server/engine/adapt/splits.ts";
import { labelLines } from "./label-lines.ts";

const example = (text: string, target: number, group: string | null = null, weight = 1): Example => ({
  text,
  label: `C${target}`,
  target,
  group,
  weight,
  document: null,
});

describe("label rows", () => {
  it("come from plain rows and from the log, where the newest decision wins and null takes it back", () => {
    const decision = (key: string, label: string | null, time: string): string =>
      JSON.stringify({ v: 1, key, text: `statement ${key}`, label, document: "a.md", heading: [], author: "x", time });
    const lines = [
      JSON.stringify({ text: " two   words ", label: "SE", project: "P1", weight: 2 }),
      decision("1", "PE", "2026-01-02T00:00:00Z"),
      decision("1", "US", "2026-01-01T00:00:00Z"),
      decision("2", "F", "2026-01-01T00:00:00Z"),
      decision("2", null, "2026-01-03T00:00:00Z"),
    ];
    const { rows, skipped } = readLabelRows(`\uFEFF${lines.join("\n")}\n`, "labels.jsonl");
    assert.deepEqual(rows, [
      { text: "two words", label: "SE", group: "P1", weight: 2, document: null },
      { text: "statement 1", label: "PE", group: "a.md", weight: 1, document: "a.md" },
    ]);
    assert.deepEqual(skipped, []);
  });

  it("name file, line and reason of what is left out", () => {
    const lines = [
      "{",
      "[]",
      '{"text":"","label":"F"}',
      '{"text":"x"}',
      '{"text":"x","label":["F"]}',
      '{"text":"x","label":"F","weight":-1}',
    ];
    const { rows, skipped } = readLabelRows(lines.join("\n"), "l.jsonl");
    assert.deepEqual(rows, []);
    assert.deepEqual(
      skipped.map((reason) => reason.slice(0, 30)),
      [
        "l.jsonl:1: not a JSON object; ",
        "l.jsonl:2: not a JSON object; ",
        'l.jsonl:3: "text" is missing o',
        'l.jsonl:4: "label" is missing,',
        'l.jsonl:5: "label" is ["F"], e',
        'l.jsonl:6: "weight" is -1, exp',
      ],
    );
  });

  it("two hundred thousand of them are read in seconds, and a thousand bad ones are counted", () => {
    const { rows } = readLabelRows(labelLines(200_000), "big.jsonl");
    assert.equal(rows.length, 200_000);
    const { skipped } = readLabelRows("{\n".repeat(1000), "bad.jsonl");
    assert.deepEqual([skipped.length, skipped.at(-1)], [51, "and 950 more lines"]);
  });

  it("of unknown categories are left out by name", () => {
    const { rows } = readLabelRows(labelLines(8), "x");
    const { examples, skipped } = classify(rows, ["SE", "PE"]);
    assert.equal(examples.length, 4);
    assert.deepEqual(skipped, [
      '2 rows carry the unknown category "US"; known are SE, PE',
      '2 rows carry the unknown category "F"; known are SE, PE',
    ]);
  });
});

describe("a training set", () => {
  const plenty = Array.from({ length: 10 }, (_, i) => example(`text ${i}`, i % 2));

  it("has each text once, with the label that has most weight; a tie is left out", () => {
    const same = [
      example("One  text", 0),
      example("one text", 1),
      example("ONE TEXT", 1),
      example("tie", 0),
      example("tie", 1),
    ];
    const { examples, skipped } = trainingSet([...plenty, ...same]);
    assert.deepEqual(
      examples.slice(10).map(({ text, target }) => [text, target]),
      [["one text", 1]],
    );
    assert.deepEqual(skipped, ['contradictory labels C0 and C1 for one text, left out: "tie"']);
  });

  it("is refused where there is nothing to learn", () => {
    const tooFew = (labels: number, classes: number, leftOut: string | null) => (error: unknown) => {
      assert.ok(error instanceof TooFewLabels);
      assert.deepEqual([error.labels, error.classes, error.leftOut], [labels, classes, leftOut]);
      return true;
    };
    assert.throws(() => trainingSet([]), tooFew(0, 0, null));
    assert.throws(() => trainingSet([example("a", 0)]), tooFew(1, 1, null));
    const oneClass = plenty.map((row) => ({ ...row, target: 0 }));
    assert.throws(() => trainingSet(oneClass), tooFew(10, 1, null));
    assert.throws(() => trainingSet([], ["l.jsonl:1: not JSON"]), tooFew(0, 0, "l.jsonl:1: not JSON"));
    const torn = [example("tie", 0), example("tie", 1)];
    assert.throws(
      () => trainingSet(torn),
      tooFew(0, 0, 'contradictory labels C0 and C1 for one text, left out: "tie"'),
    );
  });
});

describe("training options", () => {
  const SHAPE = { layers: 4, hiddenSize: 256 };
  it("are complete, with defaults by kind", () => {
    const options = parseTrainingOptions({}, SHAPE);
    assert.deepEqual([options.kind, options.layers, options.alpha], ["lora", [2, 3], 2 * options.rank]);
    assert.ok(parseTrainingOptions({ kind: "full" }, SHAPE).learningRate < options.learningRate);
    const wide = parseTrainingOptions({}, { layers: 12, hiddenSize: 1024 });
    assert.equal(wide.learningRate, options.learningRate / 4);
    assert.deepEqual(parseTrainingOptions({ layers: "0,2-3", targets: "v,q" }, SHAPE).layers, [0, 2, 3]);
    assert.deepEqual(parseTrainingOptions({ targets: "v,q" }, SHAPE).targets, ["q", "v"]);
    assert.deepEqual(parseTrainingOptions({ layers: [3, 1], rank: "4" }, SHAPE).layers, [1, 3]);
  });

  const REFUSED: [Record<string, unknown>, RegExp][] = [
    [{ kind: "dora" }, /kind: found "dora", expected one of lora, prompt/],
    [{ rank: 0 }, /rank: found 0, expected a number from 1 to 256/],
    [{ rank: 2.5 }, /rank: found 2.5, expected a whole number/],
    [{ epochs: "many" }, /epochs: found "many"/],
    [{ layers: "top9" }, /layers: found "top9", expected "all", "top2", or numbers below 4/],
    [{ layers: "2-1" }, /layers: found "2-1"/],
    [{ layers: "4" }, /layers: found "4"/],
    [{ layers: "" }, /layers: found ""/],
    [{ targets: "q,w" }, /targets: found "w"/],
    [{ targets: [] }, /targets: found \[\]/],
    [{ dropout: 1 }, /dropout: found 1, expected a number from 0 to 0.9/],
    [{ learningRate: NaN }, /learningRate: found null/],
    [{ speed: 1 }, /unknown training option "speed"/],
  ];
  for (const [choices, message] of REFUSED) {
    it(`refuse ${JSON.stringify(choices)}`, () => {
      assert.throws(() => parseTrainingOptions(choices, SHAPE), { name: "InputError", message });
    });
  }
});

describe("splits", () => {
  const anyRows = fc.array(
    fc.record({
      text: fc.string({ maxLength: 3 }),
      target: fc.nat(3),
      group: fc.option(fc.constantFrom("a", "b", "c", "d", "e")),
    }),
    { minLength: 8, maxLength: 60 },
  );

  it("never part a project, or a text where projects are too few", () => {
    fc.assert(
      fc.property(anyRows, fc.integer({ min: 2, max: 4 }), fc.nat(), (rows, count, seed) => {
        const { of, by } = foldsOf(rows, count, seed);
        const seen = new Map<string, number>();
        rows.forEach(({ group, text }, i) => {
          const key =
            by === "project" && group !== null
              ? `g ${group}`
              : `t ${text.normalize("NFC").replace(/\s+/gu, " ").trim().toLowerCase()}`;
          assert.equal(seen.get(key) ?? of[i], of[i]);
          seen.set(key, of[i]!);
        });
        assert.deepEqual(foldsOf(rows, count, seed).of, of);
      }),
    );
  });

  it("spread classes evenly where nothing else binds", () => {
    const rows = Array.from({ length: 40 }, (_, i) => ({ text: `t${i}`, target: i % 4, group: null }));
    const { of } = foldsOf(rows, 4, 1);
    for (let fold = 0; fold < 4; fold++) {
      for (let target = 0; target < 4; target++) {
        const count = rows.filter((row, i) => of[i] === fold && row.target === target).length;
        assert.ok(count >= 2 && count <= 3, `fold ${fold} has ${count} of class ${target}`);
      }
    }
  });

  it("keep a held-out text out of the training rows wherever it stands", () => {
    const rows = [
      { text: "Same words", target: 0, group: "a" },
      { text: "same  WORDS", target: 0, group: "b" },
      { text: "other", target: 1, group: "b" },
    ];
    const { of, count } = leaveOneGroupOut(rows);
    assert.deepEqual([of, count], [[0, 1, 1], 2]);
    assert.deepEqual(
      trainingRows(rows, (row) => of[row] === 0),
      [2],
    );
  });
});
