/** One document of `check`: read, classified, joined with the project's labels, and what is found about it. */
import { TextDocument } from "vscode-languageserver-textdocument";
import { type ClassifiedStatement, joined, type Surroundings } from "../classified.ts";
import { readDocument } from "../engine/documents/read.ts";
import { classifierText, type ReadDocument, type Statement } from "../engine/documents/statement.ts";
import type { Classifier } from "../engine/model/classifier.ts";
import { DEFAULT_FINDINGS, findingRange, shownFindings } from "../findings.ts";
import { type Categories, shownCategory } from "../lsp/categories.ts";
import type { Projects } from "../project.ts";
import type { FindingSettings } from "../protocol.ts";
import { readingProblemText } from "../reading-problem.ts";
import { readDocumentText } from "../store/document-files.ts";
import {
  type CheckedDocument,
  type CheckedStatement,
  type Finding,
  type FindingPlace,
  findingsOf,
  type Rule,
} from "./check-rules.ts";
import type { DocumentSource } from "./documents.ts";
import type { ProjectModel } from "./model.ts";

/** Classifies a document with the model of its project. Throws InputError for one that cannot be read. */
export async function checkDocument(
  source: DocumentSource,
  projects: Projects,
  model: ProjectModel,
  rules: readonly Rule[],
  signal: AbortSignal,
): Promise<CheckedDocument> {
  const text = TextDocument.create(source.uri, "", 0, await readDocumentText(source.file));
  const read = readDocument(text.getText(), source.format);
  const project = projects.of(source.uri);
  const adapter = await model.use(project?.root);
  const classified = await classify(text, read, projects.surroundings(source.uri), model.classifier, signal);
  const statements = classified.map(checkedStatement);
  const categories = new Map((project?.config.categories ?? []).map((one) => [one.code, shownCategory(one)]));
  const placeOf = ({ start, end }: { start: number; end: number }): FindingPlace => placeIn(text, start, end);
  const findings = [
    ...read.problems.map((problem) => ({
      rule: "problem",
      message: readingProblemText(problem.problem),
      ...placeOf(problem),
    })),
    ...aboutStatements(classified, text, wantedBy(rules), categories),
    ...rules.flatMap((rule) => findingsOf(rule, statements, placeOf)),
  ];
  return { path: source.shown, adapter, statements, findings: findings.sort((a, b) => a.start - b.start) };
}

async function classify(
  text: TextDocument,
  read: ReadDocument,
  surroundings: Surroundings,
  model: Classifier,
  signal: AbortSignal,
): Promise<ClassifiedStatement[]> {
  const statements = read.statements.filter(({ ignored }) => !ignored);
  const predictions = await model.classify(statements.map(classifierText), { signal });
  const byStatement = new Map(statements.map((statement, index) => [statement, predictions[index]!]));
  const findings = {
    statements,
    predictionOf: (statement: Statement) => byStatement.get(statement)!,
    positionAt: (offset: number) => text.positionAt(offset),
  };
  return joined(findings, surroundings, []);
}

function checkedStatement({ shown, statement, prediction }: ClassifiedStatement): CheckedStatement {
  const { start, end, heading, label, source, confidence, uncertain } = shown;
  const place = { id: shown.id ?? null, text: shown.text, start, end, line: statement.line + 1, heading };
  return { ...place, label, source, confidence, uncertain, set: prediction.set };
}

/** What the editor lists by default, and what the command line asks for besides. */
function wantedBy(rules: readonly Rule[]): FindingSettings {
  const asked = (name: Rule["kind"]): boolean => rules.some(({ kind }) => kind === name);
  return {
    unmeasurable: DEFAULT_FINDINGS.unmeasurable || asked("unmeasurable"),
    severalQualities: DEFAULT_FINDINGS.severalQualities || asked("several-qualities"),
    contradictsHeading: DEFAULT_FINDINGS.contradictsHeading || asked("contradicts-heading"),
  };
}

function aboutStatements(
  classified: readonly ClassifiedStatement[],
  text: TextDocument,
  wanted: FindingSettings,
  categories: Categories,
): Finding[] {
  return classified.flatMap((statement) =>
    shownFindings(statement, wanted, categories).map((finding) => {
      const { start, end } = findingRange(statement, finding, text);
      return {
        rule: finding.code,
        message: finding.message,
        ...placeIn(text, text.offsetAt(start), text.offsetAt(end)),
      };
    }),
  );
}

function placeIn(text: TextDocument, start: number, end: number): FindingPlace {
  const [from, to] = [text.positionAt(start), text.positionAt(end)];
  return {
    line: from.line + 1,
    column: from.character + 1,
    endLine: to.line + 1,
    endColumn: to.character + 1,
    start,
    end,
  };
}
