/** A model pack in memory: parsed and checked once, complete afterwards. Disk access is in `store/pack-folder.ts`. */
import { createHash } from "node:crypto";
import { float32 } from "../graph/tensor.ts";
import { InputError } from "../outcome.ts";
import type { Head } from "./adapter-tensors.ts";
import { readEncoderConfig } from "./config.ts";
import { type EncoderConfig, NAMES } from "./encoder.ts";
import { MANIFEST_FILE, PACK_FILES, type PackFile, type PackManifest, parseManifest } from "./manifest.ts";
import { transposed } from "./quantization.ts";
import { readSafetensors, refuseNonFinite } from "./safetensors.ts";
import { readTokenizer, type Tokenizer } from "./tokenizer.ts";
import { Weights } from "./weights.ts";

export interface Pack {
  readonly manifest: PackManifest;
  /** SHA-256 (hex) of what decides the network's logits: the other files and how they are read, not the card's words. */
  readonly hash: string;
  readonly config: EncoderConfig;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  readonly head: Head;
}

/** The bytes of a pack's files by name. */
export type PackBytes = Readonly<Record<typeof MANIFEST_FILE | PackFile, Uint8Array>>;

/** SHA-256 as the manifest writes it. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * @param place how messages name the pack, for instance its folder
 * @throws InputError for files that are damaged, do not belong together, or describe another architecture
 */
export function parsePack(bytes: PackBytes, place: string): Pack {
  const at = (file: string): string => `${place}/${file}`;
  const manifest = parseManifest(decode(bytes[MANIFEST_FILE], at(MANIFEST_FILE)), at(MANIFEST_FILE));
  for (const file of PACK_FILES) checkHash(bytes[file], manifest.files[file], at(file));
  const shape = readEncoderConfig(decode(bytes["config.json"], at("config.json")), at("config.json"));
  const modelFile = at("model.safetensors");
  const tensors = withoutPrefix(readSafetensors(bytes["model.safetensors"], modelFile).tensors);
  refuseNonFinite(tensors, modelFile);
  const pooler = manifest.pooling === "cls" && tensors.has(`${NAMES.pooler}.weight`);
  const config: EncoderConfig = { ...shape, pooling: manifest.pooling, pooler };
  const weights = new Weights(config, tensors, modelFile);
  weights.checkAll();
  const tokenizer = readTokenizer(decode(bytes["tokenizer.json"], at("tokenizer.json")), at("tokenizer.json"), config);
  const head = readHead(weights, manifest.labels);
  return { manifest, hash: identityOf(manifest), config, weights, tokenizer, head };
}

/** The same weights packed on another day are the same base for adapters. */
function identityOf({ files, precision, pooling, labels }: PackManifest): string {
  const parts = [...PACK_FILES.map((file) => files[file]), precision, pooling, ...labels];
  return sha256(new TextEncoder().encode(JSON.stringify(parts)));
}

/** The pack of files that are still in memory, by name. @throws InputError as {@link parsePack} does */
export function packOf(files: ReadonlyMap<string, Uint8Array>, place: string): Pack {
  const part = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes === undefined) throw new InputError(`${place}/${name} is missing.`);
    return bytes;
  };
  return parsePack(
    {
      [MANIFEST_FILE]: part(MANIFEST_FILE),
      "config.json": part("config.json"),
      "tokenizer.json": part("tokenizer.json"),
      "model.safetensors": part("model.safetensors"),
    },
    place,
  );
}

/** Hugging Face puts the encoder of a classifier under `bert.`; names are used without. */
export function withoutPrefix<T>(tensors: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...tensors].map(([name, tensor]) => [name.replace(/^bert\./, ""), tensor]));
}

function checkHash(bytes: Uint8Array, expected: string, file: string): void {
  const found = sha256(bytes);
  if (found === expected) return;
  throw new InputError(
    `${file}: SHA-256 is ${found.slice(0, 12)}…, but the pack's ${MANIFEST_FILE} says ${expected.slice(0, 12)}…. ` +
      "The file is damaged or was changed; copy the pack again.",
  );
}

function readHead(weights: Weights, labels: readonly string[]): Head {
  const { hiddenSize } = weights.config;
  const { data } = weights.vector(`${NAMES.classifier}.weight`, [labels.length, hiddenSize]);
  return {
    labels,
    weight: float32(transposed(data, labels.length, hiddenSize), [hiddenSize, labels.length]),
    bias: weights.vector(`${NAMES.classifier}.bias`, [labels.length]),
  };
}

/** @throws InputError for bytes that are not UTF-8 */
export function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InputError(`${file} is not text in UTF-8.`, { cause });
  }
}
