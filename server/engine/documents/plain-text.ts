/**
 * Plain text to block events. Blank lines part paragraphs; bullets, numbers and identifiers begin new blocks; a line
 * that stops well before the others did ends its block, because the next word would have fitted on it.
 */
import { lineStarts, readBlock, type BlockEvent } from "./block.ts";
import type { ChunkContent, ChunkedFormat, ChunkPlan } from "./chunk.ts";
import { headingId, startsWithId } from "./identifier.ts";
import { collapse, InlineText, type Directive, type Piece } from "./inline-text.ts";
import type { Place } from "./statement.ts";

interface Line {
  readonly start: number;
  /** Without the line ending and without a comment that steers this extension. */
  readonly end: number;
  readonly words: string;
  readonly directive: Directive["what"] | undefined;
}

const BULLET = /^[ \t]*(?:[-*+•‣◦·–—]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+(?=\S)/iu;
const COMMENT = /(?:^|[ \t])(?:#|\/\/|<!--)[ \t]*nfr-lens-(ignore(?:-next|-file)?)[ \t]*(?:-->)?[ \t]*$/u;
const UNDERLINE = /^[ \t]*([=\-~*^"#+])\1{2,}[ \t]*$/u;
const MODAL = /\b(?:shall|must|should|will|can|may|is|are|has|have)\b/iu;
/** Words that stay small in a title. */
const SMALL = new Set("a an and as at by for from in of on or the to with vs via per".split(" "));

/** The plain text format. */
export const plainText: ChunkedFormat = {
  preamble: () => 0,
  chunks: plainChunks,
  mentions: () => [],
  normaliseLabel: (label) => label,
  read: (source): ChunkContent => ({ events: readPlainText(source, "line"), problems: [], definitions: [] }),
};

/** Cuts after blank lines and in front of bullets and identifiers. */
function* plainChunks(text: string, from: number): Generator<ChunkPlan, void> {
  const line = /[^\r\n]*(?:\r\n|\n|\r|$)/gu;
  line.lastIndex = from;
  let start = from;
  let blank = false;
  for (let match = line.exec(text); match !== null && match[0] !== ""; match = line.exec(text)) {
    const isBlank = /^\s*$/u.test(match[0].slice(0, 1000)) && match[0].trim() === "";
    if (match.index > start && !isBlank && (blank || beginsBlock(match[0].slice(0, 200)))) {
      yield { start, end: match.index, kind: "flow", prefix: "" };
      start = match.index;
    }
    blank = isBlank;
  }
  if (start < text.length) yield { start, end: text.length, kind: "flow", prefix: "" };
}

function beginsBlock(line: string): boolean {
  return BULLET.test(line) || startsWithId(line);
}

/** Reads a chunk of plain text. `place` is what its text outside of lists is called. */
export function readPlainText(source: string, place: Place): BlockEvent[] {
  const starts = lineStarts(source);
  const lines = starts.map((start, index) => lineOf(source, start, starts[index + 1] ?? source.length));
  const filled = lines.filter((line) => line.words !== "" || line.directive !== undefined);
  const title = headingOf(filled);
  const events: BlockEvent[] = title === undefined ? [] : [title.event];
  let touched: { event: number } | undefined;
  for (const block of blocksOf(filled.slice(title?.lines ?? 0))) {
    const only = block.length === 1 ? block[0]! : undefined;
    if (only?.words === "" && only.directive !== undefined) {
      request(only.directive, events, touched?.event);
      touched = undefined;
      continue;
    }
    touched = { event: events.length };
    events.push(...readLines(source, block, place, starts));
  }
  return events;
}

function lineOf(source: string, start: number, next: number): Line {
  const full = source.slice(start, next).replace(/[\r\n]+$/u, "");
  const comment = COMMENT.exec(full);
  const kept = comment === null ? full : full.slice(0, comment.index);
  const words = UNDERLINE.test(kept) ? "" : kept.trim();
  return {
    start,
    end: start + kept.length,
    words: words === "" ? "" : kept,
    directive: comment?.[1] as Line["directive"],
  };
}

/** A heading at the chunk's top and how many lines it takes. */
function headingOf(lines: readonly Line[]): { event: BlockEvent; lines: number } | undefined {
  const first = lines[0];
  if (first === undefined || first.words === "") return undefined;
  const text = collapse(first.words);
  const heading = (depth: number, title: string) => {
    return { event: { kind: "heading", depth, text: title, id: headingId(title) } as const, lines: 1 };
  };
  const marked = /^(#{1,6})\s+(.*\S)/u.exec(text);
  if (marked !== null) return heading(marked[1]!.length, marked[2]!);
  if (lines.length > 1 || text.length > 80 || /[.;:,!?。]$/u.test(text) || BULLET.test(text) || MODAL.test(text)) {
    const numbered = /^(\d{1,3})[.)]\s+\p{Lu}/u.exec(text);
    const title =
      numbered !== null && lines.length === 1 && text.length <= 80 && !/[.;:,!?。]$/u.test(text) && !MODAL.test(text);
    return title ? heading(1, text) : undefined;
  }
  const section = /^(\d{1,3}(?:\.\d{1,3})*)\.?\s+\p{Lu}/u.exec(text);
  if (section !== null) return heading(section[1]!.split(".").length, text);
  const words = text.match(/\p{L}[\p{L}\p{M}'’-]*/gu) ?? [];
  const titled =
    words.length > 0 && words.length <= 8 && words.every((word) => /^\p{Lu}/u.test(word) || SMALL.has(word));
  return titled ? heading(2, text) : undefined;
}

/** Lines grouped to blocks. A comment on a line of its own is a block of its own. */
function blocksOf(lines: readonly Line[]): Line[][] {
  const widest = Math.max(0, ...lines.slice(0, 10_000).map((line) => line.end - line.start));
  const blocks: Line[][] = [];
  lines.forEach((line, index) => {
    const above = lines[index - 1];
    const joined =
      above !== undefined &&
      above.words !== "" &&
      line.words !== "" &&
      !beginsBlock(line.words.slice(0, 200)) &&
      !stopsShort(above, line, widest);
    if (joined) blocks.at(-1)!.push(line);
    else blocks.push([line]);
  });
  return blocks;
}

/** True where the next line's first word would have fitted: its writer ended the line on purpose. */
function stopsShort(above: Line, below: Line, widest: number): boolean {
  const first = /^\s*(["'“(]?\p{Lu}\S*)/u.exec(below.words.slice(0, 200))?.[1];
  return first !== undefined && above.end - above.start + 1 + first.length <= widest;
}

function readLines(source: string, block: readonly Line[], place: Place, starts: readonly number[]): BlockEvent[] {
  const bullet = BULLET.exec(block[0]!.words.slice(0, 200));
  const pieces: Piece[] = [];
  const directives: Directive[] = [];
  let length = 0;
  block.forEach((line, index) => {
    const start = index === 0 ? line.start + (bullet?.[0].length ?? 0) : line.start;
    const next = block[index + 1]?.start ?? line.end;
    // Up to the next line, so that the line ending parts the words; a comment cut out leaves its gap to the next piece.
    const end = line.directive === undefined ? next : line.end;
    pieces.push({ value: source.slice(start, end), start, end, code: false });
    length += end - start;
    if (line.directive !== undefined) {
      directives.push({ at: length, what: line.directive });
      pieces.push({ value: source.slice(next - 1, next), start: next - 1, end: next, code: false });
      length += 1;
    }
  });
  if (bullet === null) return readBlock(new InlineText(pieces, directives), { place, depth: 0, lines: starts });
  const indent = /^\s*/u.exec(block[0]!.words.slice(0, 200))![0].length;
  return readBlock(new InlineText(pieces, directives), { place: "listItem", depth: 1 + indent, lines: starts });
}

/** A comment alone on its line: it means the block right above it, or the next one. */
function request(what: Directive["what"], events: BlockEvent[], above: number | undefined): void {
  if (what === "ignore-file") events.push({ kind: "ignoreFile" });
  else if (what === "ignore-next" || above === undefined) events.push({ kind: "ignoreNext", whole: true });
  else {
    for (let index = above; index < events.length; index++) {
      const event = events[index]!;
      if (event.kind === "sentence")
        events[index] = { kind: "sentence", sentence: { ...event.sentence, ignored: true } };
    }
  }
}
