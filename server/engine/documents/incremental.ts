/**
 * Reads a document in chunks and, after an edit, reads again only the chunks that changed. The result is the same as
 * that of reading everything anew; only the work differs.
 */
import { assemble } from "./assemble.ts";
import { lineStarts } from "./block.ts";
import type { ChunkContent, ChunkedFormat, ChunkPlan } from "./chunk.ts";
import type { ReadDocument } from "./statement.ts";

/** A chunk that was read. */
export interface ReadChunk extends ChunkPlan {
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
}

/** Reads `text`; `previous` is the reading of an earlier version in the same format. */
export function readInChunks(format: ChunkedFormat, text: string, previous?: Reading): Reading {
  const plans = previous === undefined ? planAll(format, text) : planAgain(format, text, previous);
  const counter = { read: 0 };
  const first = plans.map((plan) => ("content" in plan ? plan : readChunk(format, text, plan, [], counter)));
  const chunks = resolveDefinitions(format, text, first, counter);
  const { statements, problems } = assemble(chunks);
  const work = { read: counter.read, reused: Math.max(0, chunks.length - counter.read) };
  return { format, text, document: { statements, problems, work }, chunks };
}

type Plan = ChunkPlan | ReadChunk;

function planAll(format: ChunkedFormat, text: string): Plan[] {
  return [...format.chunks(text, 0)];
}

/** Cuts only around the edit: chunks before and after it are taken over, those behind it moved. */
function planAgain(format: ChunkedFormat, text: string, previous: Reading): Plan[] {
  const old = previous.chunks;
  const { prefix, suffix } = commonEnds(previous.text, text);
  const shift = text.length - previous.text.length;
  let kept = Math.max(0, old.findIndex((chunk) => chunk.end >= prefix) - 1);
  while (kept > 0 && old[kept]!.prefix !== "") kept--;
  const top = format.preamble(text);
  if (top !== format.preamble(previous.text) || prefix < top) kept = 0;
  const plans: Plan[] = old.slice(0, kept);
  let candidate = kept;
  for (const plan of format.chunks(text, old[kept]?.start ?? 0)) {
    const unmoved = plan.end <= prefix;
    const moved = plan.start >= text.length - suffix;
    const at = moved ? plan.start - shift : plan.start;
    while (candidate < old.length && old[candidate]!.start < at) candidate++;
    const same = old[candidate];
    const fits = same !== undefined && same.start === at && same.prefix === plan.prefix && same.kind === plan.kind;
    if (fits && moved) return [...plans, ...old.slice(candidate).map((chunk) => moveBy(chunk, shift))];
    plans.push(fits && unmoved && same.end === plan.end ? same : plan);
  }
  return plans;
}

function moveBy(chunk: ReadChunk, shift: number): ReadChunk {
  return shift === 0 ? chunk : { ...chunk, start: chunk.start + shift, end: chunk.end + shift };
}

/** Lengths of the longest common beginning and, behind it, the longest common end. */
function commonEnds(before: string, after: string): { prefix: number; suffix: number } {
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix++;
  let suffix = 0;
  const most = shorter - prefix;
  while (
    suffix < most &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  ) {
    suffix++;
  }
  return { prefix, suffix };
}

function readChunk(
  format: ChunkedFormat,
  text: string,
  plan: ChunkPlan,
  defined: readonly string[],
  counter: { read: number },
): ReadChunk {
  counter.read++;
  const { start, end, kind, prefix } = plan;
  const source = detached(text.slice(start, end));
  const content: ChunkContent =
    kind === "skipped"
      ? { events: [{ kind: "interruption" }], problems: [], definitions: [] }
      : format.read(source, plan, defined);
  const mentions = kind === "skipped" ? [] : format.mentions(source);
  return {
    start,
    end,
    kind,
    prefix,
    lines: lineStarts(source).length - 1,
    content,
    mentions,
    defined: defined.join("\n"),
  };
}

/**
 * A copy that shares no memory with the text it was cut from. A slice would keep the whole version of the document
 * alive as long as one statement of it is remembered anywhere.
 */
function detached(slice: string): string {
  return ` ${slice}`.slice(1);
}

/** Reads chunks again whose mentions are defined elsewhere now and were not before, or the other way round. */
function resolveDefinitions(
  format: ChunkedFormat,
  text: string,
  chunks: readonly ReadChunk[],
  counter: { read: number },
): ReadChunk[] {
  const known = new Set(chunks.flatMap((chunk) => chunk.content.definitions));
  return chunks.map((chunk) => {
    if (chunk.mentions.length === 0) return chunk;
    const own = new Set(chunk.content.definitions);
    const elsewhere = chunk.mentions.filter((mention) => {
      const label = format.normaliseLabel(mention);
      return known.has(label) && !own.has(label);
    });
    if (elsewhere.join("\n") === chunk.defined) return chunk;
    return readChunk(format, text, chunk, elsewhere, counter);
  });
}
