/**
 * All mutable state of a language server: the model, the workspace folders, the open and the scanned documents. It
 * speaks no LSP; `handlers.ts` connects it to a client and `lsp/` turns its values into LSP shapes.
 */
import type { TextDocumentContentChangeEvent } from "vscode-languageserver";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { type ClassifiedDocument, type ClassifiedStatement, joined } from "./classified.ts";
import { readDocument } from "./engine/documents/read.ts";
import { classifierText, type Statement } from "./engine/documents/statement.ts";
import { explain, type Explanation } from "./engine/judge/explanation.ts";
import { Cancelled, throwIfCancelled } from "./engine/outcome.ts";
import { Adapters } from "./adapters.ts";
import { ClosedDocuments } from "./closed-documents.ts";
import { LabelReader } from "./label-reader.ts";
import { ModelHost, type OpenModel } from "./model.ts";
import { predict } from "./predictions.ts";
import { Projects } from "./project.ts";
import type { TrainerRuns } from "./teaching.ts";
import type { ServerSettings } from "./protocol.ts";
import { DEFAULT_SETTINGS } from "./settings.ts";
import { errorMessage } from "./store/wording.ts";
import { TrackedDocument } from "./tracked-document.ts";

/** What a session is given. */
export interface Parts {
  readonly openModel: OpenModel;
  /** The runs of the trainer process. */
  readonly trainer: TrainerRuns;
}

/** Whom a session tells what. */
export interface Outlet {
  /** New results of a document; without statements when it was closed or nothing is known about it any more. */
  classified(document: ClassifiedDocument): void;
  /** The words on screen changed although no text did: labels, settings, the model. */
  shownAnew(): void;
  /** What is published of each document depends on the settings. */
  settingsChanged(): void;
  statusChanged(): void;
  configRead(): void;
  /** Every document of the folders was read. */
  scanned(): void;
  log(message: string): void;
  /** For the user's eyes. */
  warn(message: string): void;
}

export class Session {
  readonly model: ModelHost;
  readonly projects = new Projects();
  readonly adapters: Adapters;
  readonly closed: ClosedDocuments;
  settings: ServerSettings = DEFAULT_SETTINGS;
  /** Folder of the model pack. */
  pack = "";
  trusted = true;
  /** Whether every document of the folders was read since they were opened. */
  scanned = false;
  #rootsRead: Promise<void> = Promise.resolve();
  readonly #outlet: Outlet;
  readonly #open = new Map<string, TrackedDocument>();
  readonly #labelReader: LabelReader;

  constructor(parts: Parts, outlet: Outlet) {
    this.#outlet = outlet;
    this.#labelReader = new LabelReader(outlet);
    this.model = new ModelHost(parts.openModel);
    this.closed = new ClosedDocuments(this, outlet);
    this.adapters = new Adapters(this.model, this.projects, {
      swapped: () => {
        this.reclassify();
        outlet.statusChanged();
      },
      warn: (message) => outlet.warn(message),
    });
  }

  /** Reads the workspace and begins to load the model; the session answers meanwhile. */
  async start(pack: string, roots: readonly string[]): Promise<void> {
    this.pack = pack;
    const loading = this.model.load(pack, this.settings.threads, (message) => this.#outlet.log(message));
    await this.setRoots(roots);
    await loading;
    this.#outlet.statusChanged();
  }

  /** Stops every run; nothing is told any more. */
  stop(): void {
    for (const document of this.#open.values()) document.cancel();
  }

  /** Settled when configuration and labels of the folders are read and the model is loaded, well or not. */
  async prepared(): Promise<void> {
    await this.#rootsRead;
    await this.model.loaded;
  }

  setRoots(roots: readonly string[]): Promise<void> {
    this.projects.set(roots);
    this.scanned = false;
    // Keys hold the path of the document in its folder.
    for (const document of this.#open.values()) document.forget();
    this.#rootsRead = this.#readRoots().catch((error: unknown) => this.#outlet.warn(errorMessage(error)));
    return this.#rootsRead;
  }

  async #readRoots(): Promise<void> {
    await this.readConfig();
    await this.refreshLabels();
    await this.model.loaded;
    await this.adapters.refresh(this.trusted);
  }

  /** Reads the configuration of every folder anew and classifies under it. */
  async readConfig(): Promise<void> {
    for (const project of this.projects.all) await project.readConfig(this.trusted);
    this.#outlet.configRead();
    this.reclassify();
  }

  /** Follows what another window or a pull did to the adapters. */
  async refreshAdapters(): Promise<void> {
    await this.adapters.refresh(this.trusted);
    this.#outlet.statusChanged();
  }

  async setTrusted(trusted: boolean): Promise<void> {
    this.trusted = trusted;
    await this.readConfig();
    await this.adapters.refresh(trusted);
    this.#outlet.statusChanged();
  }

  setSettings(settings: ServerSettings): void {
    this.settings = settings;
    this.#outlet.settingsChanged();
  }

  /** A scan of the folders has ended: what no document has is missing. */
  scanEnded(): void {
    this.scanned = true;
    this.#outlet.scanned();
  }

  // ── documents ───────────────────────────────────────────────────────────────────────────────────────────────────

  open(uri: string, languageId: string, version: number, text: string): void {
    this.#open.get(uri)?.cancel();
    this.closed.openedInEditor(uri);
    const document = new TrackedDocument(uri, languageId, version, text);
    this.#open.set(uri, document);
    this.#classify(document, 0);
  }

  edit(uri: string, changes: TextDocumentContentChangeEvent[], version: number): void {
    const document = this.#open.get(uri);
    if (document === undefined) return;
    document.edit(changes, version);
    this.#classify(document, this.settings.debounceMs);
  }

  close(uri: string): void {
    const document = this.#open.get(uri);
    if (document === undefined) return;
    document.cancel();
    document.settle(undefined);
    this.#open.delete(uri);
    this.#outlet.classified({ uri, version: null, statements: [], problems: [] });
    void this.closed.reread(uri);
  }

  /** Classifies the text of a document that no editor has open. */
  async classifyClosed(text: TextDocument, signal: AbortSignal): Promise<ClassifiedDocument> {
    const document = new TrackedDocument(text.uri, text.languageId, text.version, text.getText());
    return { ...(await this.#result(document, signal)), version: null };
  }

  document(uri: string): TrackedDocument | undefined {
    return this.#open.get(uri);
  }

  /** The result for the newest text of an open document, waited for, or that of a scanned one. */
  async current(uri: string, signal?: AbortSignal): Promise<ClassifiedDocument | undefined> {
    const document = this.#open.get(uri);
    return document === undefined ? this.closed.result(uri) : document.current(signal);
  }

  /** Every document something is known about, as last classified. */
  known(): ClassifiedDocument[] {
    const open = [...this.#open.values()].flatMap(({ latest }) => latest ?? []);
    return [...open, ...this.closed.results];
  }

  /** The statement `key` of a document, as last classified. */
  statement(uri: string, key: string): ClassifiedStatement | undefined {
    const document = this.#open.get(uri)?.latest ?? this.closed.result(uri);
    return document?.statements.find(({ shown }) => shown.key === key);
  }

  /** What the words of a statement did for the model's category; undefined while there is no model. */
  async explain(
    uri: string,
    { statement, prediction }: ClassifiedStatement,
    signal: AbortSignal,
  ): Promise<Explanation | undefined> {
    if (this.model.model === undefined) return undefined;
    const classifier = this.adapters.classifierFor(uri);
    return explain(classifierText(statement), classifier, { label: prediction.label, signal });
  }

  /** The statement `key` of whichever open document of a workspace folder, by number, holds it. */
  find({ key, folder }: { key: string; folder: number }): { uri: string; statement: ClassifiedStatement } | undefined {
    for (const uri of this.#open.keys()) {
      if (this.projects.numberOf(uri) !== folder) continue;
      const statement = this.statement(uri, key);
      if (statement !== undefined) return { uri, statement };
    }
    return undefined;
  }

  /** Classifies every document again, because the model or the rules changed. */
  reclassify(): void {
    for (const document of this.#open.values()) this.#classify(document, 0);
    this.closed.rereadAll();
  }

  // ── classification ──────────────────────────────────────────────────────────────────────────────────────────────

  #classify(document: TrackedDocument, delay: number): void {
    document.schedule(delay, (signal) => {
      this.#run(document, signal).catch((error: unknown) => {
        if (error instanceof Cancelled) return;
        this.#outlet.log(`${document.uri}: ${error instanceof Error ? (error.stack ?? "") : String(error)}`);
        this.#outlet.warn(errorMessage(error));
        // Nothing is better than something stale.
        this.#settle(document, { uri: document.uri, version: document.text.version, statements: [], problems: [] });
      });
    });
  }

  /** One run over an open document; superseded runs reject. */
  async #run(document: TrackedDocument, signal: AbortSignal): Promise<void> {
    await this.prepared();
    throwIfCancelled(signal);
    if (this.model.model === undefined) document.settle(undefined);
    else this.#settle(document, await this.#result(document, signal));
  }

  /** Read, classify what is new, join with labels. */
  async #result(document: TrackedDocument, signal: AbortSignal): Promise<ClassifiedDocument> {
    const { text, uri } = document;
    const { format } = document;
    const isRead = format !== undefined && !this.projects.isIgnored(uri);
    document.read = isRead ? readDocument(text.getText(), format, document.read) : undefined;
    const statements = (document.read?.statements ?? []).filter((statement) => !statement.ignored);
    const predictionOf = await predict(document, statements, this.adapters.classifierFor(uri), signal);
    await this.#refreshLabelsOf(uri);
    throwIfCancelled(signal);
    const found = { statements, predictionOf, positionAt: (offset: number) => text.positionAt(offset) };
    const previous = document.latest?.statements ?? [];
    return {
      uri,
      version: text.version,
      statements: joined(found, this.projects.surroundings(uri), previous),
      problems: document.read?.problems ?? [],
    };
  }

  #settle(document: TrackedDocument, result: ClassifiedDocument): void {
    // An edit makes the client ask anew by itself; a new opinion about an old text does not.
    const anew = document.latest?.version === result.version;
    document.settle(result);
    this.#outlet.classified(result);
    if (anew) this.#outlet.shownAnew();
  }

  // ── labels ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads label logs that changed on disk and shows what they say now. */
  async refreshLabels(): Promise<void> {
    let changed = false;
    for (const project of this.projects.all) changed = (await this.#labelReader.read(project)) || changed;
    if (changed) this.showLabels();
  }

  async #refreshLabelsOf(uri: string): Promise<void> {
    const project = this.projects.of(uri);
    if (project !== undefined && (await this.#labelReader.read(project))) this.showLabels();
  }

  /** Joins every known result with the labels as they are now. */
  showLabels(): void {
    for (const document of this.#open.values()) {
      if (document.latest) document.relabel(this.#relabelled(document.latest));
      if (document.latest) this.#outlet.classified(document.latest);
    }
    this.closed.replaceEach((document) => this.#relabelled(document));
    this.#outlet.shownAnew();
    this.#outlet.statusChanged();
  }

  #relabelled(document: ClassifiedDocument): ClassifiedDocument {
    const { statements } = document;
    const known = new Map(statements.map((found) => [found.statement, found]));
    const places = new Map(
      statements.flatMap(({ shown }) => [
        [shown.start, shown.range.start],
        [shown.end, shown.range.end],
      ]),
    );
    const found = {
      statements: statements.map(({ statement }) => statement),
      predictionOf: (statement: Statement) => known.get(statement)!.prediction,
      positionAt: (offset: number) => places.get(offset)!,
    };
    return { ...document, statements: joined(found, this.projects.surroundings(document.uri), statements) };
  }
}
