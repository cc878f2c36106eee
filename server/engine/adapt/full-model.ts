/**
 * A full fine-tuning is a model of its own, not an adapter: its folder is a Hugging Face checkpoint that
 * `nfr-lens pack` makes a pack of. It exists to measure adapters against.
 */
import { float32, type Tensor } from "../graph/tensor.ts";
import { NAMES } from "../model/encoder.ts";
import { CALIBRATION_FILE } from "../model/manifest.ts";
import { transposed } from "../model/quantization.ts";
import { writeSafetensors } from "../model/safetensors.ts";
import { type AdapterFiles, CARD_FILE, MANIFEST_FILE } from "./adapter.ts";
import { modelCard } from "./card.ts";
import { type AdapterManifest, formatManifest } from "./manifest.ts";
import type { Parameter } from "./optimizer.ts";

export const MODEL_FILE = "model.safetensors";

/** `config` and `tokenizer` are those of the pack it was trained from. */
export function writeFullModel(
  parameters: readonly Parameter[],
  manifest: AdapterManifest,
  pack: { config: Uint8Array; tokenizer: Uint8Array; pooling: "mean" | "cls" },
): AdapterFiles {
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, data } of parameters) {
    const key = name.startsWith(NAMES.classifier) ? name : `bert.${name}`;
    tensors.set(key, isProjection(name, shape) ? flipped(data, shape) : float32(data, shape));
  }
  const config = JSON.parse(new TextDecoder().decode(pack.config)) as Record<string, unknown>;
  const described = {
    ...config,
    id2label: Object.fromEntries(manifest.labels.map((label, i) => [String(i), label])),
    label2id: Object.fromEntries(manifest.labels.map((label, i) => [label, i])),
    nfr_lens_pooling: pack.pooling,
    torch_dtype: "float32",
  };
  const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
  return new Map([
    ["config.json", encode(JSON.stringify(described, null, 2) + "\n")],
    ["tokenizer.json", pack.tokenizer],
    [MODEL_FILE, writeSafetensors(tensors, { format: "pt" })],
    // The pack that is made of it then knows what its confidences are worth.
    [CALIBRATION_FILE, encode(JSON.stringify(manifest.calibration, null, 2) + "\n")],
    [MANIFEST_FILE, encode(formatManifest(manifest))],
    [CARD_FILE, encode(modelCard(manifest))],
  ]);
}

/** Projections are [in, out] in the graph and [out, in] on disk; tables and norms are the same in both. */
function isProjection(name: string, shape: readonly number[]): boolean {
  return shape.length === 2 && !name.startsWith("embeddings.");
}

function flipped(data: Float32Array, shape: readonly number[]): Tensor {
  const [rows, columns] = shape as [number, number];
  return float32(transposed(data, rows, columns), [columns, rows]);
}
