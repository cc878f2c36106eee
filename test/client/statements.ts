/** Statements as the server would tell them, from a few words. */
import type { ShownCategory, ShownDocument, ShownStatement } from "../../server/protocol.ts";
import { BUILT_IN_TAXONOMY } from "../../server/engine/taxonomy.ts";

export const CATEGORIES: readonly ShownCategory[] = BUILT_IN_TAXONOMY;

/** `SE`, `SE!` (a person said so) or `SE?` (uncertain), on `line`, ten characters from `character`. */
export function statement(mark: string, line: number, character = 0, heading: string[] = []): ShownStatement {
  const label = mark.replace(/[!?]$/, "");
  return {
    key: `${label}@${line}:${character}`,
    text: `statement ${line}`,
    start: line * 100 + character,
    end: line * 100 + character + 10,
    range: { start: { line, character }, end: { line, character: character + 10 } },
    heading,
    label,
    source: mark.endsWith("!") ? "person" : "model",
    confidence: 0.9,
    uncertain: mark.endsWith("?"),
    predicted: label,
  };
}

export function shownDocument(uri: string, version: number, statements: ShownStatement[]): ShownDocument {
  return { uri, version, statements };
}
