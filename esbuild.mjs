// The one list of what is built. Bundles for Node are CommonJS, because VS Code 1.91 loads the extension with
// require(); dist/package.json says so to Node, whatever the sources are.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, context } from "esbuild";

const shared = { bundle: true, sourcemap: true, logLevel: "warning", metafile: true, outdir: "dist" };
const node = {
  ...shared,
  platform: "node",
  target: "node20",
  format: "cjs",
  // Native: it stays a folder in node_modules, packaged for one platform at a time.
  external: ["vscode", "onnxruntime-node"],
  entryPoints: {
    extension: "src/extension.ts",
    server: "server/main.ts",
    cli: "server/cli.ts",
    trainer: "server/trainer.ts",
  },
};
/** Scripts of the webviews. */
const browser = {
  ...shared,
  platform: "browser",
  target: "es2022",
  format: "iife",
  entryPoints: { page: "media/page.ts" },
};

const bundles = [node, browser];

/** The licence texts of every package that went into a bundle or lies beside it, as those licences ask for. */
function licenceTexts(results) {
  const inputs = results.flatMap((result) => Object.keys(result.metafile.inputs));
  const bundled = inputs.map((file) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean);
  const folders = [...new Set([...bundled, "node_modules/onnxruntime-node", "node_modules/onnxruntime-common"])].sort();
  return folders.map((folder) => {
    const { name, version, license, author } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file
      ? readFileSync(join(folder, file), "utf8").trim()
      : standardText(license, author?.name ?? author ?? name);
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
}

/** The text of a licence that a package names but does not carry. */
function standardText(license, holder) {
  if (license !== "MIT") throw new Error(`a bundled package under ${license} carries no licence text`);
  const own = readFileSync("LICENSE", "utf8");
  return `Copyright (c) ${holder}\n\n${own.slice(own.indexOf("Permission is hereby granted")).trim()}`;
}

mkdirSync("dist", { recursive: true });
writeFileSync("dist/package.json", JSON.stringify({ type: "commonjs" }) + "\n");
if (process.argv.includes("--watch")) {
  await Promise.all(bundles.map(async (options) => (await context(options)).watch()));
} else {
  const results = await Promise.all(bundles.map((options) => build(options)));
  writeFileSync("dist/licenses.txt", licenceTexts(results).join(`\n${"─".repeat(80)}\n\n`));
}
