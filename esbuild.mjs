// The one list of what is built. Every bundle is CommonJS, because VS Code 1.91 loads the
// extension with require(); dist/package.json says so to Node, whatever the sources are.
import { mkdirSync, writeFileSync, existsSync } from "node:fs";
import { build, context } from "esbuild";

const node = {
  bundle: true,
  platform: "node",
  target: "node20",
  format: "cjs",
  sourcemap: true,
  logLevel: "warning",
  // Native: it stays a folder in node_modules, packaged for one platform at a time.
  external: ["vscode", "onnxruntime-node"],
  outdir: "dist",
};
const entries = {
  extension: "src/extension.ts",
  server: "server/main.ts",
  cli: "server/cli.ts",
  trainer: "server/trainer.ts",
};
const present = Object.fromEntries(Object.entries(entries).filter(([, file]) => existsSync(file)));
const bundles = [{ ...node, entryPoints: present }];

mkdirSync("dist", { recursive: true });
writeFileSync("dist/package.json", JSON.stringify({ type: "commonjs" }) + "\n");
if (process.argv.includes("--watch")) {
  await Promise.all(bundles.map(async (options) => (await context(options)).watch()));
} else {
  await Promise.all(bundles.map((options) => build(options)));
}
