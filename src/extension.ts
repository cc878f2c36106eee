/** Entry of the extension: builds the parts, connects them, and hands them to VS Code for disposal. */
import * as vscode from "vscode";
import type { ServerState, ServerStatus, ShownDocument, TrainProgress } from "../server/protocol.ts";
import { AdaptersView } from "./adapters-view.ts";
import { ready, type App } from "./app.ts";
import { Colours } from "./colours.ts";
import { registerCommands } from "./commands.ts";
import { buildDashboard } from "./dashboard.ts";
import { Decorations } from "./decorations.ts";
import { DocumentStore } from "./documents.ts";
import { LabelHistory } from "./labels.ts";
import { Pages } from "./pages.ts";
import { RequirementsView } from "./requirements-view.ts";
import { ReviewView } from "./review-view.ts";
import { showAsked } from "./sample.ts";
import { Server } from "./server.ts";
import { SECTION } from "./settings.ts";
import { StatusBar } from "./status-bar.ts";
import { Training } from "./training.ts";

/** What the extension tells those who ask for its exports: tests and, carefully, other extensions. */
export interface Api {
  readonly onState: vscode.Event<ServerState>;
  readonly onClassified: vscode.Event<ShownDocument>;
  readonly onTrainProgress: vscode.Event<TrainProgress | null>;
  state(): ServerState;
  status(): ServerStatus | null;
  documents(): ShownDocument[];
  /** Process id of the language server while it runs. */
  serverPid(): number | undefined;
}

export function activate(context: vscode.ExtensionContext): Api {
  const log = vscode.window.createOutputChannel("NFR Lens", { log: true });
  context.subscriptions.push(log);
  try {
    const app = build(context, log);
    connect(app, new Decorations(app.documents, new Colours(context.extension)));
    // The editor need not wait for the model; views and status bar say how far it is.
    void app.server.start();
    void showAsked(context).catch((error: unknown) => log.warn(`The sample was not shown: ${String(error)}`));
    return api(app);
  } catch (error) {
    log.error(`Activation failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const showLog = vscode.l10n.t("Show Log");
    void vscode.window.showErrorMessage(vscode.l10n.t("NFR Lens could not start."), showLog).then((choice) => {
      if (choice === showLog) log.show();
    });
    throw error;
  }
}

function build(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): App {
  const documents = new DocumentStore();
  const server = new Server(context, log);
  const training = new Training();
  return {
    context,
    log,
    server,
    documents,
    training,
    history: new LabelHistory(),
    pages: new Pages(context.extensionUri, log),
    requirements: new RequirementsView(server, documents, new Colours(context.extension), context.workspaceState),
    adapters: new AdaptersView(training),
    review: new ReviewView(server),
  };
}

function connect(app: App, decorations: Decorations): void {
  const { context, server, documents, training, requirements, adapters, pages, review } = app;
  const statusBar = new StatusBar(server, documents, training);
  const redraw = (uri: string) => {
    decorations.draw(uri);
    statusBar.draw();
    requirements.refresh();
    const readied = ready(app);
    if (readied) pages.update("dashboard", () => buildDashboard(readied));
  };
  context.subscriptions.push(
    ...registerCommands(app),
    ...[decorations, statusBar, requirements, adapters, review, pages, training, server],
    { dispose: documents.onChange(redraw) },
    server.onClassified((document) => documents.update(document)),
    server.onEdited((change) => {
      if (!documents.patch(change)) void readAgain(app, change.uri);
    }),
    server.onTrainProgress((progress) => training.take(progress)),
    server.onStatus((state) => void enter(app, state).finally(() => statusBar.draw())),
    training.onChange(() => {
      statusBar.draw();
      adapters.redraw();
    }),
    vscode.window.onDidChangeActiveTextEditor(() => statusBar.draw()),
    vscode.window.onDidChangeVisibleTextEditors(() => decorations.draw()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void server.sendTrust(true)),
    vscode.workspace.onDidChangeConfiguration((event) => changed(app, event, decorations, statusBar)),
  );
  statusBar.draw();
}

/** Asks for a document whose change did not follow on what is known. */
async function readAgain({ server, documents, log }: App, uri: string): Promise<void> {
  try {
    for (const document of await server.ask("documents", { uri })) documents.update(document);
  } catch (error) {
    log.warn(`Results of ${uri}: ${String(error)}`);
  }
}

/** Follows the server into a new state: what is on screen is never older than the server. */
async function enter(app: App, state: ServerState): Promise<void> {
  const readied = ready(app);
  if (!readied) {
    app.documents.clear();
    app.adapters.clear();
    app.review.clear();
  }
  await vscode.commands.executeCommand("setContext", "nfrLens.state", state);
  if (!readied) return;
  app.requirements.refresh();
  await app.adapters.refresh(readied).catch((error: unknown) => app.log.warn(`Adapters: ${String(error)}`));
}

function changed(
  app: App,
  event: vscode.ConfigurationChangeEvent,
  decorations: Decorations,
  statusBar: StatusBar,
): void {
  if (
    event.affectsConfiguration(`${SECTION}.decorations`) ||
    event.affectsConfiguration("workbench.colorCustomizations")
  ) {
    decorations.reset();
  }
  if (!event.affectsConfiguration(SECTION)) return;
  statusBar.draw();
  // A network is loaded once for each life of a server. "model" does not cover "modelPath": names are matched whole.
  if (["model", "modelPath", "threads"].some((name) => event.affectsConfiguration(`${SECTION}.${name}`))) {
    void app.server.restart();
  } else {
    void app.server.sendSettings();
  }
}

function api({ context, server, documents, training }: App): Api {
  const classified = new vscode.EventEmitter<ShownDocument>();
  const tell = (uri: string) => classified.fire(documents.get(uri) ?? { uri, version: null, statements: [] });
  context.subscriptions.push(classified, { dispose: documents.onChange(tell) });
  return {
    onState: server.onStatus,
    onClassified: classified.event,
    onTrainProgress: training.onChange,
    state: () => server.state,
    status: () => server.status,
    documents: () => documents.all(),
    serverPid: () => server.pid,
  };
}
