/** The statement where a label teaches most, over all documents that are open or were scanned. */
import * as l10n from "@vscode/l10n";
import type { ClassifiedStatement } from "./classified.ts";
import { classifierText } from "./engine/documents/statement.ts";
import { Random } from "./engine/adapt/random.ts";
import { firstToLabel, nextToLabel, type Pick } from "./engine/judge/next-to-label.ts";
import { textVector } from "./engine/judge/text-vector.ts";
import { type Categories, nameOf, percent } from "./lsp/categories.ts";
import { bestScores } from "./lsp/hover.ts";
import type { Located, NextUncertainParams } from "./protocol.ts";
import type { Session } from "./session.ts";
import type { LabelRecord } from "./store/label.ts";

/** A prediction above this teaches little, whatever the threshold is. */
const SURE = 0.9;
/** Least certain statements that are weighed against each other; more would take longer than a key press should. */
const MOST_WEIGHED = 800;
/** With fewer labels, typical statements teach more than uncertain ones. */
const COLD_START = 5;
const CLUSTERS = 10;

interface Candidate {
  readonly uri: string;
  readonly found: ClassifiedStatement;
  /** Whether a label for it would teach the model more than that it is right. */
  readonly unsure: boolean;
}

/** The next statement to label, or null where no uncertain one is left (none at all, with `params.sure`). */
export function nextUncertain(session: Session, params: NextUncertainParams, categories: Categories): Located | null {
  if (session.model.model === undefined) return null;
  const unlabelled = candidatesOf(session, params);
  const uncertain = unlabelled.filter(({ unsure }) => unsure);
  const candidates = uncertain.length > 0 || params.sure !== true ? uncertain : unlabelled;
  if (candidates.length === 0) return null;
  const classes = session.adapters.labels();
  const weighed = candidates.map(({ found: { prediction, statement } }) => ({
    probabilities: classes.map((code) => prediction.scores[code] ?? 0),
    vector: textVector(classifierText(statement)),
  }));
  const labels = session.projects.all.flatMap((project) => project.labels.inForce());
  const random = Random.named(labels.length, "first to label");
  const [pick] =
    labels.length < COLD_START
      ? firstToLabel(weighed, CLUSTERS, () => random.uniform())
      : nextToLabel(weighed, knownLabels(labels, classes), 1);
  const chosen = candidates[pick!.candidate]!;
  return {
    uri: chosen.uri,
    statement: chosen.found.shown,
    reason: reasonOf(chosen.unsure ? pick!.because : "sure", chosen.found, categories),
  };
}

/** Unlabelled statements, least certain first; of one text the first. */
function candidatesOf(session: Session, { uri: here, offset = 0, skip = [] }: NextUncertainParams): Candidate[] {
  const passed = new Set(skip);
  const texts = new Set<string>();
  const found: (Candidate & { near: boolean })[] = [];
  for (const { uri, statements } of session.known()) {
    for (const statement of statements) {
      const { shown, label, prediction } = statement;
      if (label !== undefined || passed.has(shown.key) || texts.has(shown.text)) continue;
      texts.add(shown.text);
      const unsure = shown.uncertain || prediction.confidence < SURE;
      found.push({ uri, found: statement, unsure, near: uri === here && shown.start > offset });
    }
  }
  return found
    .sort((a, b) => a.found.prediction.confidence - b.found.prediction.confidence)
    .slice(0, MOST_WEIGHED)
    .sort((a, b) => Number(b.near) - Number(a.near));
}

function knownLabels(labels: readonly LabelRecord[], classes: readonly string[]) {
  const byTime = [...labels].sort((a, b) => (a.time < b.time ? -1 : 1));
  return {
    vectors: byTime.slice(-MOST_WEIGHED).map(({ text }) => textVector(text)),
    counts: classes.map((code) => labels.filter(({ label }) => label === code).length),
  };
}

function reasonOf(because: Pick["because"] | "sure", statement: ClassifiedStatement, categories: Categories): string {
  const [first, second] = bestScores(statement, 2);
  const words = (best: { label: string; score: number } | undefined): string =>
    best === undefined ? "" : `${nameOf(categories, best.label)} ${percent(best.score)}`;
  switch (because) {
    case "uncertainty":
      return l10n.t("The model wavers: {0} or {1}?", words(first), words(second));
    case "novelty":
      return l10n.t("Unlike anything labelled so far. {0}?", words(first));
    case "rarity":
      return l10n.t("Perhaps a category with few labels: {0} or {1}?", words(first), words(second));
    case "sure":
      return l10n.t("The model is sure of all that is left: {0}. Is it right?", words(first));
    case "typical":
      return l10n.t("Typical of many statements: a good first label. {0}?", words(first));
  }
}
