/**
 * Where sentences end. Rules, not a model: requirements are full of ids, versions, decimals and abbreviations, and a
 * wrong split makes two wrong labels. When in doubt a text stays whole.
 */
import { HARD_BREAK } from "./inline-text.ts";
import type { Span } from "./statement.ts";

/** Never end a sentence. */
const NEVER = words("e.g i.e cf vs dr mr mrs ms prof st approx viz ca resp e.g i.e. z.b incl excl esp fka aka");
/** End a sentence only when a capital follows. */
const BEFORE_CAPITAL = words(
  "etc al inc ltd co corp max min sec hr hrs dept est ext tel temp a.m p.m u.s u.k jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun avg std misc",
);
/** Belong to the number, letter or identifier after them. */
const BEFORE_NUMBER = words(
  "no nos nr fig figs sec sect sects ch chap vol p pp eq eqs ref refs tab tbl art par para req reqs ver v rev app appx ed ex item step",
);
/** First words that show a new sentence even after a single capital letter ("…from _F_. It sends"). */
const OPENERS = words(
  "the it this these that those if when while after before all any a an in for each every on no as at with by to see note then both",
);

/** A bracket or quotation longer than this does not protect the full stops inside it: its closer is likely a stray. */
const LONGEST_PROTECTED = 400;

/**
 * Sentences of `text` as ranges without surrounding white space, in order. `atomic` are ranges that are never split
 * (code, formulas). Every character that is not white space belongs to exactly one range.
 */
export function sentenceSpans(text: string, atomic: readonly Span[] = []): Span[] {
  const closed = union([...atomic, ...bracketed(text)]);
  const spans: Span[] = [];
  let start = 0;
  let next = 0;
  const terminal = /(?<![.!?…])[.!?…]+["'”’»)\]]*(?=\s|$)|[。！？]+[」』）”]*|\u2028/gu;
  for (let match = terminal.exec(text); match !== null; match = terminal.exec(text)) {
    const end = match.index + match[0].length;
    while (next < closed.length && closed[next]!.end <= match.index) next++;
    if (next < closed.length && closed[next]!.start < match.index && end < closed[next]!.end) continue;
    if (!endsSentence(text, start, match.index, match[0], startsWithCode(text, end, atomic))) continue;
    push(text, start, end, spans);
    start = end;
  }
  push(text, start, text.length, spans);
  return spans;
}

/** True where the next word after `end` is code, which starts sentences in any case ("… `retry` is …"). */
function startsWithCode(text: string, end: number, atomic: readonly Span[]): boolean {
  const next = end + text.slice(end, end + 80).search(/\S|$/u);
  return atomic.some((span) => span.start === next);
}

function endsSentence(text: string, start: number, at: number, mark: string, code: boolean): boolean {
  const end = at + mark.length;
  const rest = (code ? "C " : "") + text.slice(end, end + 80).trimStart();
  if (rest === "") return true;
  if (mark === HARD_BREAK) return /^["'“(]?[\p{Lu}\d•*+-]/u.test(rest);
  if (/^[。！？]/u.test(mark)) return true;
  if (/^\p{Ll}/u.test(rest)) return false;
  const capital = /^["'“‘(«[]*\p{Lu}/u.test(rest);
  if (/^(\.\.|…)/u.test(mark)) return capital;
  if (!mark.startsWith(".")) return true;
  // Only the run of characters before the stop matters; 40 of them hold any abbreviation.
  const before = /[^\s([{"“]*$/u.exec(text.slice(Math.max(start, at - 40), at))![0];
  // "1." or "a." in front of a sentence numbers it.
  if (/^\d{1,3}$|^[a-z]$/u.test(before) && /(?:^|[:;])\s*$/u.test(text.slice(start, at - before.length))) return false;
  const word = before.toLowerCase();
  if (NEVER.has(word)) return false;
  if (BEFORE_NUMBER.has(word) && /^[#§]?(\d|[A-Z]{1,4}[-_.]?\d|[IVX]+\b)/u.test(rest)) return false;
  if (BEFORE_CAPITAL.has(word)) return capital;
  if (/^\p{Lu}$/u.test(before)) return OPENERS.has(/^\p{L}*/u.exec(rest)![0].toLowerCase());
  return true;
}

/** Ranges of balanced brackets and paired quotation marks. */
function bracketed(text: string): Span[] {
  const spans: Span[] = [];
  const open: { closer: string; start: number }[] = [];
  const closers: Record<string, string> = { "(": ")", "[": "]", "{": "}", "“": "”", "«": "»" };
  const marks = /[([{“«)\]}”»]|"/gu;
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
    const mark = match[0];
    const closer = closers[mark] ?? (mark === '"' && opensQuotation(text, match.index) ? '"' : undefined);
    if (closer !== undefined && !(mark === '"' && open.at(-1)?.closer === '"')) {
      open.push({ closer, start: match.index });
      if (open.length > 8) open.shift();
      continue;
    }
    // A closer without an opener ("a)") is an enumerator or a slip; an opener left behind on the way is one, too.
    const depth = open.findLastIndex((entry) => entry.closer === mark);
    if (depth < 0) continue;
    const [opener] = open.splice(depth);
    if (match.index - opener!.start <= LONGEST_PROTECTED) spans.push({ start: opener!.start, end: match.index + 1 });
  }
  return spans;
}

/** Overlapping ranges merged, ascending. */
function union(spans: Span[]): Span[] {
  spans.sort((a, b) => a.start - b.start);
  const merged: { start: number; end: number }[] = [];
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && span.start < last.end) last.end = Math.max(last.end, span.end);
    else merged.push({ ...span });
  }
  return merged;
}

function opensQuotation(text: string, at: number): boolean {
  return at === 0 || /[\s([{—–-]/u.test(text[at - 1]!);
}

function push(text: string, start: number, end: number, spans: Span[]): void {
  let from = start;
  let to = end;
  while (from < to && /\s/u.test(text[from]!)) from++;
  while (to > from && /\s/u.test(text[to - 1]!)) to--;
  if (to > from) spans.push({ start: from, end: to });
}

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}
