/**
 * One open document: its text, what was last classified, and who waits for the newest result. Every edit supersedes
 * the run before it; a run that was superseded ends as cancelled and is never shown.
 */
import type { TextDocumentContentChangeEvent } from "vscode-languageserver";
import { TextDocument } from "vscode-languageserver-textdocument";
import type { ClassifiedDocument } from "./classified.ts";
import { type FormatName, formatOf } from "./engine/documents/read.ts";
import type { ReadDocument } from "./engine/documents/statement.ts";
import type { Prediction } from "./engine/model/classifier.ts";
import { Cancelled, throwIfCancelled } from "./engine/outcome.ts";

export class TrackedDocument {
  readonly uri: string;
  /** Undefined where no reader knows the document's language or name: then it has no statements. */
  readonly format: FormatName | undefined;
  /** What the reader made of the text last; the next reading takes over what did not change. */
  read: ReadDocument | undefined;
  /** Predictions by the words they are for, of the model named by `identity`. */
  predictions: { identity: string; byWords: Map<string, Prediction> } = { identity: "", byWords: new Map() };
  #text: TextDocument;
  #result: ClassifiedDocument | undefined;
  /** The version for which the last run ended, with a result or (the model failed) without. */
  #settled: number | undefined;
  #run = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #waiting: ((result: ClassifiedDocument | undefined) => void)[] = [];

  constructor(uri: string, languageId: string, version: number, content: string) {
    this.uri = uri;
    this.format = formatOf(uri, languageId);
    this.#text = TextDocument.create(uri, languageId, version, content);
  }

  get text(): TextDocument {
    return this.#text;
  }

  /** The last result, whichever version it belongs to. */
  get latest(): ClassifiedDocument | undefined {
    return this.#result;
  }

  edit(changes: TextDocumentContentChangeEvent[], version: number): void {
    this.#text = TextDocument.update(this.#text, changes, version);
  }

  /** Calls `work` after `delay` ms with a signal that the next call aborts. Replaces a call that still waits. */
  schedule(delay: number, work: (signal: AbortSignal) => void): void {
    this.cancel();
    const { signal } = this.#run;
    if (delay === 0) work(signal);
    else this.#timer = setTimeout(() => work(signal), delay);
  }

  /** Stops what runs or waits to run; nothing is shown until the next result. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#run.abort();
    this.#run = new AbortController();
  }

  /** Takes the newest result over and hands it to everyone who waits; undefined where there is none to be had. */
  settle(result: ClassifiedDocument | undefined): void {
    this.#result = result;
    this.#settled = this.#text.version;
    for (const waiter of this.#waiting.splice(0)) waiter(result);
  }

  /** Drops the last result, because statements are named differently from now on. */
  forget(): void {
    this.#result = undefined;
    this.#settled = undefined;
  }

  /** Replaces the last result by the same with other labels. */
  relabel(result: ClassifiedDocument): void {
    this.#result = result;
  }

  /** The result for the newest text; waits for it. Rejects with Cancelled when `signal` is aborted. */
  async current(signal?: AbortSignal): Promise<ClassifiedDocument | undefined> {
    if (this.#settled === this.#text.version) return this.#result;
    throwIfCancelled(signal);
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter);
        reject(new Cancelled());
      };
      const waiter = (result: ClassifiedDocument | undefined): void => {
        signal?.removeEventListener("abort", giveUp);
        resolve(result);
      };
      this.#waiting.push(waiter);
      signal?.addEventListener("abort", giveUp);
    });
  }
}
