import assert from "node:assert/strict";
import {
  type CheckedDocument,
  type CheckedStatement,
  failures,
  findingsOf,
  parseRules,
} from "../../server/cli/check-rules.ts";
import { documentText, tableText } from "../../server/cli/check-text.ts";
import { BUILT_IN_CODES, BUILT_IN_TAXONOMY } from "../../server/engine/taxonomy.ts";

function statement(
  line: number,
  label: string,
  confidence: number,
  more: Partial<CheckedStatement> = {},
): CheckedStatement {
  const text = `Statement on line ${line}.`;
  const place = { id: null, text, start: line * 100, end: line * 100 + 20, line, heading: [] };
  return { ...place, label, source: "model", confidence, uncertain: confidence < 0.5, set: null, ...more };
}
const placeOf = ({ start, end }: { start: number; end: number }) => {
  const [line, column] = [Math.floor(start / 100), (start % 100) + 1];
  return { line, column, endLine: line, endColumn: column + end - start, start, end };
};
const document = (path: string, ...statements: CheckedStatement[]): CheckedDocument => ({
  path,
  adapter: null,
  statements,
  findings: parseRules(["uncertain", "found:SE"], BUILT_IN_CODES).flatMap((rule) =>
    findingsOf(rule, statements, placeOf),
  ),
});
const DOCUMENTS = [
  document("a.md", statement(3, "SE", 0.94, { id: "NFR-1" }), statement(5, "none", 0.9), statement(7, "PE", 0.41)),
  document("docs/b.md", statement(1, "F", 0.8), statement(2, "F", 0.3, { source: "person", uncertain: false })),
];

describe("rules of check", () => {
  it("find uncertain statements and those of a category", () => {
    assert.deepEqual(
      DOCUMENTS[0]!.findings.map(({ rule, line, message }) => [rule, line, message]),
      [
        ["uncertain", 7, "uncertain: PE at 41 %"],
        ["found:SE", 3, "category SE"],
      ],
    );
    assert.deepEqual(DOCUMENTS[1]!.findings, []);
  });

  const required = [{ code: "PO", config: ".nfr-lens/config.json" }];
  const broken = (...rules: string[]): string[] => failures(parseRules(rules, BUILT_IN_CODES), DOCUMENTS, required);
  it("break only what they were asked about", () => {
    assert.deepEqual(broken("missing:SE", "missing:F"), []);
    assert.deepEqual(broken("missing:US"), ["missing:US: no statement of category US in 2 documents"]);
    assert.deepEqual(broken("uncertain,found:SE"), ["uncertain: 1 finding", "found:SE: 1 finding"]);
    assert.deepEqual(broken("problem", "unmeasurable"), []);
    assert.deepEqual(broken("missing"), ["missing: no statement of category PO, which .nfr-lens/config.json requires"]);
  });

  it("are refused by name when unknown", () => {
    assert.throws(() => broken("uncertian"), /"uncertian" is no rule, expected one of .*; did you mean uncertain\?$/);
    assert.throws(() => broken("found"), /"found" is no rule/);
    assert.throws(() => broken("several-quality"), /did you mean several-qualities\?$/);
    assert.throws(() => broken("missing:SX"), /unknown category "SX", expected one of F, A, .*; did you mean/);
    assert.throws(() => broken("uncertain:SE"), /is no rule/);
  });
});

describe("the text of check", () => {
  it("lists requirements by category in the taxonomy's order", () => {
    assert.equal(
      documentText(DOCUMENTS[0]!, BUILT_IN_TAXONOMY),
      [
        "a.md: 2 requirements, 1 other statement",
        "  Performance (PE): 1",
        "        7     ?41 %  Statement on line 7.",
        "  Security (SE): 1",
        "        3      94 %  NFR-1 Statement on line 3.",
        "  Findings",
        "    a.md:7: uncertain: PE at 41 % [uncertain]",
        "    a.md:3: category SE [found:SE]",
        "",
        "",
      ].join("\n"),
    );
  });

  it("counts documents by category", () => {
    assert.equal(
      tableText(DOCUMENTS, BUILT_IN_TAXONOMY),
      [
        "document   F  PE  SE  none  uncertain",
        "a.md       0   1   1     1          1",
        "docs/b.md  2   0   0     0          0",
        "all        2   1   1     1          1",
        "",
      ].join("\n"),
    );
    assert.equal(tableText([], BUILT_IN_TAXONOMY), "");
  });

  it("shows a person's label as such, cuts long statements, and knows codes outside the taxonomy", () => {
    const long = statement(4, "XX", 0.7, { text: "word ".repeat(60) });
    const text = documentText(document("a.md", ...DOCUMENTS[1]!.statements, long), BUILT_IN_TAXONOMY);
    assert.match(text, /^ {8}2 {2}labelled {2}Statement on line 2\.$/m);
    assert.match(text, /^ {2}XX \(XX\): 1$/m);
    assert.ok(text.split("\n").every((line) => line.length <= 110));
    assert.match(text, /…$/m);
  });
});
