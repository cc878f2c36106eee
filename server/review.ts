/**
 * The review of labels: where authors disagree, where the model contradicts a label it did not learn from, and a few
 * old statements to label again without looking.
 */
import * as l10n from "@vscode/l10n";
import { type HeldOut, parseHeldOut, textKey } from "./engine/adapt/held-out.ts";
import { agreementOf, conflictsOf, type Decision, selfAgreementOf } from "./engine/judge/agreement.ts";
import { suspectLabels } from "./engine/judge/suspects.ts";
import type { Classifier } from "./engine/model/classifier.ts";
import type { FolderAdapters } from "./folder-adapters.ts";
import { type Categories, nameOf, percent } from "./lsp/categories.ts";
import type { Project } from "./project.ts";
import type { Review, ReviewItem } from "./protocol.ts";
import type { Session } from "./session.ts";
import { HELD_OUT_FILE, readAdapterFiles } from "./store/adapter-folder.ts";
import type { LabelRecord } from "./store/label.ts";

/** Newest labels that are looked at; more would take minutes. */
const MOST_LOOKED_AT = 2000;
const MOST_SUSPECTS = 50;
/** From so many labels of one's own on, a few old ones come again. */
const LABELS_BEFORE_REPEATS = 20;
const REPEATS = 3;

/** @param author Whose labels are repeated blind. */
export async function reviewLabels(
  session: Session,
  author: string,
  categories: Categories,
  signal: AbortSignal,
): Promise<Review> {
  await session.refreshLabels();
  const items: ReviewItem[] = [];
  const decisions: Decision[] = [];
  const repeats: { author: string; first: string; again: string }[] = [];
  for (const project of session.projects.all) {
    const records = [...project.labels.records].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    const place = placing(session, project);
    const own = decisionsOf(records);
    // Not spread into arguments: a log may hold more lines than a call takes.
    // Keys hold a document's path in its folder: the same one in another folder is another statement.
    for (const decision of own) decisions.push({ ...decision, item: `${project.root}\n${decision.item}` });
    for (const repeat of repeatsOf(records)) repeats.push(repeat);
    items.push(...conflicts(own, records, place));
    items.push(...(await suspects(session, project, categories, place, signal)));
    items.push(...blind(records, author, place));
  }
  return { items, agreement: agreementOf(decisions) ?? null, selfAgreement: selfAgreementOf(repeats) };
}

type Place = (record: LabelRecord) => Pick<ReviewItem, "uri" | "key" | "text">;

/** Where a labelled statement is now: its key may have changed with its heading, and its document may be gone. */
function placing(session: Session, project: Project): Place {
  const now = new Map<string, { uri: string; key: string }>();
  for (const { uri, statements } of session.known()) {
    if (session.projects.of(uri) !== project) continue;
    for (const { label, shown } of statements) if (label) now.set(label.key, { uri, key: shown.key });
  }
  return ({ key, text, document }) => {
    const elsewhere = project.labels.isGone(document) ? null : project.uriOf(document);
    return { text, ...(now.get(key) ?? { uri: elsewhere, key }) };
  };
}

/** Each author's decisions, oldest first; what an author took back is none. */
function decisionsOf(records: readonly LabelRecord[]): Decision[] {
  const standing = new Map<string, Decision>();
  for (const { key, author, label } of records) {
    const whose = JSON.stringify([key, author]);
    standing.delete(whose);
    if (label !== null) standing.set(whose, { item: key, author, label });
  }
  return [...standing.values()];
}

function conflicts(decisions: readonly Decision[], records: readonly LabelRecord[], place: Place): ReviewItem[] {
  const newest = new Map(records.map((record) => [record.key, record]));
  return conflictsOf(decisions).flatMap(({ item, labels }): ReviewItem[] => {
    const record = newest.get(item);
    // What was decided in review is settled, whatever the others had said before.
    if (record === undefined || record.origin === "review") return [];
    const reason = l10n.t("{0} people gave different labels.", labels.length);
    const said = labels.map(({ label, author }) => ({ label, author }));
    return [{ kind: "conflict", ...place(record), labels: said, suggested: null, reason }];
  });
}

/** Labels that the model contradicts although, or because, it did not learn from them. */
async function suspects(
  session: Session,
  project: Project,
  categories: Categories,
  place: Place,
  signal: AbortSignal,
): Promise<ReviewItem[]> {
  const adapters = session.adapters.of(project);
  const classifier = adapters.classifier();
  const classes = classifier.labels;
  const labels = project.labels
    .inForce()
    .filter(({ label, origin }) => classes.includes(label ?? "") && origin !== "review")
    .slice(-MOST_LOOKED_AT);
  const rows = await unseen(labels, classifier, await heldOutOf(adapters), signal);
  const found = suspectLabels(
    rows.map(({ probabilities }) => probabilities),
    rows.map(({ record }) => classes.indexOf(record.label ?? "")),
  );
  return found.slice(0, MOST_SUSPECTS).map(({ row, suggested }): ReviewItem => {
    const { record, probabilities } = rows[row]!;
    const code = classes[suggested]!;
    const model = `${nameOf(categories, code)} ${percent(probabilities[suggested]!)}`;
    const said = [{ label: record.label ?? "", author: record.author }];
    const reason = l10n.t("The model, which did not learn from this label, says {0}.", model);
    return { kind: "suspect", ...place(record), labels: said, suggested: code, reason };
  });
}

/** What the adapter in force said of its training rows while they were held out. */
async function heldOutOf({ folderInForce }: FolderAdapters): Promise<ReadonlyMap<string, HeldOut>> {
  if (folderInForce === null) return new Map();
  return parseHeldOut(new TextDecoder().decode((await readAdapterFiles(folderInForce)).get(HELD_OUT_FILE)));
}

/** Probabilities of labelled statements from a model that did not see their labels; others are left out. */
async function unseen(
  labels: readonly LabelRecord[],
  classifier: Classifier,
  heldOut: ReadonlyMap<string, HeldOut>,
  signal: AbortSignal,
): Promise<{ record: LabelRecord; probabilities: number[] }[]> {
  const classes = classifier.labels;
  const predictions = await classifier.classify(
    labels.map(({ text }) => text),
    { signal },
  );
  return labels.flatMap((record, index) => {
    const said = heldOut.get(textKey(record.text));
    if (said === null) return [];
    if (said === undefined) {
      const { scores } = predictions[index]!;
      return [{ record, probabilities: classes.map((code) => scores[code] ?? 0) }];
    }
    // Only the winner was kept; what is left is shared by the others.
    const rest = (1 - said.confidence) / Math.max(1, classes.length - 1);
    return [{ record, probabilities: classes.map((code) => (code === said.label ? said.confidence : rest)) }];
  });
}

/** Each blind repetition with what the same author had said before. */
function repeatsOf(records: readonly LabelRecord[]): { author: string; first: string; again: string }[] {
  const before = new Map<string, string>();
  return records.flatMap(({ key, author, label, origin }) => {
    const whose = JSON.stringify([key, author]);
    const first = before.get(whose);
    if (label === null) before.delete(whose);
    else before.set(whose, label);
    return origin === "blind" && label !== null && first !== undefined ? [{ author, first, again: label }] : [];
  });
}

/** The author's oldest labels that did not come again yet; what was said then is not told. */
function blind(records: readonly LabelRecord[], author: string, place: Place): ReviewItem[] {
  const own = records.filter((record) => record.author === author && record.label !== null);
  if (own.length < LABELS_BEFORE_REPEATS) return [];
  const repeated = new Set(own.filter(({ origin }) => origin === "blind").map(({ key }) => key));
  const once = new Map(own.filter(({ key }) => !repeated.has(key)).map((record) => [record.key, record]));
  const reason = l10n.t(
    "You labelled this before. Label it again without looking it up: how steady is your judgement?",
  );
  return [...once.values()]
    .map((record): ReviewItem => ({ kind: "blind", ...place(record), labels: [], suggested: null, reason }))
    .filter(({ uri }) => uri !== null)
    .slice(0, REPEATS);
}
