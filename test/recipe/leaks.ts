/**
 * Near-duplicates between training and test texts: equal after normalisation (case, punctuation, white space), a
 * common run of eight words, or mostly the same words. Written apart from `models/recipe/leaks.py`, which the recipe uses, so that each checks
 * the other.
 */
const RUN = 8;
/** Weighted share of words in common from which on a text says what a test text says. */
const SAME_WORDS = 0.35;
const EMPTY_WORDS = new Set(
  (
    "the a an of to in and or for shall will must should be is are by with on that this it its as at from can " +
    "system product application software user users"
  ).split(" "),
);

/** Runs of letters and digits after compatibility composition, lower case. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** A text as it is compared. */
export function normalised(text: string): string {
  return wordsOf(text).join(" ");
}

export class LeakCheck {
  readonly #whole = new Set<string>();
  readonly #runs = new Set<string>();

  constructor(testTexts: Iterable<string>) {
    for (const text of testTexts) {
      const words = wordsOf(text);
      this.#whole.add(words.join(" "));
      for (const run of runsOf(words)) this.#runs.add(run);
    }
  }

  leaks(text: string): boolean {
    const words = wordsOf(text);
    return this.#whole.has(words.join(" ")) || runsOf(words).some((run) => this.#runs.has(run));
  }
}

function runsOf(words: readonly string[]): string[] {
  const count = Math.max(0, words.length - RUN + 1);
  return Array.from({ length: count }, (_, start) => words.slice(start, start + RUN).join(" "));
}

/** Test texts by their words; a rare word that two texts share says more than a common one (Jaccard, weighted). */
export class ParaphraseCheck {
  readonly #withWord = new Map<string, number[]>();
  readonly #totals: number[];

  constructor(testTexts: Iterable<string>) {
    const rows = [...testTexts].map(tellingWords);
    rows.forEach((row, at) => {
      for (const word of row) {
        const places = this.#withWord.get(word);
        if (places === undefined) this.#withWord.set(word, [at]);
        else places.push(at);
      }
    });
    this.#totals = rows.map(() => 0);
    this.#totals = rows.map((row) => this.#total(row));
  }

  /** Whether `text` shares at least `share` of its words with one test text. */
  paraphrases(text: string, share = SAME_WORDS): boolean {
    const own = tellingWords(text);
    const common = new Map<number, number>();
    for (const word of own) {
      const weight = this.#weight(word);
      for (const at of this.#withWord.get(word) ?? []) common.set(at, (common.get(at) ?? 0) + weight);
    }
    const total = this.#total(own);
    return [...common].some(([at, both]) => both >= share * (total + this.#totals[at]! - both));
  }

  #total(words: ReadonlySet<string>): number {
    return [...words].reduce((sum, word) => sum + this.#weight(word), 0);
  }

  #weight(word: string): number {
    return Math.log((this.#totals.length + 1) / ((this.#withWord.get(word)?.length ?? 0) + 1)) + 0.2;
  }
}

function tellingWords(text: string): Set<string> {
  return new Set(wordsOf(text).filter((word) => !EMPTY_WORDS.has(word)));
}
