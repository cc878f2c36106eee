/** What a command has of the outside: streams, folders, and the two ways to write to them. */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

export interface Terminal {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Absolute; relative paths on the command line start here. */
  readonly cwd: string;
  /** The folder of the package: holds `package.json` and `models/base`. */
  readonly installation: string;
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/** 0: fine. */
export const FINE = 0;
/** 1: it ran, and found what it was asked to look for, or could not use part of its input. */
export const FINDINGS = 1;
/** 2: it could not run: bad usage or unreadable input. */
export const UNUSABLE = 2;
/** 130: ended by Ctrl+C, as shells report it. */
export const INTERRUPTED = 130;

export type ExitCode = typeof FINE | typeof FINDINGS | typeof UNUSABLE | typeof INTERRUPTED;

/** Writes and waits until the reader has room, so that a slow reader never fills the memory. */
export async function write(stream: Writable, text: string): Promise<void> {
  if (text !== "" && !stream.write(text)) await once(stream, "drain");
}

/** One line to standard error. */
export function complain(terminal: Terminal, message: string): void {
  terminal.stderr.write(`nfr-lens: ${message}\n`);
}
