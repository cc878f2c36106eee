/**
 * What a project's own labels bring: weighted F1 on projects the base has never seen, with 0, 10, 25, 50 and 100 labels
 * of the project, trained exactly as the product does. Pooled over projects, mean of three draws of the labels.
 *
 *   node --import tsx test/bench/learning-curve.ts [PACK] [--plot]     models/base unless named
 *
 * --plot draws media/learning-curve.png for the README (needs Chromium). Needs the public data sets in ../shared/data.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parseTrainingOptions } from "../../server/engine/adapt/options.ts";
import { trainingBase } from "../../server/engine/adapt/pack-base.ts";
import { Random } from "../../server/engine/adapt/random.ts";
import { syntheticStatements } from "../../server/engine/adapt/synthetic.ts";
import { judgeFold, type PreparedExample } from "../../server/engine/adapt/train-adapter.ts";
import { argmax, Trainer } from "../../server/engine/adapt/trainer.ts";
import { planTraining } from "../../server/engine/adapt/training-plan.ts";
import { score, type Judged } from "../../server/engine/judge/metrics.ts";
import { NetworkClassifier } from "../../server/engine/model/network-classifier.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { dataFolder, type DataRow, readRows } from "../shared-data.ts";
import { type Curve, plot } from "./evaluation/plot.ts";

const root = resolve(import.meta.dirname, "../..");
const { values, positionals } = parseArgs({ allowPositionals: true, options: { plot: { type: "boolean" } } });
const data = dataFolder();
if (data === undefined) {
  console.log("skipped: the public data sets are not there (../shared/data)");
  process.exit(0);
}
const pack = await readPackFolder(positionals[0] ?? join(root, "models/base"));
const labels = pack.head.labels;
const base = trainingBase(pack);
const classifier = await NetworkClassifier.create(pack, { threads: 0 });
const SEEDS = [1, 2, 3];
/** The product's own bound below which synthetic statements come first. */
const FEW_LABELS = 100;

/** Projects by name, each with the rows that labels are drawn from and the rows that judge. */
interface Project {
  readonly pool: readonly DataRow[];
  readonly test: readonly DataRow[];
}

function projectsOf(rows: readonly DataRow[], fewest: number, poolSize: number, testSize: number): Project[] {
  const byName = new Map<string, DataRow[]>();
  for (const row of rows) {
    const name = row.project ?? "";
    byName.set(name, [...(byName.get(name) ?? []), row]);
  }
  const large = [...byName].filter(([, group]) => group.length >= fewest).sort(([a], [b]) => (a < b ? -1 : 1));
  return large.map(([name, group]) => {
    const mixed = Random.named(1, name).shuffle([...group]);
    return { pool: mixed.slice(0, poolSize), test: mixed.slice(poolSize, poolSize + testSize) };
  });
}

const truthOf = (row: DataRow): string => String(row.label);
const judged = (row: DataRow, label: string): Judged => ({ truth: truthOf(row), label, confidence: 1 });

/** The base alone. */
async function untaught(projects: readonly Project[]): Promise<number> {
  const test = projects.flatMap((project) => project.test);
  const predictions = await classifier.classify(test.map((row) => row.text));
  const rows = test.map((row, i) => judged(row, predictions[i]!.label));
  return score(rows, labels).weightedF1;
}

/** Weighted F1 after `count` labels of each project, one draw. */
async function taught(projects: readonly Project[], count: number, seed: number): Promise<number> {
  const options = parseTrainingOptions({ seed }, pack.config);
  const trainer = await Trainer.create(base, planTraining(pack.config, options, labels), { threads: 0 });
  const rows: Judged[] = [];
  for (const [at, { pool, test }] of projects.entries()) {
    const drawn = Random.named(seed, `labels of ${at}`)
      .shuffle([...pool])
      .slice(0, count);
    const examples = [...drawn, ...test].map((row): PreparedExample => {
      const target = labels.indexOf(truthOf(row));
      const origin = { text: row.text, label: truthOf(row), group: row.project, document: null };
      return { ...origin, weight: 1, target, ids: base.tokenize(row.text, 0) };
    });
    const texts = [...pool, ...test].map((row) => row.text);
    const synthetic =
      count >= FEW_LABELS
        ? []
        : syntheticStatements(texts, labels, seed).map(({ text, label }) => {
            return { ids: base.tokenize(text, 0), target: labels.indexOf(label), weight: 1 };
          });
    const fold = { fold: 0, rows: drawn.map((_, row) => row), isHeld: (row: number) => row >= drawn.length };
    const hooks = { signal: undefined, resume: undefined, onEpoch: undefined, onFit: () => undefined };
    const { logits } = await judgeFold(trainer, { examples, synthetic }, fold, hooks);
    rows.push(...test.map((row, i) => judged(row, labels[argmax(logits[i]!)]!)));
  }
  return score(rows, labels).weightedF1;
}

async function curveOf(name: string, projects: readonly Project[], counts: readonly number[]): Promise<Curve> {
  const points = [{ labels: 0, value: await untaught(projects) }];
  for (const count of counts) {
    let sum = 0;
    for (const seed of SEEDS) sum += await taught(projects, count, seed);
    points.push({ labels: count, value: sum / SEEDS.length });
    console.log(`${name}: ${count} labels, weighted F1 ${points.at(-1)!.value.toFixed(3)}`);
  }
  return { name, points };
}

const { repositories } = JSON.parse(readFileSync(join(root, "models/recipe/heldout.json"), "utf8")) as {
  repositories: string[];
};
const known = (row: DataRow): boolean => labels.includes(truthOf(row));
const promise = projectsOf(readRows(join(data, "promise_nfr.jsonl")).filter(known), 70, 50, 100);
const documents = readRows(join(data, "documents_labelled.jsonl")).filter(
  (row) => known(row) && repositories.includes(row.project ?? ""),
);
const curves = [
  await curveOf(`${promise.length} PROMISE projects`, promise, [10, 25, 50]),
  await curveOf("7 documentation repositories", projectsOf(documents, 400, 100, 150), [10, 25, 50, 100]),
];
for (const { name, points } of curves) {
  console.log(
    `${name.padEnd(30)} ${points.map(({ labels: count, value }) => `${count}: ${value.toFixed(3)}`).join("  ")}`,
  );
}

if (values.plot === true) {
  mkdirSync(join(root, "out"), { recursive: true });
  const page = join(root, "out/learning-curve.html");
  writeFileSync(page, plot(curves));
  const picture = join(root, "media/learning-curve.png");
  const size = ["--window-size=640,360", "--hide-scrollbars", "--no-sandbox", "--headless", "--disable-gpu"];
  const { status } = spawnSync(process.env["E2E_CHROMIUM"] ?? "chromium", [...size, `--screenshot=${picture}`, page]);
  if (status !== 0) throw new Error(`chromium ended with ${String(status)}`);
  console.log(`drawn: ${picture}`);
}
