/**
 * The contract between whoever needs categories (language server, CLI, evaluation) and the network.
 * The classifier keeps one session for its whole life; adapters are tensors that are passed in.
 */

/** The categories that hold the true one with a promised frequency (a conformal prediction set). */
export interface PredictionSet {
  /** How often the truth is among them, on statements of projects the model has not seen: 0.9 for nine in ten. */
  readonly coverage: number;
  /** Codes, most likely first; at least one. */
  readonly labels: readonly string[];
}

/** The category of one statement. */
export interface Prediction {
  /** Code of the most likely category. */
  readonly label: string;
  /** Calibrated probability of `label`, 0 to 1. */
  readonly confidence: number;
  /** True where `confidence` is below the pack's (or adapter's) threshold: shown as "uncertain", not as a guess. */
  readonly uncertain: boolean;
  /** Calibrated probability of every category, by code; sums to 1. */
  readonly scores: Readonly<Record<string, number>>;
  /** Null where nobody measured how much probability the promise takes: an adapter that was calibrated without it. */
  readonly set: PredictionSet | null;
}

/** Where the numbers of a prediction come from: part of every cache key and of every label written. */
export interface ModelIdentity {
  /** SHA-256 (hex) of the pack. */
  readonly pack: string;
  /** SHA-256 (hex) of the active adapter, or null. */
  readonly adapter: string | null;
}

/** Options of one classification run. */
export interface ClassifyOptions {
  /** Looked at between batches; an aborted run rejects with `Cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Called after every batch with statements done and in total. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Classifies statements. Results come back in the order of `texts`, whatever the batching. */
export interface Classifier {
  readonly identity: ModelIdentity;
  /** Category codes in the order of the head's outputs. */
  readonly labels: readonly string[];
  classify(texts: readonly string[], options?: ClassifyOptions): Promise<Prediction[]>;
}
