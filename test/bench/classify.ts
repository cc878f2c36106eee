/**
 * Classifying statements: int8 in batches against the same network in fp32 one statement at a time; one statement
 * after an edit; adapters in the batch; loading and memory. Rounds of the two sides alternate, so that a busy machine
 * slows both.
 *
 *   node --import tsx test/bench/classify.ts [PACK] [THREADS]      models/base and 2 unless named
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Random } from "../../server/engine/adapt/random.ts";
import { float32, type FloatTensor, type Tensor } from "../../server/engine/graph/tensor.ts";
import type { AdapterTensors } from "../../server/engine/model/adapter-tensors.ts";
import { planBatches } from "../../server/engine/model/batches.ts";
import { TARGETS, targetName, targetSize } from "../../server/engine/model/encoder.ts";
import { NetworkClassifier } from "../../server/engine/model/network-classifier.ts";
import type { PreparedAdapters } from "../../server/engine/model/network.ts";
import type { Pack } from "../../server/engine/model/pack.ts";
import { dequantize } from "../../server/engine/model/quantization.ts";
import { projections, Weights } from "../../server/engine/model/weights.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const STATEMENTS = 512;
const ROUNDS = 7;

const folder = process.argv[2] ?? join(ROOT, "models/base");
const threads = Number(process.argv[3] ?? 2);

/** Statements of the project's own data set, a fixed sample. */
function statements(): string[] {
  const data = join(ROOT, "models/recipe/data/synthetic");
  const texts = readdirSync(data)
    .filter((name) => name.endsWith(".jsonl"))
    .flatMap((name) => readFileSync(join(data, name), "utf8").trim().split("\n"))
    .map((line) => (JSON.parse(line) as { text: string }).text);
  const step = Math.floor(texts.length / STATEMENTS);
  return Array.from({ length: STATEMENTS }, (_, index) => texts[index * step]!);
}

/** The same network with its weights as floats. */
function asFloats(pack: Pack): Pack {
  const names = pack.weights.trainableNames();
  const tensors = new Map<string, Tensor>(names.map((name) => [name, pack.weights.trainable(name)]));
  for (const { name } of projections(pack.config)) {
    tensors.set(`${name}.weight`, dequantize(pack.weights.projection(name)));
  }
  return { ...pack, weights: new Weights(pack.config, tensors, "fp32") };
}

const chance = new Random(1);
const noise = (...shape: number[]): FloatTensor => {
  const length = shape.reduce((a, b) => a * b, 1);
  return float32(
    Float32Array.from({ length }, () => chance.normal() * 0.02),
    shape,
  );
};

/** LoRA on query and value of every layer, the usual choice. */
function lora(pack: Pack, rank: number): AdapterTensors {
  const names = Array.from({ length: pack.config.layers }, (_, layer) =>
    TARGETS.filter((target) => target === "query" || target === "value").map((target) => {
      const { input, output } = targetSize(pack.config, target);
      return [targetName(layer, target), { a: noise(input, rank), b: noise(rank, output), scale: 2 }] as const;
    }),
  ).flat();
  const { calibration } = pack.manifest;
  return { hash: `lora ${chance.normal()}`, lowRank: new Map(names), prompt: null, head: pack.head, calibration };
}

const middle = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;
const show = (value: number, digits = 2): string => value.toFixed(digits);

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Each call gets texts that no cache has seen. */
let serial = 0;
const fresh = (texts: readonly string[]): string[] => {
  serial += 1;
  return texts.map((text) => `${text} ${serial}`);
};

async function oneByOne(classifier: NetworkClassifier, texts: readonly string[]): Promise<number[]> {
  const times: number[] = [];
  for (const text of fresh(texts)) times.push(await milliseconds(() => classifier.classify([text])));
  return times;
}

async function throughput(fast: NetworkClassifier, plain: NetworkClassifier, texts: readonly string[]): Promise<void> {
  const some = texts.filter((_, index) => index % 8 === 0);
  await fast.classify(fresh(texts));
  await oneByOne(plain, some);
  const batched: number[] = [];
  const single: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const own = fresh(texts);
    batched.push((await milliseconds(() => fast.classify(own))) / texts.length);
    single.push((await oneByOne(plain, some)).reduce((a, b) => a + b, 0) / some.length);
  }
  const ratios = batched.map((time, round) => single[round]! / time);
  const pair = `${show(Math.min(...batched), 3)} ms against ${show(Math.min(...single), 3)} ms`;
  console.log(`int8 in batches, fp32 one by one: ${pair} a statement at best`);
  console.log(
    `  ratio ${show(middle(ratios), 1)} (median of ${ROUNDS} rounds), ${show(Math.min(...single) / Math.min(...batched), 1)} best against best; asked: at least 6`,
  );
  console.log(`  ${show(1000 / Math.min(...batched), 0)} statements a second`);
}

async function oneStatement(classifier: NetworkClassifier, texts: readonly string[]): Promise<void> {
  const times = (await oneByOne(classifier, texts)).sort((a, b) => a - b);
  const at = (share: number): string => show(times[Math.floor(share * times.length)]!);
  console.log(`one statement, int8: median ${at(0.5)} ms, 95 % ${at(0.95)} ms, best ${at(0)} ms`);
}

/** Milliseconds for all rows, each with the adapter that `choose` gives it. */
async function withAdapters(
  { network }: NetworkClassifier,
  rows: readonly Int32Array[],
  prepared: PreparedAdapters,
  choose: (row: number) => number,
): Promise<number> {
  return milliseconds(async () => {
    for (const batch of planBatches(rows.map((row) => row.length))) {
      const mixes = batch.map((index) =>
        prepared.stack.adapters.map((_, adapter) => (adapter === choose(index) ? 1 : 0)),
      );
      await network.run(
        batch.map((index) => rows[index]!),
        prepared,
        mixes,
      );
    }
  });
}

async function adapters(classifier: NetworkClassifier, texts: readonly string[]): Promise<void> {
  const { pack, network } = classifier;
  const rows = texts.map((text) => pack.tokenizer.encode(text));
  const samples = rows.slice(0, 8);
  const one = await network.prepare([lora(pack, 8)], samples);
  const many = await network.prepare(
    Array.from({ length: 16 }, () => lora(pack, 8)),
    samples,
  );
  const sides = [
    { times: [] as number[], run: () => withAdapters(classifier, rows, network.base, () => 0) },
    { times: [] as number[], run: () => withAdapters(classifier, rows, one, () => 0) },
    { times: [] as number[], run: () => withAdapters(classifier, rows, many, (row) => row % 16) },
  ];
  for (let round = 0; round <= ROUNDS; round++) {
    for (const side of sides) {
      const time = await side.run();
      if (round > 0) side.times.push(time);
    }
  }
  const [none, single, sixteen] = sides.map(({ times }) => Math.min(...times) / rows.length);
  console.log(
    `LoRA rank 8 on query and value: ${show(single!, 3)} ms a statement, without ${show(none!, 3)} ms (${show(none! / single!)} of its throughput)`,
  );
  console.log(
    `16 adapters in one batch: ${show(sixteen!, 3)} ms, ${show(single! / sixteen!)} of one adapter's throughput; asked: at least 0.70`,
  );
}

const texts = statements();
const read = performance.now();
const pack = await readPackFolder(folder);
const built = performance.now();
const fast = await NetworkClassifier.create(pack, { threads });
const loaded = performance.now();
await fast.classify(["The system shall start."]);
console.log(`${pack.manifest.name} ${pack.manifest.precision}, ${threads} threads, ${STATEMENTS} statements`);
console.log(
  `read ${show(built - read, 0)} ms, graph and session ${show(loaded - built, 0)} ms, first answer ${show(performance.now() - loaded, 1)} ms; asked: under 1 s from start`,
);
console.log(`resident after loading ${show(process.memoryUsage.rss() / 2 ** 20, 0)} MB (with tsx)`);
const plain = await NetworkClassifier.create(asFloats(pack), { threads });
await throughput(fast, plain, texts);
await oneStatement(fast, texts);
await adapters(fast, texts);
