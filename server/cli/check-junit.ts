/**
 * `check --format junit`: each requirement is a test case, which fails where a rule of `--fail-on` found something, so
 * that any CI that reads test results shows them.
 */
import { NONE } from "../engine/taxonomy.ts";
import { type CheckedDocument, type CheckReport, type Finding, ruleName } from "./check-rules.ts";

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

interface Case {
  readonly name: string;
  /** What groups the cases of a suite: the category. */
  readonly group: string;
  readonly failures: readonly { readonly rule: string; readonly message: string; readonly place: string }[];
}

export function reportJunit({ documents, unreadable, rules, failed }: CheckReport): string {
  const failing = new Set(rules.map(ruleName));
  const everywhere = failed.filter((sentence) => sentence.startsWith("missing:"));
  const suites: Suite[] = [
    ...documents.map((document) => suiteOf(document, failing)),
    ...(everywhere.length === 0
      ? []
      : [{ name: "all documents", cases: everywhere.map((message) => failedCase(message, "missing")) }]),
    ...(unreadable.length === 0
      ? []
      : [
          {
            name: "unreadable",
            cases: unreadable.map(({ path, message }) => ({ ...failedCase(message, "unreadable"), name: path })),
          },
        ]),
  ];
  const cases = suites.flatMap((suite) => suite.cases);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="nfr-lens check" ${counts(cases)}>`,
    ...suites.flatMap((suite) => [
      `  <testsuite name=${quoted(suite.name)} ${counts(suite.cases)}>`,
      ...suite.cases.flatMap(caseLines),
      "  </testsuite>",
    ]),
    "</testsuites>",
    "",
  ].join("\n");
}

function suiteOf({ path, statements, findings }: CheckedDocument, failing: ReadonlySet<string>): Suite {
  const asked = findings.filter(({ rule }) => failing.has(rule));
  const at = ({ line, column }: Finding): string => `${path}:${line}:${column}`;
  const failureOf = (finding: Finding) => ({ rule: finding.rule, message: finding.message, place: at(finding) });
  const cases = statements
    .map((statement) => ({
      statement,
      found: asked.filter(({ start }) => statement.start <= start && start < statement.end),
    }))
    .filter(({ statement, found }) => statement.label !== NONE || found.length > 0)
    .map(({ statement: { id, text, label, line }, found }) => ({
      name: `${id ?? `line ${line}`}: ${text}`,
      group: label,
      failures: found.map(failureOf),
    }));
  // A part that could not be read belongs to no statement.
  const outside = asked.filter(({ start }) => !statements.some((one) => one.start <= start && start < one.end));
  return {
    name: path,
    cases: [
      ...cases,
      ...outside.map((finding) => ({ ...failedCase(finding.message, finding.rule), failures: [failureOf(finding)] })),
    ],
  };
}

function failedCase(message: string, rule: string): Case {
  return { name: message, group: rule, failures: [{ rule, message, place: "" }] };
}

function caseLines({ name, group, failures }: Case): string[] {
  const open = `    <testcase name=${quoted(name)} classname=${quoted(group)}`;
  if (failures.length === 0) return [`${open}/>`];
  return [
    `${open}>`,
    ...failures.map(
      ({ rule, message, place }) =>
        `      <failure type=${quoted(rule)} message=${quoted(message)}>${escaped(place)}</failure>`,
    ),
    "    </testcase>",
  ];
}

function counts(cases: readonly Case[]): string {
  return `tests="${cases.length}" failures="${cases.filter(({ failures }) => failures.length > 0).length}"`;
}

function quoted(text: string): string {
  return `"${escaped(text)}"`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Characters that XML 1.0 has no way to write, lone surrogates among them, become the replacement character. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!);
}
