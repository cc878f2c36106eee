/**
 * What one chunk of a document says, with offsets from the chunk's start, so that it stays valid while the chunk moves.
 * Everything that depends on other chunks (headings above, lead-ins, comments that ignore the next statement) is left
 * to `assemble.ts`.
 */
import { leadingId, startsWithId } from "./identifier.ts";
import { collapse, type InlineText } from "./inline-text.ts";
import { sentenceSpans } from "./sentences.ts";
import type { Place, Span } from "./statement.ts";

/** A sentence of a block. */
export interface Sentence extends Span {
  readonly text: string;
  /** As in a statement: counted from `start`. */
  readonly segments: readonly Span[];
  readonly id: string | undefined;
  /** Lines between the chunk's start and `start`. */
  readonly line: number;
  readonly place: Place;
  /** How many lists it stands in. */
  readonly depth: number;
  /** True for the first sentence of its block. */
  readonly first: boolean;
  /** True for a sentence that may announce the list below it. */
  readonly announces: boolean;
  /** True for one that is too short for a statement: it can only announce ("log:"). */
  readonly bare: boolean;
  readonly ignored: boolean;
}

/** A table's cell. */
export interface Cell {
  readonly text: string;
  readonly sentences: readonly Sentence[];
  /** True where a comment in a cell without words asks for the whole row to be ignored. */
  readonly ignoresRow: boolean;
}

/** One thing a chunk says, in document order. */
export type BlockEvent =
  | { readonly kind: "sentence"; readonly sentence: Sentence }
  | { readonly kind: "heading"; readonly depth: number; readonly text: string; readonly id: string | undefined }
  /** A block of nothing but an identifier: it belongs to the next statement. */
  | { readonly kind: "identifier"; readonly id: string }
  | { readonly kind: "tableHeader"; readonly cells: readonly string[] }
  | { readonly kind: "tableRow"; readonly cells: readonly Cell[] }
  /** A comment that ignores the next sentence, or every sentence of the next block. */
  | { readonly kind: "ignoreNext"; readonly whole: boolean }
  | { readonly kind: "ignoreFile" }
  /** Code, a rule or anything else that parts a lead-in from a list. */
  | { readonly kind: "interruption" };

/** Offsets at which the lines of a text begin. `\n`, `\r\n` and a lone `\r` end a line, as in LSP. */
export function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/gu)) starts.push(match.index + match[0].length);
  return starts;
}

/** The index of the line that `offset` stands in. */
export function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle]! <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where a block stands. */
export interface BlockPlace {
  readonly place: Place;
  readonly depth: number;
  readonly lines: readonly number[];
}

/** The sentences of a block and what its comments ask of the blocks after it. */
export function readBlock(inline: InlineText, where: BlockPlace): BlockEvent[] {
  const { text } = inline;
  const events: BlockEvent[] = [];
  const spans: (Span & { id: string | undefined })[] = [];
  let lone: string | undefined;
  for (const part of partsAtIds(inline)) {
    const written = leadingId(text.slice(part.start, part.end), lengthOf(inline.markFrom(part.start)));
    const from = part.start + (written?.after ?? 0);
    const body = text.slice(from, part.end);
    if (written !== undefined && body.trim() === "") lone = written.id;
    const atomic = inline.code().map((span) => ({ start: span.start - from, end: span.end - from }));
    sentenceSpans(body, atomic).forEach((span, index) => {
      const id = index === 0 ? written?.id : undefined;
      spans.push({ start: span.start + from, end: span.end + from, id });
    });
  }
  const last = spans.at(-1);
  const announces = last !== undefined && announcesList(text.slice(last.start, last.end));
  const bare = announces && !hasWords(inline, last);
  const kept = spans.filter((span) => (bare && span === last) || hasWords(inline, span));
  const ignored = ignoredSpans(inline, kept);
  kept.forEach((span, index) => {
    const segments = inline.segments(span.start, span.end);
    const { start, end } = inline.range(span.start, span.end, segments);
    const fromStart = segments.map((segment) => ({ start: segment.start - start, end: segment.end - start }));
    events.push({
      kind: "sentence",
      sentence: {
        start,
        end,
        text: collapse(text.slice(span.start, span.end)),
        segments: fromStart,
        id: span.id,
        line: lineAt(where.lines, start),
        place: where.place,
        depth: where.depth,
        first: index === 0,
        announces: announces && span === last,
        bare: bare && span === last,
        ignored: ignored.has(index),
      },
    });
  });
  if (lone !== undefined && kept.length === 0) events.push({ kind: "identifier", id: lone });
  return [...events, ...requests(inline, kept)];
}

function lengthOf(span: Span | undefined): number | undefined {
  return span === undefined ? undefined : span.end - span.start;
}

/** Cuts where a line begins with an identifier: lists of requirements are often written without blank lines. */
function partsAtIds(inline: InlineText): Span[] {
  const { text } = inline;
  const cuts = [0];
  const line = /\r\n|[\n\r\u2028]/gu;
  for (let match = line.exec(text); match !== null; match = line.exec(text)) {
    const start = match.index + match[0].length;
    const head = text.slice(start, start + 120);
    // In the middle of a sentence only an unmistakable or a bold identifier begins a statement; after its end any does.
    const ended = /[.!?;:]\s*$/u.test(text.slice(Math.max(0, match.index - 20), match.index));
    const mark = inline.markFrom(start);
    const id = ended || mark?.code === false ? leadingId(head, lengthOf(mark)) : undefined;
    if (startsWithId(head) || (id !== undefined && /\p{L}/u.test(id.id))) cuts.push(start);
  }
  return cuts.map((start, index) => ({ start, end: cuts[index + 1] ?? text.length }));
}

/**
 * True where a span holds at least two words of prose, or four characters of a script without spaces. A single word,
 * a figure or code alone constrains nothing that could be classified.
 */
function hasWords(inline: InlineText, span: Span): boolean {
  const all = inline.text.slice(span.start, span.end);
  if (/[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}]{4}/u.test(all)) return true;
  const code = inline.code().filter((part) => part.start < span.end && part.end > span.start);
  const prose: string[] = [];
  let from = span.start;
  for (const part of code) {
    prose.push(inline.text.slice(from, part.start));
    from = part.end;
  }
  prose.push(inline.text.slice(from, Math.max(from, span.end)));
  // Code counts as one word: "`Deframer` fails" is a sentence, "`a` `b`" is none.
  const plain = prose.join(" ").match(/\p{L}[\p{L}\p{M}'’]+/gu)?.length ?? 0;
  return plain >= 2 || (plain === 1 && code.length > 0);
}

/** A sentence that ends in a colon or breaks off after a modal verb announces the list below it. */
function announcesList(text: string): boolean {
  if (/[:：]\s*$/u.test(text)) return true;
  return /\b(?:shall|must|should|will|may|can|to|be|following|that|include|includes|including|support|provide|allow)\s*(?:…|\.\.\.)?$/iu.test(
    text,
  );
}

/** Indexes of sentences that a comment inside the block ignores. */
function ignoredSpans(inline: InlineText, spans: readonly Span[]): ReadonlySet<number> {
  const ignored = new Set<number>();
  for (const directive of inline.directives) {
    if (directive.what === "ignore-file") continue;
    if (directive.what === "ignore-next") {
      const next = spans.findIndex((span) => span.start >= directive.at);
      if (next >= 0) ignored.add(next);
      continue;
    }
    // The sentence it stands in or follows; in front of all words it means the whole block.
    const last = spans.findLastIndex((span) => span.start < directive.at);
    if (last >= 0) ignored.add(last);
    else spans.forEach((_, index) => ignored.add(index));
  }
  return ignored;
}

/** What the comments of a block ask of the document or of the blocks that follow. */
function requests(inline: InlineText, spans: readonly Span[]): BlockEvent[] {
  const events: BlockEvent[] = [];
  for (const directive of inline.directives) {
    if (directive.what === "ignore-file") events.push({ kind: "ignoreFile" });
    else if (directive.what === "ignore-next" && !spans.some((span) => span.start >= directive.at)) {
      events.push({ kind: "ignoreNext", whole: false });
    }
  }
  return events;
}
