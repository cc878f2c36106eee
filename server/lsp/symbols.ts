/** Document symbols: the requirements of a document under their headings. */
import { type DocumentSymbol, SymbolKind } from "vscode-languageserver";
import type { ClassifiedDocument, ClassifiedStatement } from "../classified.ts";
import { type Categories, isRequirement, verdict } from "./categories.ts";

const NAME_LENGTH = 80;

/** A tree of headings with the requirements below each; headings without requirements are left out. */
export function documentSymbols(document: ClassifiedDocument, categories: Categories): DocumentSymbol[] {
  const top: DocumentSymbol[] = [];
  /** The headings above the current statement, with their symbols. */
  const open: DocumentSymbol[] = [];
  for (const statement of document.statements.filter(isRequirement)) {
    const { range } = statement.shown;
    // Editors refuse a symbol without a name.
    const heading = statement.shown.heading.map((name) => name || "…");
    const same = sharedLength(open, heading);
    open.length = same;
    for (const name of heading.slice(same)) {
      const symbol = { name, kind: SymbolKind.Namespace, range, selectionRange: range, children: [] };
      (open.at(-1)?.children ?? top).push(symbol);
      open.push(symbol);
    }
    for (const symbol of open) symbol.range = { start: symbol.range.start, end: range.end };
    (open.at(-1)?.children ?? top).push(requirement(statement, categories));
  }
  return top;
}

function sharedLength(open: readonly DocumentSymbol[], heading: readonly string[]): number {
  const differs = open.findIndex((symbol, depth) => symbol.name !== heading[depth]);
  return differs < 0 ? open.length : differs;
}

function requirement(statement: ClassifiedStatement, categories: Categories): DocumentSymbol {
  const { id, text, range } = statement.shown;
  const words = id === undefined ? text : `${id} ${text}`;
  return {
    name: words.length > NAME_LENGTH ? `${words.slice(0, NAME_LENGTH - 1)}…` : words,
    detail: verdict(statement, categories),
    kind: SymbolKind.String,
    range,
    selectionRange: range,
  };
}
