/** What changed between two results of a document, so that an edit need not send thousands of statements again. */
import type { ClassifiedDocument, ClassifiedStatement } from "../classified.ts";
import type { ShownChange, ShownStatement } from "../protocol.ts";

/**
 * The change that makes `after` of `before`; undefined for documents read from disk, and where so much changed that
 * the whole document is no longer.
 */
export function difference(before: ClassifiedDocument, after: ClassifiedDocument): ShownChange | undefined {
  if (before.version === null || after.version === null) return undefined;
  const [old, now] = [before.statements, after.statements];
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && isMoved(old[start]!.shown, now[start]!.shown, NOWHERE)) start++;
  const moved = movement(old.at(-1), now.at(-1));
  let behind = 0;
  while (behind < shorter - start && isMoved(old.at(-1 - behind)!.shown, now.at(-1 - behind)!.shown, moved)) behind++;
  const statements = now.slice(start, now.length - behind).map(({ shown }) => shown);
  if (statements.length > 100 && statements.length > now.length / 2) return undefined;
  const removed = old.length - behind - start;
  return { uri: after.uri, version: after.version, since: before.version, start, removed, statements, moved };
}

const NOWHERE: ShownChange["moved"] = { offset: 0, lines: 0 };

function movement(
  before: ClassifiedStatement | undefined,
  after: ClassifiedStatement | undefined,
): ShownChange["moved"] {
  if (before === undefined || after === undefined) return NOWHERE;
  return {
    offset: after.shown.end - before.shown.end,
    lines: after.shown.range.end.line - before.shown.range.end.line,
  };
}

/** Whether a statement is another one at the place that `moved` brings it to. */
function isMoved(before: ShownStatement, after: ShownStatement, moved: ShownChange["moved"]): boolean {
  if (before === after) return moved.offset === 0 && moved.lines === 0;
  return (
    before.key === after.key &&
    before.id === after.id &&
    before.label === after.label &&
    before.source === after.source &&
    before.confidence === after.confidence &&
    before.uncertain === after.uncertain &&
    before.start + moved.offset === after.start &&
    before.end + moved.offset === after.end &&
    isMovedPosition(before.range.start, after.range.start, moved.lines) &&
    isMovedPosition(before.range.end, after.range.end, moved.lines)
  );
}

type Position = ShownStatement["range"]["start"];

function isMovedPosition(before: Position, after: Position, lines: number): boolean {
  return before.line + lines === after.line && before.character === after.character;
}
