/**
 * A classifier for tests of the protocol: the category is the first keyword's in the words, runs can be held in
 * flight, and it remembers what it was asked. Tests of categories themselves use the real one.
 */
import type { Classifier, ClassifyOptions, ModelIdentity, Prediction } from "../../server/engine/model/classifier.ts";
import { throwIfCancelled } from "../../server/engine/outcome.ts";
import { BUILT_IN_CODES } from "../../server/engine/taxonomy.ts";

const KEYWORDS: readonly [RegExp, string, number][] = [
  [/encrypt|password|log in/i, "SE", 0.94],
  [/second|fast/i, "PE", 0.81],
  [/perhaps/i, "US", 0.41],
  [/shall/i, "F", 0.7],
  [/./, "none", 0.97],
];
const THRESHOLD = 0.5;

export class KeywordClassifier implements Classifier {
  identity: ModelIdentity = { pack: "pack-of-keywords", adapter: null };
  readonly labels = BUILT_IN_CODES;
  /** The texts of each run, in order; runs that were cancelled included. */
  readonly runs: string[][] = [];
  cancelled = 0;
  /** The next run fails with it. */
  fault: Error | undefined;
  /** Called when a run begins. */
  onRun: () => void = () => undefined;
  #gate: Promise<void> = Promise.resolve();

  /** Lets no run end until the result is called. */
  hold(): () => void {
    let release!: () => void;
    this.#gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  async classify(texts: readonly string[], { signal, onProgress }: ClassifyOptions = {}): Promise<Prediction[]> {
    this.runs.push([...texts]);
    this.onRun();
    const { fault } = this;
    this.fault = undefined;
    if (fault) throw fault;
    let stop: () => void = () => undefined;
    const aborted = new Promise<void>((resolve) => (stop = resolve));
    signal?.addEventListener("abort", stop);
    await Promise.race([this.#gate, aborted]);
    signal?.removeEventListener("abort", stop);
    if (signal?.aborted === true) this.cancelled += 1;
    throwIfCancelled(signal);
    onProgress?.(texts.length, texts.length);
    return texts.map(predict);
  }
}

function predict(text: string): Prediction {
  const [, label, confidence] = KEYWORDS.find(([keyword]) => keyword.test(text))!;
  const rest = (1 - confidence) / (BUILT_IN_CODES.length - 1);
  const scores = Object.fromEntries(BUILT_IN_CODES.map((code) => [code, code === label ? confidence : rest]));
  const uncertain = confidence < THRESHOLD;
  // "second" is what an adapter without the measurement would say, to see that nothing is made up.
  const set = label === "PE" ? null : { coverage: 0.9, labels: uncertain ? [label, "F", "LF"] : [label] };
  return { label, confidence, uncertain, scores, set };
}
