/**
 * Several adapters side by side, as the adapted graph takes them: concatenated along the rank once, gated for each row
 * of a batch. One adapter is a stack of one.
 */
import { float32, type FloatTensor, int32, type Tensor } from "../graph/tensor.ts";
import { InputError } from "../outcome.ts";
import type { AdapterTensors, Head } from "./adapter-tensors.ts";
import { type EncoderConfig, TARGETS, targetName, targetSize } from "./encoder.ts";
import { CHOICE, siteInput, sitesOf } from "./inference-graph.ts";
import { transposed } from "./quantization.ts";

/** The bias of a label that a head lacks: its probability becomes exactly 0. */
const ABSENT = -1e4;

/** How much each adapter of a stack counts for one row; all zero is the base alone. */
export type Mix = readonly number[];

/** What all adapters change at one site. Adapters of a lower rank, or of none there, are filled up with zeros. */
interface Site {
  readonly site: string;
  /** [adapters, rank, in] */
  readonly a: FloatTensor;
  /** [adapters, rank, out of all the site's projections]; zero where a row belongs to another projection. */
  readonly b: FloatTensor;
  /** alpha / rank of each row: [adapters, rank] */
  readonly scales: FloatTensor;
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
  return Object.fromEntries(
    stack.sites.flatMap(({ site, a, b }) => [
      [siteInput(site, "a"), a],
      [siteInput(site, "b"), b],
    ]),
  );
}

/**
 * Which adapters each row multiplies with, and how much they count. Rows that use the same adapters share one choice;
 * otherwise each row has its own, filled up with adapters that count 0.
 */
export function gateFeeds(stack: AdapterStack, mixes: readonly Mix[]): Record<string, Tensor> {
  const used = mixes.map((mix) => stack.adapters.flatMap((_, adapter) => (mix[adapter] ? [adapter] : [])));
  const shared = used.every((own) => own.join() === used[0]!.join());
  const groups = shared ? used.slice(0, 1) : used;
  const chosen = Math.max(1, ...groups.map((own) => own.length));
  const choice = groups.flatMap((own) => Array.from({ length: chosen }, (_, at) => own[at] ?? 0));
  const feeds: Record<string, Tensor> = { [CHOICE]: int32(choice, [groups.length, chosen]) };
  for (const { site, scales } of stack.sites) {
    const rank = scales.shape[1]!;
    const gate = new Float32Array(mixes.length * chosen * rank);
    mixes.forEach((mix, row) => {
      used[row]!.forEach((adapter, at) => {
        for (let column = 0; column < rank; column++) {
          gate[(row * chosen + at) * rank + column] = mix[adapter]! * scales.data[adapter * rank + column]!;
        }
      });
    });
    feeds[siteInput(site, "gate")] = float32(gate, [mixes.length, 1, chosen * rank]);
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

/** The rows of an adapter are those of its projections, one after the other. */
function stackSite(
  config: EncoderConfig,
  site: string,
  projections: readonly string[],
  adapters: readonly AdapterTensors[],
): Site {
  const { input, output: width } = siteSize(config, site);
  const output = width * projections.length;
  const rankOf = (adapter: AdapterTensors, projection: string): number =>
    adapter.lowRank.get(projection)?.a.shape[1] ?? 0;
  const ranks = adapters.map((adapter) => projections.reduce((sum, name) => sum + rankOf(adapter, name), 0));
  const rank = Math.max(0, ...ranks);
  const a = new Float32Array(adapters.length * rank * input);
  const b = new Float32Array(adapters.length * rank * output);
  const scales = new Float32Array(adapters.length * rank);
  adapters.forEach(({ lowRank }, adapter) => {
    let row = adapter * rank;
    projections.forEach((projection, slot) => {
      const change = lowRank.get(projection);
      if (change === undefined) return;
      const own = change.a.shape[1]!;
      a.set(transposed(change.a.data, input, own), row * input);
      scales.fill(change.scale, row, row + own);
      for (let column = 0; column < own; column++, row++) {
        b.set(change.b.data.subarray(column * width, (column + 1) * width), row * output + slot * width);
      }
    });
  });
  const count = adapters.length;
  return {
    site,
    a: float32(a, [count, rank, input]),
    b: float32(b, [count, rank, output]),
    scales: float32(scales, [count, rank]),
  };
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
