import assert from "node:assert/strict";
import type { Log } from "sarif";
import { reportJson } from "../../server/cli/check-json.ts";
import { reportJunit } from "../../server/cli/check-junit.ts";
import {
  type CheckedDocument,
  type CheckedStatement,
  type CheckReport,
  failures,
  type Finding,
  parseRules,
} from "../../server/cli/check-rules.ts";
import { reportSarif } from "../../server/cli/check-sarif.ts";
import { BUILT_IN_CODES } from "../../server/engine/taxonomy.ts";
import { statementKey } from "../../server/store/label.ts";

function statement(start: number, id: string | null, text: string, label: string): CheckedStatement {
  const place = { id, text, start, end: start + text.length, line: 1 + Math.floor(start / 100), heading: ["Top"] };
  return { ...place, label, source: "model", confidence: 0.876, uncertain: false, set: null };
}

function finding(rule: string, start: number, length: number): Finding {
  const [line, column] = [1 + Math.floor(start / 100), 1 + (start % 100)];
  return {
    rule,
    message: `${rule} here`,
    line,
    column,
    endLine: line,
    endColumn: column + length,
    start,
    end: start + length,
  };
}

const SAFE: CheckedDocument = {
  path: "docs/eine Anforderung.md",
  adapter: null,
  statements: [
    statement(100, "R-1", 'It shall be <easy> & "quick" to use.', "US"),
    statement(200, null, "It shall print.\u0007", "F"),
    statement(300, null, "Background.", "none"),
  ],
  findings: [finding("unmeasurable", 109, 6), finding("found:US", 100, 36), finding("problem", 900, 4)],
};
const OUTSIDE: CheckedDocument = { path: "../other/b.md", adapter: "default/2", statements: [], findings: [] };

function reportOf(failOn: string[], more: Partial<CheckReport> = {}): CheckReport {
  const rules = parseRules(failOn, BUILT_IN_CODES);
  const [documents, missing] = [[SAFE, OUTSIDE], [{ code: "PO", config: ".nfr-lens/config.json" }]];
  const failed = failures(rules, documents, missing);
  return { model: "base 1 (int8)", documents, unreadable: [], missing, rules, failed, ...more };
}

describe("check --format json", () => {
  it("says which model and adapter classified, and what is missing", () => {
    const { files, summary } = JSON.parse(reportJson(reportOf([]))) as {
      files: { adapter: string | null }[];
      summary: Record<string, unknown>;
    };
    assert.deepEqual(
      files.map(({ adapter }) => adapter),
      [null, "default/2"],
    );
    assert.deepEqual([summary["model"], summary["missing"]], ["base 1 (int8)", ["PO"]]);
  });
});

describe("check --format sarif", () => {
  const log = (report: CheckReport) => JSON.parse(reportSarif(report, "1.2.3")) as Log;

  it("has what code scanning demands of a log, and every result names a rule that is described", () => {
    const { version, $schema, runs } = log(reportOf(["unmeasurable", "found:US", "missing", "missing:A"]));
    assert.equal(version, "2.1.0");
    assert.match(String($schema), /sarif-2\.1\.0\.json$/);
    assert.equal(runs.length, 1);
    const [{ tool, results, columnKind, invocations }] = runs as [(typeof runs)[0]];
    assert.deepEqual([tool.driver.name, tool.driver.version, columnKind], ["NFR Lens", "1.2.3", "utf16CodeUnits"]);
    assert.deepEqual(invocations, [{ executionSuccessful: true, toolExecutionNotifications: [] }]);
    const rules = tool.driver.rules ?? [];
    assert.equal(new Set(rules.map(({ id }) => id)).size, rules.length, "a rule is described twice");
    for (const { ruleId, ruleIndex, message, locations } of results ?? []) {
      assert.equal(rules[ruleIndex!]?.id, ruleId);
      assert.ok(message.text);
      const { artifactLocation, region } = locations![0]!.physicalLocation!;
      assert.ok(region!.startLine! >= 1 && (region!.startColumn ?? 1) >= 1);
      assert.match(artifactLocation!.uri!, /^[^\s\\]+$/u);
    }
    for (const rule of rules) assert.match(rule.shortDescription!.text, /^[A-Z].*\.$/);
  });

  it("puts each finding at its place, with a fingerprint that does not hang on lines", () => {
    const { results } = log(reportOf(["found:US"])).runs[0]!;
    assert.deepEqual(
      results!.map(({ ruleId, level }) => [ruleId, level]),
      [
        ["unmeasurable", "warning"],
        ["found", "error"],
        ["problem", "warning"],
        ["missing", "warning"],
      ],
    );
    const [{ locations, partialFingerprints, rank, properties }] = results as [NonNullable<typeof results>[0]];
    assert.deepEqual(locations, [
      {
        physicalLocation: {
          artifactLocation: { uri: "docs/eine%20Anforderung.md", uriBaseId: "%SRCROOT%" },
          region: { startLine: 2, startColumn: 10, endLine: 2, endColumn: 16 },
        },
      },
    ]);
    const key = statementKey(SAFE.statements[0]!.text, SAFE.path, ["Top"]);
    assert.deepEqual([partialFingerprints, rank, properties], [{ "statement/v1": key }, 87.6, { category: "US" }]);
    assert.equal(results![2]!.partialFingerprints, undefined, "a part that was not read is no statement");
  });

  it("names a category that is missing where it is required, or at the first document", () => {
    const { results } = log(reportOf(["missing", "missing:A"])).runs[0]!;
    assert.deepEqual(
      results!
        .slice(-2)
        .map(({ message, level, locations }) => [
          message.text,
          level,
          locations![0]!.physicalLocation!.artifactLocation!.uri,
        ]),
      [
        [
          "missing: no statement of category PO, which .nfr-lens/config.json requires",
          "error",
          ".nfr-lens/config.json",
        ],
        ["missing:A: no statement of category A in 2 documents", "error", "docs/eine%20Anforderung.md"],
      ],
    );
  });

  it("leads out of the checked folder only where the path does, and tells what could not be read", () => {
    const uri = (path: string): unknown => {
      const unreadable = [{ path, message: "no" }];
      const [invocation] = log(reportOf([], { unreadable })).runs[0]!.invocations!;
      assert.equal(invocation!.executionSuccessful, false);
      return invocation!.toolExecutionNotifications![0]!.locations![0]!.physicalLocation!.artifactLocation;
    };
    assert.deepEqual(uri("./a/ü.md"), { uri: "a/%C3%BC.md", uriBaseId: "%SRCROOT%" });
    assert.deepEqual(uri("../b.md"), { uri: "../b.md" });
    assert.deepEqual(uri("/tmp/b.md"), { uri: "file:///tmp/b.md" });
    assert.deepEqual(uri("C:/tmp/b.md"), { uri: "file:///C:/tmp/b.md" });
  });
});

describe("check --format junit", () => {
  it("makes each requirement a test case that fails where it was asked to fail", () => {
    const unreadable = [{ path: "c.md", message: "c.md cannot be read" }];
    assert.equal(
      reportJunit(reportOf(["found:US", "missing", "problem"], { unreadable })),
      `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nfr-lens check" tests="5" failures="4">
  <testsuite name="docs/eine Anforderung.md" tests="3" failures="2">
    <testcase name="R-1: It shall be &lt;easy&gt; &amp; &quot;quick&quot; to use." classname="US">
      <failure type="found:US" message="found:US here">docs/eine Anforderung.md:2:1</failure>
    </testcase>
    <testcase name="line 3: It shall print.\uFFFD" classname="F"/>
    <testcase name="problem here" classname="problem">
      <failure type="problem" message="problem here">docs/eine Anforderung.md:10:1</failure>
    </testcase>
  </testsuite>
  <testsuite name="../other/b.md" tests="0" failures="0">
  </testsuite>
  <testsuite name="all documents" tests="1" failures="1">
    <testcase name="missing: no statement of category PO, which .nfr-lens/config.json requires" classname="missing">
      <failure type="missing" message="missing: no statement of category PO, which .nfr-lens/config.json requires"></failure>
    </testcase>
  </testsuite>
  <testsuite name="unreadable" tests="1" failures="1">
    <testcase name="c.md" classname="unreadable">
      <failure type="unreadable" message="c.md cannot be read"></failure>
    </testcase>
  </testsuite>
</testsuites>
`,
    );
  });
});
