import assert from "node:assert/strict";
import { NONE } from "../../../server/engine/taxonomy.ts";
import { dataFolder } from "../../shared-data.ts";
import {
  among,
  CARD_BEGIN,
  CARD_END,
  conformalSets,
  differences,
  functionalOrNot,
  lowestAccuracy,
  macroF1,
  meanSize,
  measured,
  REQUIREMENT,
  requirementOrNot,
  type Row,
  scoreOf,
  setCoverage,
  shippedValues,
  shownSet,
  table,
  weightedF1,
  withTable,
} from "./measures.ts";
import { readByHand } from "./read-by-hand.ts";

const row = (truth: string, scores: Record<string, number>, group = "a"): Row => ({ truth, group, scores });
const SURE_SECURITY = { F: 0.2, SE: 0.5, PE: 0.1, none: 0.2 };
const MOSTLY_QUALITY = { F: 0.4, SE: 0.3, PE: 0.3, none: 0 };

describe("the measures of npm run evaluate", () => {
  it("look only at the categories asked for, as shares of those", () => {
    const found = among(row("SE", { ...SURE_SECURITY, none: 0.9, SE: 0.05, F: 0.03, PE: 0.02 }), ["F", "SE", "PE"]);
    assert.deepEqual([found.label, found.truth], ["SE", "SE"]);
    assert.ok(Math.abs(found.confidence - 0.5) < 1e-9);
  });

  it("call a statement not F where the other categories together are more likely", () => {
    const codes = ["F", "SE", "PE"];
    assert.equal(among(row("PE", MOSTLY_QUALITY), codes).label, "F");
    assert.deepEqual(
      [functionalOrNot(row("PE", MOSTLY_QUALITY), codes).label, functionalOrNot(row("F", MOSTLY_QUALITY), codes).truth],
      ["not F", "F"],
    );
  });

  it("call a statement none only where none is the most likely", () => {
    assert.equal(requirementOrNot(row("none", SURE_SECURITY)).label, "requirement");
    assert.equal(requirementOrNot(row("none", { F: 0.4, none: 0.6 })).label, "none");
  });

  it("are those of the field: weighted and macro F1, the scores of one class, the lowest accuracy of a group", () => {
    const judged = [
      { truth: "SE", label: "SE", confidence: 1, group: "a" },
      { truth: "SE", label: "PE", confidence: 1, group: "a" },
      { truth: "PE", label: "PE", confidence: 1, group: "b" },
      { truth: "PE", label: "PE", confidence: 1, group: "b" },
    ];
    // SE: precision 1, recall 1/2, F1 2/3. PE: precision 2/3, recall 1, F1 4/5.
    assert.ok(Math.abs(scoreOf("f1", "SE")(judged) - 2 / 3) < 1e-9);
    assert.equal(scoreOf("precision", "SE")(judged), 1);
    assert.equal(scoreOf("recall", "SE")(judged), 0.5);
    assert.ok(Math.abs(macroF1(judged) - (2 / 3 + 4 / 5) / 2) < 1e-9);
    assert.ok(Math.abs(weightedF1(judged) - (2 / 3 + 4 / 5) / 2) < 1e-9);
    assert.equal(lowestAccuracy(judged), 0.5);
  });

  it("judge conformal sets by what the other projects promise", () => {
    const codes = ["SE", "PE", "F"];
    const sure = { SE: 0.8, PE: 0.15, F: 0.05 };
    // In "a" and "b" the truth is the best category nine times in ten; in "c" it is always the second.
    const rows = ["a", "b"].flatMap((group) =>
      Array.from({ length: 40 }, (_, i) => row(i % 10 === 0 ? "PE" : "SE", sure, group)),
    );
    const sets = conformalSets([...rows, ...Array.from({ length: 4 }, () => row("PE", sure, "c"))], codes, 0.8);
    const of = (group: string) => sets.filter((set) => set.group === group);
    assert.deepEqual([setCoverage(of("c")), meanSize(of("c"))], [0, 1]);
    assert.deepEqual([setCoverage(of("a")), meanSize(of("a"))], [0.9, 1]);
    const wide = conformalSets(rows, codes, 0.95);
    assert.deepEqual([setCoverage(wide), meanSize(wide)], [1, 2]);
  });

  it("take the sets as the product shows them, where it shows any", () => {
    const shown = { ...row("PE", SURE_SECURITY, "a"), set: { coverage: 0.9, labels: ["SE", "PE"] } };
    const sets = [shown, { ...shown, truth: "F" }, { ...shown, set: null }].flatMap(shownSet);
    assert.deepEqual([sets.length, setCoverage(sets), meanSize(sets)], [2, 0.5, 2]);
  });

  it("have an interval that repeats itself and holds the value", () => {
    const judged = Array.from({ length: 60 }, (_, index) => ({
      truth: "SE",
      label: index % 3 === 0 ? "PE" : "SE",
      confidence: 1,
      group: `p${index % 7}`,
    }));
    const accuracy = (rows: readonly { label: string }[]): number =>
      rows.filter(({ label }) => label === "SE").length / rows.length;
    const first = measured("accuracy", judged, accuracy);
    assert.deepEqual(measured("accuracy", judged, accuracy), first);
    const [low, high] = first.interval!;
    assert.ok(low < first.value && first.value < high && low > 0.1 && high < 1, `${low} ${first.value} ${high}`);
  });

  it("come back from the card's table, and differences are named", () => {
    const measures = [
      { name: "weighted F1", value: 0.8123, interval: [0.78, 0.85] as const, bound: { least: 0.79, aim: 0.85 } },
      { name: "calibration error", value: 0.05, bound: { most: 0.06, aim: 0.04 } },
    ];
    const card = withTable(`# Card\n${CARD_BEGIN}\nold\n${CARD_END}\nend\n`, table(measures));
    assert.match(card, /^\| weighted F1 \| 0\.812 \| 0\.780 to 0\.850 \| 0\.79 \| 0\.85 \|$/m);
    assert.match(
      card,
      /\| calibration error \| 0\.050 \| – \| at most 0\.06 \| 0\.04 \|\n<!-- npm run evaluate: end -->\nend/,
    );
    const shipped = shippedValues(card);
    assert.deepEqual(
      [...shipped],
      [
        ["weighted F1", 0.812],
        ["calibration error", 0.05],
      ],
    );
    assert.deepEqual(differences(shipped, measures), []);
    const worse = [{ ...measures[0]!, value: 0.79 }];
    assert.deepEqual(differences(shipped, worse), [
      '"weighted F1" is 0.790, the card says 0.812',
      'the card states "calibration error", which was not measured',
    ]);
    assert.throws(() => withTable("# Card", ""), /the card has no/);
  });
});

describe("the document read by hand", () => {
  it("has a judgement for every statement that the reader finds, and both kinds", function () {
    const data = dataFolder();
    if (data === undefined) return this.skip();
    const labels = new Set(readByHand(data).map(({ label }) => label));
    assert.deepEqual([...labels].sort(), [NONE, REQUIREMENT]);
  });
});
