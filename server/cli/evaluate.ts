/** `evaluate`: how good the model, an adapter, or a way to train one is, on labels it has not seen. */
import { resolve } from "node:path";
import { InputError } from "../engine/outcome.ts";
import type { ScoreCard } from "../protocol.ts";
import { expectWritable, writeFileAtomic } from "../store/atomic-write.ts";
import { type Evaluation, runEvaluation } from "../training.ts";
import type { Command } from "./command.ts";
import type { ParsedOptions } from "./options.ts";
import { complain, type ExitCode, FINE, type Terminal, write } from "./terminal.ts";
import { hooksOf, sharedRequest, TRAINING_OPTIONS, unfinished } from "./training.ts";

export const evaluate: Command = {
  name: "evaluate",
  summary: "Measure the model, an adapter, or a training recipe on labels.",
  usage: "--labels FILE… [--adapter DIR] [--folds K|project|document] [--predictions FILE] [--json]",
  teaches: [
    "Without --folds it measures the model as it is (or with --adapter) on all labels. With --folds it trains a fresh",
    "adapter for each fold on the other folds and pools the predictions: K folds by chance, or one fold for each project",
    "or document, which says how well statements from elsewhere will be understood.",
    "With --json the last thing on standard output is one object with at least kind, seconds, rssAfterLoadMb, peakRssMb,",
    "trainableParameters, adapterBytes and metrics (weightedF1, macroF1, accuracy, calibrationError with 15 bins,",
    "perClass); --predictions writes one JSON line for each label.",
  ].join("\n"),
  options: {
    ...TRAINING_OPTIONS,
    adapter: { value: "DIR", says: "The adapter to measure; the base alone by default. Not with --folds." },
    folds: { value: "K|project|document", says: "Train and measure by folds." },
    predictions: { value: "FILE", says: "Write the predictions themselves as JSON lines." },
  },
  examples: [
    "nfr-lens evaluate --labels .nfr-lens/labels.jsonl",
    "nfr-lens evaluate --labels labels.jsonl --folds project --kind lora --json",
  ],
  run: evaluateModel,
};

async function evaluateModel(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  const folds = parseFolds(options.text("folds"));
  const adapter = options.text("adapter");
  if (folds !== null && adapter !== undefined) {
    throw new InputError("--adapter measures a finished adapter and --folds trains fresh ones: give one of them");
  }
  const request = {
    ...sharedRequest(options, terminal),
    adapter: adapter === undefined ? null : resolve(terminal.cwd, adapter),
    folds,
  };
  const file = options.text("predictions");
  const predictions = file === undefined ? undefined : resolve(terminal.cwd, file);
  // Before minutes of training rather than after them.
  if (predictions !== undefined) await expectWritable(predictions);
  const result = await runEvaluation(request, hooksOf(terminal));
  if (result.outcome !== "evaluated") return unfinished(result, terminal);
  for (const row of result.skipped) complain(terminal, row);
  await write(terminal.stdout, options.flag("json") ? evaluationJson(result) : evaluationText(result));
  if (predictions !== undefined) {
    const lines = result.predictions.map((row) => JSON.stringify(row) + "\n").join("");
    await writeFileAtomic(predictions, lines);
  }
  return FINE;
}

function parseFolds(value: string | undefined): number | "project" | "document" | null {
  if (value === undefined) return null;
  if (value === "project" || value === "document") return value;
  const count = Number(value);
  if (Number.isSafeInteger(count) && count >= 2) return count;
  throw new InputError(`--folds is "${value}", expected a number of folds from 2, project, or document`);
}

function evaluationJson(result: Evaluation): string {
  const { kind, seconds, rssAfterLoadMb, peakRssMb, trainableParameters, adapterBytes, metrics } = result;
  const { groups, folds, skipped } = result;
  const measured = { kind, seconds, rssAfterLoadMb, peakRssMb, trainableParameters, adapterBytes, metrics };
  return JSON.stringify({ ...measured, groups, folds, skipped }, null, 2) + "\n";
}

function evaluationText({ kind, metrics, groups, folds, seconds }: Evaluation): string {
  const how = folds > 0 ? `${folds} folds` : "as it is";
  return [
    `${kind}, ${how}, ${seconds.toFixed(1)} s`,
    ...scoreLines(metrics),
    ...(groups.length > 1 ? ["", "  accuracy by group"] : []),
    ...(groups.length > 1 ? groups : []).map(
      ({ group, accuracy, rows }) => `  ${percent(accuracy)}  ${group} (${rows} rows)`,
    ),
    "",
  ].join("\n");
}

function scoreLines(metrics: ScoreCard): string[] {
  return [
    `  weighted F1        ${percent(metrics.weightedF1)}`,
    `  macro F1           ${percent(metrics.macroF1)}`,
    `  accuracy           ${percent(metrics.accuracy)}`,
    `  calibration error  ${percent(metrics.calibrationError)}`,
    "",
    "  precision  recall      F1  rows  category",
    ...metrics.perClass.map(
      ({ label, precision, recall, f1, support }) =>
        `     ${percent(precision)}  ${percent(recall)}  ${percent(f1)}  ${String(support).padStart(4)}  ${label}`,
    ),
  ];
}

function percent(share: number): string {
  return (100 * share).toFixed(1).padStart(6);
}
