/**
 * A shortcut for chunks whose Markdown is plain beyond doubt: one paragraph, list item or heading of words, perhaps
 * with an identifier in bold or brackets in front. Most requirements are such chunks, and the parser spends a quarter
 * of a millisecond on each; this takes a twentieth. A test holds it to the parser's result.
 */
import { lineStarts, readBlock, type BlockEvent } from "./block.ts";
import { headingId } from "./identifier.ts";
import { collapse, InlineText, type Piece } from "./inline-text.ts";

/** A list item's marker or a heading's, then the first line; both have exactly one blank behind the marker. */
const MARKER = /^ {0,3}(?:([-+*]|\d{1,9}[.)])|(#{1,6})) (?=\S)/u;
/** How a line of plain words begins: nothing here opens a block or an inline construct, however far it is indented. */
const START = /^(?:["'(“‘§]?\p{L}|\d+(?![\d.)]))/u;
const BOLD = /^\*\*([^*\s](?:[^*\r\n]*[^*\s])?)\*\*(?=[ \r\n]|$)/u;
const BRACKETED = /^\[[\p{L}\p{N}][\p{L}\p{N}._ -]*[\p{L}\p{N}]\](?= )/u;
/** Harmless uses of characters that may mean something: `snake_case`, `a & b`, `< 5`, `~5`, `2 * 3`. */
const HARMLESS = /(?<=[\p{L}\p{N}])_+(?=[\p{L}\p{N}])|&(?= )|<(?=[\d =])|(?<!~)~(?!~)|(?<= )\*(?= )/gu;
const SUSPECT = /[*_`[\]<&\\~|@\t\0\u2028]|:\/\/|www\./iu;

/** What a simple chunk says, or undefined for a chunk that must go to the parser. */
export function readSimple(source: string): BlockEvent[] | undefined {
  if (source.length > 10_000) return undefined;
  const starts = lineStarts(source);
  const lines = starts.map((start, index) =>
    source.slice(start, starts[index + 1] ?? source.length).replace(/[\r\n]+$/u, ""),
  );
  while (lines.length > 0 && /^[ \t]*$/u.test(lines.at(-1)!)) lines.pop();
  const first = lines[0];
  if (first === undefined) return undefined;
  const marker = MARKER.exec(first);
  const from = marker?.[0].length ?? 0;
  const front = frontOf(first.slice(from));
  const words = first.slice(from + front.length);
  if (front.length === 0 ? !START.test(words) : words !== "" && !words.startsWith(" ")) return undefined;
  if (/[ \t]$/u.test(first)) return undefined;
  if (!lines.slice(1).every((line) => START.test(line.replace(/^ +/u, "")) && /^ *[^ \t].*[^ \t]$/u.test(line)))
    return undefined;
  const hashes = marker?.[2];
  if (hashes !== undefined && (lines.length > 1 || words.includes("#"))) return undefined;
  const rest = [words, ...lines.slice(1)].join("\n").replace(HARMLESS, "");
  if (SUSPECT.test(rest) || (front.bold !== "" && SUSPECT.test(front.bold))) return undefined;
  const inline = inlineText(source, starts, lines, from, front);
  if (hashes !== undefined) {
    const text = collapse(inline.text);
    return [{ kind: "heading", depth: hashes.length, text, id: headingId(inline.text, inline.markFrom(0)?.end) }];
  }
  const place = marker === null ? "paragraph" : "listItem";
  return readBlock(inline, { place, depth: marker === null ? 0 : 1, lines: starts });
}

/** The identifier-like beginning of a line: how long it is with its markup, and its words if it is bold. */
interface Front {
  readonly length: number;
  readonly bold: string;
}

function frontOf(line: string): Front {
  const bold = BOLD.exec(line);
  if (bold !== null) return { length: bold[0].length, bold: bold[1]! };
  return { length: BRACKETED.exec(line)?.[0].length ?? 0, bold: "" };
}

function inlineText(
  source: string,
  starts: readonly number[],
  lines: readonly string[],
  from: number,
  front: Front,
): InlineText {
  const pieces: Piece[] = [];
  const piece = (start: number, end: number) => {
    pieces.push({ value: source.slice(start, end), start, end, code: false });
  };
  const bold = front.bold.length;
  if (bold > 0) piece(from + 2, from + 2 + bold);
  lines.forEach((line, index) => {
    const start = starts[index]!;
    const indent = /^ */u.exec(line)![0].length;
    const end = index === lines.length - 1 ? start + line.length : starts[index + 1]!;
    piece(index === 0 ? (bold > 0 ? from + front.length : from) : start + indent, end);
  });
  const mark = { start: 0, end: bold, code: false, outer: { start: from, end: from + front.length } };
  return new InlineText(pieces, [], bold > 0 ? [mark] : []);
}
