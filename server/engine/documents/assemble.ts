/**
 * Puts the chunks of a document together: gives every sentence its place in the whole document, the headings above it,
 * the lead-in of its list, and decides what comments ignore.
 */
import type { BlockEvent, Cell, Sentence } from "./block.ts";
import type { ChunkPlan, ChunkContent } from "./chunk.ts";
import type { DocumentProblem, Statement } from "./statement.ts";
import { tableStatements } from "./table.ts";

/** A chunk with its place: all that assembling needs. */
export interface PlacedChunk extends ChunkPlan {
  readonly lines: number;
  readonly content: ChunkContent;
}

/** A sentence and the place of its chunk. */
interface Placed {
  readonly sentence: Sentence;
  readonly offset: number;
  readonly line: number;
}

/** A longer lead-in is cut at its front: the words next to the item say most. */
const LONGEST_CONTEXT = 240;

interface Progress {
  readonly statements: Statement[];
  heading: readonly { depth: number; text: string }[];
  headingTexts: readonly string[];
  /** The identifier that a heading or a lone line gives the next statement. */
  id: string | undefined;
  /** Lead-ins by the depth of the list they announce. */
  leadIns: (string | undefined)[];
  /** A sentence that is a lead-in if a deeper list item comes next, else a statement. */
  pending: Placed | undefined;
  ignore: "no" | "sentence" | "block" | "inside";
  ignoreFile: boolean;
  header: readonly string[] | undefined;
  rows: { cells: readonly Cell[]; offset: number; line: number }[];
}

/** Statements and problems of a whole document, in document order. */
export function assemble(chunks: readonly PlacedChunk[]): { statements: Statement[]; problems: DocumentProblem[] } {
  const progress: Progress = {
    statements: [],
    heading: [],
    headingTexts: [],
    id: undefined,
    leadIns: [],
    pending: undefined,
    ignore: "no",
    ignoreFile: false,
    header: undefined,
    rows: [],
  };
  const problems: DocumentProblem[] = [];
  let line = 0;
  for (const chunk of chunks) {
    for (const event of chunk.content.events) take(event, chunk.start, line, progress);
    for (const problem of chunk.content.problems) {
      problems.push({ message: problem.message, start: problem.start + chunk.start, end: problem.end + chunk.start });
    }
    line += chunk.lines;
  }
  endTable(progress);
  settle(progress);
  const statements = progress.ignoreFile
    ? progress.statements.map((statement) => ({ ...statement, ignored: true }))
    : progress.statements;
  return { statements, problems };
}

function take(event: BlockEvent, offset: number, line: number, progress: Progress): void {
  if (event.kind === "tableRow") {
    settle(progress);
    progress.rows.push({ cells: event.cells, offset, line });
    return;
  }
  endTable(progress);
  if (event.kind === "sentence") takeSentence({ sentence: event.sentence, offset, line }, progress);
  else if (event.kind === "ignoreFile") progress.ignoreFile = true;
  else if (event.kind === "ignoreNext") progress.ignore = event.whole ? "block" : "sentence";
  else {
    settle(progress);
    progress.leadIns = [];
    if (event.kind === "tableHeader") progress.header = event.cells;
    else if (event.kind === "identifier") progress.id = event.id;
    else if (event.kind === "heading") {
      progress.heading = [...progress.heading.filter((above) => above.depth < event.depth), event];
      progress.headingTexts = progress.heading.map((above) => above.text).filter((text) => text !== "");
      progress.id = event.id;
    }
  }
}

function takeSentence(placed: Placed, progress: Progress): void {
  const { sentence } = placed;
  const { pending } = progress;
  if (pending !== undefined && sentence.first && sentence.depth > pending.sentence.depth) {
    const depth = pending.sentence.depth;
    const above = pending.sentence.first ? contextOf(pending.sentence, progress) : undefined;
    progress.leadIns.length = depth + 1;
    progress.leadIns[depth] = join(above, pending.sentence.text);
    progress.pending = undefined;
  } else {
    settle(progress);
    if (sentence.depth === 0) progress.leadIns = [];
    else if (sentence.first) progress.leadIns.length = Math.min(progress.leadIns.length, sentence.depth);
  }
  if (sentence.announces) progress.pending = placed;
  else add(placed, progress);
}

/** A pending sentence that no list item followed is a statement like any other. */
function settle(progress: Progress): void {
  const { pending } = progress;
  progress.pending = undefined;
  if (pending !== undefined) add(pending, progress);
}

function add({ sentence, offset, line }: Placed, progress: Progress): void {
  const ignored = sentence.ignored || ignoresNext(sentence, progress);
  const id = sentence.id ?? (sentence.first ? progress.id : undefined);
  progress.id = undefined;
  progress.statements.push({
    start: sentence.start + offset,
    end: sentence.end + offset,
    text: sentence.text,
    segments: sentence.segments.map((span) => ({ start: span.start + offset, end: span.end + offset })),
    id,
    context: sentence.first && !completeAlone(sentence.text) ? contextOf(sentence, progress) : undefined,
    line: sentence.line + line,
    heading: progress.headingTexts,
    place: sentence.place,
    ignored,
  });
}

function ignoresNext(sentence: Sentence, progress: Progress): boolean {
  if (progress.ignore === "no") return false;
  if (progress.ignore === "inside" && sentence.first) {
    progress.ignore = "no";
    return false;
  }
  progress.ignore = progress.ignore === "sentence" ? "no" : "inside";
  return true;
}

/** The nearest lead-in above a list item. */
function contextOf(sentence: Sentence, progress: Progress): string | undefined {
  return progress.leadIns.slice(0, sentence.depth).findLast((leadIn) => leadIn !== undefined);
}

function join(above: string | undefined, leadIn: string): string {
  const whole = above === undefined ? leadIn : `${above} ${leadIn}`;
  if (whole.length <= LONGEST_CONTEXT) return whole;
  return whole.slice(-LONGEST_CONTEXT).replace(/^\S*\s+/u, "");
}

/** True for a list item that is a sentence with a subject and a modal verb: its lead-in adds nothing. */
function completeAlone(text: string): boolean {
  return (
    /^["'“(]?[\p{Lu}\p{N}]/u.test(text) && /\b(?:shall|must|should|will|may not|needs? to|ha(?:s|ve) to)\b/iu.test(text)
  );
}

/** A table's columns are told apart by its whole content, so its rows wait until it is over. */
function endTable(progress: Progress): void {
  const { rows } = progress;
  if (rows.length === 0) {
    // A header without rows: whatever comes next is no row of it.
    if (progress.header !== undefined) progress.header = undefined;
    return;
  }
  const header = progress.header ?? [];
  progress.header = undefined;
  progress.rows = [];
  const read = tableStatements(
    header,
    rows.map((row) => row.cells),
  );
  read.forEach((sentences, index) => {
    const { offset, line } = rows[index]!;
    progress.id = undefined;
    for (const sentence of sentences) add({ sentence, offset, line }, progress);
  });
}
