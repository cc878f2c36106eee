/**
 * From tokenized examples to the tensors of a batch. Batches are made of rows of similar length, because padding is
 * computed like words; which rows meet, and in which order, is shuffled anew every epoch.
 */
import { float32, int32, type Tensor } from "../graph/tensor.ts";
import type { EncoderConfig } from "../model/encoder.ts";
import type { Random } from "./random.ts";
import { INPUTS } from "./training-graph.ts";
import type { TrainingBase } from "./training-plan.ts";

/** Rows within a window of so many batches are sorted by length; the windows themselves are random. */
const WINDOW = 8;

/** Row numbers batch by batch, shuffled; `lengths` are tokens by row. */
export function shuffledBatches(lengths: readonly number[], batchSize: number, random: Random): number[][] {
  const order = random.shuffle(lengths.map((_, row) => row));
  const batches: number[][] = [];
  for (let start = 0; start < order.length; start += batchSize * WINDOW) {
    const window = order.slice(start, start + batchSize * WINDOW).sort((a, b) => lengths[a]! - lengths[b]!);
    for (let i = 0; i < window.length; i += batchSize) batches.push(window.slice(i, i + batchSize));
  }
  return random.shuffle(batches);
}

/**
 * Cuts rows, in their order, into runs of at most `tokens` padded tokens, at least one row each: what bounds the memory
 * of activations, whatever the batch size and the longest statement. `lengths` are tokens by row.
 */
export function runsOf(lengths: readonly number[], tokens: number): { from: number; to: number }[] {
  const runs: { from: number; to: number }[] = [];
  let from = 0;
  let longest = 0;
  lengths.forEach((length, row) => {
    const padded = Math.max(longest, length) * (row - from + 1);
    if (row > from && padded > tokens) {
      runs.push({ from, to: row });
      from = row;
      longest = 0;
    }
    longest = Math.max(longest, length);
  });
  if (lengths.length > from) runs.push({ from, to: lengths.length });
  return runs;
}

export type Feeds = Record<string, Tensor>;

/** Mask [b, s], pooling [b, s] and positions [s] of rows with `lengths` tokens behind `prompt` virtual tokens. */
export function layoutFeeds(lengths: readonly number[], prompt: number, pooling: EncoderConfig["pooling"]): Feeds {
  const [b, s] = [lengths.length, prompt + Math.max(...lengths)];
  const mask = new Int32Array(b * s);
  const weights = new Float32Array(b * s);
  lengths.forEach((length, row) => {
    const start = row * s;
    mask.fill(1, start, start + prompt + length);
    if (pooling === "cls") weights[start + prompt] = 1;
    else weights.fill(1 / length, start + prompt, start + prompt + length);
  });
  return {
    [INPUTS.mask]: int32(mask, [b, s]),
    [INPUTS.pooling]: float32(weights, [b, s]),
    [INPUTS.positions]: int32(
      Int32Array.from({ length: s }, (_, i) => i),
      [s],
    ),
  };
}

/** Word vectors [b, t, H] of rows of ids; padding stays zero, since nothing looks at it. */
export function wordFeeds(base: TrainingBase, rows: readonly (readonly number[])[]): Feeds {
  const H = base.config.hiddenSize;
  const t = Math.max(...rows.map((ids) => ids.length));
  const words = new Float32Array(rows.length * t * H);
  rows.forEach((ids, row) => ids.forEach((id, i) => base.writeWord(id, words, (row * t + i) * H)));
  return { [INPUTS.words]: float32(words, [rows.length, t, H]) };
}

/** Ids [b, t], padded with the pad token. */
export function idFeeds(config: EncoderConfig, rows: readonly (readonly number[])[]): Feeds {
  const t = Math.max(...rows.map((ids) => ids.length));
  const ids = new Int32Array(rows.length * t).fill(config.padTokenId);
  rows.forEach((row, i) => ids.set(row, i * t));
  return { [INPUTS.ids]: int32(ids, [rows.length, t]) };
}

/**
 * Dropout masks: 0 with probability `share`, else 1 / (1 - share). One number a feature and row, the same for all
 * tokens (as in Gal and Ghahramani 2016): a mask for each token would cost more to draw than the step it regularises.
 */
export function dropoutFeeds(
  sites: readonly { name: string; width: number; flat: boolean }[],
  rows: number,
  share: number,
  random: Random,
): Feeds {
  const feeds: Feeds = {};
  for (const { name, width, flat } of sites) {
    const mask = Float32Array.from({ length: rows * width }, () => (random.uniform() < share ? 0 : 1 / (1 - share)));
    feeds[name] = float32(mask, flat ? [rows, width] : [rows, 1, width]);
  }
  return feeds;
}
