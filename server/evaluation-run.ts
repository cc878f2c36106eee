/** `evaluate` in the trainer process: measures a model on labelled rows, or a recipe by training anew for each fold. */
import type { Example } from "./engine/adapt/examples.ts";
import { parseTrainingOptions } from "./engine/adapt/options.ts";
import { labelled } from "./engine/adapt/report.ts";
import { foldsOf, type Folds, leaveOneGroupOut, trainingRows } from "./engine/adapt/splits.ts";
import { type JudgedFold, judgeFold, type PreparedExample } from "./engine/adapt/train-adapter.ts";
import { planTraining } from "./engine/adapt/training-plan.ts";
import { type FitProgress, Trainer } from "./engine/adapt/trainer.ts";
import { trainedParts } from "./engine/adapt/adapter.ts";
import { writePeft } from "./engine/adapt/peft.ts";
import { fitTemperature } from "./engine/judge/calibration.ts";
import { accuracyByGroup, score } from "./engine/judge/metrics.ts";
import { probabilities, UNCALIBRATED } from "./engine/model/calibration.ts";
import { InputError } from "./engine/outcome.ts";
import { collectGarbage, peakMemoryMb } from "./memory.ts";
import { readAdapterFolder } from "./store/adapter-folder.ts";
import { type LoadedInputs, loadInputs } from "./training-inputs.ts";
import { type EvaluatedRow, type Evaluation, type EvaluationRequest, type RunHooks, timeLeft } from "./training.ts";
import { syntheticRows } from "./training-synthetic.ts";

type Measured = Pick<Evaluation, "kind" | "folds" | "trainableParameters" | "adapterBytes" | "predictions">;

/** Rejects with Cancelled or InputError. */
export async function evaluate(request: EvaluationRequest, hooks: RunHooks): Promise<Evaluation> {
  const started = performance.now();
  if (request.folds !== null && request.adapter !== null) {
    throw new InputError(
      "--folds trains a fresh adapter for each fold, so --adapter cannot be given with it. Leave one out.",
    );
  }
  const inputs = await loadInputs({ ...request, classes: null });
  if (inputs.examples.length === 0) {
    throw new InputError(
      `no usable row in ${request.labels.join(", ")}: ${inputs.skipped[0] ?? "the files are empty"}`,
    );
  }
  const measured =
    request.folds === null ? await measure(request, inputs, hooks) : await crossValidate(request, inputs, hooks);
  return {
    ...measured,
    outcome: "evaluated",
    metrics: score(measured.predictions, inputs.labels),
    groups: accuracyByGroup(measured.predictions),
    seconds: (performance.now() - started) / 1000,
    rssAfterLoadMb: inputs.rssAfterLoadMb,
    peakRssMb: peakMemoryMb(),
    skipped: inputs.skipped,
  };
}

/** The base, or one adapter, as it would classify in the editor. */
async function measure(request: EvaluationRequest, inputs: LoadedInputs, { signal }: RunHooks): Promise<Measured> {
  const { classifier, examples, pack } = inputs;
  let [kind, adapterBytes, trainableParameters]: [Evaluation["kind"], number, number] = ["base", 0, 0];
  if (request.adapter !== null) {
    const base = { config: pack.config, hash: pack.hash, labels: pack.head.labels };
    const { manifest, tensors } = await readAdapterFolder(request.adapter, base);
    await classifier.activate(tensors);
    kind = manifest.kind;
    trainableParameters = [...tensors.lowRank.values()].reduce(
      (sum, { a, b }) => sum + a.data.length + b.data.length,
      0,
    );
    trainableParameters += (tensors.prompt?.data.length ?? 0) + (tensors.head?.weight.data.length ?? 0);
    adapterBytes = 4 * trainableParameters;
  }
  const texts = examples.map((example) => example.text);
  const predictions = await classifier.classify(texts, { signal });
  const rows = predictions.map(({ label, confidence, scores }, i) => ({
    ...origin(examples[i]!),
    label,
    confidence,
    scores,
    fold: 0,
  }));
  return { kind, folds: 0, trainableParameters, adapterBytes, predictions: rows };
}

function origin({ text, group, label }: Example): { text: string; group: string; truth: string } {
  return { text, group: group ?? "", truth: label };
}

async function crossValidate(request: EvaluationRequest, inputs: LoadedInputs, hooks: RunHooks): Promise<Measured> {
  const { base, pack, labels, examples, threads } = inputs;
  const options = parseTrainingOptions(request.choices, pack.config);
  const plan = planTraining(pack.config, options, labels);
  const room = plan.usesPrompt ? options.virtualTokens : 0;
  const prepared = examples.map((example): PreparedExample => ({ ...example, ids: base.tokenize(example.text, room) }));
  const folds = foldsFor(request, prepared, options.seed);
  const trainer = await Trainer.create(base, plan, { threads });
  collectGarbage();
  const judged: JudgedFold[] = [];
  const onFit = progressOf(hooks, folds.count);
  for (let fold = 0; fold < folds.count; fold++) {
    const isHeld = (row: number): boolean => folds.of[row] === fold;
    const rows = trainingRows(prepared, isHeld);
    // What is held out lends no words either: it stands for documents that nobody has seen.
    const texts = rows.map((row) => prepared[row]!.text);
    const synthetic = syntheticRows(inputs, options, { labelled: rows.length, texts, room });
    const part = { signal: hooks.signal, resume: undefined, onEpoch: undefined, onFit: onFit(fold) };
    judged.push(await judgeFold(trainer, { examples: prepared, synthetic }, { fold, rows, isHeld }, part));
  }
  const tensors = writePeft(trainedParts(plan, trainer.parameters), { base: "", dropout: 0 });
  const full = trainer.parameters.reduce((sum, { data }) => sum + data.length, 0);
  const bytes = [...tensors.values()].reduce((sum, file) => sum + file.byteLength, 0);
  return {
    kind: options.kind,
    folds: folds.count,
    trainableParameters: full,
    adapterBytes: plan.full ? 4 * full : bytes,
    predictions: calibratedRows(judged, prepared, labels),
  };
}

type OnFit = (phase: "synthetic" | "labels", progress: FitProgress) => void;

/** Says of each fold how far it is. */
function progressOf({ onProgress }: RunHooks, folds: number): (fold: number) => OnFit {
  const started = performance.now();
  return (fold) =>
    (phase, { epoch, epochs, loss, validationF1, fraction }) => {
      const done = (fold + fraction) / folds;
      const secondsLeft = timeLeft((performance.now() - started) / 1000, done);
      const part = { number: fold + 1, of: folds };
      const numbers = { epoch, epochs, loss, validationF1, fraction: done, secondsLeft };
      onProgress?.({ phase: phase === "synthetic" ? phase : "judging", part, ...numbers });
    };
}

function foldsFor({ folds }: EvaluationRequest, rows: readonly PreparedExample[], seed: number): Folds {
  if (folds === "document") {
    return leaveOneGroupOut(
      rows.map(({ text, target, document, group }) => ({ text, target, group: document ?? group })),
    );
  }
  const result = folds === "project" ? leaveOneGroupOut(rows) : foldsOf(rows, folds ?? 1, seed);
  if (result.count < 2 || result.count > rows.length) {
    throw new InputError(
      `--folds ${String(folds)} gives ${result.count} folds over ${rows.length} rows; at least 2 folds are needed.`,
    );
  }
  return result;
}

/** Each fold is calibrated by the logits of the others, so that no row helps to judge itself. */
function calibratedRows(
  judged: readonly JudgedFold[],
  examples: readonly Example[],
  labels: readonly string[],
): EvaluatedRow[] {
  const predictions = new Array<EvaluatedRow>(examples.length);
  for (const fold of judged) {
    const others = judged.filter((other) => other !== fold);
    const temperature = fitTemperature(
      others.flatMap((other) => [...other.logits]),
      others.flatMap((other) => other.rows.map((row) => examples[row]!.target)),
    );
    const calibration = { ...UNCALIBRATED, temperature };
    fold.rows.forEach((row, i) => {
      const shares = probabilities(fold.logits[i]!, calibration);
      const scores = Object.fromEntries(labels.map((label, c) => [label, shares[c]!]));
      predictions[row] = {
        ...origin(examples[row]!),
        ...labelled(fold.logits[i]!, labels, calibration),
        scores,
        fold: fold.fold,
      };
    });
  }
  return predictions;
}
