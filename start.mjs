// npm start: from a fresh clone to a working extension. Installs, builds, packages the VSIX, classifies the sample
// specification (or the files given: npm start -- FILE…), installs into VS Code and opens it where `code` exists.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { installDependencies } from "./install.mjs";

const root = import.meta.dirname;
const SAMPLE = join(root, "media/sample/specification.md");

function node(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}`);
}

/** Runs VS Code's command; null where there is none. On Windows `code` is a .cmd, which needs a shell. */
function code(...args) {
  const windows = process.platform === "win32";
  const { status, error } = spawnSync("code", windows ? args.map((arg) => `"${arg}"`) : args, {
    stdio: ["ignore", "ignore", "inherit"],
    shell: windows,
  });
  return error !== undefined || (windows && status === 1) ? null : status;
}

try {
  installDependencies();
  console.log("Building …");
  node("esbuild.mjs");
  const { packageVsix } = await import("./package.mjs");
  const vsix = packageVsix();
  console.log(`Packaged ${relative(process.cwd(), vsix)} (${(statSync(vsix).size / 1e6).toFixed(1)} MB).\n`);

  // npm runs this in the package's folder; the paths of the user begin where npm was called.
  const called = process.env.INIT_CWD ?? process.cwd();
  const files = process.argv.length > 2 ? process.argv.slice(2).map((file) => resolve(called, file)) : [SAMPLE];
  node("dist/cli.js", "check", ...files.map((file) => relative(root, file)));

  const installed = code("--install-extension", vsix, "--force");
  if (installed === null) {
    console.log("\nThere is no `code` command here, so VS Code was left alone. To install the extension, choose");
    console.log(`"Install from VSIX…" in the Extensions view and take ${vsix}`);
  } else if (installed !== 0) {
    throw new Error(
      `code --install-extension ended with ${installed}; everything before it went well.\nThe VSIX is ${vsix}`,
    );
  } else {
    console.log("\nInstalled into VS Code; opening it.");
    code(...files);
  }
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
