/** Inlay hints: the category behind each requirement, for those who prefer it to lenses. */
import { type InlayHint, InlayHintKind, type Range } from "vscode-languageserver";
import type { ClassifiedDocument } from "../classified.ts";
import { type Categories, isRequirement, verdict } from "./categories.ts";

/** The hints of the requirements that end inside `range`. */
export function inlayHints(document: ClassifiedDocument, range: Range, categories: Categories): InlayHint[] {
  return document.statements
    .filter((statement) => {
      const { line } = statement.shown.range.end;
      return isRequirement(statement) && range.start.line <= line && line <= range.end.line;
    })
    .map((statement) => ({
      position: statement.shown.range.end,
      label: verdict(statement, categories),
      kind: InlayHintKind.Type,
      paddingLeft: true,
    }));
}
