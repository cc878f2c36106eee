/** Which statements share a run of the network: similar lengths together, so that little is computed for padding. */

/** Tokens of a batch, padding included: enough to fill two cores, a few hundredths of a second on them. */
const TOKENS_PER_BATCH = 1024;
const ROWS_PER_BATCH = 64;

/**
 * Groups statements by length, short ones first; every index occurs exactly once.
 * @param lengths tokens of each statement
 */
export function planBatches(lengths: readonly number[]): number[][] {
  const order = lengths.map((_, index) => index).sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const index of order) {
    // Lengths ascend, so this statement would be the longest and set the width of the batch.
    const tokens = (batch.length + 1) * lengths[index]!;
    if (batch.length > 0 && (tokens > TOKENS_PER_BATCH || batch.length >= ROWS_PER_BATCH)) {
      batches.push(batch);
      batch = [];
    }
    batch.push(index);
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
