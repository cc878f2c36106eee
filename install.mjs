// Brings node_modules in line with package-lock.json, for start.mjs and test/run.mjs on a fresh clone. It imports
// nothing but Node's own modules, because it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

const root = import.meta.dirname;
const OLDEST_NODE = 20;

/** Runs `npm ci` when node_modules is missing or older than the lock file. */
export function installDependencies() {
  const major = Number(process.versions.node.split(".")[0]);
  if (major < OLDEST_NODE) {
    throw new Error(
      `NFR Lens is built with Node ${OLDEST_NODE} or newer; this is ${process.version} (https://nodejs.org).`,
    );
  }
  const lock = join(root, "package-lock.json");
  // npm writes this file at the end of every complete install.
  const installed = join(root, "node_modules/.package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log("Installing the dependencies (npm ci) …");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status, error } = spawnSync(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  if (status !== 0) throw new Error(`npm ci failed (${error?.message ?? status}); see its messages above.`);
}
