/** Runs the language server: starts it, starts it again when it dies, and says in which state it is. */
import * as vscode from "vscode";
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  TransportKind,
  type ErrorHandler,
  type LanguageClientOptions,
} from "vscode-languageclient/node";
import {
  ToClient,
  ToServer,
  type InitializationOptions,
  type ServerState,
  type ServerStatus,
  type ShownChange,
  type ShownDocument,
  type TrainProgress,
} from "../server/protocol.ts";
import { makeAsk, type Ask } from "./ask.ts";
import { quiet } from "./diagnostics.ts";
import { RESTART_DELAYS, RestartPolicy } from "./restart-policy.ts";
import { readSettings } from "./settings.ts";

/** The model packs that come with the extension. */
const BUNDLED = { int8: "models/base", int4: "models/base-4bit" } as const;

/** The languages whose documents are read. */
export const LANGUAGES = ["markdown", "plaintext"] as const;

/** Schemes whose documents are a user's own text; the two sides of a diff, output and the like are not. */
const SCHEMES = ["file", "untitled", "vscode-vfs", "vscode-test-web"];

export const DOCUMENT_SELECTOR = SCHEMES.flatMap((scheme) => LANGUAGES.map((language) => ({ scheme, language })));

/** A client whose troubles go to the log: the one message about them is ours, once there is something to do. */
class QuietClient extends LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

export class Server implements vscode.Disposable {
  /** The last status the server told; null before the first. */
  status: ServerStatus | null = null;
  private readonly policy = new RestartPolicy();
  private readonly changed = new vscode.EventEmitter<ServerState>();
  private readonly classified = new vscode.EventEmitter<ShownDocument>();
  private readonly edited = new vscode.EventEmitter<ShownChange>();
  private readonly progress = new vscode.EventEmitter<TrainProgress>();
  private client: LanguageClient | null = null;
  private current: ServerState = "starting";
  private told = false;

  readonly onStatus = this.changed.event;
  readonly onClassified = this.classified.event;
  readonly onEdited = this.edited.event;
  readonly onTrainProgress = this.progress.event;
  readonly ask: Ask = makeAsk((method, params) => {
    if (!this.client) throw new Error(vscode.l10n.t("The language server is not running."));
    return this.client.sendRequest(method, params);
  });

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  get state(): ServerState {
    return this.current;
  }

  /** Process id of the running server, for those who watch over it. */
  get pid(): number | undefined {
    return this.client?.serverProcess?.pid;
  }

  /** Starts the server; a failure becomes a state and a message, never an exception. */
  async start(): Promise<void> {
    this.enter("starting");
    const client = this.makeClient();
    this.client = client;
    client.onNotification(ToClient.classified, (document: ShownDocument) => this.classified.fire(document));
    client.onNotification(ToClient.changed, (change: ShownChange) => this.edited.fire(change));
    client.onNotification(ToClient.status, (status: ServerStatus) => this.take(status));
    client.onNotification(ToClient.trainProgress, (progress: TrainProgress) => this.progress.fire(progress));
    try {
      await client.start();
      this.take(await this.ask("status", {}));
    } catch (error) {
      this.log.error(`The language server did not start: ${String(error)}`);
      if (this.client === client) this.fail(vscode.l10n.t("NFR Lens could not start its language server."));
    }
  }

  /** Stops the server, if it runs, and starts it anew. */
  async restart(): Promise<void> {
    this.policy.reset();
    const client = this.client;
    this.client = null;
    // A client that is not running refuses to stop; what matters is that the new one starts.
    await client?.dispose().catch((error: unknown) => this.log.warn(`Stopping the server: ${String(error)}`));
    await this.start();
  }

  /** Tells the server what the user changed. */
  async sendSettings(): Promise<void> {
    if (this.current === "ready") await this.client?.sendNotification(ToServer.settings, readSettings().server);
  }

  async sendTrust(trusted: boolean): Promise<void> {
    if (this.current !== "starting") await this.client?.sendNotification(ToServer.trust, { trusted });
  }

  dispose(): void {
    for (const emitter of [this.changed, this.classified, this.edited, this.progress]) emitter.dispose();
    const client = this.client;
    this.client = null;
    void client?.dispose().catch(() => undefined);
  }

  private makeClient(): LanguageClient {
    const module = this.context.asAbsolutePath("dist/server.js");
    const options: LanguageClientOptions = {
      documentSelector: DOCUMENT_SELECTOR,
      outputChannel: this.log,
      traceOutputChannel: this.log,
      initializationOptions: () => this.initializationOptions(),
      initializationFailedHandler: (error) => {
        this.log.error(`The language server refused to start: ${String(error)}`);
        return false;
      },
      errorHandler: this.errorHandler(),
      middleware: { handleDiagnostics: (uri, diagnostics, next) => next(uri, quiet(uri, diagnostics)) },
      markdown: { isTrusted: { enabledCommands: [] } },
    };
    return new QuietClient("nfrLens", "NFR Lens", { module, transport: TransportKind.stdio }, options);
  }

  private initializationOptions(): InitializationOptions {
    const settings = readSettings();
    return {
      pack: settings.modelPath || this.context.asAbsolutePath(BUNDLED[settings.model]),
      locale: vscode.env.language,
      trusted: vscode.workspace.isTrusted,
      changes: true,
      settings: settings.server,
    };
  }

  private errorHandler(): ErrorHandler {
    return {
      error: (error) => {
        this.log.error(`Talking to the language server: ${String(error)}`);
        return { action: ErrorAction.Continue, handled: true };
      },
      closed: async () => {
        this.enter("starting");
        const delay = this.policy.next(Date.now());
        if (delay === null) {
          this.fail(
            vscode.l10n.t(
              "The language server of NFR Lens stopped {0} times. It stays off.",
              RESTART_DELAYS.length + 1,
            ),
          );
          return { action: CloseAction.DoNotRestart, handled: true };
        }
        this.log.warn(`The language server ended. It starts again in ${delay} ms.`);
        await new Promise((resolve) => setTimeout(resolve, delay));
        return { action: CloseAction.Restart, handled: true };
      },
    };
  }

  private take(status: ServerStatus): void {
    this.status = status;
    if (status.state === "failed") this.fail(status.message ?? vscode.l10n.t("NFR Lens could not load its model."));
    else this.enter(status.state);
    // Trust may have been given while the server was starting.
    if (status.restricted && vscode.workspace.isTrusted) void this.sendTrust(true);
  }

  private enter(state: ServerState): void {
    this.current = state;
    if (state === "ready") this.told = false;
    this.changed.fire(state);
  }

  /** The one message about a server that does not work: somebody has to act. */
  private fail(message: string): void {
    this.enter("failed");
    this.log.error(message);
    if (this.told) return;
    this.told = true;
    const showLog = vscode.l10n.t("Show Log");
    const restart = vscode.l10n.t("Restart");
    const settings = vscode.l10n.t("Settings");
    void vscode.window.showErrorMessage(message, showLog, restart, settings).then((choice) => {
      if (choice === showLog) this.log.show();
      if (choice === restart) void this.restart();
      if (choice === settings) void vscode.commands.executeCommand("workbench.action.openSettings", "nfrLens.model");
    });
  }
}
