/** A chunk: a stretch of a document that is read on its own and kept while an edit elsewhere moves it. */
import type { BlockEvent } from "./block.ts";
import type { DocumentProblem, Span } from "./statement.ts";

/** How a document is cut. */
export interface ChunkPlan extends Span {
  /** `skipped` holds nothing to read: code, front matter. */
  readonly kind: "flow" | "skipped";
  /** What must stand in front of the chunk when it is read (the header of a table); empty where a fresh start is made. */
  readonly prefix: string;
}

/** What a chunk says; every offset counts from the chunk's start. */
export interface ChunkContent {
  readonly events: readonly BlockEvent[];
  readonly problems: readonly DocumentProblem[];
  /** Labels defined here that change how other chunks are read. */
  readonly definitions: readonly string[];
}

/** A format that can be read in chunks. */
export interface ChunkedFormat {
  /** The length of what begins a document and can be told only from its top: front matter. */
  preamble(text: string): number;
  /** Chunks from `from` on (0 or the start of a chunk without a prefix), in order and without gaps. */
  chunks(text: string, from: number): Iterable<ChunkPlan>;
  /** Labels that a chunk mentions, as written: candidates for definitions from elsewhere. */
  mentions(source: string): readonly string[];
  /** How labels are compared. */
  normaliseLabel(label: string): string;
  /** Reads a chunk, given its prefix and those of its mentions that are defined elsewhere. */
  read(source: string, prefix: string, defined: readonly string[]): ChunkContent;
}
