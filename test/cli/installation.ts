/** The command line as it is installed: built into a folder of its own, run as a process that may not use the network. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "./run.ts";

const installation = join(root, "out/installation");
export const cli = join(installation, "dist/cli.js");
const preload = join(import.meta.dirname, "no-network.cjs");
let built: Promise<unknown> | undefined;

/** Builds command line and trainer, once for all suites. */
export function buildInstallation(): Promise<unknown> {
  mkdirSync(join(installation, "dist"), { recursive: true });
  copyFileSync(join(root, "package.json"), join(installation, "package.json"));
  writeFileSync(join(installation, "dist/package.json"), JSON.stringify({ type: "commonjs" }));
  built ??= build({
    entryPoints: { cli: join(root, "server/cli.ts"), trainer: join(root, "server/trainer.ts") },
    outdir: join(installation, "dist"),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["onnxruntime-node"],
    logLevel: "warning",
  });
  return built;
}

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

interface Conditions {
  input?: string;
  cwd?: string;
  /** Closes standard output after so many characters, as `head` does. */
  cutAfter?: number;
  /** Sends SIGINT when this appears on standard error. */
  interruptAt?: RegExp;
}

/** Runs a script under the preload that forbids every network module; child processes inherit the ban. */
export async function runScript(script: string, args: readonly string[], conditions: Conditions = {}): Promise<Ended> {
  const { input = "", cwd = root, cutAfter = Infinity, interruptAt } = conditions;
  const env = { ...process.env, NODE_OPTIONS: `--require ${JSON.stringify(preload)}` };
  const child = spawn(process.execPath, [script, ...args], { cwd, env });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (out.length > cutAfter) child.stdout.destroy();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    if (interruptAt?.test(err) === true) child.kill("SIGINT");
  });
  // A command that ends early closes its input; that is its right.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}
