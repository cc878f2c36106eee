// Packages the extension for one platform: dist/nfr-lens-PLATFORM.vsix. One VSIX per platform, because the runtime of
// the network is native and its npm package carries all platforms (280 MB); only the one asked for goes in.
//
//   node package.mjs [--target linux-x64|linux-arm64|darwin-arm64|win32-x64|win32-arm64]
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";

const root = import.meta.dirname;
const runtime = "node_modules/onnxruntime-node/bin/napi-v6";
/** What CPU inference never loads: DirectX and its shader compilers (delay-loaded), and the second copy of one dylib. */
const notNeeded = ["DirectML.dll", "dxcompiler.dll", "dxil.dll", "libonnxruntime.1.30.0.dylib"];

/** Bytes a VSIX may have: what a user downloads. */
const LARGEST_VSIX = 40e6;

/** Packages dist/ as it is (build first) and returns the path of the VSIX. Throws when it is over its budget. */
export function packageVsix(target = `${process.platform}-${process.arch}`) {
  const [system, architecture] = target.split("-");
  const folder = `${runtime}/${system}/${architecture}`;
  if (!existsSync(join(root, folder))) {
    throw new Error(
      `onnxruntime-node has no build for ${target}: ${folder} does not exist. Run npm ci, or choose another --target.`,
    );
  }
  if (!existsSync(join(root, "dist/extension.js"))) throw new Error("dist/extension.js is missing: run npm run build.");
  const out = join(root, `dist/nfr-lens-${target}.vsix`);
  const work = mkdtempSync(join(tmpdir(), "nfr-lens-package-"));
  try {
    const ignoreFile = join(work, "ignore");
    const native = readdirSync(join(root, folder)).filter((name) => !notNeeded.includes(name));
    const lines = [readFileSync(join(root, ".vscodeignore"), "utf8"), ...native.map((name) => `!${folder}/${name}`)];
    writeFileSync(ignoreFile, lines.join("\n") + "\n");
    const vsce = join(dirname(createRequire(import.meta.url).resolve("@vscode/vsce/package.json")), "vsce");
    const options = ["--target", target, "--ignoreFile", relative(root, ignoreFile), "--out", out];
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [
        vsce,
        "package",
        ...options,
        "--allow-missing-repository",
        "--no-rewrite-relative-links",
        "--no-update-package-json",
      ],
      { cwd: root, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`vsce package ended with ${status}:\n${stdout}${stderr}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  const { size } = statSync(out);
  if (size > LARGEST_VSIX) {
    throw new Error(
      `${out} has ${(size / 1e6).toFixed(1)} MB, at most ${LARGEST_VSIX / 1e6} MB are allowed: look what got in.`,
    );
  }
  return out;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { target: { type: "string" } } });
  const file = packageVsix(values.target);
  console.log(`${relative(root, file)}: ${(statSync(file).size / 1e6).toFixed(1)} MB`);
}
