// Runs the journeys of test/editor/journeys in a real VS Code: in the extension folder, in Restricted Mode, in a
// workspace of two folders, and once against the packaged VSIX; then the journey of a teacher at the keyboard. Installs the tools it needs.
//
//   node test/editor/run.mjs [--only folder|restricted|several|vsix|teach] [--grep TITLE] [--timeout SECONDS] [--verbose]
//        [--no-build] [--desktop]
//
// On Linux with Chromium the editor is code-server, which comes from npm; elsewhere, or with --desktop, it is a
// desktop VS Code, which @vscode/test-electron downloads. Last line: "in the editor: N passed, N failed".
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { findChromium, tools } from "./code-server.mjs";
import { teach } from "./teach.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    grep: { type: "string" },
    timeout: { type: "string", default: "240" },
    verbose: { type: "boolean", default: false },
    "no-build": { type: "boolean", default: false },
    desktop: { type: "boolean", default: false },
  },
});
if (options.grep) process.env.E2E_GREP = options.grep;
const root = resolve(import.meta.dirname, "../..");
const sample = join(root, "media/sample");
const journeys = join(import.meta.dirname, "journeys");
const bundles = join(root, "out/editor");

/** One journey folder becomes one suite: mocha stays external, because it requires its own files at run time. */
async function bundle(folder, name) {
  const outdir = join(bundles, name);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, "package.json"), JSON.stringify({ type: "commonjs" }));
  const tests = readdirSync(folder).filter((file) => file.endsWith(".test.ts"));
  if (tests.length === 0) throw new Error(`${folder} holds no *.test.ts`);
  await build({
    entryPoints: [join(import.meta.dirname, "suite.ts"), ...tests.map((file) => join(folder, file))],
    outdir,
    entryNames: "[name]",
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    sourcemap: "inline",
    logLevel: "warning",
    external: ["vscode", "mocha"],
  });
  return join(outdir, "suite.js");
}

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
}

/** Which editor this machine can run; installs code-server when it is the one and not there yet. */
async function driver() {
  const codeServer = process.platform === "linux" && process.arch === "x64" && !options.desktop;
  if (codeServer && findChromium() !== undefined) {
    if (!existsSync(join(tools, "node_modules/.ready"))) node(join(tools, "install.mjs"));
    return (await import("./in-code-server.mjs")).runInCodeServer;
  }
  if (codeServer && !process.env.DISPLAY) {
    throw new Error(
      "The in-editor tests need Chromium (Debian and Ubuntu: apt-get install chromium fonts-dejavu-core; or set " +
        "E2E_CHROMIUM to a Chromium or Chrome), or a display and access to the VS Code update server.",
    );
  }
  return (await import("./on-desktop.mjs")).runOnDesktop;
}

const total = { passed: 0, failed: 0 };
try {
  const runSuite = await driver();
  if (!options["no-build"]) node("esbuild.mjs");
  const restricted = join(journeys, "restricted");
  const several = join(journeys, "several");
  const suites = [{ name: "folder", tests: await bundle(journeys, "trusted"), extension: root, trusted: true }];
  if (existsSync(restricted)) {
    suites.push({ name: "restricted", tests: await bundle(restricted, "restricted"), extension: root, trusted: false });
  }
  suites.push({
    name: "several",
    tests: await bundle(several, "several"),
    extension: root,
    trusted: true,
    workspace: join(several, "workspace"),
    open: "both.code-workspace",
  });
  if (options.only === undefined || options.only === "vsix" || options.only === "teach") {
    const { packageVsix } = await import("../../package.mjs");
    const vsix = packageVsix();
    suites.push({ name: "vsix", tests: suites[0].tests, vsix, trusted: true });
    // Needs a page whose keys can be pressed from outside; a desktop window has none.
    if (runSuite.name === "runInCodeServer") suites.push({ name: "teach", vsix, run: teach, workspace: sample });
  }
  for (const suite of suites.filter(({ name }) => options.only === undefined || options.only === name)) {
    console.log(`${suite.name}: ${suite.vsix ?? suite.extension}`);
    const result = await (suite.run ?? runSuite)({
      workspace: join(import.meta.dirname, "workspace"),
      ...suite,
      timeout: Number(options.timeout),
      failureFolder: join(root, "e2e-failure", suite.name),
      verbose: options.verbose,
    });
    console.log(`${suite.name}: ${result.passed} passed, ${result.failed} failed, ${result.skipped} skipped`);
    total.passed += result.passed;
    total.failed += result.failed;
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  total.failed += 1;
}
console.log(`in the editor: ${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
