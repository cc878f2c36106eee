/** Which words made the model say what it said: leave each out and look (occlusion; Li, Monroe and Jurafsky, 2016). */
import type { Classifier } from "../model/classifier.ts";

/** A word of the text, or a few neighbouring ones of a long text, with what the category is worth without them. */
export interface LeftOut {
  /** UTF-16 offsets in the text. */
  readonly start: number;
  readonly end: number;
  readonly words: string;
  /** Probability of the category without them, 0 to 1; higher than with them where they speak against it. */
  readonly without: number;
}

export interface Explanation {
  readonly label: string;
  /** Probability of the category for the whole text, 0 to 1. */
  readonly share: number;
  /** In the order of the text. */
  readonly parts: readonly LeftOut[];
}

/** Each part costs one classification, so the words of a longer text are taken together. */
const MOST_PARTS = 48;

/**
 * What each word does for `label`, or for the model's own category. A sentence of twenty words is one small batch.
 * Rejects with `Cancelled` as the classifier does.
 */
export async function explain(
  text: string,
  classifier: Pick<Classifier, "classify">,
  options: { label?: string; signal?: AbortSignal } = {},
): Promise<Explanation> {
  const words = Array.from(text.matchAll(/[\p{L}\p{N}]+(?:['’._/-][\p{L}\p{N}]+)*%?/gu), (match) => {
    return { start: match.index, end: match.index + match[0].length };
  });
  const size = Math.max(1, Math.ceil(words.length / MOST_PARTS));
  const parts = Array.from({ length: Math.ceil(words.length / size) }, (_, i) => {
    const [start, end] = [words[i * size]!.start, words[Math.min(words.length, (i + 1) * size) - 1]!.end];
    return { start, end, words: text.slice(start, end) };
  });
  const texts = parts.map(({ start, end }) => `${text.slice(0, start)}${text.slice(end)}`);
  const [whole, ...without] = await classifier.classify([text, ...texts], { signal: options.signal });
  const label = options.label ?? whole!.label;
  const shareOf = (scores: Readonly<Record<string, number>>): number => scores[label] ?? 0;
  return {
    label,
    share: shareOf(whole!.scores),
    parts: parts.map((part, i) => ({ ...part, without: shareOf(without[i]!.scores) })),
  };
}

/** Parts that change less than this say nothing about the answer. */
const LEAST_CHANGE = 0.03;

/** The parts that change the answer most, those that speak for it first; at most `count`. */
export function tellingParts({ share, parts }: Explanation, count: number): LeftOut[] {
  const change = ({ without }: LeftOut): number => share - without;
  return parts
    .filter((part) => Math.abs(change(part)) >= LEAST_CHANGE)
    .sort((a, b) => Math.abs(change(b)) - Math.abs(change(a)))
    .slice(0, count)
    .sort((a, b) => change(b) - change(a));
}
