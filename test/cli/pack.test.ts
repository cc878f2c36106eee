import assert from "node:assert/strict";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildInstallation, cli, type Ended, runScript } from "./installation.ts";
import { makeTinyPack, nfrLens, temporaryFolder, tinyCheckpoint } from "./run.ts";

describe("pack", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const pack = (...args: string[]): ReturnType<typeof nfrLens> => nfrLens(["pack", ...args]);
  /** A copy of a folder in which one file was changed. */
  const changed = (from: string, name: string, change: (root: string) => void): string => {
    const to = join(folder, name);
    cpSync(from, to, { recursive: true });
    change(to);
    return to;
  };
  const edit = (file: string, change: (value: Record<string, unknown>) => void): void => {
    const value = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    change(value);
    writeFileSync(file, JSON.stringify(value));
  };

  it("makes packs that classify alike in every precision", async () => {
    const labels: string[] = [];
    for (const precision of ["fp32", "int8", "int4"]) {
      const to = await makeTinyPack(folder, precision);
      const stdin = ['{"text":"The pump shall stop within two seconds of an alarm."}\n'];
      const { code, out, err } = await nfrLens(["classify", "--jsonl", "--pack", to], { stdin });
      assert.equal(code, 0, err);
      labels.push((JSON.parse(out) as { nfr: { label: string } }).nfr.label);
    }
    assert.equal(new Set(labels).size, 1, labels.join(", "));
    const weights = (precision: string): number =>
      statSync(join(folder, `tiny-${precision}`, "model.safetensors")).size;
    assert.ok(weights("int8") < weights("fp32") && weights("int4") < weights("int8"));
  });

  it("makes a 4-bit pack that is trained on, measured, exported and used with its adapter like any other", async function () {
    this.timeout(240_000);
    await buildInstallation();
    const to = join(folder, "four");
    assert.equal((await pack("--from", tinyCheckpoint, "--to", to, "--precision", "int4")).code, 0);
    const row = (index: number): string => {
      const [label, words] =
        index % 2 === 0 ? ["SE", "Passwords shall be hashed in table"] : ["PE", "Pages shall load in second"];
      return JSON.stringify({ text: `${words} ${index}.`, label, project: `P${index % 4}` }) + "\n";
    };
    writeFileSync(join(folder, "four.jsonl"), Array.from({ length: 40 }, (_, index) => row(index)).join(""));
    const run = (...args: string[]): Promise<Ended> => runScript(cli, args, { cwd: folder });
    const options = ["--labels", "four.jsonl", "--base", to, "--json"];
    const trained = await run("train", ...options, "--out", "adapter", "--epochs", "12", "--synthetic", "never");
    assert.equal(trained.code, 0, trained.err);
    const weighted = async (...more: string[]): Promise<number> => {
      const { code, out, err } = await run("evaluate", ...options, ...more);
      assert.equal(code, 0, err);
      return (JSON.parse(out) as { metrics: { weightedF1: number } }).metrics.weightedF1;
    };
    const [before, after] = [await weighted(), await weighted("--adapter", "adapter")];
    assert.ok(after > before + 0.2, `${before} → ${after}`);
    const stdin = ['{"text":"Passwords shall be hashed in table 99."}\n'];
    const { out, err } = await nfrLens(["classify", "--jsonl", "--pack", to, "--adapter", join(folder, "adapter")], {
      stdin,
    });
    assert.equal((JSON.parse(out) as { nfr: { label: string } }).nfr.label, "SE", err);
    assert.equal((await run("export", "--pack", to, "--to", "four.onnx")).code, 0);
    // An adapter belongs to the pack it was trained on.
    const other = await makeTinyPack(join(folder, "other"), "int8");
    const refused = await nfrLens(["classify", "--jsonl", "--pack", other, "--adapter", join(folder, "adapter")], {
      stdin,
    });
    assert.equal(refused.code, 2);
    assert.match(refused.err, /was made for the base .*, the base in use is/);
  });

  it("names what it took from the command line", async () => {
    const to = join(folder, "named");
    const { code, out } = await pack("--from", tinyCheckpoint, "--to", to, "--name", "mine", "--licence", "Apache-2.0");
    assert.equal(code, 0);
    assert.match(out, /named: int8, 0\.\d MB\n/);
    const manifest = JSON.parse(readFileSync(join(to, "nfr-lens.json"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([manifest["name"], manifest["licence"], manifest["precision"]], ["mine", "Apache-2.0", "int8"]);
  });

  it("refuses what is no BERT, by the name it found, and leaves nothing behind", async () => {
    const other = changed(tinyCheckpoint, "gpt", (root) =>
      edit(join(root, "config.json"), (config) => (config["model_type"] = "gpt2")),
    );
    const { code, out, err } = await pack("--from", other, "--to", join(folder, "never"));
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /gpt2/);
    assert.ok(!readdirSync(folder).some((name) => name.includes("never")));
  });

  it("refuses missing and damaged checkpoints and a target that is not empty", async () => {
    const cases: [args: string[], message: RegExp][] = [
      [["--to", "x"], /pack: --from is missing/],
      [["--from", tinyCheckpoint], /pack: --to is missing/],
      [["--from", join(folder, "none"), "--to", "x"], /config\.json is missing\. The folder .* does not exist/],
      [["--from", tinyCheckpoint, "--to", "x", "--precision", "int16"], /expected one of: .*; did you mean int\d\?/],
      [["--from", tinyCheckpoint, "--to", "x", "extra"], /found "extra"/],
      [["--from", tinyCheckpoint, "--to", tinyCheckpoint], /already holds config\.json; choose another folder/],
      [
        [
          "--from",
          changed(tinyCheckpoint, "cut", (root) => truncateSync(join(root, "model.safetensors"), 5000)),
          "--to",
          "x",
        ],
        /model\.safetensors/,
      ],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await nfrLens(["pack", ...args], { cwd: folder });
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.match(err, message);
      assert.equal(err.trimEnd().split("\n").length, 1, "one line, no stack");
    }
  });

  it("refuses to classify with a pack that was damaged, by file and reason", async () => {
    const good = await makeTinyPack(join(folder, "good"));
    const flip = (file: string): void => {
      const bytes = readFileSync(file);
      bytes[bytes.length - 1]! ^= 1;
      writeFileSync(file, bytes);
    };
    const cases: [broken: string, message: RegExp][] = [
      [changed(good, "flipped", (root) => flip(join(root, "model.safetensors"))), /model\.safetensors: SHA-256 is/],
      [changed(good, "short", (root) => truncateSync(join(root, "model.safetensors"), 100)), /SHA-256 is/],
      [changed(good, "tokenless", (root) => writeFileSync(join(root, "tokenizer.json"), "")), /tokenizer\.json/],
      [
        changed(good, "newer", (root) => edit(join(root, "nfr-lens.json"), (value) => (value["formatVersion"] = 99))),
        /formatVersion is 99/,
      ],
      [changed(good, "nonsense", (root) => writeFileSync(join(root, "nfr-lens.json"), "{")), /nfr-lens\.json/],
      [tinyCheckpoint, /make a pack of it with: nfr-lens pack/],
      [changed(good, "headless", (root) => rmSync(join(root, "model.safetensors"))), /model\.safetensors is missing\./],
      [join(folder, "nowhere"), /nfr-lens\.json is missing\. The folder .* does not exist\./],
    ];
    for (const [broken, message] of cases) {
      const { code, out, err } = await nfrLens(["classify", "--jsonl", "--pack", broken]);
      assert.deepEqual([code, out], [2, ""], broken);
      assert.match(err, message);
      assert.match(err, /Name another pack, or leave --pack out for the bundled one\.\n$/);
      assert.equal(err.trimEnd().split("\n").length, 1, "one line, no stack");
    }
  });
});
