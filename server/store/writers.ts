/**
 * Who is writing: temporary files carry a mark of the process that makes them, so that what a killed process left
 * behind can be told from what a living one is about to finish.
 */
import { createHash, randomBytes } from "node:crypto";
import { readlinkSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** This machine and its numbering of processes: a container that shares a folder counts its own. */
const MACHINE = createHash("sha256").update(`${hostname()}\n${processNumbering()}`).digest("hex").slice(0, 8);
const MARK = /^([0-9a-f]{8})-(\d{1,10})$/;
const TEMPORARY = /\.([0-9a-f]{8}-\d{1,10})\.[0-9a-f]{12}\.tmp$/;

function processNumbering(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return ""; // Only Linux has several.
  }
}

/** Names this process among all that may write to a shared folder. */
export function writerMark(): string {
  return `${MACHINE}-${process.pid}`;
}

/** The end of a temporary name: nobody else's, and known to {@link sweepLeftovers}. */
export function temporaryEnd(): string {
  return `.${writerMark()}.${randomBytes(6).toString("hex")}.tmp`;
}

/** Whether the process that left this mark is certainly gone. Of another machine nobody can say. */
export function isGone(mark: string): boolean {
  const [, machine, pid] = MARK.exec(mark) ?? [];
  if (machine !== MACHINE || pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // Another user's process answers EPERM, and lives.
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
}

/** Removes temporary files and folders in `folder` whose process is gone. What cannot be removed stays: it harms nobody. */
export async function sweepLeftovers(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  for (const name of names) {
    const mark = TEMPORARY.exec(name)?.[1];
    if (mark === undefined || !isGone(mark)) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => undefined);
  }
}
