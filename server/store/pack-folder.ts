/** Model packs on disk: reads a folder into memory, and writes one. */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { CALIBRATION_FILE, MANIFEST_FILE, PACK_FILES } from "../engine/model/manifest.ts";
import { type Pack, type PackBytes, parsePack } from "../engine/model/pack.ts";
import type { CheckpointBytes } from "../engine/model/make-pack.ts";
import { InputError } from "../engine/outcome.ts";
import { writeFileAtomic } from "./atomic-write.ts";

/** A text file of a pack; a tokenizer of 250,000 tokens takes about 20 MB. */
const LARGEST_TEXT = 64 * 1024 ** 2;
/** Node reads at most 2 GiB at once, and an ONNX graph holds no more. */
const LARGEST_WEIGHTS = 2 * 1024 ** 3 - 1;

/** @throws InputError naming the file that is missing, too large, damaged or of another kind */
export async function readPackFolder(folder: string): Promise<Pack> {
  const manifest = await readPart(folder, MANIFEST_FILE, (found) =>
    found.includes("config.json")
      ? "This is a Hugging Face folder; make a pack of it with: nfr-lens pack --from FOLDER --to PACK"
      : "A pack is a folder made by: nfr-lens pack --from FOLDER --to PACK",
  );
  const [config, tokenizer, model] = await readParts(folder, (found) =>
    found.includes("adapter_config.json")
      ? "The folder holds an adapter, no pack: name the pack it was made for, and the adapter with --adapter."
      : "The pack is incomplete; copy it again.",
  );
  const bytes: PackBytes = {
    [MANIFEST_FILE]: manifest,
    "config.json": config!,
    "tokenizer.json": tokenizer!,
    "model.safetensors": model!,
  };
  return parsePack(bytes, folder);
}

/** The files of a checkpoint in Hugging Face layout. @throws InputError naming what is missing and what was found */
export async function readCheckpointFolder(folder: string): Promise<CheckpointBytes> {
  const hint = (found: readonly string[]): string => {
    const other = found.find((name) => /\.(bin|pt|pth|h5|msgpack|onnx|gguf)$|\.index\.json$/.test(name));
    const have = found.length === 0 ? "nothing" : found.slice(0, 8).join(", ");
    return other === undefined
      ? `A checkpoint in Hugging Face layout is expected; the folder holds ${have}.`
      : `The folder holds ${other}; save the checkpoint as one model.safetensors (in Python: save_pretrained).`;
  };
  const [config, tokenizer, model] = await readParts(folder, hint);
  const calibration = await readFile(join(folder, CALIBRATION_FILE)).catch((error: unknown) =>
    whenMissing(error, null),
  );
  return { config: config!, tokenizer: tokenizer!, model: model!, calibration };
}

/**
 * Writes each file complete or not at all, the manifest last: without it the folder is no pack, and an older one
 * that does not match is refused. Other files of the folder, such as a model card, stay as they are.
 * @throws InputError when the folder holds a pack already and `replace` is not set
 */
export async function writePackFolder(
  folder: string,
  files: ReadonlyMap<string, Uint8Array>,
  { replace = false }: { replace?: boolean } = {},
): Promise<void> {
  const present = await readdir(folder).catch((error: unknown) => whenMissing(error, []));
  const taken = present.find((name) => files.has(name));
  if (taken !== undefined && !replace) {
    throw new InputError(`${folder} already holds ${taken}; choose another folder for the pack.`);
  }
  const ordered = [...files].sort(([a], [b]) => Number(a === MANIFEST_FILE) - Number(b === MANIFEST_FILE));
  for (const [name, bytes] of ordered) await writeFileAtomic(join(folder, name), bytes);
}

/** The files of a pack, read at once; of several that are missing the first is named, whichever was looked for first. */
async function readParts(folder: string, hint: (found: string[]) => string): Promise<Uint8Array[]> {
  const parts = await Promise.allSettled(PACK_FILES.map((file) => readPart(folder, file, hint)));
  return parts.map((part) => {
    if (part.status === "rejected") throw part.reason;
    return part.value;
  });
}

async function readPart(folder: string, file: string, hint: (found: string[]) => string): Promise<Uint8Array> {
  const path = join(folder, file);
  const limit = file.endsWith(".safetensors") ? LARGEST_WEIGHTS : LARGEST_TEXT;
  try {
    const { size } = await stat(path);
    if (size > limit) {
      throw new InputError(`${path} has ${size} bytes; at most ${limit} are read. It is no file of a model pack.`);
    }
    return await readFile(path);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (code !== "ENOENT" && code !== "ENOTDIR") {
      throw new InputError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
    const found = await readdir(folder).catch(() => undefined);
    const what = found === undefined ? `The folder ${folder} does not exist.` : hint(found);
    throw new InputError(`${path} is missing. ${what}`, { cause: error });
  }
}

function whenMissing<T>(error: unknown, value: T): T {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return value;
  throw error;
}
