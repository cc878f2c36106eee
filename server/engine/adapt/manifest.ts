/**
 * `nfr-lens.json` of an adapter: what it was made for and from, and what it is worth. PEFT ignores the file; NFR Lens
 * refuses an adapter whose base differs.
 */
import { createHash } from "node:crypto";
import type { Gain } from "../judge/bootstrap.ts";
import type { Scores } from "../judge/metrics.ts";
import type { Calibration } from "../model/calibration.ts";
import { parseCalibration } from "../model/manifest.ts";
import { FieldReader } from "../model/record.ts";
import { InputError } from "../outcome.ts";
import { type Example, normalised } from "./examples.ts";
import { ADAPTER_KINDS, type AdapterKind, type TrainingOptions } from "./options.ts";

export const MANIFEST_FORMAT = 1;

/** A statement whose category the adapter changed on held-out rows. */
export interface Flip {
  readonly text: string;
  readonly document: string | null;
  readonly truth: string;
  readonly before: string;
  readonly after: string;
}

/** What is known of an adapter besides its tensors. */
export interface AdapterManifest {
  readonly kind: AdapterKind;
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** SHA-256 of the pack it was trained on. */
  readonly base: string;
  /** Codes of the head's classes, in the order of its outputs. */
  readonly labels: readonly string[];
  /** SHA-256 of the codes, so that two taxonomies compare at a glance. */
  readonly taxonomy: string;
  /** SHA-256 of the sorted labelled texts, and how many they are. */
  readonly labelSet: { readonly hash: string; readonly rows: number };
  readonly calibration: Calibration;
  /** Null for an imported adapter. */
  readonly options: TrainingOptions | null;
  /** On held-out rows; null for an imported adapter. */
  readonly metrics: { readonly before: Scores; readonly after: Scores; readonly gain: Gain } | null;
  readonly flips: readonly Flip[];
}

/** The file's text. */
export function formatManifest(manifest: AdapterManifest): string {
  return JSON.stringify({ format: MANIFEST_FORMAT, ...manifest }, null, 2) + "\n";
}

/**
 * Parses the file. What is computed with (base, labels, calibration) is checked field by field; reports are taken over
 * as they stand. @throws InputError naming the first field that is not as it must be
 */
export function parseManifest(text: string, file: string): AdapterManifest {
  const fields = FieldReader.parse(text, file);
  const format = fields.integer("format", { minimum: 1 });
  if (format > MANIFEST_FORMAT) {
    throw new InputError(
      `${file}: format is ${format}, this version reads up to ${MANIFEST_FORMAT}. Update NFR Lens to use this adapter.`,
    );
  }
  const labels = fields.strings("labels");
  if (labels.length < 2 || new Set(labels).size !== labels.length)
    fields.refuse("labels", "at least two different codes");
  if (fields.string("taxonomy") !== hashOf(labels))
    fields.refuse("taxonomy", `${hashOf(labels)}, the hash of its labels`);
  const labelSet = fields.object("labelSet");
  const reports = JSON.parse(text) as Pick<AdapterManifest, "options" | "metrics" | "flips">;
  return {
    kind: fields.oneOf("kind", ADAPTER_KINDS),
    name: fields.string("name"),
    version: fields.string("version"),
    createdAt: fields.string("createdAt"),
    base: fields.string("base"),
    labels,
    taxonomy: fields.string("taxonomy"),
    labelSet: { hash: labelSet.string("hash"), rows: labelSet.integer("rows", { minimum: 0 }) },
    calibration: parseCalibration(fields.object("calibration"), labels.length),
    options: isObject(reports.options) ? reports.options : null,
    metrics: isObject(reports.metrics) ? reports.metrics : null,
    flips: Array.isArray(reports.flips) ? reports.flips : [],
  };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** SHA-256 (hex) of strings, each ended by a newline. */
export function hashOf(parts: readonly string[]): string {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part).update("\n");
  return hash.digest("hex");
}

/** SHA-256 (hex) of labelled texts, whatever their order. */
export function labelSetHash(examples: readonly Example[]): string {
  return hashOf(examples.map(({ text, label }) => JSON.stringify([normalised(text), label])).sort());
}
