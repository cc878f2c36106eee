/** What a reader could not use as it stands, in words. */
import * as l10n from "@vscode/l10n";
import type { PlainTextReason, ReadingProblem } from "./engine/documents/statement.ts";

export function readingProblemText(problem: ReadingProblem): string {
  if (problem.code === "document-too-long") {
    return l10n.t(
      "The document has {0} characters; at most {1} are read. Split it, or ignore it in “.nfr-lens/config.json”.",
      problem.found,
      problem.most,
    );
  }
  return l10n.t("{0}, so it was read as plain text, without the rules of Markdown.", reasonText(problem.because));
}

function reasonText(because: PlainTextReason): string {
  switch (because.much) {
    case "characters":
      return l10n.t("This part is longer than {0} characters without a break", because.most);
    case "brackets":
      return l10n.t("This part has more than {0} brackets", because.most);
    case "marks":
      return l10n.t("This part has more than {0} characters of markup", because.most);
    case "levels":
      return l10n.t("This part is nested deeper than {0} levels", because.most);
    case "nesting":
      return l10n.t("This part is nested too deeply");
  }
}
