/**
 * One recipe and its sessions: trains from the same fresh start as often as asked (folds, phases, the final fit),
 * because sessions are dear to create and never released. Seeded: the same rows give the same weights bit for bit.
 */
import { NAMES } from "../model/encoder.ts";
import { throwIfCancelled } from "../outcome.ts";
import { softTargets } from "../graph/operators/loss.ts";
import { weightedF1Of } from "../judge/metrics.ts";
import { EntryFeeds, type TokenizedRow } from "./activations.ts";
import { runsOf, shuffledBatches } from "./batches.ts";
import { AdamW, OPTIMIZER_DEFAULTS, type OptimizerState, type Parameter, scheduleFactor } from "./optimizer.ts";
import { Random } from "./random.ts";
import { initialParameters, type TrainingBase, type TrainingPlan } from "./training-plan.ts";
import { TrainingSession } from "./training-session.ts";

/** Padded tokens that one run computes: a batch of long statements is cut, and its gradients are added up. */
const TOKENS_AT_ONCE = 384;

/** An example ready to be trained on. */
export interface TrainingRow extends TokenizedRow {
  readonly target: number;
  readonly weight: number;
}

/** Where a training stands after an epoch: all that is needed to go on. */
export interface FitState {
  /** Epochs finished. */
  readonly epoch: number;
  readonly parameters: ReadonlyMap<string, Float32Array>;
  readonly optimizer: OptimizerState;
  readonly best: BestEpoch | null;
}

export interface BestEpoch {
  readonly epoch: number;
  readonly weightedF1: number;
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

/** What is said after every step. */
export interface FitProgress {
  readonly epoch: number;
  readonly epochs: number;
  /** Mean loss of the epoch so far. */
  readonly loss: number;
  /** Weighted F1 on the validation rows after the last full epoch. */
  readonly validationF1: number | null;
  /** 0 to 1 over this fit. */
  readonly fraction: number;
}

export interface FitOptions {
  readonly rows: readonly TrainingRow[];
  /** Decides when to stop and which epoch is kept; empty trains all epochs and keeps the last. */
  readonly validation: readonly TrainingRow[];
  readonly epochs: number;
  /** Share of the plan's learning rate. */
  readonly rate?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: FitProgress) => void) | undefined;
  /** Called after every epoch with live arrays: whoever keeps them copies them. */
  readonly onEpoch?: ((state: FitState) => Promise<void>) | undefined;
  readonly resume?: FitState | undefined;
}

export interface FitResult {
  /** Epochs that the kept weights were trained for. */
  readonly epochs: number;
  /** Weighted F1 on the validation rows of the kept weights; null without such rows. */
  readonly validationF1: number | null;
  readonly steps: number;
}

export class Trainer {
  readonly parameters: readonly Parameter[];
  readonly plan: TrainingPlan;
  private readonly fresh: ReadonlyMap<string, Float32Array>;
  private readonly session: TrainingSession;
  private readonly feeds: EntryFeeds;

  /** Whether the base knows the class of each column of the head. */
  private readonly known: readonly boolean[];

  private constructor(
    base: TrainingBase,
    plan: TrainingPlan,
    parameters: Parameter[],
    session: TrainingSession,
    feeds: EntryFeeds,
  ) {
    this.known = plan.labels.map((label) => base.head.labels.includes(label));
    this.plan = plan;
    this.parameters = parameters;
    this.session = session;
    this.feeds = feeds;
    this.fresh = this.snapshot();
  }

  static async create(
    base: TrainingBase,
    plan: TrainingPlan,
    settings: { threads: number; cacheBytes?: number },
  ): Promise<Trainer> {
    const parameters = initialParameters(base, plan);
    const feeds = await EntryFeeds.create(base, plan, { threads: settings.threads, limit: settings.cacheBytes });
    const session = await TrainingSession.create(base, plan, parameters, settings.threads);
    return new Trainer(base, plan, parameters, session, feeds);
  }

  /** Copies of all trainable tensors. */
  snapshot(): Map<string, Float32Array> {
    return new Map(this.parameters.map(({ name, data }) => [name, data.slice()]));
  }

  restore(snapshot: ReadonlyMap<string, Float32Array>): void {
    for (const { name, data } of this.parameters) data.set(snapshot.get(name)!);
  }

  /** Back to the untrained adapter. */
  reset(): void {
    this.restore(this.fresh);
  }

  /**
   * Goes back part of the way to the base: what an adapter learnt from few rows of few documents is right more often
   * on other documents when it is followed only in part (Wortsman et al. 2022). For LoRA, B alone is scaled, since the
   * change is the product; classes that the base does not know keep all they learnt.
   */
  blend(share: number): void {
    for (const { name, data } of this.parameters) {
      if (name.endsWith(".lora_A")) continue;
      const fresh = this.fresh.get(name)!;
      const columns = name.startsWith(NAMES.classifier) ? this.known.length : 0;
      for (let i = 0; i < data.length; i++) {
        if (columns === 0 || this.known[i % columns] === true) data[i] = fresh[i]! + share * (data[i]! - fresh[i]!);
      }
    }
  }

  /** Trains on from the present weights and leaves the kept ones in place. Rejects with Cancelled when aborted. */
  async fit(fit: FitOptions): Promise<FitResult> {
    const { options } = this.plan;
    const optimizer = new AdamW(this.parameters, {
      ...OPTIMIZER_DEFAULTS,
      learningRate: options.learningRate * (fit.rate ?? 1),
      weightDecay: options.weightDecay,
      clip: options.clip,
    });
    const perEpoch = Math.ceil(fit.rows.length / options.batchSize);
    const classWeights = balancedWeights(fit.rows, this.plan.labels.length, options.classBalance);
    let best = this.resumed(fit.resume, optimizer);
    let lastF1: number | null = best?.weightedF1 ?? null;
    let epoch = fit.resume?.epoch ?? 0;
    while (epoch < fit.epochs) {
      const progress = { epoch: epoch + 1, epochs: fit.epochs, validationF1: lastF1 };
      const schedule = { optimizer, classWeights, first: epoch * perEpoch, steps: fit.epochs * perEpoch };
      await this.epoch(fit, epoch, schedule, (loss, done) => {
        fit.onProgress?.({ ...progress, loss, fraction: (epoch + done) / fit.epochs });
      });
      epoch++;
      if (fit.validation.length > 0) {
        lastF1 = await this.weightedF1(fit.validation, fit.signal);
        if (best === null || lastF1 > best.weightedF1)
          best = { epoch, weightedF1: lastF1, parameters: this.snapshot() };
      }
      await fit.onEpoch?.({ epoch, parameters: liveArrays(this.parameters), optimizer: optimizer.save(), best });
      if (best !== null && epoch - best.epoch >= options.patience) break;
    }
    if (best !== null) this.restore(best.parameters);
    return { epochs: best?.epoch ?? epoch, validationF1: best?.weightedF1 ?? null, steps: epoch * perEpoch };
  }

  private resumed(state: FitState | undefined, optimizer: AdamW): BestEpoch | null {
    if (state === undefined) return null;
    this.restore(state.parameters);
    optimizer.restore(state.optimizer);
    return state.best;
  }

  private async epoch(
    fit: FitOptions,
    epoch: number,
    schedule: { optimizer: AdamW; classWeights: readonly number[]; first: number; steps: number },
    onStep: (meanLoss: number, share: number) => void,
  ): Promise<void> {
    const { options } = this.plan;
    const order = Random.named(options.seed, `order of epoch ${epoch}`);
    const dropout = Random.named(options.seed, `dropout of epoch ${epoch}`);
    const batches = shuffledBatches(lengthsOf(fit.rows), options.batchSize, order);
    let sum = 0;
    for (const [i, batch] of batches.entries()) {
      throwIfCancelled(fit.signal);
      const rows = batch.map((row) => fit.rows[row]!);
      const targets = softTargets(
        rows.map((row) => row.target),
        rows.map((row) => row.weight),
        { classWeights: schedule.classWeights, labelSmoothing: options.labelSmoothing },
      );
      const { loss, gradients } = await this.gradientsOf(rows, targets, dropout);
      schedule.optimizer.update(gradients, scheduleFactor(schedule.first + i, schedule.steps, options.warmUp));
      sum += loss;
      onStep(sum / (i + 1), (i + 1) / batches.length);
    }
  }

  /** Loss and gradients of a batch, in as many runs as its tokens need; the targets carry each row's share. */
  private async gradientsOf(
    rows: readonly TrainingRow[],
    targets: Float32Array,
    dropout: Random,
  ): Promise<{ loss: number; gradients: ReadonlyMap<string, Float32Array> }> {
    const width = this.plan.labels.length;
    let total: ReadonlyMap<string, Float32Array> | undefined;
    let sum = 0;
    for (const { from, to } of runsOf(lengthsOf(rows), TOKENS_AT_ONCE)) {
      const entry = await this.feeds.of(rows.slice(from, to));
      const share = targets.slice(from * width, to * width);
      const { loss, gradients } = await this.session.step(entry, share, dropout, { continued: total !== undefined });
      sum += loss;
      if (total === undefined) total = gradients;
      else for (const [name, gradient] of gradients) addTo(total.get(name)!, gradient);
    }
    return { loss: sum, gradients: total! };
  }

  /** Logits of each row, in their order. */
  async predict(rows: readonly TokenizedRow[], signal?: AbortSignal): Promise<Float32Array[]> {
    const results = new Array<Float32Array>(rows.length);
    const width = this.plan.labels.length;
    // Sorted by length for the sake of padding; equal lengths stay in their order.
    const order = rows.map((_, row) => row).sort((a, b) => rows[a]!.ids.length - rows[b]!.ids.length);
    const sorted = order.map((row) => rows[row]!);
    for (const { from, to } of runsOf(lengthsOf(sorted), TOKENS_AT_ONCE)) {
      throwIfCancelled(signal);
      const logits = await this.session.predict(await this.feeds.of(sorted.slice(from, to)));
      for (let i = from; i < to; i++) results[order[i]!] = logits.slice((i - from) * width, (i - from + 1) * width);
    }
    return results;
  }

  /** Of the weights as they will be kept, that is blended with the base. */
  private async weightedF1(rows: readonly TrainingRow[], signal?: AbortSignal): Promise<number> {
    const trained = this.snapshot();
    this.blend(this.plan.options.blend);
    const said = (await this.predict(rows, signal)).map(argmax);
    this.restore(trained);
    return weightedF1Of(
      rows.map((row) => row.target),
      said,
      this.plan.labels.length,
    );
  }
}

function lengthsOf(rows: readonly TokenizedRow[]): number[] {
  return rows.map((row) => row.ids.length);
}

/** Adds in place; the gradient of a table is the same sum in every run already. */
function addTo(sum: Float32Array, more: Float32Array): void {
  if (sum === more) return;
  for (let i = 0; i < sum.length; i++) sum[i]! += more[i]!;
}

function liveArrays(parameters: readonly Parameter[]): Map<string, Float32Array> {
  return new Map(parameters.map(({ name, data }) => [name, data]));
}

/** Index of the largest number; the first of equal ones. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/**
 * Class weights (n / n_c)^balance, scaled so that the mean over the rows is 1 and kept within a factor of five, since
 * a class with one row must not drown the others.
 */
export function balancedWeights(
  rows: readonly { target: number; weight: number }[],
  classCount: number,
  balance: number,
): number[] {
  const counts = new Float64Array(classCount);
  for (const row of rows) counts[row.target]! += row.weight;
  const total = counts.reduce((a, b) => a + b, 0);
  const raw = Array.from(counts, (count) => (count > 0 ? (total / count) ** balance : 0));
  const mean = raw.reduce((sum, weight, c) => sum + weight * counts[c]!, 0) / total;
  return raw.map((weight) => (weight === 0 ? 1 : Math.min(5, Math.max(0.2, weight / mean))));
}
