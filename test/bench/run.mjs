// npm run bench: runs the benchmarks of this folder (every *.ts but evaluate.ts), one after the other on an otherwise
// idle machine, and prints what each measured. They are measurements: ratios against a plain version in the same run.
//
//   node test/bench/run.mjs [NAME…]     only those whose file name contains one of the names
//
// Ends with 1 when a benchmark failed to run; a number below its aim is printed, not failed.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const wanted = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".ts") && name !== "evaluate.ts")
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

const [processor] = cpus();
const machine = [
  `${cpus().length} × ${processor?.model ?? "unknown processor"}`,
  `${(totalmem() / 2 ** 30).toFixed(0)} GB, ${process.platform} ${release()}, Node ${process.version}`,
];
const report = [...machine];
console.log(machine.join("\n"));
let failed = 0;
for (const name of names) {
  console.log(`\n── ${name}`);
  const started = performance.now();
  const { status, stdout } = spawnSync(process.execPath, ["--import", "tsx", join(import.meta.dirname, name)], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 64 * 1024 * 1024,
  });
  process.stdout.write(stdout);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(status === 0 ? `(${seconds} s)` : `FAILED with ${status} after ${seconds} s`);
  if (status !== 0) failed += 1;
  report.push("", `── ${name}`, stdout.trimEnd());
}
mkdirSync(join(root, "out"), { recursive: true });
writeFileSync(join(root, "out/bench.txt"), report.join("\n") + "\n");
console.log(`\n${names.length - failed} of ${names.length} benchmarks ran; out/bench.txt holds what they printed`);
process.exit(failed === 0 && names.length > 0 ? 0 : 1);
