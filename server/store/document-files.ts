/** Documents on disk: which files a folder holds, and their text. What cannot be read is refused by name. */
import { access, open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import * as l10n from "@vscode/l10n";
import { LONGEST_DOCUMENT } from "../engine/documents/read.ts";
import { InputError } from "../engine/outcome.ts";
import { errorCode, errorMessage } from "./wording.ts";

/** Bytes; larger files are refused before they are read. UTF-8 has at least a byte for each UTF-16 unit. */
export const LARGEST_DOCUMENT = LONGEST_DOCUMENT;
/** Folders that hold no documents of the project. Folders whose name begins with a dot are left out, too. */
const SKIPPED_FOLDERS = new Set(["node_modules"]);

/**
 * Paths of the files under `folder`, relative to it, with forward slashes, sorted; `accepts` is asked about each.
 * Links to folders are not followed, so that no circle of links keeps it busy. Throws InputError for a folder that
 * cannot be read.
 */
export async function listDocuments(folder: string, accepts: (path: string) => boolean): Promise<string[]> {
  const found: string[] = [];
  const pending = [""];
  for (let prefix = pending.pop(); prefix !== undefined; prefix = pending.pop()) {
    const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error: unknown) => {
      throw unreadable(join(folder, prefix), error);
    });
    for (const entry of entries) {
      const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!entry.name.startsWith(".") && !SKIPPED_FOLDERS.has(entry.name)) pending.push(path);
      } else if (accepts(path) && (entry.isFile() || entry.isSymbolicLink())) found.push(path);
    }
  }
  return found.sort();
}

/** Whether there is anything at the path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Whether the path is a folder. Throws InputError for a path that does not exist. */
export async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return found.isDirectory();
}

/**
 * The text of a document without its byte order mark, as editors count it. UTF-8, or UTF-16 with a byte order mark;
 * throws InputError for what is binary, in another encoding, or too large.
 */
export async function readDocumentText(path: string): Promise<string> {
  const bytes = await readBytes(path).catch((error: unknown) => {
    throw error instanceof InputError ? error : unreadable(path, error);
  });
  const encoding = encodingOf(bytes);
  if (encoding === "utf-8" && bytes.subarray(0, 8192).includes(0)) {
    throw new InputError(l10n.t("{0} is a binary file, expected a text document", path));
  }
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new InputError(l10n.t("{0} is not valid {1}: save it as UTF-8", path, encoding.toUpperCase()), {
      cause: error,
    });
  }
}

async function readBytes(path: string): Promise<Buffer> {
  const handle = await open(path);
  try {
    const { size } = await handle.stat();
    if (size > LARGEST_DOCUMENT) {
      const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);
      const [found, limit] = [megabytes(size), megabytes(LARGEST_DOCUMENT)];
      throw new InputError(l10n.t("{0} has {1} MB, at most {2} MB are read: split the document", path, found, limit));
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

function encodingOf(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  return bytes[0] === 0xfe && bytes[1] === 0xff ? "utf-16be" : "utf-8";
}

function unreadable(path: string, error: unknown): InputError {
  const code = errorCode(error);
  const reason = code === "ENOENT" ? l10n.t("it does not exist") : errorMessage(error);
  return new InputError(l10n.t("{0} cannot be read: {1}", path, reason), { cause: error });
}
