/**
 * What enters the trained part of the network. Where everything below is frozen it is computed once for each example
 * and kept, up to a bound of memory; examples beyond the bound are computed again whenever they are needed.
 */
import { createSession, type Session } from "../graph/runtime.ts";
import { float32, floats } from "../graph/tensor.ts";
import { type Feeds, idFeeds, layoutFeeds, wordFeeds } from "./batches.ts";
import { emitLower, INPUTS } from "./training-graph.ts";
import type { TrainingBase, TrainingPlan } from "./training-plan.ts";

/** Bytes of activations that are kept at most. */
export const CACHE_BYTES = 96 * 2 ** 20;

/** An example as the network sees it. */
export interface TokenizedRow {
  readonly ids: readonly number[];
}

/** Makes the inputs of the trained part for batches of rows, from the cache where it can. */
export class EntryFeeds {
  private readonly kept = new Map<TokenizedRow, Float32Array>();
  private bytes = 0;
  private readonly base: TrainingBase;
  private readonly plan: TrainingPlan;
  private readonly lower: Session | null;
  private readonly limit: number;

  private constructor(base: TrainingBase, plan: TrainingPlan, lower: Session | null, limit: number) {
    this.base = base;
    this.plan = plan;
    this.lower = lower;
    this.limit = limit;
  }

  /** `limit` is the cache's bound in bytes; 0 keeps nothing. */
  static async create(
    base: TrainingBase,
    plan: TrainingPlan,
    { threads, limit = CACHE_BYTES }: { threads: number; limit?: number | undefined },
  ): Promise<EntryFeeds> {
    const { entry } = plan;
    if (entry.at === "words") return new EntryFeeds(base, plan, null, 0);
    const lower = emitLower(base, entry.at === "pooled" ? "pooled" : entry.layer);
    // "basic", or the runtime fuses Add and LayerNormalization into one node that is seven times slower on CPUs.
    const session = await createSession(lower.encode(), { threads, arena: false, optimization: "basic" });
    return new EntryFeeds(base, plan, session, limit);
  }

  /** Virtual tokens in front of each row. */
  private get prompt(): number {
    return this.plan.usesPrompt ? this.plan.options.virtualTokens : 0;
  }

  /** The inputs of the trained part for these rows, without targets, dropout and trainable tensors. */
  async of(rows: readonly TokenizedRow[]): Promise<Feeds> {
    const lengths = rows.map((row) => row.ids.length);
    const layout = layoutFeeds(lengths, this.prompt, this.base.config.pooling);
    if (this.plan.entry.at === "words") return this.fromWords(rows, layout);
    const vectors = await this.activationsOf(rows);
    const H = this.base.config.hiddenSize;
    if (this.plan.entry.at === "pooled") {
      const pooled = new Float32Array(rows.length * H);
      vectors.forEach((vector, row) => pooled.set(vector, row * H));
      return { [INPUTS.pooled]: float32(pooled, [rows.length, H]) };
    }
    const longest = Math.max(...lengths);
    const states = new Float32Array(rows.length * longest * H);
    vectors.forEach((vector, row) => states.set(vector, row * longest * H));
    const { [INPUTS.mask]: mask, [INPUTS.pooling]: pooling } = layout;
    return {
      [INPUTS.states]: float32(states, [rows.length, longest, H]),
      [INPUTS.mask]: mask!,
      [INPUTS.pooling]: pooling!,
    };
  }

  private fromWords(rows: readonly TokenizedRow[], layout: Feeds): Feeds {
    const ids = rows.map((row) => row.ids);
    if (this.plan.full) return { ...layout, ...idFeeds(this.base.config, ids) };
    const ones = float32(new Float32Array(rows.length).fill(1), [rows.length, 1, 1]);
    return { ...layout, ...wordFeeds(this.base, ids), [INPUTS.ones]: ones };
  }

  /** The kept activations of each row; the missing ones are computed together. */
  private async activationsOf(rows: readonly TokenizedRow[]): Promise<Float32Array[]> {
    const missing = rows.filter((row) => !this.kept.has(row));
    const fresh = new Map<TokenizedRow, Float32Array>();
    if (missing.length > 0) {
      const computed = await this.compute(missing);
      missing.forEach((row, i) => {
        const vector = computed[i]!;
        fresh.set(row, vector);
        if (this.bytes + vector.byteLength > this.limit) return;
        this.kept.set(row, vector);
        this.bytes += vector.byteLength;
      });
    }
    return rows.map((row) => this.kept.get(row) ?? fresh.get(row)!);
  }

  private async compute(rows: readonly TokenizedRow[]): Promise<Float32Array[]> {
    const H = this.base.config.hiddenSize;
    const { [INPUTS.pooling]: pooling, ...layout } = layoutFeeds(
      rows.map((row) => row.ids.length),
      0,
      this.base.config.pooling,
    );
    const words = wordFeeds(
      this.base,
      rows.map((row) => row.ids),
    );
    if (this.plan.entry.at === "pooled") {
      const { pooled } = await this.lower!.run({ ...layout, ...words, [INPUTS.pooling]: pooling! });
      const data = floats(pooled!, "pooled");
      return rows.map((_, row) => data.slice(row * H, (row + 1) * H));
    }
    const { states } = await this.lower!.run({ ...layout, ...words });
    const data = floats(states!, "states");
    const longest = states!.shape[1]!;
    return rows.map((row, i) => data.slice(i * longest * H, (i * longest + row.ids.length) * H));
  }
}
