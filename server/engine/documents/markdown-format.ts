/** Markdown as a format that is read in chunks, with the limits that keep hostile input from stopping the editor. */
import type { ChunkContent, ChunkedFormat } from "./chunk.ts";
import { frontMatterEnd, markdownChunks } from "./markdown-chunks.ts";
import { readSimple } from "./markdown-simple.ts";
import { normaliseLabel, readMarkdown } from "./markdown.ts";
import { readPlainText } from "./plain-text.ts";
import type { PlainTextReason } from "./statement.ts";

/**
 * A chunk beyond one of these is read as plain text. The parser's time grows with the square of brackets and of
 * nesting, and its stack with nesting: 45,000 pairs of brackets take a minute, 400 nested lists two seconds, 3,000
 * overflow. No paragraph that a person wrote comes near.
 */
const LIMITS = { characters: 50_000, brackets: 3_000, marks: 8_000, nesting: 60 };

/** The Markdown format: CommonMark with GFM tables, strikethrough, task lists and footnotes, and front matter. */
export const markdown: ChunkedFormat = {
  preamble: frontMatterEnd,
  chunks: markdownChunks,
  normaliseLabel,
  mentions(source) {
    if (!source.includes("[")) return [];
    const labels = source.matchAll(/\[((?:[^[\]\\]|\\.){1,999})\]/gsu);
    return [...new Set(Array.from(labels, (match) => match[1]!.replace(/[\r\n][ \t>]*/gu, " ").trim()))];
  },
  read: readChunk,
};

function readChunk(source: string, before: string, defined: readonly string[]): ChunkContent {
  const simple = before === "" && defined.length === 0 ? readSimple(source) : undefined;
  if (simple !== undefined) return { events: simple, problems: [], definitions: [] };
  const reason = tooHard(source);
  if (reason === undefined) {
    const labels = defined.map((label) => `[${label}]: x\n\n`).join("");
    // The rule ends a footnote, so that indented text behind it does not become part of it.
    const prefix = (labels === "" ? "" : `${labels}***\n\n`) + before;
    try {
      return { ...readMarkdown(source, prefix), problems: [] };
    } catch (error) {
      // The limits are wide of what the parser's stack holds, but the stack is the host's.
      if (!(error instanceof RangeError)) throw error;
    }
  }
  const problem = { code: "read-as-plain-text", because: reason ?? { much: "nesting" } } as const;
  const problems = [{ start: 0, end: source.length, problem }];
  return { events: readPlainText(source, "paragraph"), problems, definitions: [] };
}

/** Why a chunk must not go to the parser, or undefined. */
function tooHard(source: string): PlainTextReason | undefined {
  if (source.length > LIMITS.characters) return { much: "characters", most: LIMITS.characters };
  if (source.length < LIMITS.nesting) return undefined;
  const brackets = source.match(/[[\]]/gu)?.length ?? 0;
  if (brackets > LIMITS.brackets) return { much: "brackets", most: LIMITS.brackets };
  const marks = source.match(/[*_`<&!\\|~]/gu)?.length ?? 0;
  if (marks > LIMITS.marks) return { much: "marks", most: LIMITS.marks };
  return nesting(source) > LIMITS.nesting ? { much: "levels", most: LIMITS.nesting } : undefined;
}

/** An upper bound of how deep quotes and lists are nested. */
function nesting(source: string): number {
  const indents: number[] = [];
  let deepest = 0;
  for (const match of source.matchAll(/(?<=^|[\n\r])([ \t]*)((?:(?:>|[-+*]|\d{1,9}[.)])[ \t]*)+)/gu)) {
    const indent = match[1]!.length;
    while (indents.length > 0 && indents.at(-1)! >= indent) indents.pop();
    indents.push(indent);
    const markers = match[2]!.match(/>|[-+*]|\d{1,9}[.)]/gu)!.length;
    deepest = Math.max(deepest, indents.length + markers);
  }
  return deepest;
}
