/** Puts a change of the server's results together with the results before. Knows nothing of the editor. */
import type { ShownChange, ShownDocument, ShownStatement } from "../server/protocol.ts";

/** The results that `change` makes of `before`; undefined where it is a change to other results than these. */
export function applyChange(before: ShownDocument | undefined, change: ShownChange): ShownDocument | undefined {
  if (before?.version !== change.since) return undefined;
  const { uri, version, start, removed, statements, moved } = change;
  const behind = before.statements.slice(start + removed);
  const stays = moved.offset === 0 && moved.lines === 0;
  return {
    uri,
    version,
    statements: [
      ...before.statements.slice(0, start),
      ...statements,
      ...(stays ? behind : behind.map((statement) => move(statement, moved))),
    ],
  };
}

function move(statement: ShownStatement, { offset, lines }: ShownChange["moved"]): ShownStatement {
  const { start, end } = statement.range;
  return {
    ...statement,
    start: statement.start + offset,
    end: statement.end + offset,
    range: { start: { ...start, line: start.line + lines }, end: { ...end, line: end.line + lines } },
  };
}
