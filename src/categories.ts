/** How categories are named, counted, ordered and drawn. No editor in here: the colours are handed in. */
import type { Scores, ShownCategory, ShownStatement } from "../server/protocol.ts";

export const NONE = "none";
export const FUNCTIONAL = "F";

/** The categories with a colour of their own in the manifest, `nfrLens.category.CODE`. */
export const COLOURED: readonly string[] = "F A FT L LF MN O PE PO SC SE US none".split(" ");

/** A project's own category borrows one of the built-in colours: always the same one, never that of `none`. */
export function colourCode(code: string): string {
  if (COLOURED.includes(code)) return code;
  let hash = 0;
  for (const character of code) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return COLOURED[1 + (hash % (COLOURED.length - 2))]!;
}

/** The category as the user knows it; a code nobody explained stands for itself. */
export function categoryOf(categories: readonly ShownCategory[], code: string): ShownCategory {
  return categories.find((category) => category.code === code) ?? { code, name: code, iso25010: null, meaning: "" };
}

/** A quality requirement constrains how well, not what. */
export function isQuality(code: string): boolean {
  return code !== FUNCTIONAL && code !== NONE;
}

/** Whether a statement is shown at all: the model's "not a requirement" is silence, a person's is a decision. */
export function isShown({ label, source }: ShownStatement): boolean {
  return label !== NONE || source === "person";
}

/** A share as a whole number of percent; never 100 % for less than certain. */
export function percent(share: number): number {
  return share < 1 ? Math.min(99, Math.round(share * 100)) : 100;
}

/** How many statements each category has, most first; an uncertain one counts for no category. */
export function countByCategory(statements: readonly ShownStatement[]): {
  counts: { code: string; count: number }[];
  uncertain: number;
} {
  const counts = new Map<string, number>();
  let uncertain = 0;
  for (const statement of statements) {
    if (!isShown(statement)) continue;
    if (statement.uncertain) uncertain += 1;
    else counts.set(statement.label, (counts.get(statement.label) ?? 0) + 1);
  }
  const sorted = [...counts].map(([code, count]) => ({ code, count }));
  return { counts: sorted.sort((a, b) => b.count - a.count || (a.code < b.code ? -1 : 1)), uncertain };
}

/** One line of the list a category is picked from. */
export interface CategoryChoice {
  /** The keys that take it at once, the one to show first; none beyond the ninth. */
  keys: readonly string[];
  category: ShownCategory;
  score: number;
}

/**
 * All categories, the model's favourite first. 1 to 9 take the first nine, so that 1 always agrees with the model; 0 is
 * always "not a requirement", wherever that stands.
 */
export function categoryChoices(categories: readonly ShownCategory[], scores: Scores): CategoryChoice[] {
  const score = (code: string) => scores.find((entry) => entry.label === code)?.score ?? 0;
  const sorted = categories
    .map((category, place) => ({ category, score: score(category.code), place }))
    .sort((a, b) => b.score - a.score || a.place - b.place);
  return sorted.map(({ category, score }, rank) => {
    const keys = [...(category.code === NONE ? ["0"] : []), ...(rank < 9 ? [String(rank + 1)] : [])];
    return { keys, category, score };
  });
}

export type BadgeState = "person" | "model" | "uncertain";

/** What a badge says about its statement: who decided, or that nobody is sure. */
export function badgeState(statement: ShownStatement): BadgeState {
  return statement.uncertain ? "uncertain" : statement.source;
}

/**
 * A badge with the category's code, as SVG. The shape tells who decided, so that nothing hangs on colour: filled for a
 * person, outlined for the model, a dashed outline with a question mark where the model is uncertain.
 */
export function badgeSvg(code: string, state: BadgeState, colour: string, dark: boolean): string {
  const text = escapeXml(state === "uncertain" ? "?" : code === NONE ? "–" : code.slice(0, 3));
  const size = text.length > 2 ? 6.5 : text.length > 1 ? 8.5 : 10;
  const filled = state === "person";
  const fill = filled ? colour : "none";
  const ink = filled ? (dark ? "#111111" : "#FFFFFF") : colour;
  const dash = state === "uncertain" ? ' stroke-dasharray="2 1.6"' : "";
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">` +
    `<rect x="0.75" y="1.75" width="14.5" height="12.5" rx="3" fill="${fill}" stroke="${colour}" stroke-width="1.2"${dash}/>` +
    `<text x="8" y="${8 + size * 0.36}" text-anchor="middle" font-family="Segoe UI, Helvetica, Arial, sans-serif" ` +
    `font-size="${size}" font-weight="700" fill="${ink}">${text}</text></svg>`
  );
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}

/** One badge for each line that starts a statement: the first quality statement there, else the first one. */
export function badgesByLine(statements: readonly ShownStatement[]): ShownStatement[] {
  const lines = new Map<number, ShownStatement>();
  for (const statement of statements) {
    if (!isShown(statement)) continue;
    const line = statement.range.start.line;
    const there = lines.get(line);
    if (!there || (!isQuality(there.label) && isQuality(statement.label))) lines.set(line, statement);
  }
  return [...lines.values()];
}
