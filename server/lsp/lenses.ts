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

/**
 * What an unresolved lens carries back to the server. Keys hold the document's path in its folder, so the number of the
 * workspace folder is all they need beside them; a URI would be most of what is sent.
 */
export interface LensData {
  readonly kind: LensKind;
  readonly key: string;
  /** -1 for a document that lies in no folder. */
  readonly folder: number;
}

/**
 * The lenses of a document of workspace folder number `folder`, unresolved. Predictions below `minimumConfidence` have
 * none; decisions of people do.
 */
export function codeLenses(document: ClassifiedDocument, folder: number, minimumConfidence: number): CodeLens[] {
  return document.statements
    .filter((statement) => isRequirement(statement) && isSureEnough(statement, minimumConfidence))
    .flatMap(({ shown, label }) => {
      const kinds: LensKind[] = label === undefined ? ["verdict", "accept", "change"] : ["verdict", "change", "undo"];
      return kinds.map((kind) => unresolved(shown.range, { kind, key: shown.key, folder }));
    });
}

function unresolved(range: Range, { kind, key, folder }: LensData): CodeLens {
  return { range: { start: range.start, end: range.start }, data: `${kind} ${key} ${folder}` };
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
  const [name, key, number] = typeof value === "string" ? value.split(" ") : [];
  const folder = Number(number);
  const kind = LENS_KINDS.find((known) => known === name);
  return kind !== undefined && key !== undefined && Number.isInteger(folder) ? { kind, key, folder } : undefined;
}
