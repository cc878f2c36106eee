/**
 * Plain text to block events. Blank lines part paragraphs; bullets, numbers and identifiers begin new blocks; a line
 * that stops well before the others did ends its block, because the next word would have fitted on it.
 */
import { lineStarts, readBlock, type BlockEvent } from "./block.ts";
import type { ChunkContent, ChunkedFormat, ChunkPlan } from "./chunk.ts";
import { headingId, startsWithId } from "./identifier.ts";
import { collapse, InlineText, type Directive, type Piece } from "./inline-text.ts";
import type { Place, Span } from "./statement.ts";

interface Line {
  readonly start: number;
  /** Behind the last word. */
  readonly end: number;
  /** The line with blanks in place of comments that steer this extension; empty where nothing else is on it. */
  readonly words: string;
  /** The character of a line of dashes or the like. */
  readonly rule: string | undefined;
  readonly comments: readonly Comment[];
}

interface Comment extends Span {
  readonly what: Directive["what"];
}

const BULLET = /^[ \t]*(?:[-*+•‣◦·–—]|\(?\d{1,3}[.)]|\(?[a-z][.)])[ \t]+(?=\S)/iu;
/** In the form of Markdown anywhere, behind `#` or `//` at the end of a line. */
const COMMENT =
  /<!--[ \t]*nfr-lens-(ignore(?:-next|-file)?)[ \t]*-->|(?:^|(?<=[ \t]))(?:#|\/\/)[ \t]*nfr-lens-(ignore(?:-next|-file)?)[ \t]*$/gu;
const RULE = /^[ \t]*([=\-~*^"#+])\1{2,}[ \t]*$/u;
const MODAL = /\b(?:shall|must|should|will|can|may|is|are|has|have)\b/iu;
const DEMAND = /\b(?:shall|must|should|will)\b/iu;
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
  const filled = lines.filter(({ words, rule, comments }) => words !== "" || rule !== undefined || comments.length > 0);
  const title = headingOf(filled);
  const events: BlockEvent[] = title === undefined ? [] : [title.event];
  let touched: { event: number } | undefined;
  for (const block of blocksOf(filled.slice(title?.lines ?? 0))) {
    const only = block.length === 1 ? block[0]! : undefined;
    if (only?.words === "" && only.comments.length > 0) {
      for (const { what } of only.comments) request(what, events, touched?.event);
      touched = undefined;
      continue;
    }
    if (only?.rule !== undefined) continue;
    touched = { event: events.length };
    events.push(...readLines(source, block, place, starts));
  }
  return events;
}

function lineOf(source: string, start: number, next: number): Line {
  let words = source.slice(start, next).replace(/[\r\n]+$/u, "");
  const comments = words.includes("nfr-lens-ignore")
    ? Array.from(words.matchAll(COMMENT), (match): Comment => {
        const what = (match[1] ?? match[2]) as Comment["what"];
        return { start: start + match.index, end: start + match.index + match[0].length, what };
      })
    : [];
  if (comments.length > 0) words = words.replace(COMMENT, (comment) => " ".repeat(comment.length));
  words = words.trimEnd();
  const rule = RULE.exec(words)?.[1];
  return { start, end: start + words.length, words: rule === undefined ? words : "", rule, comments };
}

/** A heading at the chunk's top and how many lines it takes. */
function headingOf(lines: readonly Line[]): { event: BlockEvent; lines: number } | undefined {
  const [first, second] = lines;
  if (first === undefined || first.words === "" || first.words.length > 200) return undefined;
  const text = collapse(first.words);
  const heading = (depth: number, title: string, taken: number) => {
    return { event: { kind: "heading", depth, text: title, id: headingId(title) } as const, lines: taken };
  };
  const marked = /^(#{1,6})\s+(.*\S)/u.exec(text);
  if (marked !== null) return heading(marked[1]!.length, marked[2]!, 1);
  if (second?.rule !== undefined) return heading("=-".indexOf(second.rule) + 1 || 3, text, 2);
  const depth = lines.length === 1 ? titleDepth(text) : undefined;
  return depth === undefined ? undefined : heading(depth, text, 1);
}

/** The depth of a heading that stands alone without a line below it: capitals, then numbers, then titles. */
function titleDepth(text: string): number | undefined {
  if (text.length > 80 || /[.;:,!?。]$/u.test(text) || MODAL.test(text)) return undefined;
  const section = /^(\d{1,3}(?:\.\d{1,3})*)[.)]?\s+\p{Lu}/u.exec(text);
  if (section !== null) return section[1]!.split(".").length + 1;
  const words = text.match(/\p{L}[\p{L}\p{M}'’-]*/gu) ?? [];
  if (BULLET.test(text) || words.length === 0 || words.length > 8) return undefined;
  if (!words.every((word) => /^\p{Lu}/u.test(word) || SMALL.has(word))) return undefined;
  return /\p{Ll}/u.test(text) ? 5 : 1;
}

/** Lines grouped to blocks. A comment on a line of its own is a block of its own. */
function blocksOf(lines: readonly Line[]): Line[][] {
  const widest = lines.reduce((most, line) => Math.max(most, line.end - line.start), 0);
  const blocks: Line[][] = [];
  for (const line of lines) {
    const block = blocks.at(-1);
    const words = line.words.slice(0, 200);
    const apart =
      block === undefined ||
      block.at(-1)!.words === "" ||
      line.words === "" ||
      beginsBlock(words) ||
      stopsShort(block.at(-1)!, words, widest) ||
      beginsAlike(block[0]!, words);
    if (apart) blocks.push([line]);
    else block.push(line);
  }
  return blocks;
}

/** True where the next line's first word would have fitted: its writer ended the line on purpose. */
function stopsShort(above: Line, words: string, widest: number): boolean {
  const first = /^\s*(["'“(]?\p{Lu}\S*)/u.exec(words)?.[1];
  return first !== undefined && above.end - above.start + 1 + first.length <= widest;
}

/** True where two lines are demands that begin with the same capitalised word: a list of requirements, one a line. */
function beginsAlike(opening: Line, words: string): boolean {
  const first = /^\s*\p{Lu}\p{L}*\s/u.exec(words)?.[0].trim();
  const above = opening.words.slice(0, 200);
  return first !== undefined && above.trim().startsWith(`${first} `) && DEMAND.test(above) && DEMAND.test(words);
}

function readLines(source: string, block: readonly Line[], place: Place, starts: readonly number[]): BlockEvent[] {
  const bullet = BULLET.exec(block[0]!.words.slice(0, 200));
  const pieces: Piece[] = [];
  const directives: Directive[] = [];
  let length = 0;
  let from = block[0]!.start + (bullet?.[0].length ?? 0);
  const pieceTo = (end: number) => {
    if (end <= from) return;
    pieces.push({ value: source.slice(from, end), start: from, end, code: false });
    length += end - from;
    from = end;
  };
  for (const { comments, end } of block) {
    for (const comment of comments) {
      pieceTo(comment.start);
      directives.push({ at: length, what: comment.what });
      from = comment.end;
    }
    // The line ending goes to the piece of the next line and parts the words.
    pieceTo(end);
  }
  const inline = new InlineText(pieces, directives);
  if (bullet === null) return readBlock(inline, { place, depth: 0, lines: starts });
  const indent = /^\s*/u.exec(block[0]!.words.slice(0, 200))![0].length;
  return readBlock(inline, { place: "listItem", depth: 1 + indent, lines: starts });
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
