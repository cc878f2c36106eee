/**
 * The network of a pack, ready to run: one session for statements without adapters (or with only another head), and
 * one for adapters, made when the first is used. Switching adapters afterwards only changes what is fed.
 */
import { createSession, type Session } from "../graph/runtime.ts";
import { float32, floats, int32, type Tensor } from "../graph/tensor.ts";
import type { AdapterTensors, Head } from "./adapter-tensors.ts";
import {
  type AdapterStack,
  gateFeeds,
  headGate,
  type Mix,
  promptOf,
  stackAdapters,
  stackFeeds,
} from "./adapter-stack.ts";
import type { EncoderConfig } from "./encoder.ts";
import { type GraphKind, inferenceGraph, siteInput, siteOutput, sitesOf } from "./inference-graph.ts";
import { type ActivationRange, activationRange } from "./quantization.ts";
import type { Weights } from "./weights.ts";

export interface NetworkSettings {
  /** Threads that share one batch; 0 leaves it to the runtime. */
  readonly threads: number;
}

/** Least and greatest activation that enters a site's product. */
export interface Extremes {
  readonly minimum: number;
  readonly maximum: number;
}

/** Adapters prepared for a network. */
export interface PreparedAdapters {
  readonly stack: AdapterStack;
  /** What is fed with every batch: the adapters' matrices, and the ranges of activations. */
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** Rows in the order of the batch. */
export interface NetworkOutput {
  /** [rows, labels of the stack] */
  readonly logits: Float32Array;
  /** [rows, hidden] */
  readonly pooled: Float32Array;
}

export class Network {
  private adapted: Promise<Session> | undefined;

  private constructor(
    private readonly weights: Weights,
    private readonly head: Head,
    private readonly settings: NetworkSettings,
    private readonly plain: Session,
    /** No adapters: every row by the base alone. */
    readonly base: PreparedAdapters,
  ) {}

  /** @throws RuntimeUnavailable when the native runtime cannot be loaded */
  static async create(weights: Weights, head: Head, settings: NetworkSettings): Promise<Network> {
    const stack = stackAdapters(weights.config, head, []);
    const plain = await openSession(weights, "plain", settings);
    return new Network(weights, head, settings, plain, { stack, feeds: {} });
  }

  get config(): EncoderConfig {
    return this.weights.config;
  }

  /**
   * Checks adapters against this network and lays them side by side. For an int8 network the activations they cause are
   * measured on `texts` (token ids), so that none is clipped; what the base's own ranges cover stays as it is.
   * @throws InputError naming the adapter and the tensor that does not fit
   */
  async prepare(adapters: readonly AdapterTensors[], texts: readonly Int32Array[]): Promise<PreparedAdapters> {
    const stack = stackAdapters(this.config, this.head, adapters);
    if (stack.headsOnly) return { stack, feeds: {} };
    const sites = sitesOf(this.config.layers).map(({ site }) => site);
    const needsRanges = sites.filter((site) => this.weights.projection(site).kind === "int8");
    const ranges = new Map<string, Extremes>(needsRanges.map((site) => [site, this.weights.inputRange(site)]));
    const fixed = stackFeeds(stack);
    if (ranges.size > 0) {
      const roomy = { stack, feeds: { ...fixed, ...rangeFeeds(ranges, ROOM_WHILE_MEASURING) } };
      for (const [index] of adapters.entries()) {
        const mix = adapters.map((_, other) => (other === index ? 1 : 0));
        for (const text of texts) widen(ranges, await this.observe(roomy, text, mix));
      }
    }
    return { stack, feeds: { ...fixed, ...rangeFeeds(ranges, 1) } };
  }

  /** Computes one batch. `mixes` says for each row how much each adapter counts; left out for the base alone. */
  async run(rows: readonly Int32Array[], prepared = this.base, mixes?: readonly Mix[]): Promise<NetworkOutput> {
    const shares = mixes ?? rows.map(() => []);
    const { logits, pooled } = await this.compute(rows, prepared, shares, ["logits", "pooled"]);
    return { logits: floats(logits!, "logits"), pooled: floats(pooled!, "pooled") };
  }

  private async observe(prepared: PreparedAdapters, text: Int32Array, mix: Mix): Promise<Map<string, Extremes>> {
    const sites = sitesOf(this.config.layers).map(({ site }) => site);
    const fetches = sites.flatMap((site) => [siteOutput(site, "minimum"), siteOutput(site, "maximum")]);
    return extremesOf(sites, await this.compute([text], prepared, [mix], fetches));
  }

  private async compute(
    rows: readonly Int32Array[],
    prepared: PreparedAdapters,
    mixes: readonly Mix[],
    fetches: readonly string[],
  ): Promise<Record<string, Tensor>> {
    const { stack } = prepared;
    const heads = {
      "head.weight": stack.head.weight,
      "head.bias": stack.head.bias,
      "head.gate": headGate(stack, mixes),
    };
    if (stack.headsOnly) return this.plain.run({ ...plainFeeds(this.config, rows), ...heads }, fetches);
    this.adapted ??= openSession(this.weights, "adapted", this.settings);
    const batch = adaptedFeeds(this.config, rows, stack, mixes);
    const session = await this.adapted;
    return session.run({ ...batch, ...heads, ...prepared.feeds, ...gateFeeds(stack, mixes) }, fetches);
  }
}

/** While activations are measured nothing may be clipped; coarser steps do not matter then. */
const ROOM_WHILE_MEASURING = 4;

/** "basic" because the operators are fused already, and the runtime's own fusions are slower: see inference-operators. */
async function openSession(weights: Weights, kind: GraphKind, { threads }: NetworkSettings): Promise<Session> {
  const graph = inferenceGraph(weights, { kind, observe: kind === "adapted" });
  return createSession(graph.encode(), { threads, optimization: "basic" });
}

/**
 * Runs texts (token ids) one by one through an fp32 network and returns how small and large the activations at each
 * site become: the ranges of an int8 pack.
 */
export async function measureActivations(
  weights: Weights,
  texts: readonly Int32Array[],
  settings: NetworkSettings,
): Promise<Map<string, Extremes>> {
  const graph = inferenceGraph(weights, { kind: "plain", observe: true });
  const session = await createSession(graph.encode(), { threads: settings.threads, optimization: "basic" });
  const { layers, hiddenSize } = weights.config;
  const sites = sitesOf(layers).map(({ site }) => site);
  const fetches = sites.flatMap((site) => [siteOutput(site, "minimum"), siteOutput(site, "maximum")]);
  const head = {
    "head.weight": float32(new Float32Array(hiddenSize), [1, hiddenSize, 1]),
    "head.bias": float32([0], [1, 1, 1]),
    "head.gate": float32([1], [1, 1, 1]),
  };
  const extremes = new Map<string, Extremes>();
  for (const text of texts) {
    const found = await session.run({ ...plainFeeds(weights.config, [text]), ...head }, fetches);
    widen(extremes, extremesOf(sites, found));
  }
  return extremes;
}

function extremesOf(sites: readonly string[], outputs: Readonly<Record<string, Tensor>>): Map<string, Extremes> {
  const value = (site: string, part: "minimum" | "maximum"): number => Number(outputs[siteOutput(site, part)]!.data[0]);
  return new Map(sites.map((site) => [site, { minimum: value(site, "minimum"), maximum: value(site, "maximum") }]));
}

function widen(extremes: Map<string, Extremes>, found: ReadonlyMap<string, Extremes>): void {
  for (const [site, { minimum, maximum }] of found) {
    const known = extremes.get(site) ?? { minimum, maximum };
    extremes.set(site, { minimum: Math.min(known.minimum, minimum), maximum: Math.max(known.maximum, maximum) });
  }
}

function rangeFeeds(ranges: ReadonlyMap<string, Extremes>, room: number): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [site, { minimum, maximum }] of ranges) {
    const { scale, zero }: ActivationRange = activationRange(minimum * room, maximum * room);
    feeds[siteInput(site, "scale")] = float32([scale], []);
    feeds[siteInput(site, "zero")] = { type: "uint8", shape: [], data: Uint8Array.of(zero) };
  }
  return feeds;
}

function plainFeeds(config: EncoderConfig, rows: readonly Int32Array[]): Record<string, Tensor> {
  const tokens = Math.max(...rows.map((row) => row.length));
  const { ids, mask, pooling } = layOut(config, rows, tokens, 0);
  return {
    ids,
    mask,
    pooling,
    positions: int32(
      Int32Array.from({ length: tokens }, (_, at) => at),
      [tokens],
    ),
  };
}

function adaptedFeeds(
  config: EncoderConfig,
  rows: readonly Int32Array[],
  stack: AdapterStack,
  mixes: readonly Mix[],
): Record<string, Tensor> {
  const tokens = Math.max(...rows.map((row) => row.length));
  const longest = stack.promptLength;
  const sequence = longest + tokens;
  const { ids, mask, pooling } = layOut(config, rows, tokens, longest);
  const positions = new Int32Array(rows.length * sequence);
  const prompt = new Float32Array(rows.length * longest * config.hiddenSize);
  mixes.forEach((mix, row) => {
    const own = promptOf(stack, mix);
    const length = own?.shape[0] ?? 0;
    if (own !== null) prompt.set(own.data, row * longest * config.hiddenSize);
    mask.data.fill(1, row * sequence, row * sequence + length);
    // The words' positions follow the row's own virtual tokens; the unused ones between are masked.
    for (let at = 0; at < sequence; at++) {
      positions[row * sequence + at] = at < length ? at : Math.max(0, at - longest + length);
    }
  });
  return {
    ids,
    mask,
    pooling,
    positions: int32(positions, [rows.length, sequence]),
    prompt: float32(prompt, [rows.length, longest, config.hiddenSize]),
  };
}

/** Ids [rows, tokens], mask and pooling [rows, room + tokens], with `room` masked positions in front. */
function layOut(
  config: EncoderConfig,
  rows: readonly Int32Array[],
  tokens: number,
  room: number,
): { ids: Tensor; mask: Tensor & { data: Int32Array }; pooling: Tensor } {
  const sequence = room + tokens;
  const ids = new Int32Array(rows.length * tokens).fill(config.padTokenId);
  const mask = new Int32Array(rows.length * sequence);
  const pooling = new Float32Array(rows.length * sequence);
  rows.forEach((row, index) => {
    const first = index * sequence + room;
    ids.set(row, index * tokens);
    mask.fill(1, first, first + row.length);
    if (config.pooling === "cls") pooling[first] = 1;
    else pooling.fill(1 / row.length, first, first + row.length);
  });
  return {
    ids: int32(ids, [rows.length, tokens]),
    mask: { type: "int32", shape: [rows.length, sequence], data: mask },
    pooling: float32(pooling, [rows.length, sequence]),
  };
}
