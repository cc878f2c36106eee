/**
 * Markdown (CommonMark + GFM) to a tree whose text nodes know the exact source range of every character.
 * `mdast-util-from-markdown` keeps one range a text node; escapes, character references and the indentation or `>` of
 * continued lines make the text shorter than that range. So the few handlers that build text note the pieces as well.
 */
import { fromMarkdown, type CompileContext, type Extension, type Token } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import type { InlineCode, Nodes, Root, Text } from "mdast";
import type { Piece } from "./inline-text.ts";

/** The pieces of a text or code node, and how many characters they hold together. */
const noted = new WeakMap<Nodes, { pieces: Piece[]; length: number }>();

const syntax = [gfm({ singleTilde: false })];
// The transform that finds bare links rewrites text nodes and loses their places; a bare link is text to us anyway.
const compile: Extension[] = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));
compile.push({
  exit: {
    data: exitData,
    codeTextData: exitData,
    characterEscapeValue: exitData,
    characterReference: exitReference,
    lineEnding: exitLineEnding,
  },
});

/** The tree of `source`. Its blocks carry positions in `source`. */
export function parseMarkdown(source: string): Root {
  // A byte order mark would be dropped and shift every offset; a word joiner is as invisible and stays.
  const text = source.startsWith("\ufeff") ? `\u2060${source.slice(1)}` : source;
  return fromMarkdown(text, { extensions: syntax, mdastExtensions: compile });
}

/** The pieces a text or code node was made of, in order. */
export function piecesOf(node: Text | InlineCode): readonly Piece[] {
  return noted.get(node)?.pieces ?? [];
}

function note(context: CompileContext, node: Text, piece: Omit<Piece, "code">): void {
  // Inside a code span the text node is a child of a buffer that is thrown away, so its pieces go to the code node.
  const fragment = context.stack.at(-1);
  const above = context.stack.at(-2);
  const inCode = fragment?.type === "fragment" && above?.type === "inlineCode";
  const owner = inCode ? above : node;
  const entry = noted.get(owner) ?? { pieces: [], length: 0 };
  entry.pieces.push({ ...piece, code: inCode });
  entry.length += piece.value.length;
  noted.set(owner, entry);
}

function exitData(this: CompileContext, token: Token): void {
  const node = this.stack.pop() as Text;
  const value = this.sliceSerialize(token);
  node.value += value;
  node.position!.end = { line: token.end.line, column: token.end.column, offset: token.end.offset };
  // The token of a line ending may reach over the quote marks of the next line, where it follows a lazy one.
  const end = token.type === "lineEnding" ? token.start.offset + value.length : token.end.offset;
  note(this, node, { value, start: token.start.offset, end });
}

function exitReference(this: CompileContext, token: Token): void {
  const node = this.stack.pop() as Text;
  node.position!.end = { line: token.end.line, column: token.end.column, offset: token.end.offset };
  note(this, node, {
    value: node.value.slice(noted.get(node)?.length ?? 0),
    start: token.start.offset,
    end: token.end.offset,
  });
}

/** As in `mdast-util-from-markdown`: a line ending belongs to a hard break, or to the text around it. */
function exitLineEnding(this: CompileContext, token: Token): void {
  const context = this.stack.at(-1)!;
  if (this.data.atHardBreak === true) {
    const tail = (context as { children: Nodes[] }).children.at(-1)!;
    tail.position!.end = { line: token.end.line, column: token.end.column, offset: token.end.offset };
    delete this.data.atHardBreak;
    return;
  }
  if (this.data.setextHeadingSlurpLineEnding === true) return;
  if (!this.config.canContainEols.includes(context.type)) return;
  this.config.enter["data"]!.call(this, token);
  exitData.call(this, token);
}
