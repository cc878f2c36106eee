/**
 * The only source of chance in the engine: xoshiro128** (Blackman and Vigna, 2018), seeded through splitmix32.
 * The same seed gives the same numbers on every machine, which is what makes a training repeatable bit for bit.
 */

/** A seeded generator. Its state can be saved and restored, so that a resumed training continues as if never stopped. */
export class Random {
  private readonly state: Uint32Array;

  constructor(seed: number | readonly number[]) {
    this.state = typeof seed === "number" ? spread(seed) : Uint32Array.from(seed);
    if (this.state.length !== 4) throw new RangeError("the state of a generator is four 32-bit integers");
  }

  /** The four words that a new generator can be made of. */
  save(): number[] {
    return Array.from(this.state);
  }

  /** A generator of its own for a named purpose, so that adding a purpose does not shift the numbers of the others. */
  static named(seed: number, purpose: string): Random {
    let hash = 2166136261 ^ seed;
    for (let i = 0; i < purpose.length; i++) hash = Math.imul(hash ^ purpose.charCodeAt(i), 16777619);
    return new Random(hash >>> 0);
  }

  /** Uniform 32-bit integer. */
  private bits(): number {
    const s = this.state;
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotate(s[3]!, 11);
    return result;
  }

  /** Uniform in [0, 1), 32 bits of resolution. */
  uniform(): number {
    return this.bits() / 4294967296;
  }

  /** Uniform integer in [0, bound). */
  below(bound: number): number {
    return Math.floor(this.uniform() * bound);
  }

  /** Standard normal by Box and Muller's transform; one number a call, so that the state alone is the whole memory. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    return radius * Math.cos(2 * Math.PI * this.uniform());
  }

  /** Shuffles in place (Fisher and Yates) and returns the array. */
  shuffle<T>(items: T[]): T[] {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [items[i], items[j]] = [items[j]!, items[i]!];
    }
    return items;
  }

  /** One of the items; they must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }
}

function rotate(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0;
}

/** splitmix32: four well-mixed words from one seed, never all zero. */
function spread(seed: number): Uint32Array {
  let x = seed >>> 0;
  return Uint32Array.from({ length: 4 }, () => {
    x = (x + 0x9e3779b9) >>> 0;
    let z = x;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  });
}
