/** Documents of the workspace that no editor has open, as a scan read them from disk. */
import type { TextDocument } from "vscode-languageserver-textdocument";
import type { ClassifiedDocument } from "./classified.ts";
import { errorMessage } from "./store/wording.ts";

/** What closed documents need of their session. */
export interface ClosedDocumentsHost {
  /** Set where an editor has the document open: then its text counts. */
  document(uri: string): object | undefined;
  classifyClosed(text: TextDocument, signal: AbortSignal): Promise<ClassifiedDocument>;
}

/** Whom results are told. */
export interface ClosedDocumentsNews {
  classified(document: ClassifiedDocument): void;
  log(message: string): void;
}

type Source = () => Promise<TextDocument>;

export class ClosedDocuments {
  readonly #host: ClosedDocumentsHost;
  readonly #news: ClosedDocumentsNews;
  readonly #results = new Map<string, ClassifiedDocument>();
  /** How to read the documents of the last scan again, open ones included. */
  readonly #sources = new Map<string, Source>();
  #rereading = new AbortController();

  constructor(host: ClosedDocumentsHost, news: ClosedDocumentsNews) {
    this.#host = host;
    this.#news = news;
  }

  get results(): ClassifiedDocument[] {
    return [...this.#results.values()];
  }

  result(uri: string): ClassifiedDocument | undefined {
    return this.#results.get(uri);
  }

  /** Reads and classifies a document, and keeps following it. Rejects where it is unreadable. */
  async read(uri: string, source: Source, signal = new AbortController().signal): Promise<ClassifiedDocument> {
    this.#sources.set(uri, source);
    const result = await this.#host.classifyClosed(await source(), signal);
    // It may have been opened meanwhile.
    if (this.#host.document(uri) !== undefined) return result;
    this.#results.set(uri, result);
    this.#news.classified(result);
    return result;
  }

  /** Reads a scanned document again, because it changed on disk or its editor closed; forgets it when it is gone. */
  async reread(uri: string): Promise<void> {
    const source = this.#sources.get(uri);
    if (source === undefined || this.#host.document(uri) !== undefined) return;
    try {
      await this.read(uri, source);
    } catch (error) {
      this.#news.log(errorMessage(error));
      this.#sources.delete(uri);
      this.#results.delete(uri);
      this.#news.classified({ uri, version: null, statements: [], problems: [] });
    }
  }

  /** Reads all again, because the model or the rules changed. */
  rereadAll(): void {
    this.#rereading.abort();
    this.#rereading = new AbortController();
    void this.#rereadEach(this.#rereading.signal);
  }

  /** One after the other, so that a large workspace takes time and not memory. */
  async #rereadEach(signal: AbortSignal): Promise<void> {
    for (const uri of [...this.#sources.keys()]) {
      if (signal.aborted) return;
      await this.reread(uri);
    }
  }

  /** From now on the editor's text counts. */
  openedInEditor(uri: string): void {
    this.#results.delete(uri);
  }

  /** Replaces every result, because labels changed. */
  replaceEach(replace: (document: ClassifiedDocument) => ClassifiedDocument): void {
    for (const [uri, document] of this.#results) {
      const replaced = replace(document);
      this.#results.set(uri, replaced);
      this.#news.classified(replaced);
    }
  }
}
