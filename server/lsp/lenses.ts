/**
 * Code lenses. A document of thousands of requirements has three lenses for each, and editors ask for all of them
 * after every edit; so they go out as positions, and what is on screen is resolved.
 */
import type { CodeLens, Range } from "vscode-languageserver";
import type { ClassifiedDocument, ClassifiedStatement } from "../classified.ts";
import { type Categories, isRequirement, verdict } from "./categories.ts";
import { type MakeCommand, titles } from "./commands.ts";

const LENS_KINDS = ["verdict", "accept", "change", "undo"] as const;
type LensKind = (typeof LENS_KINDS)[number];

/** What an unresolved lens carries back to the server. Keys hold the document, so they need no URI beside them. */
export interface LensData {
  readonly kind: LensKind;
  readonly key: string;
}

/** The lenses of a document, unresolved. Predictions below `minimumConfidence` have none; decisions of people do. */
export function codeLenses(document: ClassifiedDocument, minimumConfidence: number): CodeLens[] {
  return document.statements
    .filter((statement) => isRequirement(statement) && isSureEnough(statement, minimumConfidence))
    .flatMap(({ shown, label }) => {
      const kinds: LensKind[] = label === undefined ? ["verdict", "accept", "change"] : ["verdict", "change", "undo"];
      return kinds.map((kind) => unresolved(shown.range, { kind, key: shown.key }));
    });
}

function unresolved(range: Range, { kind, key }: LensData): CodeLens {
  return { range: { start: range.start, end: range.start }, data: `${kind} ${key}` };
}

function isSureEnough({ shown, label }: ClassifiedStatement, minimumConfidence: number): boolean {
  return label !== undefined || shown.confidence >= minimumConfidence;
}

/** The lens with its words and its command. */
export function resolvedLens(
  lens: CodeLens,
  { kind, key }: LensData,
  uri: string,
  statement: ClassifiedStatement,
  categories: Categories,
  command: MakeCommand,
): CodeLens {
  // A command without an id is shown as plain words.
  if (kind === "verdict") return { ...lens, command: { title: verdict(statement, categories), command: "" } };
  return { ...lens, command: command(kind, titles[kind](), uri, key) };
}

/** Reads the data of a lens that a client sent back, or undefined where it is not ours. */
export function lensData(value: unknown): LensData | undefined {
  const [name, key] = typeof value === "string" ? value.split(" ") : [];
  const kind = LENS_KINDS.find((known) => known === name);
  return kind !== undefined && key !== undefined ? { kind, key } : undefined;
}
