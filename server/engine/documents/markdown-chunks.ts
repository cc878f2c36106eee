/**
 * Cuts Markdown into chunks that can be parsed one by one with the same result as the whole, so that an edit costs one
 * chunk. A cut is made only where CommonMark leaves no doubt that every open block ends: in front of an unindented
 * block after a blank line, an unindented heading, an unindented list item, a code fence. In doubt there is no cut.
 * What follows from a cut depends on the text behind it alone, which is what lets old and new chunks meet again.
 */
import type { ChunkPlan } from "./chunk.ts";

interface Line {
  readonly start: number;
  /** Without the line ending. */
  readonly end: number;
  readonly next: number;
}

/** Begins a raw block (fence, comment, `<script>`): where text is not Markdown until the closing mark. */
const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/u;
const RAW_HTML: readonly (readonly [RegExp, RegExp])[] = [
  [/^ {0,3}<(?:script|pre|style|textarea)(?:[\s>]|$)/iu, /<\/(?:script|pre|style|textarea)>/iu],
  [/^ {0,3}<!--/u, /-->/u],
  [/^ {0,3}<\?/u, /\?>/u],
  [/^ {0,3}<![A-Za-z]/u, />/u],
  [/^ {0,3}<!\[CDATA\[/u, /\]\]>/u],
];
const ITEM = /^( {0,3})([-+*]|(\d{1,9})[.)])( {1,4}(?=[^ \t])| (?= {4,}[^ \t]))/u;
const RULE = /^ {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$/u;
const DELIMITER_ROW = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/u;

/** The chunks of `text` from `from`, which is 0 or the start of a chunk without a prefix. */
export function* markdownChunks(text: string, from: number): Generator<ChunkPlan, void> {
  let at = from;
  if (from === 0) {
    at = frontMatterEnd(text);
    if (at > 0) yield { start: 0, end: at, kind: "skipped", prefix: "" };
  }
  while (at < text.length) {
    const first = lineOf(text, at);
    const fence = FENCE.exec(text.slice(first.start, first.end));
    if (fence !== null && first.start === at) {
      const end = fenceEnd(text, first, fence[1]!);
      yield { start: at, end, kind: "skipped", prefix: "" };
      at = end;
    } else if (isTable(text, first)) {
      at = yield* tableChunks(text, first);
    } else {
      const end = flowEnd(text, at);
      yield { start: at, end, kind: "flow", prefix: "" };
      at = end;
    }
  }
}

/** The length of YAML (`---`) or TOML (`+++`) front matter with its last line, or 0. */
export function frontMatterEnd(text: string): number {
  const opening = /^(---|\+\+\+)[ \t]*(?:\r\n|\n|\r)/u.exec(text);
  if (opening === null) return 0;
  for (let line = lineOf(text, opening[0].length); ; line = lineOf(text, line.next)) {
    const words = text.slice(line.start, Math.min(line.end, line.start + 200)).trimEnd();
    if (words === opening[1] && line.start < text.length) return line.next;
    if (line.next >= text.length) return 0;
  }
}

/** The end of a fenced code block and the blank lines after it; the end of the text where it is never closed. */
function fenceEnd(text: string, opening: Line, mark: string): number {
  const closing = new RegExp(`^ {0,3}${mark[0] === "`" ? "`" : "~"}{${mark.length},}[ \\t]*$`, "u");
  let line = opening;
  while (line.next < text.length) {
    line = lineOf(text, line.next);
    if (closing.test(text.slice(line.start, line.end))) return blankEnd(text, line.next);
  }
  return text.length;
}

/** Skips blank lines; indented text after them still belongs to what comes before. */
function blankEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const line = lineOf(text, at);
    if (!isBlank(text, line)) break;
    at = line.next;
  }
  return at;
}

function isTable(text: string, first: Line): boolean {
  if (!text.slice(first.start, first.end).includes("|") || first.next >= text.length) return false;
  if (!startsCell(text, first)) return false;
  const second = lineOf(text, first.next);
  const row = text.slice(second.start, second.end);
  return /[|:]/u.test(row) && DELIMITER_ROW.test(row) && cells(row) === cells(text.slice(first.start, first.end));
}

/** How many cells a row has. */
function cells(row: string): number {
  const pipes = [...row.matchAll(/\\[\\|]|\|/gu)].filter((match) => match[0] === "|").map((match) => match.index);
  const outer = [row.slice(0, pipes[0]), row.slice((pipes.at(-1) ?? -1) + 1)].filter(
    (part) => part.trim() === "",
  ).length;
  return pipes.length + 1 - outer;
}

/** True where an unindented line can be a table row and nothing else can begin there. */
function startsCell(text: string, line: Line): boolean {
  return /^(?:[|\p{L}]|\*\*\p{L}|`[^`]|\d+[^\d.)])/u.test(text.slice(line.start, Math.min(line.end, line.start + 20)));
}

/**
 * A table in pieces of some sixteen rows, each with the header as prefix. Which row begins a piece depends on that
 * row's own characters, so that a row put in or taken out leaves the other pieces as they are. Returns where it ends.
 */
function* tableChunks(text: string, header: Line): Generator<ChunkPlan, number> {
  const delimiter = lineOf(text, header.next);
  const end = flowEnd(text, header.start);
  const prefix = `${text.slice(header.start, delimiter.end)}\n`;
  let start = header.start;
  let previous = delimiter;
  while (previous.next < end) {
    const line = lineOf(text, previous.next);
    // A line that may begin another block ends what is known to be a row.
    if (isBlank(text, line) || !startsCell(text, line)) break;
    if (previous !== delimiter && beginsPiece(text, line)) {
      yield { start, end: line.start, kind: "flow", prefix: start === header.start ? "" : prefix };
      start = line.start;
    }
    previous = line;
  }
  yield { start, end, kind: "flow", prefix: start === header.start ? "" : prefix };
  return end;
}

function beginsPiece(text: string, line: Line): boolean {
  let sum = 0;
  for (let at = line.start; at < line.end; at++) sum = (sum * 31 + text.charCodeAt(at)) | 0;
  return (sum & 15) === 0;
}

/** The list item that surely holds the lines since its marker, as far as raw blocks are concerned. */
interface OpenItem {
  readonly width: number;
  readonly ordered: boolean;
  sure: boolean;
}

/** The end of the chunk that begins at `from` with ordinary blocks. */
function flowEnd(text: string, from: number): number {
  let blankBefore = false;
  let html = false;
  let item: OpenItem | undefined;
  let line = lineOf(text, from);
  for (; ; line = lineOf(text, line.next)) {
    const words = text.slice(line.start, line.end);
    if (/^[ \t]*$/u.test(words)) blankBefore = true;
    else {
      if (line.start > from && isCut(words, blankBefore, html, item)) return line.start;
      const marker = ITEM.exec(words);
      const indent = /^ */u.exec(words)![0].length;
      const inside = item !== undefined && item.sure && indent >= item.width;
      if (!inside) {
        const raw = rawEnd(text, line, words);
        if (raw !== undefined) {
          // Whether an open item holds the block cannot be told from here: then the rest is one chunk.
          if (item !== undefined && !item.sure && indent > 0) return text.length;
          item = undefined;
          line = raw;
          if (line.next >= text.length) return text.length;
          blankBefore = true;
          continue;
        }
        if (RULE.test(words)) item = undefined;
        else if (marker !== null) item = opened(marker, item, blankBefore || line.start === from);
        else if (item !== undefined) item.sure = false;
        else if (/^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)/u.test(words))
          item = { width: 0, ordered: false, sure: false };
      }
      if (/^ {0,3}</u.test(words)) html = true;
      blankBefore = false;
    }
    if (line.next >= text.length) return text.length;
  }
}

/** A list item that begins at a marker. An ordered one not numbered 1 may be a line of the paragraph above it. */
function opened(marker: RegExpExecArray, before: OpenItem | undefined, fresh: boolean): OpenItem {
  const ordered = marker[3] !== undefined;
  const follows = before !== undefined && before.sure && before.ordered;
  const sure = !ordered || marker[3] === "1" || fresh || follows;
  return { width: marker[1]!.length + marker[2]!.length + marker[4]!.length, ordered, sure };
}

/** True where a line surely ends every block before it. */
function isCut(words: string, blankBefore: boolean, html: boolean, item: OpenItem | undefined): boolean {
  if (/^[ \t]/u.test(words)) return false;
  if (blankBefore) return true;
  // Inside an HTML block that ends at a blank line, nothing begins.
  if (html) return false;
  if (FENCE.test(words) || /^#{1,6}[ \t]/u.test(words)) return true;
  if (/^[-+*][ \t]+[^ \t]/u.test(words)) return true;
  return /^\d{1,9}[.)][ \t]+[^ \t]/u.test(words) && item !== undefined && item.ordered && item.sure;
}

/** The last line of the raw block that `line` begins, or undefined where it begins none. */
function rawEnd(text: string, line: Line, words: string): Line | undefined {
  const fence = FENCE.exec(words);
  if (fence !== null) {
    const end = fenceEnd(text, line, fence[1]!);
    return { start: end, end, next: end };
  }
  const raw = RAW_HTML.find(([opening]) => opening.test(words));
  if (raw === undefined) return undefined;
  for (let at = line; ; at = lineOf(text, at.next)) {
    const searched = at === line ? words.replace(/^ {0,3}<!?/u, "") : text.slice(at.start, at.end);
    if (raw[1].test(searched)) return at;
    if (at.next >= text.length) return at;
  }
}

function isBlank(text: string, line: Line): boolean {
  return /^[ \t]*$/u.test(text.slice(line.start, line.end));
}

/** The line that begins at `start`. A lone `\r` ends a line, too. */
function lineOf(text: string, start: number): Line {
  let end = start;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 10) return { start, end, next: end + 1 };
    if (code === 13) return { start, end, next: text.charCodeAt(end + 1) === 10 ? end + 2 : end + 1 };
  }
  return { start, end, next: end };
}
