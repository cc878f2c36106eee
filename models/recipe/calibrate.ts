/**
 * Writes `calibration.json` into the folder of a trained checkpoint; `nfr-lens pack` takes it over. Temperature, class
 * biases, threshold and conformal mass come from the checkpoint that has not seen the validation groups, on statements of
 * those groups, with the int8 network of the product: the final one has seen everything but the tests, and the tests have
 * to stay tests.
 *
 *   node --import tsx models/recipe/calibrate.ts VALIDATION_CHECKPOINT VALIDATION_ROWS CHECKPOINT
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../server/engine/adapt/random.ts";
import { bootstrapInterval } from "../../server/engine/judge/bootstrap.ts";
import { fitClassBias } from "../../server/engine/judge/class-bias.ts";
import { COVERAGE, fitConformalMass } from "../../server/engine/judge/conformal.ts";
import { thresholdForPrecision } from "../../server/engine/judge/selective.ts";
import { type Calibration, probabilities, UNCALIBRATED } from "../../server/engine/model/calibration.ts";
import { planBatches } from "../../server/engine/model/batches.ts";
import { makePack } from "../../server/engine/model/make-pack.ts";
import { CALIBRATION_FILE } from "../../server/engine/model/manifest.ts";
import { Network } from "../../server/engine/model/network.ts";
import { packOf } from "../../server/engine/model/pack.ts";
import { NONE } from "../../server/engine/taxonomy.ts";
import { readCheckpointFolder } from "../../server/store/pack-folder.ts";

/** Shown answers should be right this often. */
const SHOWN_RIGHT = 0.85;
/**
 * Biases repair the priors. That of `none` is nearly free: how much of a document demands nothing is what the network
 * misjudges (over six folds of whole projects F1 of `none` in documentation rises from 0.733 to 0.767, and log-loss
 * falls). The others are held: free ones learn the mix of categories of these rows, seven tenths of whose specifications
 * are functional, and the mix of the next specification is another.
 */
const PENALTY = { none: 0.03, others: 0.3 } as const;
/** Projects from which on whole projects are drawn: there are seven repositories. */
const FEWEST_GROUPS = 5;

interface Row {
  readonly text: string;
  readonly label: string;
  readonly source: string;
  /** Project or repository. */
  readonly group: string;
}

const [checkpoint, validation, target] = process.argv.slice(2);
if (checkpoint === undefined || validation === undefined || target === undefined)
  throw new Error("usage: calibrate.ts VALIDATION_CHECKPOINT VALIDATION_ROWS CHECKPOINT");

const all = JSON.parse(readFileSync(validation, "utf8")) as Row[];
const documents = all.filter(({ source }) => source === "documents");
// Our own statements are cleaner than anybody's, so they say little about how sure to be.
const specifications = all.filter(({ source }) => source === "exp" || source === "specifications");
// As many of either, so that neither kind of text decides alone.
const step = Math.max(1, Math.floor(documents.length / specifications.length));
const rows = [...specifications, ...documents.filter((_, index) => index % step === 0)];

// What an earlier run measured is no part of the network that is measured now.
const made = await makePack({ ...(await readCheckpointFolder(checkpoint)), calibration: null }, {
  place: checkpoint,
  name: "calibration",
  version: "0",
  created: "",
  licence: "",
  provenance: "",
  precision: "int8",
  seed: 1,
});
const pack = packOf(made.files, checkpoint);
const network = await Network.create(pack.weights, pack.head, { threads: 0 });
const known = rows.filter(({ label }) => pack.head.labels.includes(label));
const ids = known.map(({ text }) => pack.tokenizer.encode(text));
const logits: Float32Array[] = [];
const width = pack.head.labels.length;
for (const batch of planBatches(ids.map((row) => row.length))) {
  const output = await network.run(batch.map((index) => ids[index]!));
  batch.forEach((index, row) => (logits[index] = output.logits.slice(row * width, (row + 1) * width)));
}
const targets = known.map(({ label }) => pack.head.labels.indexOf(label));

const penalties = pack.head.labels.map((label) => (label === NONE ? PENALTY.none : PENALTY.others));
const { temperature, bias } = fitClassBias(logits, targets, penalties);
const shares = logits.map((row) => probabilities(row, { ...UNCALIBRATED, temperature, bias }));
const answers = shares.map((row, index) => {
  const confidence = Math.max(...row);
  return { confidence, right: row.indexOf(confidence) === targets[index] };
});

const round = (value: number): number => Math.round(value * 1e4) / 1e4;
const found = thresholdForPrecision(answers, SHOWN_RIGHT);
// The hover's promise holds for either kind of text, not for their mixture alone, so the larger mass of the two is taken
// (group-conditional conformal prediction, Vovk 2012). It is made to projects that are not among these, and projects
// differ more than statements of one do: so each mass is the upper end of its 95 % interval over draws of whole projects.
const massOf = (isDocument: boolean): number => {
  const part = known.flatMap(({ source }, index) => ((source === "documents") === isDocument ? [index] : []));
  const needed = (drawn: readonly number[]): number =>
    fitConformalMass(
      drawn.map((at) => shares[part[at]!]!),
      drawn.map((at) => targets[part[at]!]!),
      COVERAGE,
    );
  const random = Random.named(1, "conformal mass");
  const group = part.map((index) => known[index]!.group);
  const uniform = (): number => random.uniform();
  return bootstrapInterval(part.length, needed, { uniform, group, fewestGroups: FEWEST_GROUPS }).high;
};
const calibration: Calibration = {
  temperature: round(temperature),
  bias: bias.map(round),
  threshold: round(Math.min(1, found.threshold)),
  conformal: { coverage: COVERAGE, mass: round(Math.max(massOf(true), massOf(false))) },
};
writeFileSync(join(target, CALIBRATION_FILE), `${JSON.stringify(calibration, undefined, 2)}\n`);
const accuracy = answers.filter(({ right }) => right).length / answers.length;
console.log(`${known.length} statements, ${(accuracy * 100).toFixed(1)} % right; ${(found.coverage * 100).toFixed(1)} % are shown with ${SHOWN_RIGHT * 100} % right`);
console.log(JSON.stringify(calibration));
