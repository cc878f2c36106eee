/**
 * A language server and a client that share nothing but two streams, as an editor and its server do. The client keeps
 * what it is told, and tests wait for the server's own news, never for time.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  type ClientCapabilities,
  createConnection,
  createProtocolConnection,
  type InitializeResult,
  type MessageConnection,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  type Range,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import type { AdapterBase } from "../../server/engine/adapt/adapter.ts";
import { readEncoderConfig } from "../../server/engine/model/config.ts";
import type { OpenModel } from "../../server/model.ts";
import {
  type InitializationOptions,
  type LabelAction,
  type LabelResult,
  type Refusal,
  Requests,
  type ServerSettings,
  type ServerStatus,
  type ShownDocument,
  type ShownStatement,
  ToClient,
} from "../../server/protocol.ts";
import { serve } from "../../server/serve.ts";
import type { TrainerRuns } from "../../server/teaching.ts";
import { runEvaluation, runTraining } from "../../server/training.ts";
import { KeywordClassifier } from "./keyword-classifier.ts";

export const HOME = fileURLToPath(new URL("../..", import.meta.url));

const SHAPE = readEncoderConfig(readFileSync(join(HOME, "test/fixtures/tiny-bert/config.json"), "utf8"), "tiny");
const TINY: AdapterBase["config"] = { ...SHAPE, pooling: "mean", pooler: false };

/** The real trainer process, from its source. */
const SCRIPT = { trainer: join(HOME, "server/trainer.ts") };
const TRAINER: TrainerRuns = {
  train: (request, hooks) => runTraining(request, { ...hooks, ...SCRIPT }),
  evaluate: (request, hooks) => runEvaluation(request, { ...hooks, ...SCRIPT }),
};

export const SETTINGS: ServerSettings = {
  codeLens: true,
  inlayHints: false,
  diagnostics: true,
  findings: { unmeasurable: true, severalQualities: true, contradictsHeading: false },
  minimumConfidence: 0,
  maximumDiagnostics: 200,
  debounceMs: 0,
  threads: 0,
  author: "Ada",
};

export interface RigOptions {
  /** Files of the workspace by path; without, no folder is open. */
  files?: Record<string, string>;
  /** Folders of {@link files} that are opened as workspace folders; without, the one that holds them all. */
  folders?: readonly string[];
  settings?: Partial<ServerSettings>;
  options?: Partial<InitializationOptions>;
  /** Another LSP client than ours: it sends no initialization options. */
  foreign?: boolean;
  capabilities?: ClientCapabilities;
  openModel?: OpenModel;
}

interface Waiter {
  readonly test: () => boolean;
  readonly resolve: () => void;
}

export class Rig {
  readonly classifier = new KeywordClassifier();
  readonly client: ProtocolConnection;
  readonly root: string;
  /** What the server answered to `initialize`. */
  offered: InitializeResult | undefined;
  /** Everything the client was told, oldest first. */
  readonly told: { method: string; params: unknown }[] = [];
  readonly logged: string[] = [];
  readonly warned: string[] = [];
  readonly #streams = [new PassThrough(), new PassThrough()] as const;
  #waiters: Waiter[] = [];

  private constructor(options: RigOptions) {
    this.root = mkdtempSync(join(tmpdir(), "nfr-lens-server-"));
    for (const [path, text] of Object.entries(options.files ?? {})) this.write(path, text);
    const [up, down] = this.#streams;
    this.classifier.onRun = () => this.#look();
    const openModel: OpenModel =
      options.openModel ??
      (() =>
        Promise.resolve({
          name: "keywords",
          precision: "int8",
          classifier: this.classifier,
          base: { config: TINY, hash: this.classifier.identity.pack, labels: this.classifier.labels },
          activate: () => Promise.resolve(),
          another: () => ({ classifier: this.classifier, activate: () => Promise.resolve() }),
        }));
    const connection = createConnection(new StreamMessageReader(up), new StreamMessageWriter(down));
    serve(connection, { openModel, trainer: TRAINER }, { home: HOME, user: "somebody" });
    this.client = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
    this.client.onUnhandledNotification(({ method, params }) => this.#hear(method, params));
    // The protocol's type leaves this event of the underlying connection out.
    (this.client as unknown as MessageConnection).onUnhandledProgress((params) => this.#hear("$/progress", params));
    for (const method of ["workspace/codeLens/refresh", "workspace/inlayHint/refresh", "client/registerCapability"]) {
      this.client.onRequest(method, (params: unknown) => {
        this.#hear(method, params);
        return null;
      });
    }
    this.client.listen();
  }

  /** Starts both ends; resolves when the server has answered `initialize`. */
  static async start(options: RigOptions = {}): Promise<Rig> {
    const rig = new Rig(options);
    const initializationOptions: InitializationOptions = {
      pack: join(HOME, "models", "base"),
      locale: "en",
      trusted: true,
      settings: { ...SETTINGS, ...options.settings },
      ...options.options,
    };
    rig.offered = await rig.client.sendRequest<InitializeResult>("initialize", {
      processId: null,
      rootUri: null,
      capabilities: options.capabilities ?? {
        workspace: { codeLens: { refreshSupport: true }, inlayHint: { refreshSupport: true } },
      },
      workspaceFolders:
        options.files === undefined
          ? null
          : (options.folders ?? [""]).map((name) => ({ uri: rig.uri(name), name: name || "workspace" })),
      ...(options.foreign ? {} : { initializationOptions }),
    });
    await rig.client.sendNotification("initialized", {});
    return rig;
  }

  async stop(): Promise<void> {
    await this.client.sendRequest("shutdown");
    this.client.dispose();
    for (const stream of this.#streams) stream.destroy();
    rmSync(this.root, { recursive: true, force: true });
  }

  // ── the workspace ───────────────────────────────────────────────────────────────────────────────────────────────

  uri(path: string): string {
    return pathToFileURL(join(this.root, path)).toString();
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  // ── what a user does ────────────────────────────────────────────────────────────────────────────────────────────

  async open(path: string, text: string, version = 1): Promise<ShownDocument> {
    const uri = this.uri(path);
    await this.client.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: path.endsWith(".txt") ? "plaintext" : "markdown", version, text },
    });
    return this.classified(path, version);
  }

  async change(path: string, version: number, text: string, range?: Range): Promise<void> {
    await this.client.sendNotification("textDocument/didChange", {
      textDocument: { uri: this.uri(path), version },
      contentChanges: [range === undefined ? { text } : { range, text }],
    });
  }

  ask<T>(method: string, params: unknown = {}): Promise<T> {
    return this.client.sendRequest(method, params);
  }

  /** A plain LSP request about a document. */
  feature<T>(name: string, path: string, more: object = {}): Promise<T> {
    return this.client.sendRequest(`textDocument/${name}`, { textDocument: { uri: this.uri(path) }, ...more });
  }

  label(path: string, statement: ShownStatement, action: LabelAction): Promise<LabelResult | Refusal> {
    return this.ask(Requests.label, { uri: this.uri(path), key: statement.key, action });
  }

  // ── what the user sees ──────────────────────────────────────────────────────────────────────────────────────────

  /** The results of `version` of a document, as soon as they are in. */
  async classified(path: string, version: number | null): Promise<ShownDocument> {
    await this.until(() => this.lastClassified(path)?.version === version);
    return this.lastClassified(path)!;
  }

  lastClassified(path: string): ShownDocument | undefined {
    return this.of<ShownDocument>(ToClient.classified)
      .filter(({ uri }) => uri === this.uri(path))
      .at(-1);
  }

  diagnostics(path: string): PublishDiagnosticsParams | undefined {
    return this.of<PublishDiagnosticsParams>("textDocument/publishDiagnostics")
      .filter(({ uri }) => uri === this.uri(path))
      .at(-1);
  }

  async ready(): Promise<ServerStatus> {
    await this.until(() => this.of<ServerStatus>(ToClient.status).some(({ state }) => state !== "starting"));
    return this.of<ServerStatus>(ToClient.status).at(-1)!;
  }

  /** The parameters of everything told under `method`. */
  of<T>(method: string): T[] {
    return this.told.filter((message) => message.method === method).map(({ params }) => params as T);
  }

  /** Resolves when `test` holds; it is asked after every message and at every run. */
  async until(test: () => boolean): Promise<void> {
    if (test()) return;
    await new Promise<void>((resolve) => this.#waiters.push({ test, resolve }));
  }

  #hear(method: string, params: unknown): void {
    if (method === "window/logMessage") this.logged.push((params as { message: string }).message);
    else if (method === "window/showMessage") this.warned.push((params as { message: string }).message);
    else this.told.push({ method, params });
    this.#look();
  }

  #look(): void {
    const done = this.#waiters.filter(({ test }) => test());
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const { resolve } of done) resolve();
  }
}
