/**
 * One line of `.nfr-lens/labels.jsonl`: a decision of a person about a statement. The log is append-only, merged by
 * git with `merge=union`; the newest decision about a statement by time wins.
 */
import { createHash } from "node:crypto";

export const LABEL_FORMAT = 1;

export interface LabelRecord {
  /** Format version of the line. */
  readonly v: number;
  /** Key of the statement: hash of its normalised text, its document and its headings. */
  readonly key: string;
  /** The statement's words when it was labelled, so that training needs no document. */
  readonly text: string;
  /** Code of the category, or null when the decision was taken back. */
  readonly label: string | null;
  /** Workspace-relative path of the document, with forward slashes. */
  readonly document: string;
  readonly heading: readonly string[];
  /** Who decided. */
  readonly author: string;
  /** When: ISO 8601, UTC. */
  readonly time: string;
  /** What was shown at that moment, and by which model. */
  readonly predicted: string | null;
  readonly confidence: number | null;
  readonly pack: string | null;
  readonly adapter: string | null;
  /** How the statement came up: in the document, from the queue, as a blind repetition, in review. */
  readonly origin: "document" | "queue" | "blind" | "review";
}

/** A statement's words as they are compared: composed Unicode, white space collapsed. Case stays: `US` is not `us`. */
export function normaliseText(text: string): string {
  return text.normalize("NFC").replace(/\s+/gu, " ").trim();
}

/**
 * The key of a statement: 128 bits of SHA-256 (hex) over its normalised text, its document and its headings. It
 * does not depend on offsets, so labels survive edits elsewhere in the document.
 */
export function statementKey(text: string, document: string, heading: readonly string[]): string {
  const parts = [normaliseText(text), document, heading.map(normaliseText)];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}
