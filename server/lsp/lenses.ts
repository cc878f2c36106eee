/**
 * Code lenses. A document of thousands of requirements has three lenses for each, and editors ask for all of them
 * after every edit; so they go out as positions, and what is on screen is resolved.
 */
import type { CodeLens, Range } from "vscode-languageserver";
import type { ClassifiedDocument, ClassifiedStatement } from "../classified.ts";
import { type Categories, isRequirement, verdict } from "./categories.ts";
import { type MakeCommand, titles } from "./commands.ts";

type LensKind = "verdict" | "accept" | "change" | "undo";

/** What an unresolved lens carries back to the server. */
export interface LensData {
  readonly uri: string;
  readonly key: string;
  readonly kind: LensKind;
}

/** The lenses of a document, unresolved. Predictions below `minimumConfidence` have none; decisions of people do. */
export function codeLenses(document: ClassifiedDocument, minimumConfidence: number): CodeLens[] {
  return document.statements
    .filter((statement) => isRequirement(statement) && isSureEnough(statement, minimumConfidence))
    .flatMap(({ shown, label }) => {
      const kinds: LensKind[] = label === undefined ? ["verdict", "accept", "change"] : ["verdict", "change", "undo"];
      return kinds.map((kind) => unresolved(shown.range, { uri: document.uri, key: shown.key, kind }));
    });
}

function unresolved(range: Range, data: LensData): CodeLens {
  return { range: { start: range.start, end: range.start }, data };
}

function isSureEnough({ shown, label }: ClassifiedStatement, minimumConfidence: number): boolean {
  return label !== undefined || shown.confidence >= minimumConfidence;
}

/** The lens with its words and its command. */
export function resolvedLens(
  lens: CodeLens,
  data: LensData,
  statement: ClassifiedStatement,
  categories: Categories,
  command: MakeCommand,
): CodeLens {
  // A command without an id is shown as plain words.
  if (data.kind === "verdict") return { ...lens, command: { title: verdict(statement, categories), command: "" } };
  return { ...lens, command: command(data.kind, titles[data.kind](), data.uri, data.key) };
}

/** Reads the data of a lens that a client sent back, or undefined where it is not ours. */
export function lensData(value: unknown): LensData | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { uri, key, kind } = value as Record<string, unknown>;
  const known = kind === "verdict" || kind === "accept" || kind === "change" || kind === "undo";
  return typeof uri === "string" && typeof key === "string" && known ? { uri, key, kind } : undefined;
}
