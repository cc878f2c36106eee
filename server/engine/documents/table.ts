/**
 * Which cells of a table are statements. A requirements engineer wants one statement a requirement: the column with
 * the demand, under the id of its row. Rationale, verification, status, owner and the like explain or administer a
 * requirement and bind nothing, so they are left out; so are titles where a fuller text stands beside them, and the
 * history of the document. In a table without such headers every cell that reads like a sentence is a statement.
 */
import type { Cell, Sentence } from "./block.ts";
import { bareId, isId } from "./identifier.ts";

type Role = "id" | "demand" | "text" | "aside" | "other";

const HEADERS: readonly (readonly [Role, RegExp])[] = [
  [
    "id",
    /^(?:id|ids|#|no|nr|number|identifier|key|uid|tag|(?:req\w*|rule|story|use case|uc|item|nfr|fr)\W*(?:id|no|nr|number|#|key))$/iu,
  ],
  [
    "aside",
    /\b(?:rationale|reason|justification|why|verif\w*|validat\w*|test\w*|status|state|priority|prio|moscow|importance|owner|author|assignee|source|origin|stakeholders?|date|version|revision|release|milestone|iteration|sprint|comments?|notes?|remarks?|trace\w*|parents?|children|links?|references?|refs?|dependenc\w*|depends|type|category|class|kind|risk|effort|estimate|cost|component|module|title|name|summary|example|see)\b/iu,
  ],
  [
    "demand",
    /\b(?:requirements?|shall|statement|demand|needs?|constraint|user stor(?:y|ies)|fit criteri(?:on|a)|acceptance criteri(?:on|a)|criteri(?:on|a)|specification|quality goal|goal|rule|scenario|response|target|measure)\b|要求|要件/iu,
  ],
  ["text", /\b(?:descriptions?|text|details?|content|definition|explanation|what)\b|説明|内容/iu],
];

/** A cell in a table that is not known to hold requirements counts when it has this many words. */
const SENTENCE_WORDS = 4;

/** For each row the sentences that are statements, the row's id on the first of each cell. */
export function tableStatements(header: readonly string[], rows: readonly (readonly Cell[])[]): Sentence[][] {
  const roles = rolesOf(header, rows);
  const hasDemand = roles.includes("demand");
  if (!hasDemand && isHistory(header)) return rows.map(() => []);
  return rows.map((cells) => {
    const idCell = cells.find((cell, column) => roles[column] === "id" && isId(cell.text));
    const id = idCell === undefined ? undefined : bareId(idCell.text);
    const ignored = cells.some((cell) => cell.ignoresRow);
    return cells.flatMap((cell, column) => {
      const role = roles[column] ?? "other";
      if (hasDemand ? role !== "demand" : role !== "other") return [];
      if (!hasDemand && cell.text.split(" ").length < SENTENCE_WORDS) return [];
      return cell.sentences.map((sentence) => ({
        ...sentence,
        id: sentence.id ?? (sentence.first ? id : undefined),
        ignored: sentence.ignored || ignored,
      }));
    });
  });
}

function rolesOf(header: readonly string[], rows: readonly (readonly Cell[])[]): Role[] {
  const width = Math.max(header.length, ...rows.map((cells) => cells.length));
  const columns = Array.from({ length: width }, (_, column) =>
    rows.map((cells) => cells[column]?.text ?? "").filter(Boolean),
  );
  const roles = columns.map((texts, column): Role => {
    const words = header[column] ?? "";
    const named = HEADERS.find(([, pattern]) => pattern.test(words.trim().replace(/[.:]$/u, "")))?.[0] ?? "other";
    const ids = texts.length > 0 && texts.filter(isId).length >= 0.6 * texts.length;
    // "Requirement" above SVC-001, SVC-002 names ids; "Requirement ID" above sentences does not.
    if (ids && (named !== "aside" || column === 0)) return "id";
    return named === "id" && wordsOf(texts) > 3 ? "demand" : named;
  });
  return preferFullText(roles, columns);
}

/** "Description" is the demand where no column is called so, or where the one that is holds only titles. */
function preferFullText(roles: Role[], columns: readonly string[][]): Role[] {
  const longest = (role: Role) =>
    Math.max(0, ...columns.map((texts, column) => (roles[column] === role ? wordsOf(texts) : 0)));
  const described = roles.includes("id") && roles.includes("text");
  const titlesOnly = longest("demand") < SENTENCE_WORDS && longest("text") > longest("demand");
  if (described && (!roles.includes("demand") || titlesOnly)) {
    return roles.map((role) => (role === "text" ? "demand" : role === "demand" ? "aside" : role));
  }
  return roles.map((role) => (role === "text" ? (roles.includes("demand") ? "aside" : "other") : role));
}

function wordsOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.split(" ").length, 0) / Math.max(1, texts.length);
}

/** A table of versions, dates and authors: the history of the document. */
function isHistory(header: readonly string[]): boolean {
  const words = header.join(" ");
  return /\bdate\b/iu.test(words) && /\b(?:version|revision|author|change\w*|description|notes?)\b/iu.test(words);
}
