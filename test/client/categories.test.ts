import assert from "node:assert/strict";
import {
  badgesByLine,
  badgeSvg,
  categoryChoices,
  categoryOf,
  COLOURED,
  colourCode,
  countByCategory,
  percent,
} from "../../src/categories.ts";
import { CATEGORIES, statement } from "./statements.ts";

describe("category choices", () => {
  const scores = [
    { label: "none", score: 0.5 },
    { label: "SE", score: 0.3 },
    { label: "PE", score: 0.2 },
  ];

  it("puts the model's favourite first and keeps the taxonomy's order among equals", () => {
    const codes = categoryChoices(CATEGORIES, scores).map(({ category }) => category.code);
    assert.deepEqual(codes, ["none", "SE", "PE", "F", "A", "FT", "L", "LF", "MN", "O", "PO", "SC", "US"]);
  });

  it("takes the model's favourite with 1, the others with their place, and what is no requirement with 0, too", () => {
    const keys = categoryChoices(CATEGORIES, scores).map(({ keys }) => keys.join("/"));
    assert.deepEqual(keys, ["0/1", "2", "3", "4", "5", "6", "7", "8", "9", "", "", "", ""]);
    const last = categoryChoices(CATEGORIES, []).at(-1);
    assert.deepEqual([last?.category.code, last?.keys], ["none", ["0"]]);
  });

  it("lists a project's own categories too", () => {
    const own = [{ code: "GREEN", name: "Sustainability", iso25010: null, meaning: "" }];
    assert.deepEqual(categoryChoices(own, []), [{ keys: ["1"], category: own[0], score: 0 }]);
  });
});

describe("category looks", () => {
  it("gives a project's own category a built-in colour, always the same and never that of none", () => {
    assert.equal(colourCode("SE"), "SE");
    for (const code of ["GREEN", "X", "ÄÖ", "", "safety-critical"]) {
      assert.equal(colourCode(code), colourCode(code));
      assert.ok(COLOURED.slice(1, -1).includes(colourCode(code)), code);
    }
  });

  it("tells who decided by shape: filled, outlined, dashed with a question mark", () => {
    const svg = (state: "person" | "model" | "uncertain") => badgeSvg("SE", state, "#ABCDEF", true);
    assert.match(svg("person"), /fill="#ABCDEF" stroke/);
    assert.match(svg("person"), />SE</);
    assert.match(svg("model"), /<rect[^>]*fill="none"/);
    assert.match(svg("uncertain"), /stroke-dasharray/);
    assert.match(svg("uncertain"), />\?</);
  });

  it("cannot be led out of its picture by a category's code", () => {
    assert.doesNotMatch(badgeSvg("<a>", "model", "#000", false), /<a>/);
  });

  it("shows one badge a line, a quality before a function, and nothing for what is no requirement", () => {
    const shown = badgesByLine([
      statement("F", 1),
      statement("SE", 1, 20),
      statement("PE", 1, 40),
      statement("none", 2),
      statement("none!", 3),
      statement("none?", 4),
    ]);
    assert.deepEqual(
      shown.map(({ key }) => key),
      ["SE@1:20", "none@3:0"],
    );
  });
});

describe("counting", () => {
  it("counts by category, most first, uncertain ones apart", () => {
    const statements = ["PE", "SE", "SE!", "US?", "PE", "SE", "F", "none", "none?"].map((mark, line) =>
      statement(mark, line),
    );
    assert.deepEqual(countByCategory(statements), {
      counts: [
        { code: "SE", count: 3 },
        { code: "PE", count: 2 },
        { code: "F", count: 1 },
      ],
      uncertain: 1,
    });
  });

  it("never calls less than certain 100 %", () => {
    assert.deepEqual([0, 0.004, 0.5, 0.996, 1].map(percent), [0, 0, 50, 99, 100]);
  });

  it("lets a code that nobody explained stand for itself", () => {
    assert.equal(categoryOf(CATEGORIES, "SE").name, "Security");
    assert.deepEqual(categoryOf(CATEGORIES, "ZZ"), { code: "ZZ", name: "ZZ", iso25010: null, meaning: "" });
  });
});
