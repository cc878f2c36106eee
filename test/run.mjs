// npm test: installs what the tests need and runs all of them. Ends in the line "N passed, N failed", the sum over
// every step; a step without tests of its own (format, lint, types, build) counts as one.
//
//   node test/run.mjs [--without-editor]      npm run check is the run without the editor
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { installDependencies } from "../install.mjs";

const root = resolve(import.meta.dirname, "..");
const bin = (name) => join(root, "node_modules", name);
const withEditor = !process.argv.includes("--without-editor");

const steps = [
  { name: "format", args: [bin("prettier/bin/prettier.cjs"), "--check", "--log-level", "warn", "."] },
  { name: "lint", args: [bin("eslint/bin/eslint.js"), "--max-warnings", "0", "."] },
  { name: "types", args: [bin("typescript/bin/tsc"), "--noEmit", "-p", "."] },
  { name: "types of the pages", args: [bin("typescript/bin/tsc"), "--noEmit", "-p", "media"] },
  { name: "build", args: ["esbuild.mjs"] },
  {
    name: "architecture, unit, command line and server tests",
    args: [bin("mocha/bin/mocha.js"), "test/**/*.test.ts"],
    counts: mochaCounts,
  },
  ...(withEditor ? [{ name: "in the editor", args: ["test/editor/run.mjs", "--no-build"], counts: editorCounts }] : []),
];

/** Mocha's own summary; a run that ended before it counts as one failure. */
function mochaCounts(output, status) {
  const last = (word) => Number([...output.matchAll(new RegExp(`^ {2}(\\d+) ${word}\\b`, "gm"))].at(-1)?.[1] ?? 0);
  return { passed: last("passing"), failed: status === 0 ? 0 : Math.max(last("failing"), 1) };
}

function editorCounts(output, status) {
  const [, passed = "0", failed = "0"] = /^in the editor: (\d+) passed, (\d+) failed$/m.exec(output) ?? [];
  return { passed: Number(passed), failed: status === 0 ? 0 : Math.max(Number(failed), 1) };
}

/** Runs one step, shows its output as it comes, and returns it with the exit status. */
function runStep(args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.stderr.on("data", (chunk) => process.stderr.write(chunk));
    child.on("close", (status) => done({ output, status: status ?? 1 }));
  });
}

const total = { passed: 0, failed: 0 };
try {
  installDependencies();
  for (const { name, args, counts } of steps) {
    const started = performance.now();
    console.log(`\n── ${name}`);
    const { output, status } = await runStep(args);
    const { passed, failed } = counts?.(output, status) ?? {
      passed: status === 0 ? 1 : 0,
      failed: status === 0 ? 0 : 1,
    };
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    console.log(`── ${name}: ${passed} passed, ${failed} failed (${seconds} s)`);
    total.passed += passed;
    total.failed += failed;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  total.failed += 1;
}
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 ? 0 : 1);
