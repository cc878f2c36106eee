/** The hover over a statement: what it is, how sure that is, what the category means, and who says so. */
import * as l10n from "@vscode/l10n";
import { type Hover, MarkupKind } from "vscode-languageserver";
import type { ClassifiedStatement } from "../classified.ts";
import type { AdapterName, ServerStatus } from "../protocol.ts";
import { type Explanation, tellingParts } from "../engine/judge/explanation.ts";
import { type Categories, nameOf, percent } from "./categories.ts";

/** Keys of our own client for the hint below; a test compares them with the manifest. */
export const KEYS = {
  accept: "Ctrl+Alt+J A",
  change: "Ctrl+Alt+J C",
  reject: "Ctrl+Alt+J X",
  undo: "Ctrl+Alt+J U",
} as const;

/** The three categories the model thinks most likely, best first. */
export function bestScores({ prediction }: ClassifiedStatement, count = 3): { label: string; score: number }[] {
  return Object.entries(prediction.scores)
    .map(([label, score]) => ({ label, score }))
    .sort((a, b) => b.score - a.score)
    .slice(0, count);
}

/** What a hover says beside the statement's own data. */
export interface HoverContext {
  readonly model: ServerStatus["model"];
  /** The adapter that reads the document. */
  readonly adapter: AdapterName;
  /** Whether the client has the keys that the last line names. */
  readonly ownClient: boolean;
  /** What the words did for the model's category. */
  readonly explanation: Explanation | undefined;
}

export function hover(statement: ClassifiedStatement, categories: Categories, context: HoverContext): Hover {
  const { explanation, ownClient } = context;
  const { shown } = statement;
  const category = categories.get(shown.label);
  const standard = category?.iso25010;
  const parts = [
    decision(statement, categories),
    category?.meaning ?? "",
    standard == null ? "" : `ISO/IEC 25010:2023: ${escape(standard)}`,
    bestScores(statement)
      .map(({ label, score }) => `${escape(nameOf(categories, label))} ${percent(score)}`)
      .join(" · "),
    likelySet(statement, categories),
    explanation === undefined ? "" : tellingWords(explanation, categories),
    origin(context),
    ownClient ? keyboardHint(statement) : "",
  ];
  return {
    range: shown.range,
    contents: { kind: MarkupKind.Markdown, value: parts.filter((part) => part !== "").join("\n\n") },
  };
}

function decision({ shown, label }: ClassifiedStatement, categories: Categories): string {
  const name = `**${escape(nameOf(categories, shown.label))}**`;
  const sure = percent(shown.confidence);
  if (label !== undefined) {
    const model = `${escape(nameOf(categories, shown.predicted))} ${sure}`;
    return l10n.t(
      "{0} · labelled by {1} on {2}; the model says {3}",
      name,
      escape(label.author),
      label.time.slice(0, 10),
      model,
    );
  }
  return shown.uncertain ? l10n.t("Uncertain: perhaps {0} · {1}", name, sure) : `${name} · ${sure}`;
}

/** More names than these say no more than "many". */
const MOST_NAMED = 5;

/** The categories that hold the truth as often as was measured; nothing where a person decided or nobody measured. */
function likelySet({ label, prediction }: ClassifiedStatement, categories: Categories): string {
  const { set } = prediction;
  if (label !== undefined || set === null) return "";
  const names = set.labels.slice(0, MOST_NAMED).map((code) => escape(nameOf(categories, code)));
  const more = set.labels.length - names.length;
  const listed = more > 0 ? l10n.t("{0} and {1} more", names.join(", "), more) : names.join(", ");
  return l10n.t("The right category is among these {0} of the time: {1}", percent(set.coverage), listed);
}

/** So many words fit on a line. */
const MOST_WORDS = 4;

/** What the model would think of its category without the words that matter. */
function tellingWords(explanation: Explanation, categories: Categories): string {
  const words = tellingParts(explanation, MOST_WORDS).map(
    ({ words: word, without }) => `**${escape(word)}** ${percent(without)}`,
  );
  if (words.length === 0) return "";
  const category = escape(nameOf(categories, explanation.label));
  return l10n.t("{0} {1}, and without the word: {2}", category, percent(explanation.share), words.join(" · "));
}

function origin({ model, adapter }: HoverContext): string {
  if (model === undefined) return "";
  const name = `${escape(model.name)} (${model.precision})`;
  return adapter === null
    ? l10n.t("Model: {0}, without a project adapter", name)
    : l10n.t("Model: {0} with adapter {1} {2}", name, escape(adapter.name), escape(adapter.version));
}

function keyboardHint({ label }: ClassifiedStatement): string {
  return label === undefined
    ? l10n.t("Accept: {0} · change: {1} · not a requirement: {2}", KEYS.accept, KEYS.change, KEYS.reject)
    : l10n.t("Change: {0} · take back: {1}", KEYS.change, KEYS.undo);
}

/** Names come from files of the workspace; nothing in them may become a link or an image. */
function escape(text: string): string {
  return text.replace(/[\\`*_{}[\]()#+\-.!<>|&~]/g, "\\$&");
}
