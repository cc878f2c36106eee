/** `train`: a project adapter from labels, in a child process, with progress on standard error. */
import { basename, dirname, resolve, sep } from "node:path";
import { readDocument } from "../engine/documents/read.ts";
import { classifierText } from "../engine/documents/statement.ts";
import { InputError } from "../engine/outcome.ts";
import type { TrainReport } from "../protocol.ts";
import { exists, readDocumentText } from "../store/document-files.ts";
import { PROJECT_FOLDER } from "../store/label-log.ts";
import { runTraining, type TrainingRequest, type TrainingResult } from "../training.ts";
import { counted } from "./check-rules.ts";
import type { Command } from "./command.ts";
import { findDocuments } from "./documents.ts";
import type { ParsedOptions } from "./options.ts";
import { complain, type ExitCode, FINE, type Terminal, write } from "./terminal.ts";
import { hooksOf, sharedRequest, TRAINING_OPTIONS, unfinished } from "./training.ts";

export const train: Command = {
  name: "train",
  summary: "Train a project adapter from labels and say whether it is better.",
  usage: "--labels FILE… --out DIR [--base PACK] [--kind KIND] [--search MINUTES] [--json]",
  teaches: [
    "Fine-tunes a small adapter on your labels, on this machine. The folder --out appears complete or not at all. The",
    "report compares the adapter with what was active before, on labels that the training did not see.",
    "--kind full trains every weight. Its product is no adapter but a model of its own, a Hugging Face folder: make a pack",
    "of it with nfr-lens pack --from DIR --to PACK and use that with --pack PACK or the setting nfrLens.modelPath.",
    "With --json the last thing on standard output is one object with at least kind, seconds, rssAfterLoadMb, peakRssMb,",
    "trainableParameters, adapterBytes and metrics.",
  ].join("\n"),
  options: {
    ...TRAINING_OPTIONS,
    out: { value: "DIR", says: "Folder where the adapter appears; it must not exist. …/NAME/VERSION names it." },
    against: { value: "DIR", says: "The adapter that has to be beaten; the base alone by default." },
    documents: { value: "PATH", says: "Documents whose vocabulary the synthetic statements use.", repeat: true },
    classes: {
      value: "LIST",
      says: "The project's own categories, such as F,SE,SAFETY,none; those of the base by default.",
    },
    search: { value: "MINUTES", says: "Search for good options for so long first." },
  },
  examples: [
    "nfr-lens train --labels .nfr-lens/labels.jsonl --out .nfr-lens/adapters/default/1",
    "nfr-lens train --labels labels.jsonl --out adapter --kind lora --rank 8 --seed 7 --json",
    "nfr-lens train --labels labels.jsonl --out tuned --kind full && nfr-lens pack --from tuned --to packs/tuned",
  ],
  run: trainAdapter,
};

async function trainAdapter(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  const out = resolve(terminal.cwd, options.required("out", "--out .nfr-lens/adapters/default/1"));
  // Before minutes of training rather than after them.
  if (await exists(out)) throw new InputError(`--out ${out} exists already; choose a new folder for the adapter`);
  const shared = sharedRequest(options, terminal);
  if (shared.choices.kind === "full") refuseAmongAdapters(out);
  const against = options.text("against");
  const searchMinutes = options.number("search", 0);
  const request: TrainingRequest = {
    ...shared,
    out,
    ...nameAndVersion(out),
    createdAt: terminal.now().toISOString(),
    classes:
      options
        .text("classes")
        ?.split(",")
        .map((code) => code.trim()) ?? null,
    active: against === undefined ? null : resolve(terminal.cwd, against),
    projectTexts: await wordsOf(options.all("documents"), terminal),
    choices: { ...shared.choices, ...(searchMinutes === undefined ? {} : { searchMinutes }) },
  };
  const result = await runTraining(request, hooksOf(terminal));
  if (result.outcome !== "trained") return unfinished(result, terminal);
  for (const row of result.skipped) complain(terminal, row);
  await write(terminal.stdout, options.flag("json") ? trainingJson(result) : reportText(result.report, result.folder));
  return FINE;
}

/** A model of its own among the adapters of a project could neither be activated nor would git like its size. */
function refuseAmongAdapters(out: string): void {
  if (!out.split(sep).join("/").includes(`/${PROJECT_FOLDER}/adapters/`)) return;
  throw new InputError(
    `--kind full makes a model of its own and no adapter, which ${PROJECT_FOLDER}/adapters cannot hold; ` +
      "choose a folder elsewhere, for example: --out tuned-model",
  );
}

/** `…/NAME/VERSION` where the last part is a number; else the folder's name and version 1. */
function nameAndVersion(out: string): { name: string; version: string } {
  const last = basename(out);
  return /^\d+$/.test(last) ? { name: basename(dirname(out)), version: last } : { name: last, version: "1" };
}

async function wordsOf(paths: readonly string[], terminal: Terminal): Promise<string[]> {
  if (paths.length === 0) return [];
  const { sources } = await findDocuments(paths, terminal);
  const texts = await Promise.all(
    sources.map(async ({ file, format }) => readDocument(await readDocumentText(file), format)),
  );
  return texts.flatMap(({ statements }) => statements.filter(({ ignored }) => !ignored).map(classifierText));
}

type Trained = Extract<TrainingResult, { outcome: "trained" }>;

function trainingJson({ report, folder, rssAfterLoadMb, trials, skipped }: Trained): string {
  const { kind, seconds, peakRssMb, trainableParameters, adapterBytes } = report;
  const measured = { kind, seconds, rssAfterLoadMb, peakRssMb, trainableParameters, adapterBytes };
  return JSON.stringify({ ...measured, metrics: report.after, folder, report, trials, skipped }, null, 2) + "\n";
}

function reportText(report: TrainReport, folder: string): string {
  const points = (share: number): string => (100 * share).toFixed(1);
  const { before, after, gain } = report;
  return [
    `${folder}: ${report.kind}, ${report.labels} labels, ${report.seconds.toFixed(1)} s, ` +
      `${report.trainableParameters} parameters, ${(report.adapterBytes / 1e6).toFixed(2)} MB`,
    `  measured on ${splitText(report.split)}`,
    "                     before   after",
    `  weighted F1        ${points(before.weightedF1).padStart(6)}  ${points(after.weightedF1).padStart(6)}`,
    `  macro F1           ${points(before.macroF1).padStart(6)}  ${points(after.macroF1).padStart(6)}`,
    `  calibration error  ${points(before.calibrationError).padStart(6)}  ${points(after.calibrationError).padStart(6)}`,
    `  gain ${points(gain.weightedF1)} points of weighted F1 on ${counted(report.compared, "statement")}, ` +
      `95 % interval ${points(gain.low)} to ${points(gain.high)}`,
    ...(report.phases.length < 2 ? [] : [phasesText(report.phases)]),
    `  ${counted(report.flips.length, "statement")} changed category`,
    `  ${VERDICTS[report.verdict]}`,
    ...(report.kind === "full" ? [`  It is a model, no adapter: nfr-lens pack --from ${folder} --to PACK`] : []),
    "",
  ].join("\n");
}

function splitText({ folds, judged, by }: TrainReport["split"]): string {
  const parts = by === "project" ? "whole documents or projects" : "single texts, since too few documents are named";
  return judged === folds ? `${folds}-fold cross-validation over ${parts}` : `one of ${folds} parts of ${parts}`;
}

function phasesText(phases: TrainReport["phases"]): string {
  const names = { synthetic: "synthetic statements", labels: "the labels" };
  const scores = phases.map(({ name, weightedF1 }) => `${(100 * weightedF1).toFixed(1)} after ${names[name]}`);
  return `  weighted F1 ${scores.join(", ")}`;
}

const VERDICTS: Readonly<Record<TrainReport["verdict"], string>> = {
  better: "The interval lies above zero: the adapter is better.",
  worse: "The interval lies below zero: the adapter is worse.",
  chance: "The interval includes zero: it may be luck. Label more statements, or decide yourself.",
  untested: "No held-out statement could be compared, so nothing says that the adapter is better.",
};
