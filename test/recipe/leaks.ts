/**
 * Near-duplicates between training and test texts: equal after normalisation (case, punctuation, white space), or a
 * common run of eight words. Written apart from `models/recipe/leaks.py`, which the recipe uses, so that each checks
 * the other.
 */
const RUN = 8;

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
