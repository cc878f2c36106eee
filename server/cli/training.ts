/** What `train` and `evaluate` share: the choices of a training, the progress of a run, and its end. */
import { resolve } from "node:path";
import { ADAPTER_KINDS, LORA_TARGETS, type LoraTarget } from "../engine/adapt/options.ts";
import { InputError } from "../engine/outcome.ts";
import type { TrainOutcome, TrainPhase, TrainProgress } from "../protocol.ts";
import type { EvaluationRequest, RunHooks, TrainingChoices } from "../training.ts";
import { packFolder } from "./model.ts";
import { type OptionTable, type ParsedOptions, suggestion } from "./options.ts";
import { complain, type ExitCode, INTERRUPTED, type Terminal, UNUSABLE } from "./terminal.ts";

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

/** The part of a request that both commands make of the same options. */
export function sharedRequest(
  options: ParsedOptions,
  terminal: Terminal,
): Pick<EvaluationRequest, "pack" | "labels" | "choices" | "threads"> {
  return {
    pack: packFolder(options.text("base"), terminal),
    labels: labelFiles(options, terminal),
    choices: trainingChoices(options),
    threads: options.number("threads", 0, "whole") ?? 0,
  };
}

/** Progress on standard error, and Ctrl+C. */
export function hooksOf(terminal: Terminal): RunHooks {
  return { signal: terminal.signal, onProgress: progressTo(terminal) };
}

/** The exit code of a run that did not come to a result; says why. */
export function unfinished(result: Exclude<TrainOutcome, { outcome: "trained" }>, terminal: Terminal): ExitCode {
  if (result.outcome === "cancelled") return INTERRUPTED;
  complain(terminal, result.message);
  return UNUSABLE;
}

/** Every label file of the line: `--labels a b` means both. */
function labelFiles(options: ParsedOptions, terminal: Terminal): string[] {
  const files = [...options.all("labels"), ...options.positionals];
  if (options.all("labels").length === 0) {
    throw new InputError("--labels is missing, for example: --labels .nfr-lens/labels.jsonl");
  }
  return files.map((file) => resolve(terminal.cwd, file));
}

/** The choices that were made on the command line; the trainer completes and checks them. */
function trainingChoices(options: ParsedOptions): TrainingChoices {
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

const PHASES: Readonly<Record<TrainPhase, string>> = {
  before: "asking the model in use",
  search: "trying options",
  synthetic: "warming up on synthetic statements",
  judging: "judging on held-out statements",
  labels: "learning from all labels",
};

/** One line on standard error for each phase and epoch. */
function progressTo(terminal: Terminal): (progress: TrainProgress) => void {
  let shown = "";
  return ({ phase, part, epoch, epochs, loss, validationF1, fraction, secondsLeft }) => {
    // How far the model in use is through the labels would be a line for every batch.
    const which = part === null || phase === "before" ? "" : `, ${part.number} of ${part.of}`;
    const where = `${PHASES[phase]}${which}${epochs > 0 ? `, epoch ${epoch} of ${epochs}` : ""}`;
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
