/**
 * The statements the server reported last, per document: the one copy that tree, decorations, status bar and commands
 * read. Knows nothing of the editor.
 */
import type { ShownChange, ShownDocument, ShownStatement } from "../server/protocol.ts";

export class DocumentStore {
  private readonly documents = new Map<string, ShownDocument>();
  private readonly listeners = new Set<(uri: string) => void>();

  /** Takes new results over; a document without statements is forgotten. */
  update(document: ShownDocument): void {
    if (document.statements.length === 0) this.documents.delete(document.uri);
    else this.documents.set(document.uri, document);
    this.tell(document.uri);
  }

  /** Applies a change; false when it does not follow on what is known, and the whole document is needed. */
  patch(change: ShownChange): boolean {
    const known = this.documents.get(change.uri);
    if (known?.version !== change.since) return false;
    const { start, removed, statements, moved } = change;
    const behind = known.statements.slice(start + removed);
    const still = moved.offset === 0 && moved.lines === 0;
    this.update({
      uri: change.uri,
      version: change.version,
      statements: [
        ...known.statements.slice(0, start),
        ...statements,
        ...(still ? behind : behind.map((statement) => shifted(statement, moved))),
      ],
    });
    return true;
  }

  /** Forgets everything, as when the server died: nothing stale stays on screen. */
  clear(): void {
    const uris = [...this.documents.keys()];
    this.documents.clear();
    for (const uri of uris) this.tell(uri);
  }

  get(uri: string): ShownDocument | undefined {
    return this.documents.get(uri);
  }

  /** All documents, by address. */
  all(): ShownDocument[] {
    return [...this.documents.values()].sort((a, b) => (a.uri < b.uri ? -1 : a.uri > b.uri ? 1 : 0));
  }

  find(uri: string, key: string): ShownStatement | undefined {
    return this.documents.get(uri)?.statements.find((statement) => statement.key === key);
  }

  /** Calls `listener` with the address of each document that changes, until the result is called. */
  onChange(listener: (uri: string) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /**
   * Resolves when the results for `version` of a document are in, or at once when they are; resolves too when
   * `signal` is aborted, because stale results are better than none for what a person asks now.
   */
  async settled(uri: string, version: number, signal: AbortSignal): Promise<void> {
    const fresh = () => (this.documents.get(uri)?.version ?? -1) >= version;
    if (fresh() || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const stop = this.onChange((changed) => {
        if (changed === uri && fresh()) done();
      });
      const done = () => {
        stop();
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done);
    });
  }

  private tell(uri: string): void {
    for (const listener of this.listeners) listener(uri);
  }
}

/** The same statement after text before it grew or shrank. */
function shifted(statement: ShownStatement, { offset, lines }: ShownChange["moved"]): ShownStatement {
  const { start, end } = statement.range;
  return {
    ...statement,
    start: statement.start + offset,
    end: statement.end + offset,
    range: { start: { ...start, line: start.line + lines }, end: { ...end, line: end.line + lines } },
  };
}

/**
 * The statement that a cursor at `line` and `character` means: the one that contains it, else the next one on the
 * same line, else the nearest one before it on that line.
 */
export function statementAt(
  statements: readonly ShownStatement[],
  line: number,
  character: number,
): ShownStatement | undefined {
  const onLine = statements.filter(({ range }) => range.start.line <= line && line <= range.end.line);
  const starts = ({ range }: ShownStatement) => range.start.line < line || range.start.character <= character;
  const endsAfter = ({ range }: ShownStatement) => range.end.line > line || range.end.character >= character;
  return (
    onLine.find((statement) => starts(statement) && endsAfter(statement)) ??
    onLine.find((statement) => !starts(statement)) ??
    onLine.at(-1)
  );
}
