/**
 * Adapters in the file layout of Hugging Face PEFT, both ways. PEFT stores A as [r, in] and B as [out, r]; the graph
 * wants them transposed. https://huggingface.co/docs/peft/developer_guides/checkpoint
 *
 * The files come from outside: every tensor is accounted for, and whatever does not fit the base is refused by name.
 */
import { type FloatTensor, float32, type Tensor } from "../graph/tensor.ts";
import type { AdapterTensors, Head, LowRankTensors } from "../model/adapter-tensors.ts";
import { type EncoderConfig, type Target, targetName, TARGETS, targetSize } from "../model/encoder.ts";
import { FieldReader } from "../model/record.ts";
import { readSafetensors, refuseNonFinite, writeSafetensors } from "../model/safetensors.ts";
import { InputError } from "../outcome.ts";

export const CONFIG_FILE = "adapter_config.json";
export const TENSOR_FILE = "adapter_model.safetensors";

const PREFIX = "base_model.model.";
const ENCODER = "bert.";
const PROMPT_KEY = "prompt_embeddings";
const HEAD_KEYS = { weight: "classifier.weight", bias: "classifier.bias" } as const;
const LARGEST_RANK = 1024;

/** The tensors of an adapter without hash and calibration, which are not PEFT's. */
export type AdapterParts = Pick<AdapterTensors, "lowRank" | "prompt" | "head">;

/** What PEFT is told besides the tensors. */
export interface PeftDescription {
  /** Names the base for a person and for {@link readPeft}: `nfr-lens:` and the pack's hash. */
  readonly base: string;
  readonly dropout: number;
}

/** How a base is named in `base_model_name_or_path`. */
export function baseName(packHash: string): string {
  return `nfr-lens:${packHash}`;
}

/** `adapter_config.json` and `adapter_model.safetensors`. */
export function writePeft(parts: AdapterParts, description: PeftDescription): Map<string, Uint8Array> {
  const tensors = new Map<string, Tensor>();
  for (const [site, { a, b }] of parts.lowRank) {
    tensors.set(`${PREFIX}${ENCODER}${site}.lora_A.weight`, transpose(a));
    tensors.set(`${PREFIX}${ENCODER}${site}.lora_B.weight`, transpose(b));
  }
  if (parts.prompt !== null) tensors.set(PROMPT_KEY, parts.prompt);
  if (parts.head !== null) {
    tensors.set(PREFIX + HEAD_KEYS.weight, transpose(parts.head.weight));
    tensors.set(PREFIX + HEAD_KEYS.bias, parts.head.bias);
  }
  const config = JSON.stringify(peftConfig(parts, description), null, 2) + "\n";
  return new Map([
    [CONFIG_FILE, new TextEncoder().encode(config)],
    [TENSOR_FILE, writeSafetensors(tensors, { format: "pt" })],
  ]);
}

function peftConfig(parts: AdapterParts, { base, dropout }: PeftDescription): Record<string, unknown> {
  const shared = { base_model_name_or_path: base, task_type: "SEQ_CLS", inference_mode: true };
  const [first] = parts.lowRank.values();
  if (first === undefined && parts.prompt !== null) {
    const [tokens, width] = parts.prompt.shape;
    return {
      ...shared,
      peft_type: "PROMPT_TUNING",
      num_virtual_tokens: tokens,
      token_dim: width,
      modules_to_save: ["classifier"],
    };
  }
  const rank = first?.a.shape[1] ?? 1;
  const places = [...parts.lowRank.keys()].map(placeOf);
  return {
    ...shared,
    peft_type: "LORA",
    r: rank,
    lora_alpha: first === undefined ? 1 : first.scale * rank,
    lora_dropout: dropout,
    target_modules: targetModules(places),
    layers_to_transform: [...new Set(places.map((place) => place.layer))].sort((x, y) => x - y),
    layers_pattern: "layer",
    modules_to_save: ["classifier"],
    bias: "none",
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
    init_lora_weights: true,
  };
}

interface Place {
  readonly layer: number;
  readonly target: Target;
}

/** Layer and target of a projection's name. */
function placeOf(site: string): Place {
  const layer = Number(/^encoder\.layer\.(\d+)\./.exec(site)?.[1]);
  const target = TARGETS.find((candidate) => targetName(layer, candidate) === site);
  if (target === undefined) throw new Error(`${site} is no projection of a block`);
  return { layer, target };
}

/**
 * PEFT matches these as endings of module names. `output.dense` is the ending of two modules, so it is written with the
 * number of its layer.
 */
function targetModules(places: readonly Place[]): string[] {
  const endings = places.map(({ layer, target }) => {
    const path = targetName(layer, target).replace(/^encoder\.layer\.\d+\./, "");
    return target === "output" ? `${layer}.${path}` : path;
  });
  return [...new Set(endings)].sort();
}

/** What an adapter has to fit. */
export interface Expectation {
  readonly config: EncoderConfig;
  /** SHA-256 of the pack. */
  readonly pack: string;
  /** Classes of the head in the file; null where no manifest names them: then the base's must fit. */
  readonly labels: readonly string[] | null;
  readonly baseLabels: readonly string[];
}

/** What `adapter_config.json` says, checked. */
export interface PeftConfig {
  readonly type: "LORA" | "PROMPT_TUNING" | "P_TUNING";
  readonly rank: number;
  readonly scale: number;
  /** As written: a name, a path, or `nfr-lens:` and a hash. */
  readonly base: string;
  /** Endings of the adapted modules' names; null where the file names them by a pattern. */
  readonly targets: readonly string[] | null;
}

export function readPeftConfig(text: string, file: string): PeftConfig {
  const fields = FieldReader.parse(text, file);
  const type = fields.oneOf("peft_type", ["LORA", "PROMPT_TUNING", "P_TUNING"] as const);
  if (fields.has("task_type") && fields.raw("task_type") !== null) fields.oneOf("task_type", ["SEQ_CLS"] as const);
  const given = fields.raw("base_model_name_or_path");
  const base = typeof given === "string" ? given : "";
  if (type !== "LORA") return { type, rank: 0, scale: 0, base, targets: null };
  const rank = fields.integer("r", { minimum: 1, maximum: LARGEST_RANK });
  const alpha = fields.number("lora_alpha", { minimum: 0, maximum: 1e6 });
  refuseVariants(fields);
  const rootScaled = fields.raw("use_rslora") === true;
  const targets = Array.isArray(fields.raw("target_modules")) ? fields.strings("target_modules") : null;
  return { type, rank, scale: alpha / (rootScaled ? Math.sqrt(rank) : rank), base, targets };
}

/** Variants of LoRA that would be computed wrongly if they were read as the plain one. */
function refuseVariants(fields: FieldReader): void {
  for (const key of ["use_dora", "fan_in_fan_out", "use_qalora", "alora_invocation_tokens"]) {
    const value = fields.raw(key);
    if (value !== undefined && value !== false && value !== null)
      fields.refuse(key, "false: only plain LoRA can be used");
  }
  const bias = fields.raw("bias");
  if (bias !== undefined && bias !== "none") fields.refuse("bias", '"none": only plain LoRA can be used');
  for (const key of ["rank_pattern", "alpha_pattern"]) {
    const value = fields.raw(key);
    const empty = value === undefined || value === null || Object.keys(value).length === 0;
    if (!empty) fields.refuse(key, "an empty object: all projections must share one rank and alpha");
  }
  const saved = fields.raw("modules_to_save");
  if (Array.isArray(saved) && saved.some((name) => name !== "classifier")) {
    fields.refuse("modules_to_save", '["classifier"]: nothing but the head can be replaced');
  }
}

/** The tensors of a PEFT adapter. @throws InputError naming the file, the tensor and what does not fit the base */
export function readPeft(files: ReadonlyMap<string, Uint8Array>, expectation: Expectation): AdapterParts {
  const config = readPeftConfig(textOf(files, CONFIG_FILE), CONFIG_FILE);
  const bytes = files.get(TENSOR_FILE);
  if (bytes === undefined)
    throw new InputError(`${TENSOR_FILE} is missing; an adapter's folder holds its tensors there.`);
  const { tensors } = readSafetensors(bytes, TENSOR_FILE);
  refuseNonFinite(tensors, TENSOR_FILE);
  const rest = new Map(tensors);
  const take = (key: string): Tensor | undefined => {
    const tensor = rest.get(key);
    rest.delete(key);
    return tensor;
  };
  const lowRank = takeLowRank(take, config, expectation.config);
  if (config.targets !== null) refuseOtherTargets(config.targets, [...lowRank.keys()]);
  const prompt = takePrompt(take, expectation.config);
  const head = takeHead(take, expectation);
  const [stranger] = rest.keys();
  if (stranger !== undefined) {
    throw new InputError(
      `${TENSOR_FILE}: tensor ${stranger} has no place in this base (${expectation.config.layers} layers).`,
    );
  }
  if (config.type === "LORA" && lowRank.size === 0 && head === null) {
    throw new InputError(`${TENSOR_FILE}: holds no LoRA tensors, though ${CONFIG_FILE} says peft_type LORA.`);
  }
  return { lowRank, prompt, head };
}

type Take = (key: string) => Tensor | undefined;

function takeLowRank(take: Take, { rank, scale }: PeftConfig, config: EncoderConfig): Map<string, LowRankTensors> {
  const lowRank = new Map<string, LowRankTensors>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const target of TARGETS) {
      const site = targetName(layer, target);
      const { input, output } = targetSize(config, target);
      const keys = (part: string): string[] => [
        `${PREFIX}${ENCODER}${site}.${part}.weight`,
        `${PREFIX}${site}.${part}.weight`,
      ];
      const [a, b] = ["lora_A", "lora_B"].map((part) => take(keys(part)[0]!) ?? take(keys(part)[1]!));
      if (a === undefined && b === undefined) continue;
      if (a === undefined || b === undefined) {
        throw new InputError(
          `${TENSOR_FILE}: ${site} has ${a === undefined ? "lora_B but no lora_A" : "lora_A but no lora_B"}.`,
        );
      }
      demandShape(a, `${site}.lora_A.weight`, [rank, input], "r and the base's width");
      demandShape(b, `${site}.lora_B.weight`, [output, rank], "the base's width and r");
      lowRank.set(site, { a: transpose(a), b: transpose(b), scale });
    }
  }
  return lowRank;
}

/** What `adapter_config.json` says is adapted and what the tensors adapt must be the same: else half is missing. */
function refuseOtherTargets(targets: readonly string[], sites: readonly string[]): void {
  const matches = (site: string, ending: string): boolean => `.${ENCODER}${site}`.endsWith(`.${ending}`);
  const missing = targets.find((ending) => !sites.some((site) => matches(site, ending)));
  if (missing !== undefined) {
    throw new InputError(
      `${CONFIG_FILE}: target_modules names ${JSON.stringify(missing)}, but ${TENSOR_FILE} adapts no such module of this base.`,
    );
  }
  const unnamed = sites.find((site) => !targets.some((ending) => matches(site, ending)));
  if (unnamed !== undefined) {
    throw new InputError(
      `${TENSOR_FILE}: adapts ${unnamed}, which target_modules of ${CONFIG_FILE} does not name: ${targets.join(", ")}.`,
    );
  }
}

function takePrompt(take: Take, config: EncoderConfig): FloatTensor | null {
  const prompt = take(PROMPT_KEY);
  if (prompt === undefined) return null;
  const tokens = prompt.shape[0] ?? 0;
  if (tokens < 1 || tokens > config.maximumPositions - 3) {
    throw new InputError(
      `${TENSOR_FILE}: ${PROMPT_KEY} has ${tokens} virtual tokens; expected 1 to ${config.maximumPositions - 3}.`,
    );
  }
  return demandShape(prompt, PROMPT_KEY, [tokens, config.hiddenSize], "the base's width");
}

function takeHead(take: Take, { config, labels, baseLabels }: Expectation): Head | null {
  const weight = take(PREFIX + HEAD_KEYS.weight);
  const bias = take(PREFIX + HEAD_KEYS.bias);
  if (weight === undefined && bias === undefined) return null;
  if (weight === undefined || bias === undefined) {
    throw new InputError(`${TENSOR_FILE}: the classifier has ${weight === undefined ? "no weight" : "no bias"}.`);
  }
  const codes = labels ?? baseLabels;
  demandShape(weight, HEAD_KEYS.weight, [codes.length, config.hiddenSize], `one row for each of ${codes.join(", ")}`);
  demandShape(bias, HEAD_KEYS.bias, [codes.length], "one number a category");
  return { labels: codes, weight: transpose(weight), bias: bias as FloatTensor };
}

function demandShape(tensor: Tensor, name: string, shape: readonly number[], reason: string): FloatTensor {
  const fits = tensor.shape.length === shape.length && tensor.shape.every((size, axis) => size === shape[axis]);
  if (tensor.type !== "float32" || !fits) {
    throw new InputError(
      `${TENSOR_FILE}: tensor ${name} is ${tensor.type} [${tensor.shape.join(", ")}]; expected float32 ` +
        `[${shape.join(", ")}] (${reason}).`,
    );
  }
  return tensor as FloatTensor;
}

/** The text of a file that must be there. */
export function textOf(files: ReadonlyMap<string, Uint8Array>, name: string): string {
  const bytes = files.get(name);
  if (bytes === undefined) throw new InputError(`${name} is missing; this folder is no adapter.`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InputError(`${name} is not UTF-8.`, { cause });
  }
}

/** [a, b] → [b, a], a copy. */
function transpose(tensor: Tensor): FloatTensor {
  const [rows, columns] = tensor.shape as [number, number];
  const from = tensor.data as Float32Array;
  const data = new Float32Array(from.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) data[c * rows + r] = from[r * columns + c]!;
  return float32(data, [columns, rows]);
}
