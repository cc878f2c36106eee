/** The client at the other end: what it can do, and how the session's news reach it. */
import {
  type ClientCapabilities,
  type Connection,
  type Diagnostic,
  DidChangeWatchedFilesNotification,
  MessageType,
  ShowMessageNotification,
} from "vscode-languageserver";
import { URI, Utils } from "vscode-uri";
import type { ClassifiedDocument } from "./classified.ts";
import { commandsFor, type MakeCommand } from "./lsp/commands.ts";
import { configDiagnostics, diagnostics, missingDiagnostics } from "./lsp/diagnostics.ts";
import { difference } from "./lsp/difference.ts";
import { shownCategory, type Categories } from "./lsp/categories.ts";
import { trainingWorthwhile } from "./engine/judge/training-worthwhile.ts";
import type { FolderAdapters } from "./folder-adapters.ts";
import { type ServerStatus, type ShownCategory, type ShownDocument, ToClient, type TrainProgress } from "./protocol.ts";
import { BUILT_IN_TAXONOMY } from "./engine/taxonomy.ts";
import type { Project } from "./project.ts";
import type { Outlet, Session } from "./session.ts";
import type { Start } from "./settings.ts";
import { CONFIG_FILE } from "./store/config-file.ts";
import { PROJECT_FOLDER } from "./store/label-log.ts";

export class Client implements Outlet {
  readonly connection: Connection;
  session!: Session;
  #capabilities: ClientCapabilities = {};
  #own = false;
  #takesChanges = false;
  /** What the client was told last about each document, for the next change. */
  readonly #sent = new Map<string, ClassifiedDocument>();
  /** What was last published about the configuration of each folder. */
  readonly #configSaid = new Map<string, string>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** Takes over what the client said in `initialize`. */
  introduce(capabilities: ClientCapabilities, { ownClient, changes }: Start): void {
    this.#capabilities = capabilities;
    this.#own = ownClient;
    this.#takesChanges = changes;
  }

  /** Whether it is our own client, which carries out `ClientCommands` and shows keys. */
  get own(): boolean {
    return this.#own;
  }

  get canChangeFolders(): boolean {
    return this.#capabilities.workspace?.workspaceFolders === true;
  }

  get command(): MakeCommand {
    return commandsFor(this.#own);
  }

  /** Asks to be told when labels, configuration, adapters or documents change on disk. */
  async watchFiles(): Promise<void> {
    if (this.#capabilities.workspace?.didChangeWatchedFiles?.dynamicRegistration !== true) return;
    const globs = [`**/${PROJECT_FOLDER}/**`, "**/*.{md,markdown,txt}"];
    await this.connection.client.register(DidChangeWatchedFilesNotification.type, {
      watchers: globs.map((globPattern) => ({ globPattern })),
    });
  }

  /** The categories that count for a document, as shown. */
  categories(uri?: string): Categories {
    const project = uri === undefined ? this.session.projects.main : this.session.projects.of(uri);
    const categories = project?.config.categories ?? BUILT_IN_TAXONOMY;
    return new Map(categories.map((category) => [category.code, shownCategory(category)]));
  }

  status(): ServerStatus {
    const { adapters, model, trusted } = this.session;
    const { classifier, name, precision } = model.model ?? {};
    return {
      state: model.state,
      ...(model.message === undefined ? {} : { message: model.message }),
      ...(classifier && name !== undefined && precision !== undefined
        ? { model: { name, precision, hash: classifier.identity.pack } }
        : {}),
      folders: adapters.all.map(({ project, inForce }) => ({ root: project.uri, adapter: inForce })),
      categories: this.#everyCategory(),
      labels: labelCount(adapters.all),
      restricted: !trusted,
    };
  }

  /** The categories of all folders; where two folders mean something else by one code, the first is shown. */
  #everyCategory(): ShownCategory[] {
    const { all } = this.session.projects;
    const found = all.flatMap(({ config }) => config.categories.map((category) => shownCategory(category)));
    const shown = all.length === 0 ? [...this.categories().values()] : found;
    return shown.filter(({ code }, index) => shown.findIndex((other) => other.code === code) === index);
  }

  progress(progress: TrainProgress): void {
    this.#tell(ToClient.trainProgress, progress);
  }

  // ── Outlet ──────────────────────────────────────────────────────────────────────────────────────────────────────

  classified(document: ClassifiedDocument): void {
    const before = this.#sent.get(document.uri);
    const change = this.#takesChanges && before ? difference(before, document) : undefined;
    if (change === undefined) this.#tell(ToClient.classified, shownDocument(document));
    else this.#tell(ToClient.changed, change);
    if (document.version === null) this.#sent.delete(document.uri);
    else this.#sent.set(document.uri, document);
    this.#publish(document.uri, this.#diagnosticsOf(document), document.version);
    this.#publishConfigs();
  }

  settingsChanged(): void {
    for (const document of this.session.known()) {
      this.#publish(document.uri, this.#diagnosticsOf(document), document.version);
    }
    this.#publishConfigs();
    this.shownAnew();
  }

  scanned(): void {
    this.#publishConfigs();
  }

  shownAnew(): void {
    const { codeLens, inlayHint } = this.#capabilities.workspace ?? {};
    if (codeLens?.refreshSupport === true) this.#ask(this.connection.sendRequest("workspace/codeLens/refresh"));
    if (inlayHint?.refreshSupport === true) this.#ask(this.connection.sendRequest("workspace/inlayHint/refresh"));
  }

  statusChanged(): void {
    this.#tell(ToClient.status, this.status());
  }

  configRead(): void {
    for (const { configProblems } of this.session.projects.all) {
      for (const { message } of configProblems) this.log(message);
    }
    this.#configSaid.clear();
    this.#publishConfigs();
  }

  log(message: string): void {
    this.connection.console.error(message);
  }

  warn(message: string): void {
    this.log(message);
    this.#tell(ShowMessageNotification.method, { type: MessageType.Warning, message });
  }

  #diagnosticsOf(document: ClassifiedDocument): Diagnostic[] {
    const { settings } = this.session;
    if (!settings.diagnostics) return [];
    const choice = { maximum: settings.maximumDiagnostics, findings: settings.findings };
    const text = this.session.document(document.uri)?.text;
    return diagnostics(document, this.categories(document.uri), choice, text);
  }

  /** What is wrong with the configurations, and which categories they require in vain; sent where that changed. */
  #publishConfigs(): void {
    for (const project of this.session.projects.all) {
      const uri = Utils.joinPath(URI.file(project.root), PROJECT_FOLDER, CONFIG_FILE).toString();
      const list = [...configDiagnostics(project.configText, project.configProblems), ...this.#missingIn(project)];
      const said = JSON.stringify(list);
      if (this.#configSaid.get(uri) === said) continue;
      this.#configSaid.set(uri, said);
      this.#publish(uri, list, null);
    }
  }

  /** Before every document was read nobody can say that something is missing. */
  #missingIn(project: Project): Diagnostic[] {
    const { required } = project.config;
    const { projects, scanned, settings } = this.session;
    if (required.length === 0 || !scanned || !settings.diagnostics) return [];
    const documents = this.session.known().filter(({ uri }) => projects.of(uri) === project);
    const labels = documents.flatMap(({ statements }) => statements.map(({ shown }) => shown.label));
    return missingDiagnostics(project.configText, required, labels, this.categories(project.uriOf("any")));
  }

  #publish(uri: string, list: Diagnostic[], version: number | null): void {
    const params = version === null ? { uri, diagnostics: list } : { uri, diagnostics: list, version };
    this.#ask(this.connection.sendDiagnostics(params));
  }

  #tell(method: string, params: unknown): void {
    this.#ask(this.connection.sendNotification(method, params));
  }

  /** Sends without waiting; a client that went away or refuses is no fault of ours. */
  #ask(sent: Promise<unknown>): void {
    sent.catch((error: unknown) => this.connection.console.log(String(error)));
  }
}

/** How many labels there are, how many came after their folder's last training, and whether training should help one. */
function labelCount(folders: readonly FolderAdapters[]): ServerStatus["labels"] {
  const counts = folders.map(({ project, lastTraining }) => {
    const labels = project.labels.inForce();
    const total = labels.length;
    const sinceTraining = lastTraining === null ? total : labels.filter(({ time }) => time > lastTraining).length;
    return { total, sinceTraining, classes: new Set(labels.map(({ label }) => label)).size };
  });
  const sum = (of: "total" | "sinceTraining"): number => counts.reduce((all, count) => all + count[of], 0);
  return {
    total: sum("total"),
    sinceTraining: sum("sinceTraining"),
    trainingSuggested: counts.some((count) => trainingWorthwhile(count)),
  };
}

/** A document as our own client gets it. */
export function shownDocument({ uri, version, statements }: ClassifiedDocument): ShownDocument {
  return { uri, version, statements: statements.map(({ shown }) => shown) };
}
