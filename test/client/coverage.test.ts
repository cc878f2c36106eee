import assert from "node:assert/strict";
import { coverage } from "../../src/coverage.ts";
import { CATEGORIES, shownDocument, statement } from "./statements.ts";

const at = (mark: string, line: number, ...heading: string[]) => statement(mark, line, 0, ["Spec", ...heading]);
const document = shownDocument("file:///spec.md", 1, [
  at("none", 0),
  at("F", 1, "Functions"),
  at("F", 2, "Functions"),
  at("SE", 3, "Security"),
  at("SE!", 4, "Security", "Logins"),
  at("PE?", 5, "Speed"),
  at("F", 6, "Billing"),
  at("F", 7, "Billing"),
  at("US?", 8, "Billing"),
]);
const result = coverage([document], CATEGORIES);

describe("coverage", () => {
  it("counts requirements, qualities, uncertain ones and labels", () => {
    const { requirements, quality, uncertain, labelled } = result;
    assert.deepEqual(
      { requirements, quality, uncertain, labelled },
      { requirements: 6, quality: 2, uncertain: 2, labelled: 1 },
    );
    assert.deepEqual(
      [...result.totals],
      [
        ["F", 4],
        ["SE", 2],
      ],
    );
  });

  it("makes sections below the headings that all share", () => {
    assert.deepEqual(
      result.documents[0]?.sections.map(({ name, requirements, uncertain }) => [name, requirements, uncertain]),
      [
        ["Functions", 2, 0],
        ["Security", 2, 0],
        ["Speed", 0, 1],
        ["Billing", 2, 1],
      ],
    );
    const security = result.documents[0].sections[1]!;
    assert.equal(security.counts.get("SE")?.first.start, 300);
  });

  it("names the qualities nobody asked for", () => {
    assert.deepEqual(result.missing, ["A", "FT", "L", "LF", "MN", "O", "PE", "PO", "SC", "US"]);
  });

  it("calls a section silent only where nothing in it is uncertain", () => {
    assert.deepEqual(
      result.silent.map(({ name }) => name),
      ["Functions"],
    );
  });

  it("misses nothing where nothing is known", () => {
    assert.deepEqual(coverage([], CATEGORIES).missing, []);
  });
});
