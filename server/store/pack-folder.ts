/** Model packs on disk: reads a folder into memory, and writes one so that it appears complete or not at all. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MANIFEST_FILE, PACK_FILES } from "../engine/model/manifest.ts";
import { type Pack, type PackBytes, parsePack } from "../engine/model/pack.ts";
import type { CheckpointBytes } from "../engine/model/make-pack.ts";
import { InputError } from "../engine/outcome.ts";
import { syncFolder } from "./atomic-write.ts";

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
  const [config, tokenizer, model] = await Promise.all(
    PACK_FILES.map((file) => readPart(folder, file, () => "The pack is incomplete; copy it again.")),
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
  const [config, tokenizer, model] = await Promise.all(PACK_FILES.map((file) => readPart(folder, file, hint)));
  return { config: config!, tokenizer: tokenizer!, model: model! };
}

/**
 * Writes the files to a temporary folder, flushes them and renames it to `folder`.
 * @throws InputError when `folder` exists already and is not empty
 */
export async function writePackFolder(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const target = resolve(folder);
  const existing = await readdir(target).catch((error: unknown) => whenMissing(error, []));
  if (existing.length > 0) {
    throw new InputError(`${folder} is not empty (it holds ${existing[0]!}); choose a new folder for the pack.`);
  }
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await mkdir(temporary, { recursive: true });
    for (const [name, bytes] of files) await writeFlushed(join(temporary, name), bytes);
    await syncFolder(temporary);
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
  await syncFolder(dirname(target));
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
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
