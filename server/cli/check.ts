/** `check PATH…`: the categories of every requirement in documents, for people (text) and for CI. */
import { InputError, throwIfCancelled } from "../engine/outcome.ts";
import { missingCategories } from "../engine/judge/findings.ts";
import { BUILT_IN_TAXONOMY, type Category } from "../engine/taxonomy.ts";
import type { Project, Projects } from "../project.ts";
import { CONFIG_FILE } from "../store/config-file.ts";
import { PROJECT_FOLDER } from "../store/label-log.ts";
import { checkDocument } from "./check-document.ts";
import { reportJson } from "./check-json.ts";
import { reportJunit } from "./check-junit.ts";
import {
  type CheckedDocument,
  type CheckReport,
  failures,
  type MissingCategory,
  missingSentence,
  parseRules,
  RULES,
} from "./check-rules.ts";
import { reportSarif } from "./check-sarif.ts";
import { documentText, tableText } from "./check-text.ts";
import type { Command } from "./command.ts";
import { type DocumentSource, findDocuments, readable } from "./documents.ts";
import { MODEL_OPTIONS, ownVersion, ProjectModel } from "./model.ts";
import type { ParsedOptions } from "./options.ts";
import { complain, type ExitCode, FINDINGS, FINE, type Terminal, UNUSABLE, write } from "./terminal.ts";

const FORMATS = ["text", "json", "sarif", "junit"] as const;

export const check: Command = {
  name: "check",
  summary: "Show the category of every requirement in documents and folders.",
  usage: "PATH… [--format text|json|sarif|junit] [--fail-on RULE] [--adapter DIR|none] [--pack DIR]",
  teaches: [
    "Reads the documents (folders with everything in them) and classifies each statement with the project's active",
    "adapter. Labels that people gave in .nfr-lens/labels.jsonl win over the model, and .nfr-lens/config.json says what is",
    "ignored and which categories are required, exactly as in the editor.",
    "",
    "With --format json, one object comes out:",
    '  {"files": [{"path", "adapter", "statements": [{"id", "text", "start", "end", "line", "heading", "label", "source",',
    '    "confidence", "uncertain", "set"}], "findings": [{"rule", "message", "line", "column",',
    '    "endLine", "endColumn", "start", "end"}]}], "summary": {"model", …}}',
    "start and end are offsets in UTF-16 code units, lines and columns begin at 1. sarif is SARIF 2.1.0 with the findings,",
    "for code scanning; junit makes each requirement a test case that fails where --fail-on finds something.",
    "",
    "Rules for --fail-on:",
    ...RULES.map(([rule, says]) => `  ${rule.padEnd(21)}${says}`),
  ].join("\n"),
  options: {
    format: { value: FORMATS.join("|"), says: "How to print; text by default." },
    "fail-on": { value: "RULE", says: "End with exit code 1 when the rule finds something.", repeat: true },
    ...MODEL_OPTIONS,
  },
  examples: [
    "nfr-lens check docs/specification.md",
    "nfr-lens check docs --fail-on missing:SE --fail-on missing:PE",
    "nfr-lens check docs --format json > categories.json",
    "nfr-lens check docs --fail-on unmeasurable --format sarif > nfr.sarif",
  ],
  run: checkPaths,
};

async function checkPaths(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  if (options.positionals.length === 0) throw new InputError("name a document or a folder, for example: check docs");
  const format = options.oneOf("format", FORMATS, "text");
  const { projects, sources, unreadable: lost } = await findDocuments(options.positionals, terminal);
  const categories = allCategories(projects);
  const rules = parseRules(
    options.all("fail-on"),
    categories.map(({ code }) => code),
  );
  const model = await ProjectModel.open(options, terminal);

  const documents = new Map<DocumentSource, CheckedDocument>();
  const unreadable = [...lost];
  for (const source of sources) {
    throwIfCancelled(terminal.signal);
    const work = (): Promise<CheckedDocument> => checkDocument(source, projects, model, rules, terminal.signal);
    const checked = await readable(source.shown, work, unreadable, terminal);
    if (checked === undefined) continue;
    documents.set(source, checked);
    if (format === "text") await write(terminal.stdout, documentText(checked, categories));
  }
  const missing = projects.all.flatMap((project) => missingIn(project, projects, documents));
  const checked = [...documents.values()];
  const failed = failures(rules, checked, missing);
  const report = { model: model.name, documents: checked, unreadable, missing, rules, failed };
  if (format === "text") await write(terminal.stdout, closingText(report, categories));
  else await write(terminal.stdout, await formatted(report, format, terminal));
  for (const sentence of failed) complain(terminal, sentence);
  if (unreadable.length > 0) return UNUSABLE;
  return failed.length > 0 ? FINDINGS : FINE;
}

async function formatted(report: CheckReport, format: "json" | "sarif" | "junit", terminal: Terminal): Promise<string> {
  if (format === "json") return reportJson(report);
  return format === "junit" ? reportJunit(report) : reportSarif(report, await ownVersion(terminal));
}

function closingText({ documents, missing }: CheckReport, categories: readonly Category[]): string {
  return [tableText(documents, categories), ...missing.map((category) => `${missingSentence(category)}\n`)].join("");
}

/** What the configuration of a project requires and none of its documents has. */
function missingIn(
  project: Project,
  projects: Projects,
  documents: ReadonlyMap<DocumentSource, CheckedDocument>,
): MissingCategory[] {
  const own = [...documents].filter(([{ uri }]) => projects.of(uri) === project);
  if (own.length === 0) return [];
  const labels = own.flatMap(([, { statements }]) => statements.map(({ label }) => label));
  const config = `${PROJECT_FOLDER}/${CONFIG_FILE}`;
  return missingCategories(labels, project.config.required).map((code) => ({ code, config }));
}

/** The categories of all projects involved, each once; the built-in ones where there is no project. */
function allCategories(projects: Projects): readonly Category[] {
  const all = projects.all.flatMap(({ config }) => config.categories);
  return [...new Map((all.length > 0 ? all : BUILT_IN_TAXONOMY).map((category) => [category.code, category])).values()];
}
