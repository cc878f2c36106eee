/** Agreement of people with each other and with themselves, corrected for chance. */

/** One decision of a person about one statement; later decisions stand later. */
export interface Decision {
  readonly item: string;
  readonly author: string;
  readonly label: string;
}

/** Chance-corrected agreement over the statements that two or more authors labelled. */
export interface Agreement {
  readonly kappa: number;
  readonly method: "Cohen" | "Fleiss";
  readonly statements: number;
  readonly authors: number;
}

/**
 * Cohen's kappa (Cohen, 1960) of two raters on the same items: 1 is perfect, 0 what chance gives, below 0 worse.
 * Where both always use one and the same label there is nothing to correct and the result is 1; NaN without items.
 */
export function cohenKappa(one: readonly string[], other: readonly string[]): number {
  const n = one.length;
  const [left, right] = [counts(one), counts(other)];
  let observed = 0;
  one.forEach((label, i) => (observed += label === other[i] ? 1 : 0));
  let expected = 0;
  for (const [label, count] of left) expected += (count * (right.get(label) ?? 0)) / (n * n);
  return corrected(observed / n, expected);
}

/**
 * Fleiss' kappa (Fleiss, 1971) in the form that lets items have different numbers of ratings: each inner list is the
 * labels that one item was given, by any raters. Items with fewer than two ratings say nothing and are left out.
 */
export function fleissKappa(items: readonly (readonly string[])[]): number {
  const rated = items.filter((labels) => labels.length >= 2);
  const all = counts(rated.flat());
  const total = rated.reduce((sum, labels) => sum + labels.length, 0);
  let observed = 0;
  for (const labels of rated) {
    const pairs = [...counts(labels).values()].reduce((sum, count) => sum + count * (count - 1), 0);
    observed += pairs / (labels.length * (labels.length - 1)) / rated.length;
  }
  const expected = [...all.values()].reduce((sum, count) => sum + (count / total) ** 2, 0);
  return corrected(rated.length === 0 ? NaN : observed, expected);
}

/** Agreement between authors, by their newest decisions; undefined where no statement has two authors. */
export function agreementOf(decisions: readonly Decision[]): Agreement | undefined {
  const byItem = newest(decisions);
  const shared = [...byItem.values()].filter((labels) => labels.size >= 2);
  if (shared.length === 0) return undefined;
  const authors = new Set(shared.flatMap((labels) => [...labels.keys()]));
  const [first, second] = [...authors];
  const statements = shared.length;
  if (authors.size > 2) {
    return {
      kappa: fleissKappa(shared.map((labels) => [...labels.values()])),
      method: "Fleiss",
      statements,
      authors: authors.size,
    };
  }
  const of = (author: string | undefined) => shared.map((labels) => labels.get(author!)!);
  return { kappa: cohenKappa(of(first), of(second)), method: "Cohen", statements, authors: 2 };
}

/** Statements whose authors disagree in their newest decisions: a queue to settle after a merge. */
export function conflictsOf(decisions: readonly Decision[]): { item: string; labels: Decision[] }[] {
  return [...newest(decisions)]
    .filter(([, labels]) => new Set(labels.values()).size > 1)
    .map(([item, labels]) => ({ item, labels: [...labels].map(([author, label]) => ({ item, author, label })) }));
}

/** How often each author gave the same label again when a statement came up a second time unmarked. */
export function selfAgreementOf(
  repeats: readonly { author: string; first: string; again: string }[],
): { author: string; agreed: number; repeated: number }[] {
  const byAuthor = new Map<string, { author: string; agreed: number; repeated: number }>();
  for (const { author, first, again } of repeats) {
    const sum = byAuthor.get(author) ?? { author, agreed: 0, repeated: 0 };
    sum.repeated++;
    if (first === again) sum.agreed++;
    byAuthor.set(author, sum);
  }
  return [...byAuthor.values()].sort((a, b) => (a.author < b.author ? -1 : 1));
}

function newest(decisions: readonly Decision[]): Map<string, Map<string, string>> {
  const byItem = new Map<string, Map<string, string>>();
  for (const { item, author, label } of decisions) {
    const labels = byItem.get(item) ?? new Map<string, string>();
    labels.set(author, label);
    byItem.set(item, labels);
  }
  return byItem;
}

function corrected(observed: number, expected: number): number {
  return expected === 1 ? 1 : (observed - expected) / (1 - expected);
}

function counts(labels: readonly string[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const label of labels) sums.set(label, (sums.get(label) ?? 0) + 1);
  return sums;
}
