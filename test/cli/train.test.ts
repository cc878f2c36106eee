/** train, evaluate and adapters as processes, on the small real pack: what a user types from first label to adapter. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ScoreCard } from "../../server/protocol.ts";
import { buildInstallation, cli, type Ended, runScript } from "./installation.ts";
import { jsonLines, makeTinyPack, temporaryFolder } from "./run.ts";

interface Measured {
  kind: string;
  seconds: number;
  rssAfterLoadMb: number;
  peakRssMb: number;
  trainableParameters: number;
  adapterBytes: number;
  metrics: ScoreCard;
}

/** Sixty statements of four projects, in patterns that even a tiny network can tell apart. */
function labels(): string {
  const patterns: [string, string][] = [
    ["SE", "Passwords shall be stored as hashes in table"],
    ["PE", "The search shall answer within seconds for query"],
    ["US", "A novice shall learn without help the screen"],
  ];
  return Array.from({ length: 60 }, (_, index) => {
    const [label, words] = patterns[index % 3]!;
    return JSON.stringify({ text: `${words} ${index}.`, label, project: `P${Math.floor(index / 15)}` }) + "\n";
  }).join("");
}

describe("train, evaluate and adapters", function () {
  this.timeout(120_000);
  const folder = temporaryFolder();
  const file = join(folder, "labels.jsonl");
  let pack: string;
  before(async () => {
    pack = await makeTinyPack(folder);
    await buildInstallation();
    writeFileSync(file, labels());
  });
  const nfrLens = (...args: string[]): Promise<Ended> => runScript(cli, args, { cwd: folder });
  const train = (...args: string[]): Promise<Ended> =>
    nfrLens("train", "--labels", "labels.jsonl", "--base", pack, "--synthetic", "never", "--seed", "5", ...args);

  it("train an adapter that classify, check and evaluate use", async () => {
    const { code, out, err } = await train("--out", ".nfr-lens/adapters/default/1", "--epochs", "12", "--json");
    assert.equal(code, 0, err);
    assert.match(err, /epoch 1 of 12/);
    const trained = JSON.parse(out) as Measured & { folder: string };
    assert.deepEqual(
      ["kind", "seconds", "rssAfterLoadMb", "peakRssMb", "trainableParameters", "adapterBytes", "metrics"].filter(
        (key) => !(key in trained),
      ),
      [],
    );
    assert.equal(trained.kind, "lora");
    assert.ok(trained.peakRssMb >= trained.rssAfterLoadMb && trained.trainableParameters > 0);
    assert.ok(existsSync(join(trained.folder, "adapter_model.safetensors")));

    const input = '{"text":"Passwords shall be stored as hashes in table 99."}\n';
    const classify = (...more: string[]): Promise<Ended> =>
      runScript(cli, ["classify", "--jsonl", "--pack", pack, ...more], { input, cwd: folder });
    const [base, adapted] = [await classify(), await classify("--adapter", ".nfr-lens/adapters/default/1")];
    assert.equal(adapted.code, 0, adapted.err);
    assert.notEqual(adapted.out, base.out, "the adapter changes what is said");

    const measured = await nfrLens(
      ...[
        "evaluate",
        "--labels",
        "labels.jsonl",
        "--base",
        pack,
        "--adapter",
        ".nfr-lens/adapters/default/1",
        "--json",
      ],
    );
    const before = await nfrLens("evaluate", "--labels", "labels.jsonl", "--base", pack, "--json");
    const f1 = (ended: Ended): number => (JSON.parse(ended.out) as Measured).metrics.weightedF1;
    assert.ok(f1(measured) > f1(before), "on the labels it learnt from it is better than the base");
  });

  it("evaluate by project with a prediction for every label", async () => {
    const { code, out, err } = await nfrLens(
      ...[
        "evaluate",
        "--labels",
        "labels.jsonl",
        "--base",
        pack,
        "--folds",
        "project",
        "--epochs",
        "2",
        "--synthetic",
        "never",
      ],
      ...["--predictions", "predictions.jsonl", "--json"],
    );
    assert.equal(code, 0, err);
    const { folds, groups } = JSON.parse(out) as { folds: number; groups: { group: string; rows: number }[] };
    assert.equal(folds, 4);
    assert.deepEqual(groups.map(({ group, rows }) => `${group} ${rows}`).sort(), ["P0 15", "P1 15", "P2 15", "P3 15"]);
    const rows = jsonLines(readFileSync(join(folder, "predictions.jsonl"), "utf8")) as { truth: string }[];
    assert.equal(rows.length, 60);
    assert.equal(rows.filter(({ truth }) => truth === "SE").length, 20);
  });

  it("list, show, compare, export and import adapters", async () => {
    const lines = (ended: Ended): string => {
      assert.equal(ended.code, 0, ended.err);
      return ended.out;
    };
    assert.match(lines(await nfrLens("adapters", "list")), /^ {2}default\/1 +lora +weighted F1 \d+\.\d, 60 labels/);
    assert.match(lines(await nfrLens("adapters", "show", "default/1")), /categories {2}F, PE, SE, US, none/);
    lines(await nfrLens("adapters", "export", "default/1", "--to", "shared"));
    lines(await nfrLens("adapters", "import", "shared", "--base", pack, "--as", "team/7"));
    assert.match(lines(await nfrLens("adapters", "compare", "default/1", "team/7")), /default\/1 +team\/7\n/);
    const listed = JSON.parse(lines(await nfrLens("adapters", "list", "--json"))) as { name: string }[];
    assert.deepEqual(listed.map(({ name }) => name).sort(), ["default", "team"]);
  });

  it("make a model of its own with --kind full, which pack takes and nothing else mistakes for an adapter", async () => {
    const fine = async (...args: string[]): Promise<string> => {
      const { code, out, err } = await nfrLens(...args);
      assert.equal(code, 0, err);
      return out;
    };
    const trained = await train("--out", "tuned", "--kind", "full", "--epochs", "3", "--learning-rate", "0.001");
    assert.equal(trained.code, 0, trained.err);
    assert.match(trained.out, /It is a model, no adapter: nfr-lens pack --from .*tuned --to PACK/);
    assert.match(readFileSync(join(folder, "tuned", "README.md"), "utf8"), /a model of its own and no adapter/);
    const packed = await fine("pack", "--from", "tuned", "--to", "packs/tuned", "--precision", "fp32");
    assert.doesNotMatch(packed, /no calibration\.json/);
    const calibration = (path: string): unknown =>
      (JSON.parse(readFileSync(join(folder, path, "nfr-lens.json"), "utf8")) as { calibration: unknown }).calibration;
    assert.deepEqual(calibration("packs/tuned"), calibration("tuned"));
    // What was trained is what is packed: on the labels it learnt from it is better than what it came from.
    const f1 = async (base: string): Promise<number> =>
      (JSON.parse(await fine("evaluate", "--labels", "labels.jsonl", "--base", base, "--json")) as Measured).metrics
        .weightedF1;
    assert.ok((await f1("packs/tuned")) > (await f1(pack)));

    const refusals: [string[], RegExp][] = [
      [
        ["evaluate", "--labels", "labels.jsonl", "--base", pack, "--adapter", "tuned"],
        /no adapter\. Make a pack of it/,
      ],
      [["adapters", "import", "tuned", "--base", pack], /no adapter\. Make a pack of it: nfr-lens pack --from/],
      [
        ["evaluate", "--labels", "labels.jsonl", "--base", "tuned"],
        /a fine-tuned model, not of a pack\..*nfr-lens pack --from/,
      ],
      [
        ["evaluate", "--labels", "labels.jsonl", "--base", "shared"],
        /The folder holds an adapter, no pack: name the pack/,
      ],
      [
        ["train", "--labels", "labels.jsonl", "--kind", "full", "--out", ".nfr-lens/adapters/full/1"],
        /--kind full makes a model of its own and no adapter.*choose a folder elsewhere/,
      ],
    ];
    for (const [args, message] of refusals) {
      const { code, err } = await nfrLens(...args);
      assert.equal(code, 2, err);
      assert.match(err, message);
    }
  });

  it("end with 130 soon after Ctrl+C, and leave no adapter", async () => {
    const args = ["train", "--labels", "labels.jsonl", "--base", pack, "--out", "stopped", "--epochs", "900"];
    const { code } = await runScript(cli, args, { cwd: folder, interruptAt: /epoch 1 of/ });
    assert.equal(code, 130);
    assert.ok(!existsSync(join(folder, "stopped")));
  });

  it("end with 2 and say what to do", async () => {
    writeFileSync(join(folder, "one-class.jsonl"), '{"text":"a b","label":"SE"}\n'.repeat(3));
    const cases: [string[], RegExp][] = [
      [["train", "--out", "x"], /train: --labels is missing, for example: --labels/],
      [["train", "--labels", "labels.jsonl"], /train: --out is missing/],
      [["train", "--labels", "labels.jsonl", "--out", "."], /exists already; choose a new folder/],
      [["train", "--labels", "none.jsonl", "--base", pack, "--out", "x"], /none\.jsonl cannot be read/],
      [["train", "--labels", "one-class.jsonl", "--base", pack, "--out", "x"], /nfr-lens: ./],
      [["train", "--labels", "labels.jsonl", "--out", "x", "--kind", "lra"], /did you mean lora\?/],
      [["train", "--labels", "labels.jsonl", "--out", "x", "--targets", "q,z"], /--targets has "z"/],
      [["train", "--labels", "labels.jsonl", "--base", pack, "--out", "x", "--layers", "9"], /layers: found "9"/],
      [["evaluate", "--labels", "labels.jsonl", "--folds", "1"], /--folds is "1", expected a number of folds from 2/],
      [["evaluate", "--labels", "labels.jsonl", "--folds", "2", "--adapter", "x"], /give one of them/],
      [
        ["evaluate", "--labels", "labels.jsonl", "--base", pack, "--folds", "2", "--predictions", "shared"],
        /^nfr-lens: evaluate: .*shared cannot be written: a folder stands in its place\.\n$/,
      ],
      [["adapters", "show", "default/2"], /no adapter "default\/2": known are .*default\/1/],
      [["adapters", "import", "labels", "--base", pack], /labels holds no adapter/],
      [["adapters", "import", "shared", "--base", pack, "--as", "../x/1"], /expected/],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await nfrLens(...args);
      assert.deepEqual([code, out], [2, ""], args.join(" ") + err);
      assert.match(err, message);
    }
    assert.ok(!existsSync(join(folder, "x")));
  });
});
