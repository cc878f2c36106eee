/**
 * Markdown to block events. Text is read as a person sees it: emphasis and links give their words, code spans give
 * theirs (they are words of a sentence), struck-out text and images give none. Code blocks, HTML, comments, link
 * targets, definitions and front matter are never read. Headings are context. Quoted blocks are read like others.
 */
import type { Html, Nodes, Paragraph, PhrasingContent, Root, TableCell } from "mdast";
import { lineStarts, readBlock, type BlockEvent, type Cell, type Sentence } from "./block.ts";
import { headingId } from "./identifier.ts";
import { collapse, directiveOf, HARD_BREAK, InlineText, type Directive, type Mark, type Piece } from "./inline-text.ts";
import { parseMarkdown, piecesOf } from "./markdown-tree.ts";

/** What a piece of Markdown says. */
export interface MarkdownContent {
  readonly events: readonly BlockEvent[];
  /** Labels it defines (`[label]: target`, `[^label]: note`), normalised by {@link normaliseLabel}. */
  readonly definitions: readonly string[];
}

/**
 * Reads `source`. `prefix` is Markdown that stands in front for the parser's sake (link definitions from elsewhere, the
 * header of a table whose rows follow) and is itself not read.
 */
export function readMarkdown(source: string, prefix = ""): MarkdownContent {
  const tree = parseMarkdown(prefix + source);
  const walk: Walk = {
    events: [],
    definitions: [],
    source,
    shift: prefix.length,
    lines: lineStarts(source),
    last: undefined,
  };
  readChildren(tree, 0, walk);
  return { events: walk.events, definitions: walk.definitions };
}

/** How Markdown compares labels: case and runs of white space do not count. */
export function normaliseLabel(label: string): string {
  return collapse(label).toLowerCase().toUpperCase();
}

interface Walk {
  readonly events: BlockEvent[];
  readonly definitions: string[];
  readonly source: string;
  readonly shift: number;
  readonly lines: readonly number[];
  /** Where the last block of words ended and its first event, for a comment that touches it. */
  last: { end: number; event: number } | undefined;
}

function readChildren(parent: Root | Extract<Nodes, { children: unknown }>, depth: number, walk: Walk): void {
  for (const child of parent.children) readNode(child, depth, walk);
}

function readNode(node: Nodes, depth: number, walk: Walk): void {
  const end = node.position!.end.offset! - walk.shift;
  // What ends inside the prefix was put there; only the table that goes on after it is of interest.
  if (end <= 0) return;
  switch (node.type) {
    case "heading": {
      const text = inlineText(node.children, walk.shift);
      const id = headingId(text.text, text.markFrom(0)?.end);
      if (depth === 0) walk.events.push({ kind: "heading", depth: node.depth, text: collapse(text.text), id });
      break;
    }
    case "paragraph":
      readParagraph(node, end, depth, walk);
      break;
    case "html":
      readComment(node, walk);
      break;
    case "table":
      readTable(node, walk);
      break;
    case "list":
      for (const item of node.children) readChildren(item, depth + 1, walk);
      break;
    case "blockquote":
    case "footnoteDefinition":
      if (node.type === "footnoteDefinition") walk.definitions.push(normaliseLabel(`^${node.identifier}`));
      readChildren(node, depth, walk);
      break;
    case "definition":
      walk.definitions.push(normaliseLabel(node.identifier));
      break;
    default:
      walk.events.push({ kind: "interruption" });
  }
}

function readParagraph(node: Paragraph, end: number, depth: number, walk: Walk): void {
  const place = depth > 0 ? "listItem" : "paragraph";
  walk.last = { end, event: walk.events.length };
  walk.events.push(...readBlock(inlineText(node.children, walk.shift), { place, depth, lines: walk.lines }));
}

/** A comment that is a block of its own: it means the block that it touches from below, else the next one. */
function readComment(node: Html, walk: Walk): void {
  const start = node.position!.start.offset! - walk.shift;
  for (const match of node.value.matchAll(/<!--([\s\S]*?)-->/gu)) {
    const what = directiveOf(match[1]!);
    if (what === undefined) continue;
    if (what === "ignore-file") walk.events.push({ kind: "ignoreFile" });
    else if (what === "ignore" && touches(walk, start)) ignoreLastBlock(walk);
    else walk.events.push({ kind: "ignoreNext", whole: true });
  }
}

function touches(walk: Walk, start: number): boolean {
  if (walk.last === undefined) return false;
  return /^[ \t>]*(?:\r\n|\n|\r)?[ \t>]*$/u.test(walk.source.slice(walk.last.end, start));
}

function ignoreLastBlock({ events, last }: Walk): void {
  for (let index = last!.event; index < events.length; index++) {
    const event = events[index]!;
    if (event.kind !== "sentence") continue;
    events[index] = { kind: "sentence", sentence: { ...event.sentence, ignored: true } };
  }
}

function readTable(node: Extract<Nodes, { type: "table" }>, walk: Walk): void {
  const [header, ...rows] = node.children;
  if (header!.position!.end.offset! > walk.shift) {
    const cells = header!.children.map((cell) => collapse(inlineText(cell.children, walk.shift).text));
    walk.events.push({ kind: "tableHeader", cells });
  }
  for (const row of rows) {
    walk.events.push({ kind: "tableRow", cells: row.children.map((cell) => readCell(cell, walk)) });
  }
}

function readCell(cell: TableCell, walk: Walk): Cell {
  const text = inlineText(cell.children, walk.shift);
  const sentences: Sentence[] = [];
  for (const event of readBlock(text, { place: "tableCell", depth: 0, lines: walk.lines })) {
    if (event.kind === "sentence" && !event.sentence.bare) sentences.push({ ...event.sentence, announces: false });
  }
  const ignoresRow = sentences.length === 0 && text.directives.some((directive) => directive.what === "ignore");
  return { text: collapse(text.text), sentences, ignoresRow };
}

/** The words of inline content; offsets count from the end of the prefix. */
function inlineText(nodes: readonly PhrasingContent[], shift: number): InlineText {
  const pieces: Piece[] = [];
  const directives: Directive[] = [];
  const marks: Mark[] = [];
  let length = 0;
  const add = (piece: Piece) => {
    pieces.push({ ...piece, start: piece.start - shift, end: piece.end - shift });
    length += piece.value.length;
  };
  const visit = (node: PhrasingContent): void => {
    const outer = { start: node.position!.start.offset! - shift, end: node.position!.end.offset! - shift };
    const start = length;
    if (node.type === "text" || node.type === "inlineCode") piecesOf(node).forEach(add);
    else if (node.type === "break" || (node.type === "html" && /^<br\b/iu.test(node.value))) {
      add({ value: HARD_BREAK, start: outer.start + shift, end: outer.end + shift, code: false });
    } else if (node.type === "html") {
      const what = directiveOf(/^<!--([\s\S]*?)-->$/u.exec(node.value)?.[1] ?? "");
      if (what !== undefined) directives.push({ at: length, what });
    } else if (node.type !== "delete" && "children" in node) node.children.forEach(visit);
    const isMark = node.type === "inlineCode" || "children" in node;
    if (isMark && length > start) marks.push({ start, end: length, code: node.type === "inlineCode", outer });
  };
  nodes.forEach(visit);
  return new InlineText(pieces, directives, marks);
}
