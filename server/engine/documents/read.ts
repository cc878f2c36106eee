/**
 * The one list of formats, and the way in. A new reader (reStructuredText, AsciiDoc, StrictDoc, ReqIF, CSV) is one more
 * entry of {@link FORMATS}: its language ids, its file extensions, and a function from text to a reading. Formats that
 * can be cut into chunks get incremental reading from `readInChunks`; others may ignore the previous reading.
 */
import type { ChunkedFormat } from "./chunk.ts";
import { readInChunks, type Reading } from "./incremental.ts";
import { markdown } from "./markdown-format.ts";
import { plainText } from "./plain-text.ts";
import type { ReadDocument } from "./statement.ts";

/** Name of a format that documents can be read in. */
export type FormatName = "markdown" | "text";

interface Format {
  /** VS Code language ids. */
  readonly languageIds: readonly string[];
  /** File extensions in lower case, with the dot. */
  readonly extensions: readonly string[];
  readonly read: (text: string, previous: Reading | undefined) => Reading;
}

const FORMATS: Readonly<Record<FormatName, Format>> = {
  markdown: {
    languageIds: ["markdown"],
    extensions: [".md", ".markdown", ".mdown", ".mkd"],
    read: chunked(markdown),
  },
  text: { languageIds: ["plaintext"], extensions: [".txt", ".text"], read: chunked(plainText) },
};

/** Longer documents (UTF-16 units) are refused: reading and classifying them would take minutes and gigabytes. */
export const LONGEST_DOCUMENT = 10_000_000;

/** What each document was read from, as long as someone holds the document. */
const readings = new WeakMap<ReadDocument, Reading>();

/** The format of a document by its language id where an editor gives one that is read, else by its path or URI. */
export function formatOf(path: string, languageId?: string): FormatName | undefined {
  const names = Object.keys(FORMATS) as FormatName[];
  const byLanguage = names.find((name) => languageId !== undefined && FORMATS[name].languageIds.includes(languageId));
  const lower = path.toLowerCase();
  return byLanguage ?? names.find((name) => FORMATS[name].extensions.some((extension) => lower.endsWith(extension)));
}

/**
 * Reads a document. Given what an earlier version of it was read as, only what changed is read again; the result is the
 * same as without. Never throws: what cannot be read as it stands is named in `problems`.
 */
export function readDocument(text: string, format: FormatName, previous?: ReadDocument): ReadDocument {
  if (text.length > LONGEST_DOCUMENT) return refused(text);
  const reading = FORMATS[format].read(text, previous === undefined ? undefined : readings.get(previous));
  readings.set(reading.document, reading);
  return reading.document;
}

function chunked(format: ChunkedFormat): Format["read"] {
  // A reading of another format (the document's language was changed) is of no use.
  return (text, previous) => readInChunks(format, text, previous?.format === format ? previous : undefined);
}

function refused(text: string): ReadDocument {
  const problem = { code: "document-too-long", found: text.length, most: LONGEST_DOCUMENT } as const;
  return { statements: [], problems: [{ start: 0, end: 0, problem }], work: { read: 0, reused: 0 } };
}
