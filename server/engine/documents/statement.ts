/** What a reader makes of a document: statements, each with its exact place in the source. */

/**
 * The kind of place a statement stands in. `line`: text outside lists in a plain text file. `field`: an attribute of a
 * structured format.
 */
export type Place = "paragraph" | "listItem" | "tableCell" | "line" | "field";

/** Half-open range of UTF-16 code units in the document. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * One statement of a document: the unit that is classified and labelled.
 * `start` and `end` are UTF-16 offsets into the document and cover the statement's words; markup inside is part
 * of the range but not of `text`. An identifier in front stands outside the range.
 */
export interface Statement extends Span {
  /** The words as a person reads them: markup removed, white space collapsed, never empty, the written id left out. */
  readonly text: string;
  /**
   * Source ranges of the words, counted from `start`, ascending and disjoint: joined, decoded (`&amp;`, `\*`) and
   * without white space they equal `text` without white space.
   */
  readonly segments: readonly Span[];
  /** Identifier written in front of it (`REQ-12`, `NFR-3`, `R1.2`) or given by the format, if any. */
  readonly id: string | undefined;
  /**
   * The sentence a list item completes, where the item says too little alone: "The system shall:" above "encrypt
   * backups". The lead-in is then no statement of its own; {@link classifierText} puts the two together.
   */
  readonly context: string | undefined;
  /** Zero-based line of `start`. */
  readonly line: number;
  /** Headings above it, outermost first. */
  readonly heading: readonly string[];
  readonly place: Place;
  /** True where an ignore comment covers it: it is listed nowhere and never classified. */
  readonly ignored: boolean;
}

/** Something in the document that the reader could not use as it stands; never fatal. */
export interface DocumentProblem extends Span {
  readonly problem: ReadingProblem;
}

/**
 * What it is: the whole document is longer than `most` UTF-16 units and was not read; or a part has more of something
 * than `most`, was too deep for the parser, and was read as plain text without the rules of its markup.
 */
export type ReadingProblem =
  | { readonly code: "document-too-long"; readonly found: number; readonly most: number }
  | { readonly code: "read-as-plain-text"; readonly because: PlainTextReason };

export type PlainTextReason =
  | { readonly much: "characters" | "brackets" | "marks" | "levels"; readonly most: number }
  | { readonly much: "nesting" };

/** A document as the reader understood it. Statements are in document order and never overlap. */
export interface ReadDocument {
  readonly statements: readonly Statement[];
  readonly problems: readonly DocumentProblem[];
  /** How many blocks were read anew and how many taken over from the previous version. */
  readonly work: { readonly read: number; readonly reused: number };
}

/** What the model is given for a statement: its words, after the lead-in of its list where it continues one. */
export function classifierText(statement: Pick<Statement, "text" | "context">): string {
  return statement.context === undefined ? statement.text : `${statement.context} ${statement.text}`;
}
