/**
 * Several adapters side by side, as the adapted graph takes them: concatenated along the rank once, gated for each row
 * of a batch. One adapter is a stack of one.
 */
import { float32, type FloatTensor, type Tensor } from "../graph/tensor.ts";
import { InputError } from "../outcome.ts";
import type { AdapterTensors, Head } from "./adapter-tensors.ts";
import { type EncoderConfig, TARGETS, targetName, targetSize } from "./encoder.ts";
import { siteInput, sitesOf } from "./inference-graph.ts";

/** The bias of a label that a head lacks: its probability becomes exactly 0. */
const ABSENT = -1e4;

/** How much each adapter of a stack counts for one row; all zero is the base alone. */
export type Mix = readonly number[];

interface Site {
  readonly site: string;
  readonly a: FloatTensor;
  readonly b: FloatTensor;
  /** For each column of `a`: which adapter it belongs to, and that adapter's alpha / rank. */
  readonly owners: readonly { adapter: number; scale: number }[];
}

export interface AdapterStack {
  readonly adapters: readonly AdapterTensors[];
  /** Codes of the logits' columns: the base's labels, then those that only adapters have. */
  readonly labels: readonly string[];
  /** The longest prompt; 0 without any. */
  readonly promptLength: number;
  readonly sites: readonly Site[];
  /** Heads [1 + adapters, hidden, labels] and [1 + adapters, 1, labels]; the base's is the first. */
  readonly head: { readonly weight: FloatTensor; readonly bias: FloatTensor };
  /** True where neither projections nor prompts change, so that the plain graph will do. */
  readonly headsOnly: boolean;
}

/** @throws InputError naming the adapter and the tensor that does not fit the network */
export function stackAdapters(config: EncoderConfig, base: Head, adapters: readonly AdapterTensors[]): AdapterStack {
  for (const adapter of adapters) checkAdapter(config, adapter);
  const heads = [base, ...adapters.map((adapter) => adapter.head ?? base)];
  const labels = [...new Set(heads.flatMap((head) => head.labels))];
  return {
    adapters,
    labels,
    promptLength: Math.max(0, ...adapters.map((adapter) => adapter.prompt?.shape[0] ?? 0)),
    sites: sitesOf(config.layers).map(({ site, projections }) => stackSite(config, site, projections, adapters)),
    head: stackHeads(config.hiddenSize, heads, labels),
    headsOnly: adapters.every((adapter) => adapter.lowRank.size === 0 && adapter.prompt === null),
  };
}

/** The feeds of a stack that do not depend on the batch. */
export function stackFeeds(stack: AdapterStack): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const { site, a, b } of stack.sites) {
    feeds[siteInput(site, "a")] = a;
    feeds[siteInput(site, "b")] = b;
  }
  return feeds;
}

/** The gates of a batch. */
export function gateFeeds(stack: AdapterStack, mixes: readonly Mix[]): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const { site, owners } of stack.sites) {
    const data = Float32Array.from(
      mixes.flatMap((mix) => owners.map(({ adapter, scale }) => (mix[adapter] ?? 0) * scale)),
    );
    feeds[siteInput(site, "gate")] = float32(data, [mixes.length, 1, owners.length]);
  }
  return feeds;
}

/** How much each head counts, [1 + adapters, batch, 1]: what the adapters leave of 1 goes to the base's. */
export function headGate(stack: AdapterStack, mixes: readonly Mix[]): FloatTensor {
  const rows = mixes.length;
  const gate = new Float32Array((stack.adapters.length + 1) * rows);
  mixes.forEach((mix, row) => {
    let rest = 1;
    stack.adapters.forEach((_, adapter) => {
      const share = mix[adapter] ?? 0;
      gate[(adapter + 1) * rows + row] = share;
      rest -= share;
    });
    gate[row] = Math.abs(rest) < 1e-6 ? 0 : rest;
  });
  return float32(gate, [stack.adapters.length + 1, rows, 1]);
}

/** The prompt of a row: that of the adapter which counts most among those that have one. */
export function promptOf(stack: AdapterStack, mix: Mix): FloatTensor | null {
  let chosen: FloatTensor | null = null;
  let most = 0;
  stack.adapters.forEach(({ prompt }, index) => {
    const share = mix[index] ?? 0;
    if (prompt === null || share <= most) return;
    chosen = prompt;
    most = share;
  });
  return chosen;
}

function checkAdapter(config: EncoderConfig, adapter: AdapterTensors): void {
  const name = `adapter ${adapter.hash.slice(0, 12)}`;
  const expect = (what: string, { shape }: FloatTensor, wanted: readonly number[]): void => {
    if (shape.length === wanted.length && shape.every((size, axis) => size === wanted[axis])) return;
    throw new InputError(
      `${name}: ${what} has shape [${shape.join(", ")}]; this base expects [${wanted.join(", ")}]. It was made for another base.`,
    );
  };
  const sizes = new Map(
    Array.from({ length: config.layers }, (_, layer) =>
      TARGETS.map((target) => [targetName(layer, target), targetSize(config, target)] as const),
    ).flat(),
  );
  for (const [projection, { a, b }] of adapter.lowRank) {
    const size = sizes.get(projection);
    if (size === undefined) throw new InputError(`${name}: this base has no projection ${projection}.`);
    const rank = a.shape[1] ?? 0;
    expect(`A of ${projection}`, a, [size.input, rank]);
    expect(`B of ${projection}`, b, [rank, size.output]);
  }
  if (adapter.prompt !== null) {
    const length = adapter.prompt.shape[0] ?? 0;
    expect("the prompt", adapter.prompt, [length, config.hiddenSize]);
    if (length + 2 > config.maximumPositions) {
      throw new InputError(`${name}: ${length} virtual tokens leave no room in ${config.maximumPositions} positions.`);
    }
  }
  if (adapter.head !== null) {
    expect("the head's weight", adapter.head.weight, [config.hiddenSize, adapter.head.labels.length]);
    expect("the head's bias", adapter.head.bias, [adapter.head.labels.length]);
  }
}

/** Columns in the order of projections, then adapters; `b` is zero where a column belongs to another projection. */
function stackSite(
  config: EncoderConfig,
  site: string,
  projections: readonly string[],
  adapters: readonly AdapterTensors[],
): Site {
  const parts = projections.flatMap((projection, slot) =>
    adapters.flatMap((adapter, index) => {
      const change = adapter.lowRank.get(projection);
      return change === undefined ? [] : [{ ...change, slot, adapter: index, rank: change.a.shape[1]! }];
    }),
  );
  const { input, output } = siteSize(config, site);
  const rank = parts.reduce((sum, part) => sum + part.rank, 0);
  const a = new Float32Array(input * rank);
  const b = new Float32Array(rank * output * projections.length);
  const owners: { adapter: number; scale: number }[] = [];
  for (const part of parts) {
    const first = owners.length;
    for (let row = 0; row < input; row++) {
      a.set(part.a.data.subarray(row * part.rank, (row + 1) * part.rank), row * rank + first);
    }
    for (let column = 0; column < part.rank; column++) {
      const target = (first + column) * output * projections.length + part.slot * output;
      b.set(part.b.data.subarray(column * output, (column + 1) * output), target);
      owners.push({ adapter: part.adapter, scale: part.scale });
    }
  }
  return { site, a: float32(a, [input, rank]), b: float32(b, [rank, output * projections.length]), owners };
}

function siteSize(config: EncoderConfig, site: string): { input: number; output: number } {
  const target = TARGETS.find((candidate) => site === targetName(layerOf(site), candidate));
  if (target === undefined) throw new Error(`${site} is no site of a block.`);
  return targetSize(config, target);
}

function layerOf(site: string): number {
  return Number(/\.(\d+)\./.exec(site)?.[1] ?? NaN);
}

function stackHeads(hidden: number, heads: readonly Head[], labels: readonly string[]): AdapterStack["head"] {
  const weight = new Float32Array(heads.length * hidden * labels.length);
  const bias = new Float32Array(heads.length * labels.length).fill(ABSENT);
  heads.forEach((head, index) => {
    head.labels.forEach((label, column) => {
      const target = labels.indexOf(label);
      bias[index * labels.length + target] = head.bias.data[column]!;
      for (let row = 0; row < hidden; row++) {
        const from = row * head.labels.length + column;
        weight[(index * hidden + row) * labels.length + target] = head.weight.data[from]!;
      }
    });
  });
  return {
    weight: float32(weight, [heads.length, hidden, labels.length]),
    bias: float32(bias, [heads.length, 1, labels.length]),
  };
}
