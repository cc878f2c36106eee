/**
 * Training and fold-wise evaluation as the hosts (language server, CLI) see them. Both run in a child process, the
 * trainer, so that they never block an editor and can be killed without harm; this file is the contract.
 */
import { fork } from "node:child_process";
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import * as l10n from "@vscode/l10n";
import type { AdapterKind, LoraTarget } from "./engine/adapt/options.ts";
import { spokenTranslations } from "./language.ts";
import type { FailedTraining, ScoreCard, TrainOutcome, TrainProgress } from "./protocol.ts";

/** What a person may choose; what is left out takes the default of `server/engine/adapt/options.ts`. */
export interface TrainingChoices {
  readonly kind?: AdapterKind | undefined;
  readonly rank?: number | undefined;
  readonly alpha?: number | undefined;
  readonly dropout?: number | undefined;
  readonly targets?: readonly LoraTarget[] | undefined;
  /** `all`, `top2`, or numbers and ranges from 0: `0,2-3`. */
  readonly layers?: string | undefined;
  readonly virtualTokens?: number | undefined;
  readonly epochs?: number | undefined;
  readonly batchSize?: number | undefined;
  readonly learningRate?: number | undefined;
  readonly seed?: number | undefined;
  /** Minutes of search over kind, rank, targets, layers and learning rate; 0 searches nothing. */
  readonly searchMinutes?: number | undefined;
  /** Whether synthetic statements warm the adapter up: `auto` does so where labels are few. */
  readonly synthetic?: "auto" | "always" | "never" | undefined;
}

/** Everything the trainer needs; it reads nothing that is not named here. */
export interface TrainingRequest {
  /** Folder of the base pack. */
  readonly pack: string;
  /** Label files: `.nfr-lens/labels.jsonl`, or JSON lines with `text`, `label` and optional `project`, `weight`. */
  readonly labels: readonly string[];
  /** Folder where the finished adapter (or fine-tuned model) appears, complete or not at all. It must not exist yet. */
  readonly out: string;
  /** What the report calls the adapter. */
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC: written into the card. */
  readonly createdAt: string;
  /** Folder of the adapter that has to be beaten; null where the base alone is active. */
  readonly active: string | null;
  /** Codes of the project's own taxonomy, or null to keep the base's classes. Known classes keep what they learnt. */
  readonly classes: readonly string[] | null;
  /** Statements of the project, labelled or not: the vocabulary of the synthetic phase. May be empty. */
  readonly projectTexts: readonly string[];
  readonly choices: TrainingChoices;
  /** Threads the trainer may use; 0 for all cores. */
  readonly threads: number;
}

/** {@link TrainOutcome} with what the command line prints besides. */
export type TrainingResult =
  | Exclude<TrainOutcome, { outcome: "trained" }>
  | (Extract<TrainOutcome, { outcome: "trained" }> & {
      /** Absolute path of the adapter. */
      folder: string;
      rssAfterLoadMb: number;
      /** What a search tried, best first; empty without a search. */
      trials: readonly Trial[];
      /** Rows of the label files that were not used, each with file, line and reason. */
      skipped: readonly string[];
    });

/** One configuration that a search tried. */
export interface Trial {
  readonly choices: TrainingChoices;
  /** Weighted F1 on the validation folds at the largest budget the configuration reached. */
  readonly weightedF1: number;
  readonly epochs: number;
  readonly seconds: number;
}

/** `evaluate`: with `folds` a fresh adapter is trained for each fold; without, the given model is measured. */
export interface EvaluationRequest {
  readonly pack: string;
  readonly labels: readonly string[];
  /** Folder of the adapter to measure, or null for the base; with `folds` it must be null. */
  readonly adapter: string | null;
  readonly folds: number | "project" | "document" | null;
  readonly choices: TrainingChoices;
  readonly threads: number;
}

/** One row of `--predictions FILE`. */
export interface EvaluatedRow {
  readonly text: string;
  readonly group: string;
  readonly truth: string;
  readonly label: string;
  readonly confidence: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly fold: number;
}

export interface Evaluation {
  readonly outcome: "evaluated";
  readonly kind: AdapterKind | "base";
  readonly metrics: ScoreCard;
  /** Accuracy and rows of each project or document. */
  readonly groups: readonly { group: string; accuracy: number; rows: number }[];
  readonly folds: number;
  readonly seconds: number;
  readonly rssAfterLoadMb: number;
  readonly peakRssMb: number;
  readonly trainableParameters: number;
  readonly adapterBytes: number;
  readonly predictions: readonly EvaluatedRow[];
  readonly skipped: readonly string[];
}

export type EvaluationResult = Evaluation | Exclude<TrainOutcome, { outcome: "trained" }>;

/** How a host follows and stops a run. */
export interface RunHooks {
  readonly onProgress?: ((progress: TrainProgress) => void) | undefined;
  /** An aborted run ends within a second with the outcome `cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** The trainer's script; by default `trainer.js` or `trainer.ts` beside the running script. */
  readonly trainer?: string | undefined;
}

/** Told to the trainer. */
export type ToTrainer = TrainerTask | { readonly type: "cancel" };

/** What a trainer is started for. */
export type TrainerTask = (
  | { readonly type: "train"; readonly request: TrainingRequest }
  | { readonly type: "evaluate"; readonly request: EvaluationRequest }
) & {
  /** File of the translations that it words its messages with; null for English. */
  readonly translations: string | null;
};

/** Told by the trainer; a result is the last message. */
export type FromTrainer =
  | { readonly type: "progress"; readonly progress: TrainProgress }
  | { readonly type: "result"; readonly result: TrainingResult | EvaluationResult };

/** Seconds that a run will still take, judged by what it took so far; null while it is too early to say. */
export function timeLeft(elapsed: number, fraction: number): number | null {
  return fraction > 0.02 ? (elapsed * (1 - fraction)) / fraction : null;
}

/** A cancelled trainer that has not ended by itself is killed after so long. */
const PATIENCE_MS = 800;

/** Trains an adapter in a child process. Failures are outcomes, never exceptions. */
export async function runTraining(request: TrainingRequest, hooks: RunHooks = {}): Promise<TrainingResult> {
  return (await runChild({ type: "train", request, translations: spokenTranslations() }, hooks)) as TrainingResult;
}

/** Measures a model, or a recipe by folds, in a child process. Failures are outcomes, never exceptions. */
export async function runEvaluation(request: EvaluationRequest, hooks: RunHooks = {}): Promise<EvaluationResult> {
  return (await runChild({ type: "evaluate", request, translations: spokenTranslations() }, hooks)) as EvaluationResult;
}

function runChild(
  task: TrainerTask,
  { onProgress, signal, trainer }: RunHooks,
): Promise<TrainingResult | EvaluationResult> {
  if (signal?.aborted === true) return Promise.resolve({ outcome: "cancelled" });
  return new Promise((resolve) => {
    const child = fork(trainer ?? trainerBeside(process.argv[1] ?? ""), {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // So that the trainer can hand back the memory of loading before the memory of training is needed.
      execArgv: [...process.execArgv, "--expose-gc"],
    });
    let result: TrainingResult | EvaluationResult | undefined;
    let complaint = "";
    let killer: NodeJS.Timeout | undefined;
    const onAbort = (): void => {
      if (child.connected) child.send({ type: "cancel" } satisfies ToTrainer);
      killer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    child.stderr?.on("data", (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(-2000)));
    child.on("message", (from: FromTrainer) => {
      if (from.type === "progress") onProgress?.(from.progress);
      else result = from.result;
    });
    child.on("error", (error) => {
      result ??= failure(l10n.t("The trainer could not be started: {0}", error.message));
      if (child.pid === undefined) finish();
    });
    child.on("close", (code, by) => {
      result ??= signal?.aborted === true ? { outcome: "cancelled" } : failure(obituary(code, by, complaint));
      finish();
    });
    const finish = (): void => {
      clearTimeout(killer);
      signal?.removeEventListener("abort", onAbort);
      resolve(result!);
    };
    child.send(task);
  });
}

function failure(message: string): FailedTraining {
  return { outcome: "failed", message, refused: false };
}

/** What to say of a trainer that ended without a result. */
function obituary(code: number | null, by: string | null, complaint: string): string {
  const how = by ?? l10n.t("code {0}", String(code));
  const message = l10n.t(
    "The trainer ended before it was done ({0}); nothing was changed. Train again: it goes on from its last checkpoint.",
    how,
  );
  const lines = complaint.trim().split("\n");
  // An uncaught error is followed by its stack and the version of Node.
  const last = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? "";
  return last === "" ? message : `${message} ${l10n.t("Its last words: {0}", last)}`;
}

/** The trainer's script lies beside the running one: `trainer.js` when built, `trainer.ts` in the sources. */
function trainerBeside(script: string): string {
  let folder = dirname(script);
  try {
    folder = dirname(realpathSync(script));
  } catch {
    // No such file: an embedded host; the folder of the name is the best guess.
  }
  return join(folder, script.endsWith(".ts") ? "trainer.ts" : "trainer.js");
}
