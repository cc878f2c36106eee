/** Where an ignore comment has to stand so that the reader leaves out one statement. */
import { type FormatName, readDocument } from "./engine/documents/read.ts";
import type { ReadDocument, Statement } from "./engine/documents/statement.ts";

const COMMENT = "<!-- nfr-lens-ignore -->";
const COMMENT_NEXT = "<!-- nfr-lens-ignore-next -->";

/** An insertion at an offset. */
export interface Insertion {
  readonly offset: number;
  readonly newText: string;
}

/**
 * The insertion that makes the reader ignore `statement` and nothing else. Each place that looks right is tried on the
 * reader itself, because markup may close behind the statement or the place may lie inside code; undefined where the
 * format takes no comments.
 */
export function ignoreInsertion(
  text: string,
  format: FormatName,
  read: ReadDocument,
  statement: Statement,
): Insertion | undefined {
  const index = read.statements.indexOf(statement);
  return places(text, statement).find(({ offset, newText }) => {
    const changed = text.slice(0, offset) + newText + text.slice(offset);
    const after = readDocument(changed, format, read).statements;
    return (
      after.length === read.statements.length &&
      after.every((other, at) => other.ignored === (at === index || read.statements[at]?.ignored === true))
    );
  });
}

/** Places worth trying, the least conspicuous first: behind the statement, behind its markup, above its line. */
function places(text: string, { start, end }: Statement): Insertion[] {
  const behind = end + (/^[*_`~]+/.exec(text.slice(end, end + 8))?.[0].length ?? 0);
  const lineEnd = end + text.slice(end).search(/\r?\n|$/);
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const indent = /^[ \t]*/.exec(text.slice(lineStart, start))?.[0] ?? "";
  return [
    ...[...new Set([end, behind, lineEnd])].map((offset) => ({ offset, newText: ` ${COMMENT}` })),
    { offset: lineStart, newText: `${indent}${COMMENT_NEXT}\n` },
    { offset: lineStart, newText: `${indent}${COMMENT_NEXT}\n\n` },
  ];
}
