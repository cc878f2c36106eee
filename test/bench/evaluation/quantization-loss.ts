/** What int8 and 4-bit weights cost against fp32: the same checkpoint in three packs, on the same rows. */
import { makePack } from "../../../server/engine/model/make-pack.ts";
import { MANIFEST_FILE, PACK_FILES } from "../../../server/engine/model/manifest.ts";
import { NetworkClassifier } from "../../../server/engine/model/network-classifier.ts";
import { type PackBytes, parsePack } from "../../../server/engine/model/pack.ts";
import { type Precision, PRECISIONS } from "../../../server/engine/model/quantization.ts";
import { readCheckpointFolder } from "../../../server/store/pack-folder.ts";
import type { DataRow } from "../../shared-data.ts";
import { among, type Measure, weightedF1 } from "./measures.ts";

const BOUNDS: Readonly<Record<Exclude<Precision, "fp32">, Measure["bound"]>> = {
  int8: { least: -0.005, aim: -0.002 },
  int4: { least: -0.01, aim: -0.005 },
};

/** Weighted F1 of each precision minus that of fp32, both without adaptation. */
export async function quantizationLoss(
  checkpoint: string,
  rows: readonly DataRow[],
  codes: readonly string[],
): Promise<Measure[]> {
  const scores = new Map<Precision, number>();
  for (const precision of PRECISIONS) scores.set(precision, await scoreOf(checkpoint, precision, rows, codes));
  return (["int8", "int4"] as const).map((precision) => ({
    name: `${precision} minus fp32, PROMISE NFR 12 classes, weighted F1`,
    value: scores.get(precision)! - scores.get("fp32")!,
    ...(BOUNDS[precision] === undefined ? {} : { bound: BOUNDS[precision] }),
  }));
}

async function scoreOf(
  checkpoint: string,
  precision: Precision,
  rows: readonly DataRow[],
  codes: readonly string[],
): Promise<number> {
  const { files } = await makePack(await readCheckpointFolder(checkpoint), {
    place: checkpoint,
    name: precision,
    version: "1",
    created: "2026-01-01T00:00:00.000Z",
    licence: "NOASSERTION",
    provenance: "made to measure quantization",
    precision,
    seed: 1,
  });
  const bytes = Object.fromEntries([MANIFEST_FILE, ...PACK_FILES].map((name) => [name, files.get(name)!]));
  const classifier = await NetworkClassifier.create(parsePack(bytes as PackBytes, precision), { threads: 0 });
  const predictions = await classifier.classify(rows.map((row) => row.text));
  const judged = rows.map((row, i) =>
    among({ truth: String(row.label), group: row.project ?? "", scores: predictions[i]!.scores }, codes),
  );
  return weightedF1(judged);
}
