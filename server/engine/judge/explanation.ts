/** Which words made the model say what it said: leave each out and look (occlusion; Li, Monroe and Jurafsky, 2016). */
import type { Classifier } from "../model/classifier.ts";

/** A word of the text with its weight. */
export interface WordWeight {
  /** UTF-16 offsets in the text. */
  readonly start: number;
  readonly end: number;
  readonly word: string;
  /** How much probability the category loses without the word; negative where the word speaks against it. */
  readonly weight: number;
}

/** Each word costs one classification; the words of a longer text are taken together in groups. */
const MOST_PARTS = 48;

/**
 * The weight of each word for `label`, or for the model's own category, in the order of the text. Words of a long text
 * share the weight of their group. Rejects with `Cancelled` as the classifier does.
 */
export async function explain(
  text: string,
  classifier: Pick<Classifier, "classify">,
  options: { label?: string; signal?: AbortSignal } = {},
): Promise<{ label: string; words: WordWeight[] }> {
  const words = Array.from(text.matchAll(/[\p{L}\p{N}]+(?:['’._/-][\p{L}\p{N}]+)*%?/gu), (match) => {
    return { start: match.index, end: match.index + match[0].length, word: match[0] };
  });
  const size = Math.max(1, Math.ceil(words.length / MOST_PARTS));
  const groups = Array.from({ length: Math.ceil(words.length / size) }, (_, i) =>
    words.slice(i * size, (i + 1) * size),
  );
  const texts = groups.map((group) => `${text.slice(0, group[0]!.start)}${text.slice(group.at(-1)!.end)}`);
  const [whole, ...without] = await classifier.classify([text, ...texts], { signal: options.signal });
  const label = options.label ?? whole!.label;
  const share = (scores: Readonly<Record<string, number>>) => scores[label] ?? 0;
  return {
    label,
    words: groups.flatMap((group, i) => {
      const weight = (share(whole!.scores) - share(without[i]!.scores)) / group.length;
      return group.map((word) => ({ ...word, weight }));
    }),
  };
}
