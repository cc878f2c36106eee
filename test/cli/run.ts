/** Runs the command line in this process on real files, and makes the small real pack that its tests classify with. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Readable, Writable } from "node:stream";
import { runCommandLine } from "../../server/cli/command-line.ts";

export const root = resolve(import.meta.dirname, "../..");
export const tinyCheckpoint = join(root, "test/fixtures/tiny-bert");

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

interface Surroundings {
  /** What standard input gives, in these pieces. */
  stdin?: readonly (string | Uint8Array)[];
  cwd?: string;
  signal?: AbortSignal;
  stdout?: Writable;
}

/** Runs `nfr-lens ARGS`. */
export async function nfrLens(args: readonly string[], surroundings: Surroundings = {}): Promise<Outcome> {
  const { stdin = [], cwd = root, signal = new AbortController().signal } = surroundings;
  const [out, err] = [new Collector(), new Collector()];
  const code = await runCommandLine(args, {
    stdin: Readable.from(
      stdin.map((piece) => Buffer.from(piece)),
      { objectMode: false },
    ),
    stdout: surroundings.stdout ?? out,
    stderr: err,
    cwd,
    installation: root,
    signal,
    now: () => new Date("2026-01-02T03:04:05Z"),
  });
  return { code, out: out.text, err: err.text };
}

class Collector extends Writable {
  text = "";
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** A folder for one suite; removed after it. Call inside `describe`. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "nfr-lens-cli-"));
  after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes a pack of the tiny checkpoint: random weights, five categories, but everything about it is real. */
export async function makeTinyPack(folder: string, precision = "fp32"): Promise<string> {
  const to = join(folder, `tiny-${precision}`);
  const { code, err } = await nfrLens(["pack", "--from", tinyCheckpoint, "--to", to, "--precision", precision]);
  if (code !== 0) throw new Error(err);
  return to;
}

/** Non-empty lines as JSON. */
export function jsonLines(text: string): unknown[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as unknown);
}

/** Compares with the stored text of a golden file; UPDATE_GOLDENS=1 writes it anew (read the difference in git). */
export function assertGolden(name: string, text: string): void {
  const file = join(import.meta.dirname, "golden", name);
  if (process.env["UPDATE_GOLDENS"] === "1") writeFileSync(file, text);
  assert.equal(text, readFileSync(file, "utf8"));
}
