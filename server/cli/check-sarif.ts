/**
 * `check --format sarif`: findings for code scanning, in the Static Analysis Results Interchange Format 2.1.0 (OASIS).
 * Categories are no results: a project does not want an alert for each of its requirements.
 */
import type { Invocation, Location, Log, ReportingDescriptor, Result } from "sarif";
import { statementKey } from "../store/label.ts";
import { type CheckedDocument, type CheckReport, type Finding, missingSentence, RULES } from "./check-rules.ts";

/** Where a category is missing: in no place, so it is shown at the file that requires it. */
const MISSING = "missing";

export function reportSarif(report: CheckReport, version: string): string {
  const { model, documents, unreadable, missing, failed } = report;
  const rules = RULES.filter(([rule]) => !rule.startsWith(`${MISSING}:`)).map(([rule, says]) => descriptor(rule, says));
  const failing = new Set(report.rules.map(({ kind }) => kind as string));
  const results = [
    ...documents.flatMap((document) =>
      document.findings.map((finding) => resultOf(finding, document, failing.has(idOf(finding.rule)))),
    ),
    ...missing.map((category) => atFile(missingSentence(category), category.config, failing.has(MISSING))),
    // `missing:CODE` looks at all documents, so the first one stands for them.
    ...failed
      .filter(
        (sentence) => sentence.startsWith(`${MISSING}:`) && !missing.some((one) => missingSentence(one) === sentence),
      )
      .map((sentence) => atFile(sentence, documents[0]?.path, true)),
  ];
  const invocation: Invocation = {
    executionSuccessful: unreadable.length === 0,
    toolExecutionNotifications: unreadable.map(({ path, message }) => ({
      level: "error",
      message: { text: message },
      locations: [{ physicalLocation: { artifactLocation: artifact(path) } }],
    })),
  };
  const log: Log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "NFR Lens", version, semanticVersion: version, rules } },
        columnKind: "utf16CodeUnits",
        invocations: [invocation],
        results: results.map((result) => ({ ...result, ruleIndex: rules.findIndex(({ id }) => id === result.ruleId) })),
        properties: { model, documents: documents.length },
      },
    ],
  };
  return JSON.stringify(log, null, 2) + "\n";
}

/** `found:SE` and its like are one rule each kind. */
function idOf(rule: string): string {
  return rule.split(":")[0] ?? rule;
}

function descriptor(rule: string, says: string): ReportingDescriptor {
  const text = `${says.charAt(0).toUpperCase()}${says.slice(1)}.`;
  return { id: idOf(rule), shortDescription: { text }, defaultConfiguration: { level: "warning" } };
}

function resultOf(finding: Finding, { path, statements }: CheckedDocument, fails: boolean): Result {
  const { line, column, endLine, endColumn, start } = finding;
  const statement = statements.find((one) => one.start <= start && start < one.end);
  const region = { startLine: line, startColumn: column, endLine, endColumn };
  return {
    ruleId: idOf(finding.rule),
    level: fails ? "error" : "warning",
    message: { text: finding.message },
    locations: [{ physicalLocation: { artifactLocation: artifact(path), region } }],
    ...(statement === undefined
      ? {}
      : {
          // The words decide, not the line: an alert stays the same when something above is edited.
          partialFingerprints: { "statement/v1": statementKey(statement.text, path, statement.heading) },
          rank: Math.round(1000 * statement.confidence) / 10,
          properties: { category: statement.label },
        }),
  };
}

function atFile(text: string, path: string | undefined, fails: boolean): Result {
  const locations: Location[] =
    path === undefined ? [] : [{ physicalLocation: { artifactLocation: artifact(path), region: { startLine: 1 } } }];
  return { ruleId: MISSING, level: fails ? "error" : "warning", message: { text }, locations };
}

/** Relative to the folder that CI checked out; paths that lead out of it stay as they are. */
function artifact(path: string): { uri: string; uriBaseId?: string } {
  const uri = path.split("/").map(encodeURIComponent).join("/");
  const leadsOut = path.startsWith("/") || path.startsWith("../") || /^[A-Za-z]:\//.test(path);
  if (!leadsOut) return { uri: uri.replace(/^(?:\.\/)+/, ""), uriBaseId: "%SRCROOT%" };
  return { uri: path.startsWith("../") ? uri : `file://${path.startsWith("/") ? "" : "/"}${uri.replace("%3A", ":")}` };
}
