/** Writes that are complete or did not happen: a reader, a crash or a full disk never leaves half a file. */
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "./wording.ts";
import { WriteFailure } from "./write-failure.ts";
import { temporaryEnd } from "./writers.ts";

/** What a file shall hold; the parts of a large one are written one after the other. */
export type Content = string | Uint8Array | Iterable<Uint8Array>;

/**
 * Replaces `path` by `content`: written to a temporary file beside it, flushed to disk, then renamed. Folders are
 * made where they lack. On failure the old file is untouched and the temporary one is removed.
 * @throws WriteFailure naming the file and the reason
 */
export async function writeFileAtomic(path: string, content: Content): Promise<void> {
  const temporary = path + temporaryEnd();
  try {
    await makeFolder(dirname(path));
    await writeFlushed(temporary, content);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new WriteFailure(path, error);
  }
}

/** Finds out before long work whether its result may be written: a folder in the way, a disk that takes nothing. */
export async function expectWritable(path: string): Promise<void> {
  const probe = path + temporaryEnd();
  try {
    if ((await stat(path).catch(() => undefined))?.isDirectory() === true) {
      throw Object.assign(new Error("a folder"), { code: "EISDIR" });
    }
    await makeFolder(dirname(path));
    await writeFlushed(probe, "\n");
  } catch (error) {
    throw new WriteFailure(path, error);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
}

/**
 * Makes a folder and those above it; returns whether it had to. Node's own way calls every refusal of a read-only file
 * system "no such file", and a person would look for the wrong thing.
 */
export async function makeFolder(folder: string): Promise<boolean> {
  try {
    await mkdir(folder);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST" && (await stat(folder)).isDirectory()) return false;
    const above = dirname(folder);
    if (errorCode(error) !== "ENOENT" || above === folder) throw error;
    await makeFolder(above);
    return makeFolder(folder);
  }
}

/** Makes a new file and waits until the disk has it. */
export async function writeFlushed(path: string, content: Content): Promise<void> {
  const handle = await open(path, "wx");
  try {
    const parts = typeof content === "string" || content instanceof Uint8Array ? [content] : content;
    // Appends: a file handle goes on where its last write ended.
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Flushes a folder so that a name made in it survives a power cut. Windows cannot open folders and needs no flush. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
