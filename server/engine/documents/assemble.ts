/**
 * Puts the chunks of a document together: gives every sentence its place in the whole document, the headings above it,
 * the lead-in of its list, and decides what comments ignore.
 */
import type { BlockEvent, Cell, Sentence } from "./block.ts";
import type { ChunkContent } from "./chunk.ts";
import type { DocumentProblem, Statement } from "./statement.ts";
import { tableStatements } from "./table.ts";

/** A sentence and the place of its chunk. */
interface Placed {
  readonly sentence: Sentence;
  readonly offset: number;
  readonly line: number;
}

/** A longer lead-in is cut at its front: the words next to the item say most. */
const LONGEST_CONTEXT = 240;

/** What carries over from chunk to chunk. Values are replaced, never changed. */
interface State {
  readonly heading: readonly { depth: number; text: string }[];
  readonly headingTexts: readonly string[];
  /** The identifier that a heading or a lone line gives the next statement. */
  readonly id: string | undefined;
  /** Lead-ins by the depth of the list they announce. */
  readonly leadIns: readonly (LeadIn | undefined)[];
  /** A sentence that is a lead-in if a deeper list item comes next, else a statement. */
  readonly pending: Placed | undefined;
  readonly ignore: "no" | "sentence" | "block" | "inside";
  readonly ignoreFile: boolean;
  readonly header: readonly string[] | undefined;
  /** Rows of a table that is not over, by the chunk they stand in. */
  readonly rows: readonly TableRows[] | undefined;
}

/** A sentence that list items continue: it is no statement, so its identifier and a comment that ignores it are theirs. */
interface LeadIn {
  readonly text: string;
  readonly id: string | undefined;
  readonly ignored: boolean;
}

interface TableRows {
  readonly offset: number;
  readonly line: number;
  /** Grows while its chunk is taken in, and never after. */
  readonly rows: (readonly Cell[])[];
}

type Progress = { -readonly [Key in keyof State]: State[Key] } & { statements: Statement[] };

/** What a chunk came to, between the states before and after it. */
interface Placement {
  readonly start: number;
  readonly line: number;
  readonly before: State;
  readonly after: State;
  readonly statements: readonly Statement[];
}

/** A chunk without its place. */
export interface Assembled {
  readonly lines: number;
  readonly length: number;
  readonly content: ChunkContent;
}

/** A document put together, with what is needed to do it again quickly. */
export interface Assembly {
  readonly chunks: readonly Assembled[];
  readonly placements: readonly Placement[];
  /** The placements' statements. */
  readonly found: readonly Statement[];
  readonly statements: readonly Statement[];
  readonly problems: readonly DocumentProblem[];
}

const NOTHING_YET: State = {
  heading: [],
  headingTexts: [],
  id: undefined,
  leadIns: [],
  pending: undefined,
  ignore: "no",
  ignoreFile: false,
  header: undefined,
  rows: undefined,
};

const NOTHING_READ: Assembly = { chunks: [], placements: [], found: [], statements: [], problems: [] };

/** Statements and problems of a whole document, in document order. `previous` saves work, nothing else. */
export function assemble(chunks: readonly Assembled[], previous: Assembly = NOTHING_READ): Assembly {
  const known = previous.placements;
  let index = 0;
  while (index < chunks.length && chunks[index] === previous.chunks[index]) index++;
  const placements = known.slice(0, index);
  const unchanged = placements.at(-1);
  let state = unchanged?.after ?? NOTHING_YET;
  let start = unchanged === undefined ? 0 : unchanged.start + chunks[index - 1]!.length;
  let line = unchanged === undefined ? 0 : unchanged.line + chunks[index - 1]!.lines;
  const count = placements.reduce((sum, placement) => sum + placement.statements.length, 0);
  const found = previous.found.slice(0, count);
  const problems = previous.problems.filter((problem) => problem.start < start);
  const removed = previous.chunks.length - chunks.length;
  for (; index < chunks.length; index++) {
    const chunk = chunks[index]!;
    const before = previous.chunks[index + removed] === chunk ? known[index + removed] : undefined;
    const placement = (before && moved(before, state, start, line)) ?? place(chunk, state, start, line);
    placements.push(placement);
    for (const statement of placement.statements) found.push(statement);
    for (const problem of chunk.content.problems) {
      problems.push({ ...problem, start: problem.start + start, end: problem.end + start });
    }
    state = placement.after;
    start += chunk.length;
    line += chunk.lines;
  }
  const last = { ...state, statements: [] as Statement[] };
  endTable(last);
  settle(last);
  const all = last.statements.length === 0 ? found : [...found, ...last.statements];
  const shown = state.ignoreFile ? all.map((each) => ({ ...each, ignored: true })) : all;
  return { chunks, placements, found, statements: shown, problems };
}

function place(chunk: Assembled, before: State, start: number, line: number): Placement {
  const progress: Progress = { ...before, statements: [] };
  for (const event of chunk.content.events) take(event, start, line, progress);
  const { statements, ...after } = progress;
  return { start, line, before, after, statements };
}

/** A chunk's earlier result at its new place; undefined where what stands before the chunk now changes the result. */
function moved(known: Placement, before: State, start: number, line: number): Placement | undefined {
  const { before: then, after, statements } = known;
  if (then !== before && !sameState(then, before)) return undefined;
  const shift = start - known.start;
  const lines = line - known.line;
  if (shift === 0 && lines === 0) return known;
  // Sentences and rows that wait carry the places of chunks before.
  if (then.pending ?? then.rows ?? after.pending ?? after.rows) return undefined;
  const shifted = statements.map((statement): Statement => {
    const { text, segments, id, context, heading, place, ignored } = statement;
    const from = statement.start + shift;
    const to = statement.end + shift;
    return { start: from, end: to, text, segments, id, context, line: statement.line + lines, heading, place, ignored };
  });
  return { start, line, before, after, statements: shifted };
}

function sameState(one: State, other: State): boolean {
  return (Object.keys(NOTHING_YET) as (keyof State)[]).every((key) => one[key] === other[key]);
}

function take(event: BlockEvent, offset: number, line: number, progress: Progress): void {
  if (event.kind === "tableRow") {
    settle(progress);
    const last = progress.rows?.at(-1);
    if (last?.offset === offset) last.rows.push(event.cells);
    else progress.rows = [...(progress.rows ?? []), { offset, line, rows: [event.cells] }];
    return;
  }
  endTable(progress);
  if (event.kind === "sentence") takeSentence({ sentence: event.sentence, offset, line }, progress);
  else if (event.kind === "ignoreFile") progress.ignoreFile = true;
  else if (event.kind === "ignoreNext") progress.ignore = event.whole ? "block" : "sentence";
  else {
    settle(progress);
    progress.leadIns = NOTHING_YET.leadIns;
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
    announce(pending.sentence, progress);
    progress.pending = undefined;
  } else {
    settle(progress);
    if (sentence.depth === 0) progress.leadIns = NOTHING_YET.leadIns;
    else if (sentence.first && progress.leadIns.length > sentence.depth) {
      progress.leadIns = progress.leadIns.slice(0, sentence.depth);
    }
  }
  if (sentence.announces) progress.pending = placed;
  else add(placed, progress);
}

/** Makes a sentence the lead-in of the deeper list that follows it. */
function announce(sentence: Sentence, progress: Progress): void {
  const above = leadInOf(sentence, progress);
  const leadIns = progress.leadIns.slice(0, sentence.depth);
  leadIns[sentence.depth] = {
    text: join(sentence.first ? above?.text : undefined, sentence.text),
    id: sentence.id ?? progress.id ?? above?.id,
    ignored: sentence.ignored || ignoresNext(sentence, progress) || above?.ignored === true,
  };
  progress.leadIns = leadIns;
  progress.id = undefined;
}

/** A pending sentence that no list item followed is a statement like any other. */
function settle(progress: Progress): void {
  const { pending } = progress;
  progress.pending = undefined;
  if (pending !== undefined && !pending.sentence.bare) add(pending, progress);
}

function add({ sentence, offset, line }: Placed, progress: Progress): void {
  const leadIn = leadInOf(sentence, progress);
  const ignored = sentence.ignored || ignoresNext(sentence, progress) || leadIn?.ignored === true;
  const id = sentence.id ?? (sentence.first ? (progress.id ?? leadIn?.id) : undefined);
  progress.id = undefined;
  progress.statements.push({
    start: sentence.start + offset,
    end: sentence.end + offset,
    text: sentence.text,
    segments: sentence.segments,
    id,
    context: sentence.first && !completeAlone(sentence.text) ? leadIn?.text : undefined,
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
function leadInOf(sentence: Sentence, progress: Progress): LeadIn | undefined {
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
  const { rows, header } = progress;
  progress.header = undefined;
  progress.rows = undefined;
  if (rows === undefined) return;
  const read = tableStatements(
    header ?? [],
    rows.flatMap((group) => group.rows),
  );
  let next = 0;
  for (const group of rows) {
    for (const sentences of read.slice(next, (next += group.rows.length))) {
      progress.id = undefined;
      for (const sentence of sentences) add({ sentence, offset: group.offset, line: group.line }, progress);
    }
  }
}
