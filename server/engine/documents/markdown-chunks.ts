/**
 * Cuts Markdown into chunks that can be parsed one by one with the same result as the whole, so that an edit costs one
 * chunk. A cut is made only where CommonMark leaves no doubt that every open block ends: in front of an unindented
 * block after a blank line, an unindented heading, an unindented list item, a code fence. In doubt there is no cut.
 * What follows from a cut depends on the text behind it alone, which is what lets old and new chunks meet again.
 */
import { htmlBlockNames } from "micromark-util-html-tag-name";
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
/** A marker that may begin an empty item or hold a tab: where its content begins is not worth knowing. */
const UNCLEAR_ITEM = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$)/u;
/** Tags that begin an HTML block anywhere; it ends at a blank line. */
const HTML_BLOCK = new RegExp(`^ {0,3}</?(?:${htmlBlockNames.join("|")})(?:[ \\t]|/?>|$)`, "iu");
const HEADING = /^#{1,6}[ \t]/u;
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
  let rows = 0;
  while (previous.next < end) {
    const line = lineOf(text, previous.next);
    // A line that may begin another block ends what is known to be a row.
    if (isBlank(text, line) || !startsCell(text, line)) break;
    if (rows > 0 && (rows === MOST_ROWS || beginsPiece(text, line))) {
      yield { start, end: line.start, kind: "flow", prefix: start === header.start ? "" : prefix };
      start = line.start;
      rows = 0;
    }
    rows++;
    previous = line;
  }
  yield { start, end, kind: "flow", prefix: start === header.start ? "" : prefix };
  return end;
}

/** Rows that are all alike would otherwise never be parted. */
const MOST_ROWS = 64;

function beginsPiece(text: string, line: Line): boolean {
  let sum = 0;
  for (let at = line.start; at < line.end; at++) sum = (sum * 31 + text.charCodeAt(at)) | 0;
  return (sum & 15) === 0;
}

/** The list item that holds the lines since its marker, as far as that is sure. */
interface OpenItem {
  readonly width: number;
  readonly ordered: boolean;
  sure: boolean;
}

/** What is known of the blocks that are open at a line. */
interface Open {
  readonly from: number;
  blankBefore: boolean;
  /** The last line with words was indented like code. */
  afterIndented: boolean;
  item: OpenItem | undefined;
  /** An HTML block that ends at a blank line: nothing begins inside. `maybe`: it may also be a paragraph. */
  html: "no" | "block" | "maybe";
}

/** The end of the chunk that begins at `from` with ordinary blocks. */
function flowEnd(text: string, from: number): number {
  const open: Open = { from, blankBefore: false, afterIndented: false, item: undefined, html: "no" };
  for (let line = lineOf(text, from); ; line = lineOf(text, line.next)) {
    const words = text.slice(line.start, line.end);
    if (/^[ \t]*$/u.test(words)) {
      open.blankBefore = true;
      open.html = "no";
    } else {
      if (line.start > from && isCut(words, open)) return line.start;
      const last = pass(text, line, words, open);
      open.afterIndented = /^(?: {4}| {0,3}\t)/u.test(words);
      // Whether a raw block is one cannot be told from here: then the rest of the text is one chunk.
      if (last === undefined) return text.length;
      line = last;
    }
    if (line.next >= text.length) return text.length;
  }
}

/** Takes a line (a raw block with all of its lines) into account; the last line taken, or undefined where in doubt. */
function pass(text: string, line: Line, words: string, open: Open): Line | undefined {
  if (open.html === "block") return line;
  const { item } = open;
  const indent = /^ */u.exec(words)![0].length;
  if (item !== undefined && item.sure && indent >= item.width) {
    open.blankBefore = false;
    return line;
  }
  const doubtful = open.html === "maybe" || (item !== undefined && !item.sure && indent > 0);
  const raw = rawEnd(text, line, words);
  if (raw !== undefined) {
    if (doubtful) return undefined;
    open.item = undefined;
    open.blankBefore = true;
    return raw;
  }
  const marker = ITEM.exec(words);
  if (RULE.test(words)) open.item = undefined;
  else if (marker !== null) open.item = opened(marker, open, line.start);
  else if (item !== undefined) item.sure = false;
  else if (UNCLEAR_ITEM.test(words)) open.item = { width: 0, ordered: false, sure: false };
  if (HTML_BLOCK.test(words) && !doubtful) {
    open.html = "block";
    open.item = undefined;
  } else if (/^ {0,3}</u.test(words)) open.html = "maybe";
  // A heading is over at the end of its line, as if a blank line followed.
  open.blankBefore = HEADING.test(words) && open.html === "no";
  return line;
}

/** A list item that begins at a marker. An ordered one not numbered 1 may be a line of the paragraph above it. */
function opened(marker: RegExpExecArray, open: Open, start: number): OpenItem {
  const ordered = marker[3] !== undefined;
  const follows = open.item !== undefined && open.item.sure && open.item.ordered;
  const fresh = open.blankBefore || start === open.from;
  const sure = open.html === "no" && (!ordered || marker[3] === "1" || fresh || follows);
  return { width: marker[1]!.length + marker[2]!.length + marker[4]!.length, ordered, sure };
}

/** True where a line surely ends every block before it. */
function isCut(words: string, { blankBefore, afterIndented, html, item }: Open): boolean {
  if (/^[ \t]/u.test(words)) return html === "no" && isSibling(words, item);
  const follows = item !== undefined && item.ordered && item.sure;
  if (blankBefore) {
    // After indented code the parser takes such a line for a paragraph, though it begins a list.
    return !afterIndented || follows || !/^(?!1[.)])\d{1,9}[.)]/u.test(words);
  }
  if (html !== "no") return false;
  if (FENCE.test(words) || HEADING.test(words)) return true;
  if (/^[-+*][ \t]+(?![-+*]|\d{1,9}[.)])[^ \t]/u.test(words)) return true;
  return follows && /^\d{1,9}[.)][ \t]+(?![-+*]|\d{1,9}[.)])[^ \t]/u.test(words);
}

/** True for a list item that is indented, but not so far that it would be inside the open one. */
function isSibling(words: string, item: OpenItem | undefined): boolean {
  const marker = ITEM.exec(words);
  if (marker === null || item === undefined || !item.sure || marker[1]!.length >= item.width) return false;
  const ordered = marker[3] !== undefined;
  return (!ordered || item.ordered) && !RULE.test(words) && !UNCLEAR_ITEM.test(words.slice(marker[0].length));
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
