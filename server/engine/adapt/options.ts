/**
 * The door for training options: a person's choices become one complete value, with defaults from one table.
 * Behind it nothing is optional and nothing is checked again.
 */
import type { EncoderConfig } from "../model/encoder.ts";
import { InputError } from "../outcome.ts";

export const ADAPTER_KINDS = ["lora", "prompt", "lora+prompt", "head", "full"] as const;
export type AdapterKind = (typeof ADAPTER_KINDS)[number];

export const LORA_TARGETS = ["q", "k", "v", "o", "ffn-in", "ffn-out"] as const;
/** The weight matrices of a layer that LoRA may adapt: attention's query, key, value and output, both feed-forwards. */
export type LoraTarget = (typeof LORA_TARGETS)[number];

/** Complete options of one training. */
export interface TrainingOptions {
  readonly kind: AdapterKind;
  readonly rank: number;
  readonly alpha: number;
  /** Share of the adapter's input that is dropped while training, 0 to below 1. */
  readonly dropout: number;
  readonly targets: readonly LoraTarget[];
  /** Adapted layers, ascending, from 0. */
  readonly layers: readonly number[];
  readonly virtualTokens: number;
  /** Hidden width of the prompt's re-parameterisation; 0 trains the virtual tokens themselves. */
  readonly promptWidth: number;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly warmUp: number;
  readonly clip: number;
  readonly labelSmoothing: number;
  /** 0 weighs all rows alike, 1 weighs classes by the inverse of their frequency. */
  readonly classBalance: number;
  /** How far from the base towards the trained weights the adapter goes: 1 keeps the trained ones as they are. */
  readonly blend: number;
  /** Epochs without a better validation score after which training stops. */
  readonly patience: number;
  readonly seed: number;
  readonly searchMinutes: number;
  readonly synthetic: "auto" | "always" | "never";
}

/** The fields a person may leave out or set, as they come from a flag, a message or a setting. */
export type TrainingChoices = { readonly [K in keyof TrainingOptions]?: unknown };

/** The network that is adapted, as far as defaults depend on it. */
export type BaseShape = Pick<EncoderConfig, "layers" | "hiddenSize">;

/**
 * What depends on the kind: rates that differ by what is trained. An adapter learns at a high rate and is then followed
 * half of the way (`blend`): so it takes up a project's own wording and still holds on documents of other projects.
 * models/recipe/results/adaptation.json has the comparison.
 */
const BY_KIND: Record<AdapterKind, { learningRate: number; epochs: number; blend: number }> = {
  lora: { learningRate: 4e-3, epochs: 8, blend: 0.5 },
  prompt: { learningRate: 3e-3, epochs: 8, blend: 0.7 },
  "lora+prompt": { learningRate: 4e-3, epochs: 8, blend: 0.5 },
  head: { learningRate: 2e-3, epochs: 12, blend: 0.7 },
  full: { learningRate: 3e-4, epochs: 8, blend: 0.7 },
};

/** Width of the network that the rates were chosen for. */
const RATED_WIDTH = 256;

/** The default learning rate: a wider network wants a smaller one, in proportion (Yang et al. 2022). */
export function defaultLearningRate(kind: AdapterKind, { hiddenSize }: BaseShape): number {
  return BY_KIND[kind].learningRate * Math.min(1, RATED_WIDTH / hiddenSize);
}

/** Completes and checks `choices` for a base of this shape; throws InputError naming the first bad field. */
export function parseTrainingOptions(choices: TrainingChoices, base: BaseShape): TrainingOptions {
  const layerCount = base.layers;
  const known = new Set<string>(FIELDS);
  const unknown = Object.keys(choices).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new InputError(`unknown training option "${unknown}"; known are ${FIELDS.join(", ")}`);
  const kind = oneOf("kind", choices.kind ?? "lora", ADAPTER_KINDS);
  const rank = whole("rank", choices.rank ?? 8, 1, 256);
  const number = (name: keyof TrainingOptions, otherwise: number, low: number, high: number): number =>
    real(name, choices[name] ?? otherwise, low, high);
  return {
    kind,
    rank,
    alpha: number("alpha", 2 * rank, 1e-6, 4096),
    dropout: number("dropout", 0, 0, 0.9),
    targets: parseTargets(choices.targets ?? ["q", "v", "ffn-in", "ffn-out"]),
    layers: parseLayers(choices.layers ?? defaultLayers(layerCount), layerCount),
    virtualTokens: whole("virtualTokens", choices.virtualTokens ?? 8, 1, 64),
    promptWidth: whole("promptWidth", choices.promptWidth ?? 64, 0, 1024),
    epochs: whole("epochs", choices.epochs ?? BY_KIND[kind].epochs, 1, 1000),
    batchSize: whole("batchSize", choices.batchSize ?? 16, 1, 256),
    learningRate: number("learningRate", defaultLearningRate(kind, base), 1e-8, 1),
    weightDecay: number("weightDecay", 0.01, 0, 1),
    warmUp: number("warmUp", 0.1, 0, 1),
    clip: number("clip", 1, 1e-6, 1e6),
    labelSmoothing: number("labelSmoothing", 0.05, 0, 0.5),
    classBalance: number("classBalance", 0.3, 0, 1),
    blend: number("blend", BY_KIND[kind].blend, 0, 1),
    patience: whole("patience", choices.patience ?? 3, 1, 1000),
    seed: whole("seed", choices.seed ?? 1, 0, 4294967295),
    searchMinutes: number("searchMinutes", 0, 0, 1440),
    synthetic: oneOf("synthetic", choices.synthetic ?? "auto", ["auto", "always", "never"] as const),
  };
}

const FIELDS: readonly (keyof TrainingOptions)[] = [
  "kind",
  "rank",
  "alpha",
  "dropout",
  "targets",
  "layers",
  "virtualTokens",
  "promptWidth",
  "epochs",
  "batchSize",
  "learningRate",
  "weightDecay",
  "warmUp",
  "clip",
  "labelSmoothing",
  "classBalance",
  "blend",
  "patience",
  "seed",
  "searchMinutes",
  "synthetic",
];

/** The upper half: what a project teaches is meaning, not word forms, and lower activations can then be cached. */
function defaultLayers(layerCount: number): string {
  return `top${Math.max(1, Math.floor(layerCount / 2))}`;
}

/** `all`, `topN`, or a list of numbers and ranges from 0 (`0,2-3`), or an array of numbers. Ascending, no repeats. */
export function parseLayers(value: unknown, layerCount: number): number[] {
  const expected = `"all", "top2", or numbers below ${layerCount} such as "0,2-3"`;
  const refuse = (): never => {
    throw new InputError(`layers: found ${JSON.stringify(value)}, expected ${expected}`);
  };
  if (Array.isArray(value)) return parseLayers(value.join(","), layerCount);
  if (typeof value !== "string") return refuse();
  if (value === "all") return Array.from({ length: layerCount }, (_, i) => i);
  const top = /^top(\d{1,3})$/.exec(value);
  if (top) {
    const count = Number(top[1]);
    if (count < 1 || count > layerCount) refuse();
    return Array.from({ length: count }, (_, i) => layerCount - count + i);
  }
  const chosen = new Set<number>();
  for (const part of value.split(",")) {
    const range = /^\s*(\d{1,3})(?:-(\d{1,3}))?\s*$/.exec(part);
    if (!range) return refuse();
    const [from, to] = [Number(range[1]), Number(range[2] ?? range[1])];
    if (to < from || to >= layerCount) refuse();
    for (let layer = from; layer <= to; layer++) chosen.add(layer);
  }
  return [...chosen].sort((a, b) => a - b);
}

function parseTargets(value: unknown): LoraTarget[] {
  const parts = typeof value === "string" ? value.split(",").map((part) => part.trim()) : value;
  if (!Array.isArray(parts) || parts.length === 0) {
    throw new InputError(`targets: found ${JSON.stringify(value)}, expected some of ${LORA_TARGETS.join(", ")}`);
  }
  const chosen = new Set(parts.map((part) => oneOf("targets", part, LORA_TARGETS)));
  return LORA_TARGETS.filter((target) => chosen.has(target));
}

function oneOf<T extends string>(name: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) {
    throw new InputError(`${name}: found ${JSON.stringify(value)}, expected one of ${allowed.join(", ")}`);
  }
  return found;
}

function real(name: string, value: unknown, low: number, high: number): number {
  const found = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof found !== "number" || !(found >= low && found <= high)) {
    throw new InputError(`${name}: found ${JSON.stringify(value)}, expected a number from ${low} to ${high}`);
  }
  return found;
}

function whole(name: string, value: unknown, low: number, high: number): number {
  const found = real(name, value, low, high);
  if (!Number.isInteger(found)) {
    throw new InputError(`${name}: found ${JSON.stringify(value)}, expected a whole number from ${low} to ${high}`);
  }
  return found;
}
