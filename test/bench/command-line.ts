/**
 * The command line as it is run: time to the first answer, and statements a second through a pipe, with the memory it
 * takes while a long input streams through.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const cli = join(root, "dist/cli.js");
const STATEMENTS = 10_000;

interface Run {
  seconds: number;
  peakMegabytes: number;
  lines: number;
}

/** Runs the command line on `input` and samples its resident memory (Linux: the kernel's own high-water mark). */
async function run(args: readonly string[], input: string): Promise<Run> {
  const started = performance.now();
  const child = spawn(process.execPath, [cli, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  let lines = 0;
  let peakMegabytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 0x0a) lines += 1;
  });
  const sampler = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
      peakMegabytes = Math.max(peakMegabytes, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // The process has just ended, or this is no Linux.
    }
  }, 20);
  child.stdin.end(input);
  const code = await new Promise((done) => child.on("close", done));
  clearInterval(sampler);
  if (code !== 0) throw new Error(`nfr-lens ${args.join(" ")} ended with ${String(code)}`);
  return { seconds: (performance.now() - started) / 1000, peakMegabytes, lines };
}

/** Statements of ordinary length and variety, without any data set. */
function statements(count: number): string {
  const subjects = ["The system", "The pump controller", "A signed-in clerk", "The nightly export job"];
  const acts = ["shall answer a search", "shall refuse an expired certificate", "can print a packing list in colour"];
  const ends = ["within two seconds", "for 500 people at once", "after a power failure", "on any supported phone"];
  const row = (index: number): string => {
    const [subject, act, end] = [subjects[index % 4], acts[index % 3], ends[(index >> 2) % 4]];
    return JSON.stringify({ id: index, text: `${subject} ${act} ${end}, case ${index}.` });
  };
  return Array.from({ length: count }, (_, index) => row(index) + "\n").join("");
}

async function median(times: number, work: () => Promise<Run>): Promise<number> {
  const seconds: number[] = [];
  for (let time = 0; time < times; time += 1) seconds.push((await work()).seconds);
  return seconds.sort((a, b) => a - b)[Math.floor(times / 2)]!;
}

const one = statements(1);
const version = await median(5, () => run(["--version"], ""));
const first = await median(5, () => run(["classify", "--jsonl"], one));
const many = await run(["classify", "--jsonl"], statements(STATEMENTS));
if (many.lines !== STATEMENTS) throw new Error(`${many.lines} lines came back, expected ${STATEMENTS}`);
const rate = (STATEMENTS - 1) / (many.seconds - first);
console.log(`--version                       ${(1000 * version).toFixed(0)} ms`);
console.log(
  `first answer, process included  ${(1000 * first).toFixed(0)} ms (${(first / version).toFixed(1)} × --version)`,
);
console.log(`then                            ${rate.toFixed(0)} statements a second, one process, ${STATEMENTS} lines`);
console.log(`peak resident memory            ${many.peakMegabytes.toFixed(0)} MB`);
