/** The text of one block as a person reads it, with the way back from each of its characters to the source. */
import type { Span } from "./statement.ts";

/** A run of characters of a block's text and the source range it came from. */
export interface Piece extends Span {
  /** The decoded characters. Where they are as many as the range is long, they are the range's own characters. */
  readonly value: string;
  readonly code: boolean;
}

/** Stands for a hard line break of the markup. A sentence ends there where the next line looks like a start. */
export const HARD_BREAK = "\u2028";

/** A comment inside the block that steers this extension, at the offset in the block's text where it stands. */
export interface Directive {
  readonly at: number;
  readonly what: "ignore" | "ignore-next" | "ignore-file";
}

/** Emphasis, a code span or a link: the range of its words in the block's text, and with its markup in the source. */
export interface Mark extends Span {
  readonly code: boolean;
  readonly outer: Span;
}

/** The text of a paragraph, list item, cell or line. */
export class InlineText {
  /** The pieces' values, joined. */
  readonly text: string;
  readonly #pieces: readonly Piece[];
  /** Offset in `text` at which each piece begins. */
  readonly #offsets: number[] = [];
  readonly #code: Span[] = [];

  constructor(
    pieces: readonly Piece[],
    readonly directives: readonly Directive[] = [],
    readonly marks: readonly Mark[] = [],
  ) {
    this.#pieces = pieces.filter((piece) => piece.value !== "");
    let text = "";
    for (const piece of this.#pieces) {
      this.#offsets.push(text.length);
      if (piece.code) this.#code.push({ start: text.length, end: text.length + piece.value.length });
      text += piece.value;
    }
    this.text = text;
  }

  /** Ranges of `text` that are code, ascending. */
  code(): readonly Span[] {
    return this.#code;
  }

  /** The mark that begins at `start` in the text. */
  markFrom(start: number): Mark | undefined {
    return this.marks.find((mark) => mark.start === start);
  }

  /** The source range of `text.slice(start, end)` with the markup that opens and closes inside. */
  range(start: number, end: number, segments: readonly Span[]): Span {
    let from = segments[0]!.start;
    let to = segments.at(-1)!.end;
    for (const mark of this.marks) {
      if (mark.start < start || mark.end > end) continue;
      if (mark.start === start) from = Math.min(from, mark.outer.start);
      if (mark.end === end) to = Math.max(to, mark.outer.end);
    }
    return { start: from, end: to };
  }

  /** Source ranges of `text.slice(start, end)` without its hard breaks, neighbours merged. */
  segments(start: number, end: number): Span[] {
    const found: { start: number; end: number }[] = [];
    for (let index = this.#pieceAt(start); index < this.#pieces.length; index++) {
      const piece = this.#pieces[index]!;
      const from = start - this.#offsets[index]!;
      const to = end - this.#offsets[index]!;
      if (to <= 0) break;
      if (piece.value === HARD_BREAK) continue;
      const verbatim = piece.value.length === piece.end - piece.start;
      const source = {
        start: verbatim ? piece.start + Math.max(from, 0) : piece.start,
        end: verbatim ? piece.start + Math.min(to, piece.value.length) : piece.end,
      };
      const last = found.at(-1);
      if (last?.end === source.start) last.end = source.end;
      else found.push(source);
    }
    return found;
  }

  #pieceAt(offset: number): number {
    let low = 0;
    let high = this.#offsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#offsets[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** Which directive a comment's words give, if they give one. */
export function directiveOf(comment: string): Directive["what"] | undefined {
  const match = /^\s*nfr-lens-(ignore(?:-next|-file)?)\s*(?:$|[\s:–—-])/u.exec(comment);
  return match === null ? undefined : (match[1] as Directive["what"]);
}

/** White space collapsed to single blanks, none at the ends. */
export function collapse(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
