/** Seeded chance, mined vocabulary, and the statements made of it. */
import assert from "node:assert/strict";
import { Random } from "../../../server/engine/adapt/random.ts";
import { syntheticStatements } from "../../../server/engine/adapt/synthetic.ts";
import { mineVocabulary } from "../../../server/engine/adapt/vocabulary.ts";
import { BUILT_IN_CODES } from "../../../server/engine/taxonomy.ts";

const TEXTS = [
  "The clerk shall print the delivery note within two seconds.",
  "The clerk shall cancel an invoice.",
  "The warehouse manager must approve each delivery note.",
  "The warehouse manager shall be able to reject a delivery note.",
  "The payment gateway shall refuse an expired card.",
  "The carrier shall scan the parcel.",
];

describe("seeded chance", () => {
  it("gives the numbers of xoshiro128** for a given state", () => {
    // The reference implementation's first outputs for the state 1, 2, 3, 4.
    const random = new Random([1, 2, 3, 4]);
    const words = Array.from({ length: 4 }, () => Math.round(random.uniform() * 4294967296));
    assert.deepEqual(words, [11520, 0, 5927040, 70819200]);
  });

  it("repeats itself, goes on from a saved state, and keeps purposes apart", () => {
    const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.uniform());
    assert.deepEqual(draw(new Random(7)), draw(new Random(7)));
    assert.notDeepEqual(draw(new Random(7)), draw(new Random(8)));
    assert.notDeepEqual(draw(Random.named(7, "order")), draw(Random.named(7, "dropout")));
    const random = new Random(7);
    draw(random);
    assert.deepEqual(draw(new Random(random.save())), draw(random));
  });

  it("is uniform and normal as far as ten thousand draws can tell", () => {
    const random = new Random(3);
    const uniform = Array.from({ length: 10_000 }, () => random.uniform());
    const normal = Array.from({ length: 10_000 }, () => random.normal());
    const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    assert.ok(Math.abs(mean(uniform) - 0.5) < 0.02);
    assert.ok(Math.abs(mean(normal)) < 0.04);
    assert.ok(Math.abs(mean(normal.map((value) => value ** 2)) - 1) < 0.06);
    assert.deepEqual(
      random.shuffle(Array.from({ length: 50 }, (_, i) => i)).toSorted((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i),
    );
  });
});

describe("a project's vocabulary", () => {
  it("is its actors, things and deeds, most frequent first", () => {
    const { actors, things, deeds } = mineVocabulary(TEXTS);
    assert.deepEqual(actors, ["clerk", "warehouse manager", "carrier", "payment gateway"]);
    assert.deepEqual(things, ["delivery note", "expired card", "invoice", "parcel"]);
    assert.deepEqual(deeds, ["approve", "cancel", "print", "refuse", "reject", "scan"]);
  });

  it("is filled up with plain words where a project says too little", () => {
    const { actors, things } = mineVocabulary(["The clerk shall print the invoice."]);
    assert.equal(actors[0], "clerk");
    assert.ok(actors.includes("user") && things.includes("record") && things[0] === "invoice");
    assert.ok(mineVocabulary([]).deeds.length > 3);
  });
});

describe("synthetic statements", () => {
  it("say every built-in category in the project's words, seeded, without an open slot", () => {
    const statements = syntheticStatements(TEXTS, BUILT_IN_CODES, 1);
    assert.deepEqual(statements, syntheticStatements(TEXTS, BUILT_IN_CODES, 1));
    assert.notDeepEqual(statements, syntheticStatements(TEXTS, BUILT_IN_CODES, 2));
    for (const code of BUILT_IN_CODES) {
      const own = statements.filter(({ label }) => label === code);
      assert.ok(own.length >= 15, `${code} has ${own.length}`);
    }
    assert.ok(statements.every(({ text }) => /^[A-Z][^{}]+[.?]$/u.test(text)));
    assert.equal(new Set(statements.map(({ text }) => text)).size, statements.length);
    assert.ok(statements.some(({ text }) => text.includes("delivery note")));
    assert.ok(statements.every(({ text }) => !/\ba [aeiou]/u.test(text)));
  });

  it("leave out categories that the generator knows nothing about", () => {
    const labels = new Set(syntheticStatements(TEXTS, ["SE", "SAFETY"], 1).map(({ label }) => label));
    assert.deepEqual([...labels], ["SE"]);
  });
});
