/** The built command line as a process of its own: what only shows there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { build } from "esbuild";
import { makeTinyPack, root, temporaryFolder } from "./run.ts";

const script = join(root, "out/command-line.cjs");
const preload = join(import.meta.dirname, "no-network.cjs");

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a script under the preload that forbids every network module. */
async function run(file: string, args: readonly string[], input = "", cutAfter = Infinity): Promise<Ended> {
  const child = spawn(process.execPath, ["--require", preload, file, ...args], { cwd: root });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    if (out.length > cutAfter) child.stdout.destroy();
  });
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  // A command that ends early closes its input; that is its right.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

describe("the command line as a process", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let pack: string;
  before(async () => {
    pack = await makeTinyPack(folder);
    await build({
      entryPoints: [join(root, "server/cli.ts")],
      outfile: script,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      external: ["onnxruntime-node"],
      logLevel: "warning",
    });
  });

  it("is refused the network by the preload", async () => {
    const attempt = join(folder, "attempt.cjs");
    const { writeFile } = await import("node:fs/promises");
    await writeFile(attempt, 'fetch("http://127.0.0.1:9").catch(() => {});\n');
    assert.equal((await run(attempt, [])).code, 99);
  });

  it("classifies, checks and packs without reaching for the network", async () => {
    const classified = await run(script, ["classify", "--jsonl", "--pack", pack], '{"text":"The pump shall stop."}\n');
    assert.deepEqual([classified.code, classified.err], [0, ""]);
    assert.match(classified.out, /"nfr":\{"label":/);
    const checked = await run(script, ["check", "media/sample/specification.md", "--pack", pack]);
    assert.equal(checked.code, 0, checked.err);
    const to = join(folder, "packed");
    const packed = await run(script, ["pack", "--from", "test/fixtures/tiny-bert", "--to", to, "--precision", "int4"]);
    assert.equal(packed.code, 0, packed.err);
    assert.equal((await run(script, ["--version"])).code, 0);
  });

  it("ends quietly when its reader has had enough", async () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"text":"Statement ${index}"}\n`).join("");
    const { code, err } = await run(script, ["classify", "--jsonl", "--pack", pack], lines, 1);
    assert.deepEqual([code, err], [0, ""]);
  });

  it("ends with 2 and one line for bad usage", async () => {
    const { code, out, err } = await run(script, ["classify", "--jsnol"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.equal(err, "nfr-lens: classify: unknown option --jsnol; did you mean --jsonl?\n");
  });
});
