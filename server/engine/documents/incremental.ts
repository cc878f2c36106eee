/**
 * Reads a document in chunks and, after an edit, reads again only the chunks that changed. The result is the same as
 * that of reading everything anew; only the work differs.
 */
import { assemble, type Assembly } from "./assemble.ts";
import { lineStarts } from "./block.ts";
import type { ChunkContent, ChunkedFormat, ChunkPlan } from "./chunk.ts";
import type { ReadDocument } from "./statement.ts";

/** A chunk that was read. It does not know its place, so that an edit in front of it leaves it as it is. */
export interface ReadChunk {
  readonly kind: ChunkPlan["kind"];
  readonly prefix: string;
  readonly length: number;
  /** Line endings in it. */
  readonly lines: number;
  readonly content: ChunkContent;
  /** Labels it mentions, as written. */
  readonly mentions: readonly string[];
  /** Those of them that were defined elsewhere when it was read, joined. */
  readonly defined: string;
}

/** A document with what is needed to read its next version quickly. */
export interface Reading {
  readonly format: ChunkedFormat;
  readonly text: string;
  readonly document: ReadDocument;
  readonly chunks: readonly ReadChunk[];
  /** Every label that the document defines. */
  readonly definitions: ReadonlySet<string>;
  readonly assembly: Assembly;
}

/** Reads `text`; `previous` is the reading of an earlier version in the same format. */
export function readInChunks(format: ChunkedFormat, text: string, previous?: Reading): Reading {
  const counter = { read: 0 };
  const read: ReadOne = (source, plan, defined) => {
    counter.read++;
    return readChunk(format, source, plan, defined);
  };
  const first = previous === undefined ? readAll(format, text, read) : readAgain(format, text, previous, read);
  const definitions = definitionsOf(first, previous);
  const chunks = resolveDefinitions(format, text, first, definitions, previous?.definitions, read);
  const assembly = assemble(chunks, previous?.assembly);
  const { statements, problems } = assembly;
  const work = { read: counter.read, reused: Math.max(0, chunks.length - counter.read) };
  return { format, text, document: { statements, problems, work }, chunks, definitions, assembly };
}

type ReadOne = (source: string, plan: Pick<ChunkPlan, "kind" | "prefix">, defined: readonly string[]) => ReadChunk;

function readAll(format: ChunkedFormat, text: string, read: ReadOne): ReadChunk[] {
  return Array.from(format.chunks(text, 0), (plan) => read(text.slice(plan.start, plan.end), plan, []));
}

/** Cuts and reads only around the edit; chunks before and after it are taken over. */
function readAgain(format: ChunkedFormat, text: string, previous: Reading, read: ReadOne): ReadChunk[] {
  const old = previous.chunks;
  const { prefix, suffix } = commonEnds(previous.text, text);
  const shift = text.length - previous.text.length;
  const top = format.preamble(text);
  const fromTop = top !== format.preamble(previous.text) || prefix < top;
  let { index, start } = fromTop ? { index: 0, start: 0 } : restart(old, prefix);
  const chunks = old.slice(0, index);
  for (const plan of format.chunks(text, start)) {
    const moved = plan.start >= text.length - suffix;
    const at = moved ? plan.start - shift : plan.start;
    while (index < old.length && start < at) start += old[index++]!.length;
    const same = old[index];
    const fits = same !== undefined && start === at && same.prefix === plan.prefix && same.kind === plan.kind;
    if (fits && moved) return chunks.concat(old.slice(index));
    const unmoved = plan.end <= prefix && fits && same.length === plan.end - plan.start;
    chunks.push(unmoved ? same : read(text.slice(plan.start, plan.end), plan, []));
  }
  return chunks;
}

/** The chunk to begin with: one before the first that touches the edit, and none that needs a prefix. */
function restart(chunks: readonly ReadChunk[], edit: number): { index: number; start: number } {
  let index = 0;
  let start = 0;
  while (index < chunks.length && start + chunks[index]!.length < edit) start += chunks[index++]!.length;
  const back = () => {
    index--;
    start -= chunks[index]!.length;
  };
  if (index > 0) back();
  while (index > 0 && (chunks[index]?.prefix ?? "") !== "") back();
  return { index, start };
}

/** Lengths of the longest common beginning and, behind it, the longest common end. */
function commonEnds(before: string, after: string): { prefix: number; suffix: number } {
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  // Whole blocks first: comparing slices is a comparison of memory.
  const block = 4096;
  while (prefix + block <= shorter && before.slice(prefix, prefix + block) === after.slice(prefix, prefix + block)) {
    prefix += block;
  }
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix++;
  const most = shorter - prefix;
  const [m, n] = [before.length, after.length];
  let suffix = 0;
  const sameBlock = (from: number): boolean =>
    before.slice(m - from - block, m - from) === after.slice(n - from - block, n - from);
  while (suffix + block <= most && sameBlock(suffix)) suffix += block;
  while (suffix < most && before.charCodeAt(m - 1 - suffix) === after.charCodeAt(n - 1 - suffix)) suffix++;
  return { prefix, suffix };
}

function readChunk(
  format: ChunkedFormat,
  slice: string,
  { kind, prefix }: Pick<ChunkPlan, "kind" | "prefix">,
  defined: readonly string[],
): ReadChunk {
  const source = detached(slice);
  const { length } = source;
  const lines = lineStarts(source).length - 1;
  if (kind === "skipped") return { kind, prefix, length, lines, content: SKIPPED, mentions: [], defined: "" };
  const content = format.read(source, prefix, defined);
  return { kind, prefix, length, lines, content, mentions: format.mentions(source), defined: defined.join("\n") };
}

const SKIPPED: ChunkContent = { events: [{ kind: "interruption" }], problems: [], definitions: [] };

/**
 * A copy that shares no memory with the text it was cut from. A slice would keep the whole version of the document
 * alive as long as one statement of it is remembered anywhere.
 */
function detached(slice: string): string {
  return ` ${slice}`.slice(1);
}

/** The labels defined in `chunks`: those of before where no chunk came or went that defines any. */
function definitionsOf(chunks: readonly ReadChunk[], previous: Reading | undefined): ReadonlySet<string> {
  const old = previous?.chunks ?? [];
  let first = 0;
  while (first < chunks.length && chunks[first] === old[first]) first++;
  let last = 0;
  const most = Math.min(chunks.length, old.length) - first;
  while (last < most && chunks[chunks.length - 1 - last] === old[old.length - 1 - last]) last++;
  const changed = [...chunks.slice(first, chunks.length - last), ...old.slice(first, old.length - last)];
  if (previous !== undefined && changed.every((chunk) => chunk.content.definitions.length === 0)) {
    return previous.definitions;
  }
  return new Set(chunks.flatMap((chunk) => chunk.content.definitions));
}

/** Reads chunks again whose mentions are defined elsewhere now and were not before, or the other way round. */
function resolveDefinitions(
  format: ChunkedFormat,
  text: string,
  chunks: readonly ReadChunk[],
  known: ReadonlySet<string>,
  before: ReadonlySet<string> | undefined,
  read: ReadOne,
): readonly ReadChunk[] {
  if (known.size === 0 && (before?.size ?? 0) === 0) return chunks;
  let end = 0;
  return chunks.map((chunk) => {
    end += chunk.length;
    if (chunk.mentions.length === 0) return chunk;
    const own = new Set(chunk.content.definitions);
    const elsewhere = chunk.mentions.filter((mention) => {
      const label = format.normaliseLabel(mention);
      return known.has(label) && !own.has(label);
    });
    if (elsewhere.join("\n") === chunk.defined) return chunk;
    return read(text.slice(end - chunk.length, end), chunk, elsewhere);
  });
}
