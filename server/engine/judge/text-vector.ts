/** A cheap vector of a text, for distances where no embedding of the model is at hand. */

/** Length of {@link textVector}. */
export const TEXT_DIMENSIONS = 128;

/**
 * Words and word pairs hashed with signs into {@link TEXT_DIMENSIONS} numbers (feature hashing, Weinberger et al.,
 * 2009), of length 1; all zero for a text without words.
 */
export function textVector(text: string): Float32Array {
  const vector = new Float32Array(TEXT_DIMENSIONS);
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  words.forEach((word, i) => {
    add(vector, word, 1);
    if (i > 0) add(vector, `${words[i - 1]!} ${word}`, 0.5);
  });
  const length = Math.hypot(...vector);
  return length === 0 ? vector : vector.map((value) => value / length);
}

function add(vector: Float32Array, feature: string, weight: number): void {
  let hash = 2166136261;
  for (let i = 0; i < feature.length; i++) hash = Math.imul(hash ^ feature.charCodeAt(i), 16777619);
  // The high bits choose the place, a low one the sign: neighbours in one do not go together in the other.
  vector[(hash >>> 16) % TEXT_DIMENSIONS]! += hash & 1 ? weight : -weight;
}

/** Cosine distance halved to 0 (same direction) to 1 (opposite); 0.5 for a vector of zeros. */
export function cosineDistance(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let [dot, a, b] = [0, 0, 0];
  for (let i = 0; i < one.length; i++) {
    dot += one[i]! * other[i]!;
    a += one[i]! * one[i]!;
    b += other[i]! * other[i]!;
  }
  return a === 0 || b === 0 ? 0.5 : (1 - dot / Math.sqrt(a * b)) / 2;
}
