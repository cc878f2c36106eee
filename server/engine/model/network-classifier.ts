/** The classifier that hosts use: tokens, batches, cache and calibration around a network. */
import { createHash } from "node:crypto";
import { conformalSet } from "../judge/conformal.ts";
import { InputError, throwIfCancelled } from "../outcome.ts";
import type { AdapterTensors } from "./adapter-tensors.ts";
import type { Mix } from "./adapter-stack.ts";
import { planBatches } from "./batches.ts";
import { type Calibration, probabilities } from "./calibration.ts";
import { CALIBRATION_TEXTS } from "./calibration-texts.ts";
import type { Classifier, ClassifyOptions, ModelIdentity, Prediction } from "./classifier.ts";
import { Network, type NetworkSettings, type PreparedAdapters } from "./network.ts";
import type { Pack } from "./pack.ts";

/** Predictions kept: some ten megabytes. */
const REMEMBERED = 20_000;

/** What classifies at the moment; replaced as a whole, so that a run sees one state from beginning to end. */
interface Active {
  readonly identity: ModelIdentity;
  readonly prepared: PreparedAdapters;
  /** The share of each adapter in every row. */
  readonly mix: Mix;
  readonly calibration: Calibration;
  /** Where the calibrated label's logits stand: column in the stack for each label of the head. */
  readonly labels: readonly string[];
}

export class NetworkClassifier implements Classifier {
  private active: Active;

  private constructor(
    readonly pack: Pack,
    readonly network: Network,
    /** In order of use, oldest first. */
    private readonly cache: Map<string, Prediction>,
  ) {
    this.active = {
      identity: { pack: pack.hash, adapter: null },
      prepared: network.base,
      mix: [],
      calibration: pack.manifest.calibration,
      labels: pack.head.labels,
    };
  }

  /** Builds the graph and loads it. @throws RuntimeUnavailable when the native runtime cannot be loaded */
  static async create(pack: Pack, settings: NetworkSettings): Promise<NetworkClassifier> {
    return new NetworkClassifier(pack, await Network.create(pack.weights, pack.head, settings), new Map());
  }

  /** A classifier over the same network that has an adapter of its own, at first none. */
  another(): NetworkClassifier {
    return new NetworkClassifier(this.pack, this.network, this.cache);
  }

  get identity(): ModelIdentity {
    return this.active.identity;
  }

  get labels(): readonly string[] {
    return this.active.labels;
  }

  /**
   * Classifies with this adapter from now on, or with the base alone. Runs under way end with what they began with.
   * @throws InputError when the adapter does not fit the pack; what was active stays active
   */
  async activate(adapter: AdapterTensors | null): Promise<void> {
    if (adapter === null) {
      this.active = {
        identity: { pack: this.pack.hash, adapter: null },
        prepared: this.network.base,
        mix: [],
        calibration: this.pack.manifest.calibration,
        labels: this.pack.head.labels,
      };
      return;
    }
    const room = adapter.prompt?.shape[0] ?? 0;
    const texts = CALIBRATION_TEXTS.map((text) => this.pack.tokenizer.encode(text, room));
    const prepared = await this.network.prepare([adapter], texts);
    this.active = {
      identity: { pack: this.pack.hash, adapter: adapter.hash },
      prepared,
      mix: [1],
      calibration: adapter.calibration,
      labels: (adapter.head ?? this.pack.head).labels,
    };
  }

  async classify(texts: readonly string[], options: ClassifyOptions = {}): Promise<Prediction[]> {
    const { active } = this;
    const keys = texts.map((text) => cacheKey(text, active.identity));
    const found = new Map<string, Prediction>();
    const missing = new Map<string, string>();
    texts.forEach((text, index) => {
      const key = keys[index]!;
      const known = this.recall(key);
      if (known !== undefined) found.set(key, known);
      else missing.set(key, text);
    });
    throwIfCancelled(options.signal);
    await this.compute(active, missing, found, texts.length, options);
    return keys.map((key) => found.get(key)!);
  }

  private async compute(
    active: Active,
    missing: ReadonlyMap<string, string>,
    found: Map<string, Prediction>,
    total: number,
    { signal, onProgress }: ClassifyOptions,
  ): Promise<void> {
    const room = active.prepared.stack.promptLength;
    const keys = [...missing.keys()];
    const rows = [...missing.values()].map((text) => this.pack.tokenizer.encode(text, room));
    let done = total - keys.length;
    for (const batch of planBatches(rows.map((row) => row.length + room))) {
      throwIfCancelled(signal);
      const ids = batch.map((index) => rows[index]!);
      const mixes = batch.map(() => active.mix);
      const { logits } = await this.network.run(ids, active.prepared, mixes);
      const width = active.prepared.stack.labels.length;
      batch.forEach((index, row) => {
        const prediction = predict(active, logits.subarray(row * width, (row + 1) * width));
        const key = keys[index]!;
        found.set(key, prediction);
        this.remember(key, prediction);
      });
      done += batch.length;
      onProgress?.(done, total);
    }
    throwIfCancelled(signal);
  }

  private recall(key: string): Prediction | undefined {
    const known = this.cache.get(key);
    if (known === undefined) return undefined;
    this.cache.delete(key);
    this.cache.set(key, known);
    return known;
  }

  private remember(key: string, prediction: Prediction): void {
    this.cache.set(key, prediction);
    if (this.cache.size <= REMEMBERED) return;
    for (const oldest of this.cache.keys()) {
      this.cache.delete(oldest);
      return;
    }
  }
}

function cacheKey(text: string, { pack, adapter }: ModelIdentity): string {
  return createHash("sha256")
    .update(`${pack}\n${adapter ?? ""}\n${text}`)
    .digest("base64");
}

/** The calibrated prediction of one row of logits over the stack's labels. */
function predict({ labels, prepared, calibration }: Active, logits: Float32Array): Prediction {
  const { labels: columns } = prepared.stack;
  const own = labels.map((label) => logits[columns.indexOf(label)]!);
  if (own.some((logit) => !Number.isFinite(logit))) {
    throw new InputError("The network's output is not finite; the pack or the adapter is damaged.");
  }
  const shares = probabilities(own, calibration);
  const best = shares.indexOf(Math.max(...shares));
  const confidence = shares[best]!;
  const { conformal } = calibration;
  return {
    label: labels[best]!,
    confidence,
    uncertain: confidence < calibration.threshold,
    scores: Object.fromEntries(labels.map((label, index) => [label, shares[index]!])),
    set:
      conformal === undefined
        ? null
        : { coverage: conformal.coverage, labels: conformalSet(shares, conformal.mass).map((index) => labels[index]!) },
  };
}
