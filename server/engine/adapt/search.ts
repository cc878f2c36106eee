/**
 * Looks for good options by successive halving (Jamieson and Talwalkar 2016): every candidate gets a short training on
 * grouped validation folds, the better third a longer one, until the time is over or one is left.
 */
import { throwIfCancelled } from "../outcome.ts";
import { weightedF1Of } from "../judge/metrics.ts";
import type { Example } from "./examples.ts";
import {
  ADAPTER_KINDS,
  type BaseShape,
  defaultLearningRate,
  parseTrainingOptions,
  type TrainingChoices,
} from "./options.ts";
import { Random } from "./random.ts";
import { foldsOf, trainingRows } from "./splits.ts";
import { planTraining, type TrainingBase } from "./training-plan.ts";
import { argmax, Trainer } from "./trainer.ts";

/** Sessions are never released, so that their number is bounded; so is what each keeps of activations. */
const CANDIDATES = 9;
const CACHE_BYTES = 12 * 2 ** 20;
const FOLDS = 3;
/** Epochs of the first round; each later round has twice as many for a third of the candidates. */
const FIRST_EPOCHS = 2;
const KEPT = 1 / 3;

/** One candidate and what it reached. */
export interface SearchTrial {
  readonly choices: TrainingChoices;
  /** Weighted F1, pooled over the validation folds, of the longest training it got. */
  readonly weightedF1: number;
  readonly epochs: number;
  readonly seconds: number;
}

export interface SearchSettings {
  readonly labels: readonly string[];
  readonly seed: number;
  readonly threads: number;
  readonly milliseconds: number;
  /** The time in milliseconds, from any start. */
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
  readonly onTrial?: ((done: number, planned: number, trial: SearchTrial) => void) | undefined;
}

/**
 * Trials, best first; the first one's choices are what to train with. `fixed` are the user's own choices: no candidate
 * differs from them. The default options are always among the candidates.
 */
export async function searchOptions(
  base: TrainingBase,
  examples: readonly Example[],
  fixed: TrainingChoices,
  settings: SearchSettings,
): Promise<SearchTrial[]> {
  const deadline = settings.now() + settings.milliseconds;
  const finished = new Map<TrainingChoices, SearchTrial>();
  let round = candidates(fixed, base.config, settings.seed);
  const planned = round.length + Math.ceil(round.length * KEPT) + 1;
  const trainers = new Map<TrainingChoices, Trainer>();
  let done = 0;
  for (let epochs = FIRST_EPOCHS; round.length > 0; epochs *= 2) {
    for (const choices of round) {
      if (finished.size > 0 && settings.now() >= deadline) return ranked(finished);
      const trial = await tryOut(base, examples, choices, { ...settings, epochs, trainers, deadline });
      if (trial === null) return ranked(finished);
      finished.set(choices, trial);
      settings.onTrial?.(++done, planned, trial);
    }
    if (round.length === 1) break;
    const best = ranked(finished).filter((trial) => trial.epochs === epochs);
    round = best.slice(0, Math.ceil(round.length * KEPT)).map((trial) => trial.choices);
  }
  return ranked(finished);
}

/** Those that got further stand first: a higher score after a shorter training was not confirmed. */
function ranked(finished: ReadonlyMap<TrainingChoices, SearchTrial>): SearchTrial[] {
  return [...finished.values()].sort((a, b) => b.epochs - a.epochs || b.weightedF1 - a.weightedF1);
}

const SPACE = {
  kind: ["lora", "lora", "lora", "head", "lora+prompt"],
  rank: [4, 8, 16],
  targets: ["q,v", "q,v,ffn-in,ffn-out", "q,k,v,o,ffn-in,ffn-out"],
  layers: ["top1", "top2", "all"],
  /** Shares of the default learning rate. */
  rate: [0.35, 1, 2],
} as const;

/** The default and random ones around it, all different. */
function candidates(fixed: TrainingChoices, base: BaseShape, seed: number): TrainingChoices[] {
  const random = Random.named(seed, "search");
  const found = new Map<string, TrainingChoices>([[JSON.stringify(fixed), fixed]]);
  for (let attempt = 0; found.size < CANDIDATES && attempt < 50 * CANDIDATES; attempt++) {
    const kind = ADAPTER_KINDS.find((known) => known === fixed.kind) ?? random.pick(SPACE.kind);
    const learningRate = random.pick(SPACE.rate) * defaultLearningRate(kind, base);
    const drawn =
      kind === "head"
        ? { kind, learningRate }
        : {
            kind,
            rank: random.pick(SPACE.rank),
            targets: random.pick(SPACE.targets),
            layers: random.pick(SPACE.layers),
            learningRate,
          };
    const choices = { ...drawn, ...fixed };
    found.set(JSON.stringify(choices), choices);
  }
  return [...found.values()];
}

interface Budget extends SearchSettings {
  readonly epochs: number;
  readonly trainers: Map<TrainingChoices, Trainer>;
  readonly deadline: number;
}

/** One training on each fold. Null when the time is over before the first candidate's end. */
async function tryOut(
  base: TrainingBase,
  examples: readonly Example[],
  choices: TrainingChoices,
  { epochs, labels, seed, threads, now, signal, trainers, deadline }: Budget,
): Promise<SearchTrial | null> {
  const started = now();
  const options = parseTrainingOptions({ ...choices, epochs, seed }, base.config);
  const plan = planTraining(base.config, options, labels);
  const room = plan.usesPrompt ? options.virtualTokens : 0;
  const rows = examples.map((example) => ({ ...example, ids: base.tokenize(example.text, room) }));
  const trainer = trainers.get(choices) ?? (await Trainer.create(base, plan, { threads, cacheBytes: CACHE_BYTES }));
  trainers.set(choices, trainer);
  const folds = foldsOf(examples, FOLDS, seed);
  const [truth, said]: [number[], number[]] = [[], []];
  for (let fold = 0; fold < FOLDS; fold++) {
    throwIfCancelled(signal);
    if (trainers.size > 1 && now() >= deadline) return null;
    const isHeld = (row: number): boolean => folds.of[row] === fold;
    trainer.reset();
    const kept = trainingRows(examples, isHeld).map((row) => rows[row]!);
    await trainer.fit({ rows: kept, validation: [], epochs, signal });
    trainer.blend(options.blend);
    const held = rows.filter((_, row) => isHeld(row));
    truth.push(...held.map((row) => row.target));
    said.push(...(await trainer.predict(held, signal)).map(argmax));
  }
  const weightedF1 = weightedF1Of(truth, said, labels.length);
  return { choices, weightedF1, epochs, seconds: (now() - started) / 1000 };
}
