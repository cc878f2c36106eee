/** `nfr-lens.json` of a model pack: what the Hugging Face files beside it do not say. */
import { InputError } from "../outcome.ts";
import type { Calibration } from "./calibration.ts";
import { type Precision, PRECISIONS } from "./quantization.ts";
import { FieldReader } from "./record.ts";

export const PACK_FORMAT = 1;
export const MANIFEST_FILE = "nfr-lens.json";
/** Beside a checkpoint: the calibration its pack takes over. */
export const CALIBRATION_FILE = "calibration.json";
/** The files of a pack that its manifest vouches for. */
export const PACK_FILES = ["config.json", "tokenizer.json", "model.safetensors"] as const;
export type PackFile = (typeof PACK_FILES)[number];

export interface PackManifest {
  readonly formatVersion: typeof PACK_FORMAT;
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  /** SPDX identifier of the weights' licence. */
  readonly licence: string;
  /** Where the weights come from, in a sentence for a person. */
  readonly provenance: string;
  readonly precision: Precision;
  readonly pooling: "mean" | "cls";
  /** Category codes in the order of the head's outputs. */
  readonly labels: readonly string[];
  /** SHA-256 (hex) of each file. */
  readonly files: Readonly<Record<PackFile, string>>;
  readonly calibration: Calibration;
}

/** @throws InputError naming field, value found and value expected */
export function parseManifest(text: string, file: string): PackManifest {
  const fields = FieldReader.parse(text, file);
  refuseOtherFormats(fields, file);
  const labels = parseLabels(fields);
  const manifest: PackManifest = {
    formatVersion: PACK_FORMAT,
    name: fields.string("name"),
    version: fields.string("version"),
    created: fields.string("created"),
    licence: fields.string("licence"),
    provenance: fields.string("provenance"),
    precision: fields.oneOf("precision", PRECISIONS),
    pooling: fields.oneOf("pooling", ["mean", "cls"]),
    labels,
    files: parseFiles(fields.object("files")),
    calibration: parseCalibration(fields.object("calibration"), labels.length),
  };
  fields.done();
  return manifest;
}

function refuseOtherFormats(fields: FieldReader, file: string): void {
  // What `train --kind full` makes has a file of the same name.
  if (fields.has("kind") && fields.has("base")) {
    throw new InputError(
      `${file} is that of a fine-tuned model, not of a pack. Make a pack of it: nfr-lens pack --from FOLDER --to PACK`,
    );
  }
  const version = fields.integer("formatVersion", { minimum: 1 });
  if (version === PACK_FORMAT) return;
  throw new InputError(
    `${file}: formatVersion is ${version}; this version of NFR Lens reads ${PACK_FORMAT}. Update NFR Lens or make the pack again.`,
  );
}

function parseLabels(fields: FieldReader): string[] {
  const labels = fields.strings("labels");
  const fine = labels.length >= 2 && new Set(labels).size === labels.length && labels.every((label) => label !== "");
  return fine ? labels : fields.refuse("labels", "at least two different codes");
}

function parseFiles(fields: FieldReader): Record<PackFile, string> {
  const hash = (file: PackFile): string => {
    const value = fields.string(file);
    return /^[0-9a-f]{64}$/.test(value) ? value : fields.refuse(file, "a SHA-256 of 64 hexadecimal digits");
  };
  const files = {
    "config.json": hash("config.json"),
    "tokenizer.json": hash("tokenizer.json"),
    "model.safetensors": hash("model.safetensors"),
  };
  fields.done();
  return files;
}

/** @param labels how many labels the head has */
export function parseCalibration(fields: FieldReader, labels: number): Calibration {
  const bias = fields.numbers("bias", { minimum: -1000, maximum: 1000 });
  if (bias.length !== 0 && bias.length !== labels) fields.refuse("bias", `${labels} numbers, one a label, or none`);
  const calibration: Calibration = {
    temperature: fields.number("temperature", { minimum: 0.01, maximum: 100 }),
    bias,
    threshold: fields.number("threshold", { minimum: 0, maximum: 1 }),
    ...(fields.has("conformal") ? { conformal: parseConformal(fields.object("conformal")) } : {}),
  };
  fields.done();
  return calibration;
}

function parseConformal(fields: FieldReader): NonNullable<Calibration["conformal"]> {
  const share = { minimum: 0, maximum: 1 };
  const conformal = { coverage: fields.number("coverage", share), mass: fields.number("mass", share) };
  fields.done();
  return conformal;
}
