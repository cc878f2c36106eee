/** `check PATH…`: the categories of every requirement in documents, for people (text) and for CI (JSON, exit code). */
import { TextDocument } from "vscode-languageserver-textdocument";
import { joined, type Surroundings } from "../classified.ts";
import { readDocument } from "../engine/documents/read.ts";
import { classifierText, type ReadDocument, type Statement } from "../engine/documents/statement.ts";
import { InputError, throwIfCancelled } from "../engine/outcome.ts";
import type { Classifier } from "../engine/model/classifier.ts";
import { BUILT_IN_TAXONOMY, type Category, NONE } from "../engine/taxonomy.ts";
import type { Projects } from "../project.ts";
import { readingProblemText } from "../reading-problem.ts";
import { readDocumentText } from "../store/document-files.ts";
import {
  type CheckedDocument,
  type CheckedStatement,
  failures,
  type Finding,
  findingsOf,
  parseRules,
  type Rule,
  RULES,
} from "./check-rules.ts";
import { documentText, tableText } from "./check-text.ts";
import type { Command } from "./command.ts";
import { type DocumentSource, findDocuments, readable, type Unreadable } from "./documents.ts";
import { MODEL_OPTIONS, openClassifier } from "./model.ts";
import type { ParsedOptions } from "./options.ts";
import { complain, type ExitCode, FINDINGS, FINE, type Terminal, UNUSABLE, write } from "./terminal.ts";

export const check: Command = {
  name: "check",
  summary: "Show the category of every requirement in documents and folders.",
  usage: "PATH… [--format text|json] [--fail-on RULE] [--adapter DIR] [--pack DIR]",
  teaches: [
    "Reads the documents (folders with everything in them) and classifies each statement. Labels that people gave in",
    ".nfr-lens/labels.jsonl win over the model, and .nfr-lens/config.json says what is ignored, exactly as in the editor.",
    "",
    "With --format json, one object comes out:",
    '  {"files": [{"path", "statements": [{"id", "text", "start", "end", "line", "heading", "label", "source",',
    '    "confidence", "uncertain", "set"}], "findings": [{"rule", "message", "line", "start", "end"}]}], "summary": {…}}',
    "start and end are offsets in UTF-16 code units, line begins at 1.",
    "",
    "Rules for --fail-on:",
    ...RULES.map(([rule, says]) => `  ${rule.padEnd(14)}${says}`),
  ].join("\n"),
  options: {
    format: { value: "text|json", says: "How to print; text by default." },
    "fail-on": { value: "RULE", says: "End with exit code 1 when the rule finds something.", repeat: true },
    ...MODEL_OPTIONS,
  },
  examples: [
    "nfr-lens check docs/specification.md",
    "nfr-lens check docs --fail-on missing:SE --fail-on missing:PE",
    "nfr-lens check docs --format json > categories.json",
  ],
  run: checkPaths,
};

async function checkPaths(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.positionals.length === 0) throw new InputError("name a document or a folder, for example: check docs");
  const format = options.oneOf("format", ["text", "json"], "text");
  const { projects, sources, unreadable: missing } = await findDocuments(options.positionals, terminal);
  const categories = allCategories(projects);
  const rules = parseRules(
    options.all("fail-on"),
    categories.map(({ code }) => code),
  );
  const model = await openClassifier(options, terminal);

  const documents: CheckedDocument[] = [];
  const unreadable = [...missing];
  for (const source of sources) {
    throwIfCancelled(terminal.signal);
    const work = (): Promise<CheckedDocument> => checkDocument(source, projects, model, rules, terminal.signal);
    const checked = await readable(source.shown, work, unreadable, terminal);
    if (checked === undefined) continue;
    documents.push(checked);
    if (format === "text") await write(terminal.stdout, documentText(checked, categories));
  }
  const broken = failures(rules, documents);
  if (format === "json") await write(terminal.stdout, reportJson(documents, unreadable, broken));
  else await write(terminal.stdout, tableText(documents, categories));
  for (const sentence of broken) complain(terminal, sentence);
  if (unreadable.length > 0) return UNUSABLE;
  return broken.length > 0 ? FINDINGS : FINE;
}

/** The categories of all projects involved, each once; the built-in ones where there is no project. */
function allCategories(projects: Projects): readonly Category[] {
  const all = projects.all.flatMap(({ config }) => config.categories);
  return [...new Map((all.length > 0 ? all : BUILT_IN_TAXONOMY).map((category) => [category.code, category])).values()];
}

async function checkDocument(
  source: DocumentSource,
  projects: Projects,
  model: Classifier,
  rules: readonly Rule[],
  signal: AbortSignal,
): Promise<CheckedDocument> {
  const text = TextDocument.create(source.uri, "", 0, await readDocumentText(source.file));
  const read = readDocument(text.getText(), source.format);
  const statements = await classifyStatements(text, read, projects.surroundings(source.uri), model, signal);
  const problems = read.problems.map(({ problem, start, end }): Finding => {
    return { rule: "problem", message: readingProblemText(problem), line: text.positionAt(start).line + 1, start, end };
  });
  const findings = [...problems, ...rules.flatMap((rule) => findingsOf(rule, statements))];
  return { path: source.shown, statements, findings: findings.sort((a, b) => a.start - b.start) };
}

async function classifyStatements(
  text: TextDocument,
  read: ReadDocument,
  surroundings: Surroundings,
  model: Classifier,
  signal: AbortSignal,
): Promise<CheckedStatement[]> {
  const statements = read.statements.filter(({ ignored }) => !ignored);
  const predictions = await model.classify(statements.map(classifierText), { signal });
  const byStatement = new Map(statements.map((statement, index) => [statement, predictions[index]!]));
  const findings = {
    statements,
    predictionOf: (statement: Statement) => byStatement.get(statement)!,
    positionAt: (offset: number) => text.positionAt(offset),
  };
  return joined(findings, surroundings, []).map(({ shown, statement, prediction }) => {
    const { start, end, heading, label, source, confidence, uncertain } = shown;
    const place = { id: shown.id ?? null, text: shown.text, start, end, line: statement.line + 1, heading };
    return { ...place, label, source, confidence, uncertain, set: prediction.set };
  });
}

/** The object that `--format json` prints. */
function reportJson(
  files: readonly CheckedDocument[],
  unreadable: readonly Unreadable[],
  failed: readonly string[],
): string {
  const all = files.flatMap(({ statements }) => statements);
  const labels: Record<string, number> = {};
  for (const { label } of all) labels[label] = (labels[label] ?? 0) + 1;
  const summary = {
    files: files.length,
    statements: all.length,
    requirements: all.length - (labels[NONE] ?? 0),
    uncertain: all.filter(({ uncertain }) => uncertain).length,
    labels,
    unreadable,
    failed,
  };
  return JSON.stringify({ files, summary }, null, 2) + "\n";
}
