/**
 * Adapters on disk: `adapters/NAME/VERSION/`, each folder complete or absent; `adapters/active.json`, the history of
 * what was active, whose last entry is in force; `adapters/.trash/`, where deleted ones go. Nothing is removed.
 */
import type { Dirent } from "node:fs";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import {
  type Adapter,
  type AdapterBase,
  type AdapterFiles,
  CARD_FILE,
  MANIFEST_FILE,
  readAdapter,
} from "../engine/adapt/adapter.ts";
import { type AdapterManifest, parseManifest } from "../engine/adapt/manifest.ts";
import { CONFIG_FILE, TENSOR_FILE } from "../engine/adapt/peft.ts";
import { FieldReader } from "../engine/model/record.ts";
import { InputError } from "../engine/outcome.ts";
import { makeFolder, syncFolder, writeFileAtomic, writeFlushed } from "./atomic-write.ts";
import { WriteFailure } from "./write-failure.ts";
import { sweepLeftovers, temporaryEnd } from "./writers.ts";

export const REPORT_FILE = "report.json";
export const HELD_OUT_FILE = "held-out.jsonl";
const FILES = [CONFIG_FILE, TENSOR_FILE, MANIFEST_FILE, CARD_FILE, REPORT_FILE, HELD_OUT_FILE] as const;
const ACTIVE_FILE = "active.json";
const TRASH = ".trash";
/** An adapter of a few MB is usual; beyond this it is none. */
const LARGEST_FILE = 512 * 1024 ** 2;
/** Entries of the history that are kept. */
const LONGEST_HISTORY = 200;

/** Names an adapter of a workspace. */
export interface AdapterName {
  readonly name: string;
  readonly version: string;
}

/** One adapter of a list; `problem` is set where its manifest cannot be read. */
export interface ListedAdapter extends AdapterName {
  readonly folder: string;
  readonly bytes: number;
  readonly manifest: AdapterManifest | null;
  readonly problem: string | null;
}

/** The known files of a folder; missing ones are left out, unknown ones are not read. */
export async function readAdapterFiles(folder: string): Promise<AdapterFiles> {
  const files = new Map<string, Uint8Array>();
  for (const name of FILES) {
    const bytes = await readIfThere(join(folder, name));
    if (bytes !== null) files.set(name, bytes);
  }
  if (files.size === 0)
    throw new InputError(`${folder} holds no adapter: ${CONFIG_FILE} and ${TENSOR_FILE} are missing.`);
  return files;
}

/** @throws InputError naming folder, file and what does not fit the base */
export async function readAdapterFolder(folder: string, base: AdapterBase): Promise<Adapter> {
  const files = await readAdapterFiles(folder);
  try {
    return readAdapter(files, base);
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`${folder}: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Makes the folder, complete or not at all: the files are written and flushed in a hidden one beside it, which then
 * takes its name. @throws InputError when the folder exists already, WriteFailure when the disk refuses
 */
export async function writeAdapterFolder(folder: string, files: AdapterFiles): Promise<void> {
  const target = resolve(folder);
  if ((await foldersAndFilesIn(target)).length > 0) {
    throw new InputError(`${folder} exists already and is not empty. Choose another name or version for the adapter.`);
  }
  const temporary = join(dirname(target), `.${basename(target)}${temporaryEnd()}`);
  try {
    await makeFolder(temporary);
    for (const [name, bytes] of files) await writeFlushed(join(temporary, name), bytes);
    await syncFolder(temporary);
    await rename(temporary, target);
    await syncFolder(dirname(target));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw new WriteFailure(target, error);
  }
}

/** Removes below `root` what killed processes left behind half-written. */
export async function sweepAdapters(root: string): Promise<void> {
  await sweepLeftovers(root);
  for (const name of await foldersIn(root)) await sweepLeftovers(join(root, name));
}

async function readIfThere(path: string): Promise<Uint8Array | null> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE) throw new InputError(`${path} has ${size} bytes; at most ${LARGEST_FILE} are read.`);
    return await readFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}

/** The adapters below `root` (`.nfr-lens/adapters`), newest first. Broken ones are listed with their problem. */
export async function listAdapters(root: string): Promise<ListedAdapter[]> {
  const found: ListedAdapter[] = [];
  for (const name of await foldersIn(root)) {
    for (const version of await foldersIn(join(root, name))) found.push(await list(root, name, version));
  }
  const time = (adapter: ListedAdapter): string => adapter.manifest?.createdAt ?? "";
  return found.sort((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0));
}

async function list(root: string, name: string, version: string): Promise<ListedAdapter> {
  const folder = join(root, name, version);
  try {
    const files = await readAdapterFiles(folder);
    const bytes = [...files.values()].reduce((sum, file) => sum + file.byteLength, 0);
    const text = new TextDecoder().decode(files.get(MANIFEST_FILE) ?? new Uint8Array());
    return { name, version, folder, bytes, manifest: parseManifest(text, MANIFEST_FILE), problem: null };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { name, version, folder, bytes: 0, manifest: null, problem };
  }
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await foldersAndFilesIn(folder);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")).map((entry) => entry.name);
}

async function foldersAndFilesIn(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Where an adapter lies. @throws InputError for a name that would lead out of `root` */
export function folderOf(root: string, { name, version }: AdapterName): string {
  for (const [field, value] of Object.entries({ name, version })) {
    if (!/^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,63}$/u.test(value) || value.endsWith(".")) {
      throw new InputError(
        `${field}: found ${JSON.stringify(value)}, expected up to 64 letters, digits, dots, dashes and blanks, a letter or digit first`,
      );
    }
  }
  return join(root, name, version);
}

/** One entry of the history; null is the base alone. */
interface ActiveEntry {
  readonly adapter: AdapterName | null;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** The adapter in force, or null for the base alone. A file that cannot be read counts as none. */
export async function activeAdapter(root: string): Promise<AdapterName | null> {
  return (await readHistory(root)).at(-1)?.adapter ?? null;
}

/** Puts an adapter (or the base alone) in force; the history keeps what was before. */
export async function activate(root: string, adapter: AdapterName | null, now: string): Promise<void> {
  if (adapter !== null) folderOf(root, adapter);
  const history = await readHistory(root);
  await writeHistory(root, [...history, { adapter, since: now }]);
}

/** Back to what was in force before; returns it. Going back twice goes back twice. */
export async function rollBack(root: string): Promise<AdapterName | null> {
  const history = await readHistory(root);
  const shorter = history.slice(0, -1);
  await writeHistory(root, shorter);
  return shorter.at(-1)?.adapter ?? null;
}

/** Moves an adapter to the trash; returns its folder there. One in force is refused: deactivate it first. */
export async function moveToTrash(root: string, adapter: AdapterName, now: string): Promise<string> {
  const active = await activeAdapter(root);
  if (active?.name === adapter.name && active.version === adapter.version) {
    throw new InputError(`${adapter.name} ${adapter.version} is active. Deactivate it or roll back, then delete it.`);
  }
  const stamp = now.replace(/[^0-9]/gu, "").slice(0, 17);
  const target = join(root, TRASH, `${adapter.name} ${adapter.version} ${stamp}`);
  const folder = folderOf(root, adapter);
  try {
    await makeFolder(dirname(target));
    await rename(folder, target);
  } catch (error) {
    throw new WriteFailure(folder, error);
  }
  return resolve(target);
}

async function readHistory(root: string): Promise<ActiveEntry[]> {
  const bytes = await readIfThere(join(root, ACTIVE_FILE));
  if (bytes === null) return [];
  try {
    const entries: unknown = FieldReader.parse(new TextDecoder().decode(bytes), ACTIVE_FILE).raw("history");
    return Array.isArray(entries) ? entries.filter(isEntry) : [];
  } catch {
    // Written by another program or by hand: the base alone is always safe.
    return [];
  }
}

function isEntry(value: unknown): value is ActiveEntry {
  if (typeof value !== "object" || value === null || !("adapter" in value) || !("since" in value)) return false;
  const { adapter } = value;
  if (adapter === null) return true;
  if (typeof adapter !== "object" || !("name" in adapter) || !("version" in adapter)) return false;
  return typeof adapter.name === "string" && typeof adapter.version === "string";
}

async function writeHistory(root: string, history: readonly ActiveEntry[]): Promise<void> {
  const content = JSON.stringify({ format: 1, history: history.slice(-LONGEST_HISTORY) }, null, 2) + "\n";
  await writeFileAtomic(join(root, ACTIVE_FILE), content);
}
