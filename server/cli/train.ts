/** `train`: a project adapter from labels, in a child process, with progress on standard error. */
import { basename, dirname, resolve } from "node:path";
import { readDocument, formatOf } from "../engine/documents/read.ts";
import { classifierText } from "../engine/documents/statement.ts";
import { ADAPTER_KINDS, LORA_TARGETS, type LoraTarget } from "../engine/adapt/options.ts";
import { InputError } from "../engine/outcome.ts";
import type { TrainProgress, TrainReport } from "../protocol.ts";
import { exists, readDocumentText } from "../store/document-files.ts";
import { runTraining, type TrainingChoices, type TrainingResult } from "../training.ts";
import { counted } from "./check-rules.ts";
import type { Command } from "./command.ts";
import { findDocuments } from "./documents.ts";
import { packFolder } from "./model.ts";
import { type OptionTable, type ParsedOptions, suggestion } from "./options.ts";
import { complain, type ExitCode, FINE, INTERRUPTED, type Terminal, UNUSABLE, write } from "./terminal.ts";

/** What `train` and `evaluate` let a person choose about a training. */
export const TRAINING_OPTIONS: OptionTable = {
  labels: {
    value: "FILE…",
    says: "Label files: .nfr-lens/labels.jsonl, or JSON lines with text, label and optional project, weight.",
    repeat: true,
  },
  base: { value: "PACK", says: "Folder of the base pack; the bundled one by default." },
  kind: { value: ADAPTER_KINDS.join("|"), says: "What is trained; lora by default." },
  rank: { value: "N", says: "Rank of the LoRA matrices." },
  alpha: { value: "N", says: "LoRA's scale is alpha / rank; twice the rank by default." },
  dropout: { value: "SHARE", says: "Share of the adapter's input dropped while training." },
  targets: { value: "LIST", says: `Matrices that LoRA adapts, of ${LORA_TARGETS.join(",")}.` },
  layers: { value: "LIST", says: "Layers to adapt: all, top2, or numbers and ranges from 0 such as 0,2-3." },
  "virtual-tokens": { value: "N", says: "Virtual tokens of a prompt adapter." },
  epochs: { value: "N", says: "Passes over the labels at most; training stops early when it no longer helps." },
  "batch-size": { value: "N", says: "Rows of one step." },
  "learning-rate": { value: "N", says: "Highest learning rate." },
  seed: { value: "N", says: "Same seed, same machine: the same adapter, bit for bit." },
  synthetic: {
    value: "auto|always|never",
    says: "Whether synthetic statements warm the adapter up; auto: when labels are few.",
  },
  threads: { value: "N", says: "Threads to use; all cores by default." },
  json: { says: "Print one JSON object at the end instead of a report." },
};

export const train: Command = {
  name: "train",
  summary: "Train a project adapter from labels and say whether it is better.",
  usage: "--labels FILE… --out DIR [--base PACK] [--kind KIND] [--search MINUTES] [--json]",
  teaches: [
    "Fine-tunes a small adapter on your labels, on this machine. The folder --out appears complete or not at all. The",
    "report compares the adapter with what was active before, on labels that the training did not see.",
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
  ],
  run: trainAdapter,
};

async function trainAdapter(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  const out = resolve(terminal.cwd, options.required("out", "--out .nfr-lens/adapters/default/1"));
  // Before minutes of training rather than after them.
  if (await exists(out)) throw new InputError(`--out ${out} exists already; choose a new folder for the adapter`);
  const against = options.text("against");
  const searchMinutes = options.number("search", 0);
  const named = nameAndVersion(out);
  const result = await runTraining(
    {
      pack: packFolder(options.text("base"), terminal),
      labels: labelFiles(options, terminal),
      out,
      ...named,
      createdAt: terminal.now().toISOString(),
      classes:
        options
          .text("classes")
          ?.split(",")
          .map((code) => code.trim()) ?? null,
      active: against === undefined ? null : resolve(terminal.cwd, against),
      projectTexts: await wordsOf(options.all("documents"), terminal),
      choices: { ...trainingChoices(options), ...(searchMinutes === undefined ? {} : { searchMinutes }) },
      threads: options.number("threads", 0, "whole") ?? 0,
    },
    { signal: terminal.signal, onProgress: progressTo(terminal) },
  );
  if (result.outcome === "cancelled") return INTERRUPTED;
  if (result.outcome === "failed") {
    complain(terminal, result.message);
    return UNUSABLE;
  }
  for (const row of result.skipped) complain(terminal, row);
  await write(terminal.stdout, options.flag("json") ? trainingJson(result) : reportText(result.report, result.folder));
  return FINE;
}

/** Every label file of the line: `--labels a b` means both. */
export function labelFiles(options: ParsedOptions, terminal: Terminal): string[] {
  const files = [...options.all("labels"), ...options.positionals];
  if (options.all("labels").length === 0) {
    throw new InputError("--labels is missing, for example: --labels .nfr-lens/labels.jsonl");
  }
  return files.map((file) => resolve(terminal.cwd, file));
}

/** The choices that were made on the command line; the trainer completes and checks them. */
export function trainingChoices(options: ParsedOptions): TrainingChoices {
  const targets = options.text("targets");
  const chosen = {
    kind: options.oneOf("kind", ADAPTER_KINDS, undefined),
    rank: options.number("rank", 1, "whole"),
    alpha: options.number("alpha", 0),
    dropout: options.number("dropout", 0),
    targets: targets?.split(",").map(target),
    layers: options.text("layers"),
    virtualTokens: options.number("virtual-tokens", 1, "whole"),
    epochs: options.number("epochs", 1, "whole"),
    batchSize: options.number("batch-size", 1, "whole"),
    learningRate: options.number("learning-rate", 0),
    seed: options.number("seed", 0, "whole"),
    synthetic: options.oneOf("synthetic", ["auto", "always", "never"], undefined),
  };
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}

function target(word: string): LoraTarget {
  const known = LORA_TARGETS.find((name) => name === word.trim());
  if (known !== undefined) return known;
  const near = suggestion(word, LORA_TARGETS);
  throw new InputError(`--targets has "${word}", expected some of ${LORA_TARGETS.join(",")}${near}`);
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
    sources.map(async ({ file }) => readDocument(await readDocumentText(file), formatOf(file) ?? "text")),
  );
  return texts.flatMap(({ statements }) => statements.filter(({ ignored }) => !ignored).map(classifierText));
}

/** One line on standard error for each phase and epoch. */
export function progressTo(terminal: Terminal): (progress: TrainProgress) => void {
  let shown = "";
  return ({ phase, epoch, epochs, loss, validationF1, fraction, secondsLeft }) => {
    const where = `${phase}${epochs > 0 ? `, epoch ${epoch} of ${epochs}` : ""}`;
    if (where === shown) return;
    shown = where;
    const numbers = [
      `${Math.round(fraction * 100)} %`,
      ...(loss === null ? [] : [`loss ${loss.toFixed(3)}`]),
      ...(validationF1 === null ? [] : [`validation F1 ${validationF1.toFixed(3)}`]),
      ...(secondsLeft === null ? [] : [`${Math.ceil(secondsLeft)} s left`]),
    ];
    terminal.stderr.write(`${where} (${numbers.join(", ")})\n`);
  };
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
    `  measured on ${report.split}`,
    "                     before   after",
    `  weighted F1        ${points(before.weightedF1).padStart(6)}  ${points(after.weightedF1).padStart(6)}`,
    `  macro F1           ${points(before.macroF1).padStart(6)}  ${points(after.macroF1).padStart(6)}`,
    `  calibration error  ${points(before.calibrationError).padStart(6)}  ${points(after.calibrationError).padStart(6)}`,
    `  gain ${points(gain.weightedF1)} points of weighted F1, 95 % interval ${points(gain.low)} to ${points(gain.high)}`,
    `  ${counted(report.flips.length, "statement")} changed category`,
    `  ${report.promoted ? "Better: " : ""}${report.why}`,
    "",
  ].join("\n");
}
