/** An adapter as a whole: its tensors and what is known about them, to and from the files of its folder. */
import { createHash } from "node:crypto";
import type { FloatTensor } from "../graph/tensor.ts";
import { float32 } from "../graph/tensor.ts";
import type { AdapterTensors, LowRankTensors } from "../model/adapter-tensors.ts";
import { UNCALIBRATED } from "../model/calibration.ts";
import { type EncoderConfig, NAMES } from "../model/encoder.ts";
import { InputError } from "../outcome.ts";
import { adapterCard } from "./card.ts";
import { type AdapterManifest, formatManifest, hashOf, parseManifest } from "./manifest.ts";
import type { Parameter } from "./optimizer.ts";
import {
  type AdapterParts,
  baseName,
  CONFIG_FILE,
  readPeft,
  readPeftConfig,
  TENSOR_FILE,
  textOf,
  writePeft,
} from "./peft.ts";
import { PROMPT, type TrainingPlan } from "./training-plan.ts";

export const MANIFEST_FILE = "nfr-lens.json";
export const CARD_FILE = "README.md";

/** Name to content of the files in an adapter's folder. */
export type AdapterFiles = ReadonlyMap<string, Uint8Array>;

export interface Adapter {
  readonly manifest: AdapterManifest;
  readonly tensors: AdapterTensors;
}

/** What an adapter is read for. */
export interface AdapterBase {
  readonly config: EncoderConfig;
  /** SHA-256 of the pack. */
  readonly hash: string;
  readonly labels: readonly string[];
}

/** The trained tensors of a plan as the graph takes them; the re-parameterisation of a prompt is folded in. */
export function trainedParts(plan: TrainingPlan, parameters: readonly Parameter[]): AdapterParts {
  const tensors = new Map(parameters.map(({ name, shape, data }) => [name, float32(data.slice(), shape)]));
  const scale = plan.options.alpha / plan.options.rank;
  const lowRank = new Map(
    plan.sites.map(({ name }): [string, LowRankTensors] => [
      name,
      { a: tensors.get(`${name}.lora_A`)!, b: tensors.get(`${name}.lora_B`)!, scale },
    ]),
  );
  const weight = tensors.get(`${NAMES.classifier}.weight`)!;
  const head = { labels: plan.labels, weight, bias: tensors.get(`${NAMES.classifier}.bias`)! };
  return { lowRank, prompt: plan.usesPrompt ? foldedPrompt(tensors) : null, head };
}

/** tokens + tanh(tokens W + b) W': what the encoder sees of a re-parameterised prompt. [V, H] */
function foldedPrompt(tensors: ReadonlyMap<string, FloatTensor>): FloatTensor {
  const tokens = tensors.get(PROMPT.tokens)!;
  const inner = tensors.get(PROMPT.inWeight);
  if (inner === undefined) return tokens;
  const [V, H] = tokens.shape as [number, number];
  const width = inner.shape[1]!;
  const bias = tensors.get(PROMPT.inBias)!.data;
  const outer = tensors.get(PROMPT.outWeight)!.data;
  const folded = tokens.data.slice();
  for (let v = 0; v < V; v++) {
    for (let w = 0; w < width; w++) {
      let sum = bias[w]!;
      for (let h = 0; h < H; h++) sum += tokens.data[v * H + h]! * inner.data[h * width + w]!;
      const hidden = Math.tanh(sum);
      for (let h = 0; h < H; h++) folded[v * H + h]! += hidden * outer[w * H + h]!;
    }
  }
  return float32(folded, [V, H]);
}

/** The files of an adapter's folder. */
export function writeAdapter(parts: AdapterParts, manifest: AdapterManifest): AdapterFiles {
  const dropout = manifest.options?.dropout ?? 0;
  const files = writePeft(parts, { base: baseName(manifest.base), dropout });
  files.set(MANIFEST_FILE, new TextEncoder().encode(formatManifest(manifest)));
  files.set(CARD_FILE, new TextEncoder().encode(adapterCard(manifest)));
  return files;
}

/** Reads an adapter that belongs to this base. @throws InputError naming what is missing, broken or does not fit */
export function readAdapter(files: AdapterFiles, base: AdapterBase): Adapter {
  const manifest = parseManifest(textOf(files, MANIFEST_FILE), MANIFEST_FILE);
  if (manifest.base !== base.hash) {
    throw new InputError(
      `${MANIFEST_FILE}: the adapter was made for the base ${short(manifest.base)}, the base in use is ${short(base.hash)}. ` +
        "Use that base, or train a new adapter from the labels.",
    );
  }
  if (manifest.kind === "full") {
    throw new InputError(
      `${MANIFEST_FILE}: kind is "full", a fine-tuned model of its own and no adapter. Make a pack of it: nfr-lens pack --from FOLDER --to PACK.`,
    );
  }
  const parts = readPeft(files, {
    config: base.config,
    pack: base.hash,
    labels: manifest.labels,
    baseLabels: base.labels,
  });
  return { manifest, tensors: { ...parts, hash: hashFiles(files), calibration: manifest.calibration } };
}

/** The name that an adapter made by this product carries; null for others. @throws InputError as parseManifest does */
export function carriedName(files: AdapterFiles): string | null {
  return files.has(MANIFEST_FILE) ? parseManifest(textOf(files, MANIFEST_FILE), MANIFEST_FILE).name : null;
}

export interface ImportOptions {
  readonly name: string;
  readonly version: string;
  readonly createdAt: string;
  /** Takes the user's word that an adapter which does not name its base was made for this one. */
  readonly assumeBase: boolean;
}

/** A PEFT adapter from elsewhere, with or without our manifest, as files of an adapter for this base. */
export function importAdapter(files: AdapterFiles, base: AdapterBase, options: ImportOptions): AdapterFiles {
  const { name, version, createdAt, assumeBase } = options;
  if (files.has(MANIFEST_FILE)) {
    const { manifest, tensors } = readAdapter(files, base);
    return writeAdapter(tensors, { ...manifest, name, version });
  }
  const config = readPeftConfig(textOf(files, CONFIG_FILE), CONFIG_FILE);
  if (config.base !== baseName(base.hash) && !assumeBase) {
    throw new InputError(
      `${CONFIG_FILE}: base_model_name_or_path is ${JSON.stringify(config.base)}; expected ${JSON.stringify(baseName(base.hash))}, ` +
        "the base in use. If the adapter was trained on this very base under another name, import it with --assume-base.",
    );
  }
  const parts = readPeft(files, { config: base.config, pack: base.hash, labels: null, baseLabels: base.labels });
  return writeAdapter(parts, {
    kind:
      parts.lowRank.size > 0
        ? parts.prompt === null
          ? "lora"
          : "lora+prompt"
        : parts.prompt === null
          ? "head"
          : "prompt",
    name,
    version,
    createdAt,
    base: base.hash,
    labels: base.labels,
    taxonomy: hashOf(base.labels),
    labelSet: { hash: hashOf([]), rows: 0 },
    calibration: UNCALIBRATED,
    options: null,
    metrics: null,
    flips: [],
  });
}

/** SHA-256 (hex) over what changes predictions: configuration, tensors and manifest. */
export function hashFiles(files: AdapterFiles): string {
  const hash = createHash("sha256");
  for (const name of [CONFIG_FILE, TENSOR_FILE, MANIFEST_FILE]) hash.update(name).update(files.get(name) ?? "");
  return hash.digest("hex");
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
