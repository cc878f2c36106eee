/**
 * Which statements a person should label next, so that few labels teach much. Uncertainty alone picks ten copies of
 * one hard sentence; so each pick is weighed by how far it is from what is labelled or picked (k-centre greedy, Sener
 * and Savarese, 2018) and by how rare its likely classes are among the labels. Without labels the first picks are the
 * most typical statements of clusters (Hacohen, Dekel and Weinshall, 2022: with few labels, typical beats uncertain).
 */
import { cosineDistance } from "./text-vector.ts";

/** A statement without a label. */
export interface Candidate {
  /** Calibrated probabilities of the classes. */
  readonly probabilities: ArrayLike<number>;
  /** The model's embedding, or `textVector` of its words; of one kind throughout. */
  readonly vector: ArrayLike<number>;
}

/** A statement worth labelling, and why: each reason is between 0 and 1. */
export interface Pick {
  /** Index among the candidates. */
  readonly candidate: number;
  /** Entropy of the probabilities, 1 for equal ones (Settles, 2009). */
  readonly uncertainty: number;
  /** Distance to the nearest statement that is labelled or picked before, relative to the largest at that time. */
  readonly novelty: number;
  /** How rare its likely classes are among the labels. */
  readonly rarity: number;
  /** The reason that stands out most among the candidates. */
  readonly because: "uncertainty" | "novelty" | "rarity" | "typical";
}

/** What is known already. */
export interface Labelled {
  readonly vectors: readonly ArrayLike<number>[];
  /** How many labels each class has, by class index. */
  readonly counts: readonly number[];
}

/** Of many labels the newest say enough about where labels are: more would make each pick slow. */
const MOST_COMPARED = 300;
/** A factor never falls below this, so that no single one vetoes a candidate. */
const FLOOR = 0.1;

/** The `count` candidates whose labels would teach most, best first. */
export function nextToLabel(candidates: readonly Candidate[], labelled: Labelled, count: number): Pick[] {
  const uncertainty = candidates.map(({ probabilities }) => entropy(probabilities));
  const rarity = rarities(candidates, labelled.counts);
  const distance = candidates.map(({ vector }) => nearest(vector, labelled.vectors.slice(-MOST_COMPARED)));
  const open = new Set(candidates.keys());
  const picks: Pick[] = [];
  while (picks.length < count && open.size > 0) {
    const farthest = [...open].reduce((most, i) => Math.max(most, distance[i]!), 0) || 1;
    const factors = (i: number) => ({
      uncertainty: uncertainty[i]!,
      novelty: distance[i]! / farthest,
      rarity: rarity[i]!,
    });
    const worth = (i: number) => {
      const { uncertainty: u, novelty, rarity: r } = factors(i);
      return Math.max(u, FLOOR) * Math.max(novelty, FLOOR) * Math.max(r, FLOOR);
    };
    const best = [...open].reduce((top, i) => (worth(i) > worth(top) ? i : top));
    picks.push({ candidate: best, ...factors(best), because: strongest(factors(best), [...open].map(factors)) });
    open.delete(best);
    for (const i of open) {
      distance[i] = Math.min(distance[i]!, cosineDistance(candidates[i]!.vector, candidates[best]!.vector));
    }
  }
  return picks;
}

/**
 * The first `count` statements to label where there are no labels: the middle one of each of `count` clusters (k-means
 * with k-means++ seeds, Arthur and Vassilvitskii, 2007), largest cluster first. `uniform` gives numbers in [0, 1).
 */
export function firstToLabel(candidates: readonly Candidate[], count: number, uniform: () => number): Pick[] {
  const vectors = candidates.map(({ vector }) => vector);
  const clusters = kMeans(vectors, Math.min(count, vectors.length), uniform);
  return clusters
    .filter(({ members }) => members.length > 0)
    .sort((a, b) => b.members.length - a.members.length)
    .map(({ centre, members }): Pick => {
      const middle = members.reduce((best, i) =>
        cosineDistance(vectors[i]!, centre) < cosineDistance(vectors[best]!, centre) ? i : best,
      );
      const uncertainty = entropy(candidates[middle]!.probabilities);
      return { candidate: middle, uncertainty, novelty: 1, rarity: 1, because: "typical" };
    });
}

/** The factor that exceeds its mean among the candidates most. */
function strongest(own: Factors, all: readonly Factors[]): Pick["because"] {
  const names = ["uncertainty", "novelty", "rarity"] as const;
  const lead = (name: keyof Factors) => {
    const mean = all.reduce((sum, factors) => sum + factors[name], 0) / all.length;
    return own[name] - mean;
  };
  return names.reduce((best, name) => (lead(name) > lead(best) ? name : best));
}

type Factors = Record<"uncertainty" | "novelty" | "rarity", number>;

function entropy(probabilities: ArrayLike<number>): number {
  let sum = 0;
  for (let c = 0; c < probabilities.length; c++) {
    const p = probabilities[c]!;
    if (p > 0) sum -= p * Math.log(p);
  }
  return probabilities.length < 2 ? 0 : sum / Math.log(probabilities.length);
}

/** Expected rarity of each candidate's class: 1 / √(1 + labels of the class), relative to the rarest class. */
function rarities(candidates: readonly Candidate[], counts: readonly number[]): number[] {
  const classes = candidates[0]?.probabilities.length ?? 0;
  const weights = Array.from({ length: classes }, (_, c) => 1 / Math.sqrt(1 + (counts[c] ?? 0)));
  const most = Math.max(...weights);
  return candidates.map(({ probabilities }) =>
    weights.reduce((sum, weight, c) => sum + (probabilities[c]! * weight) / most, 0),
  );
}

function nearest(vector: ArrayLike<number>, others: readonly ArrayLike<number>[]): number {
  return others.reduce((least, other) => Math.min(least, cosineDistance(vector, other)), 1);
}

interface Cluster {
  centre: Float64Array;
  members: number[];
}

const MOST_ROUNDS = 20;

function kMeans(vectors: readonly ArrayLike<number>[], k: number, uniform: () => number): Cluster[] {
  if (k === 0) return [];
  let centres = seeds(vectors, k, uniform);
  let clusters: Cluster[] = [];
  let before: readonly number[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const owner = vectors.map((vector) => indexOfLeast(centres.map((centre) => cosineDistance(vector, centre))));
    clusters = centres.map((centre, c) => ({ centre, members: [...owner.keys()].filter((i) => owner[i] === c) }));
    if (owner.every((c, i) => c === before[i])) break;
    before = owner;
    centres = clusters.map(({ centre, members }) =>
      members.length === 0 ? centre : mean(members.map((i) => vectors[i]!)),
    );
  }
  return clusters;
}

/** k-means++: each further seed is drawn with probability proportional to its squared distance to the seeds so far. */
function seeds(vectors: readonly ArrayLike<number>[], k: number, uniform: () => number): Float64Array[] {
  const chosen = [Float64Array.from(vectors[Math.floor(uniform() * vectors.length)]!)];
  while (chosen.length < k) {
    const weights = vectors.map((vector) => nearest(vector, chosen) ** 2);
    let left = uniform() * weights.reduce((sum, weight) => sum + weight, 0);
    const next = weights.findIndex((weight) => (left -= weight) < 0);
    chosen.push(Float64Array.from(vectors[next < 0 ? vectors.length - 1 : next]!));
  }
  return chosen;
}

function mean(vectors: readonly ArrayLike<number>[]): Float64Array {
  const sum = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let i = 0; i < sum.length; i++) sum[i]! += vector[i]! / vectors.length;
  return sum;
}

function indexOfLeast(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value < values[best]! ? i : best), 0);
}
