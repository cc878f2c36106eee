/** Connects a session to an LSP client: life cycle, text synchronisation, and the registration of everything else. */
import { join } from "node:path";
import {
  CodeActionKind,
  type Connection,
  DidChangeConfigurationNotification,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
} from "vscode-languageserver";
import { URI } from "vscode-uri";
import { answer, notice } from "./answer.ts";
import { Client } from "./client.ts";
import { executeCommand } from "./execute-command.ts";
import { registerFeatures } from "./features.ts";
import { Labelling } from "./labelling.ts";
import { ServerCommands } from "./lsp/commands.ts";
import { speak, translationsOf } from "./language.ts";
import { asRow } from "./messages.ts";
import { ToServer } from "./protocol.ts";
import { type Desk, registerRequests } from "./requests.ts";
import { type Parts, Session } from "./session.ts";
import { Teaching } from "./teaching.ts";
import { parseSettings, parseStart, type Start } from "./settings.ts";
import { CONFIG_FILE } from "./store/config-file.ts";
import { PROJECT_FOLDER } from "./store/label-log.ts";

/** What a server takes from its surroundings. */
export interface Host {
  /** The folder of the installation: holds `l10n/` and `models/base/`. */
  readonly home: string;
  /** Name of the person at this machine. */
  readonly user: string;
}

/** Serves one client until the connection ends. */
export function serve(connection: Connection, parts: Parts, host: Host): void {
  const client = new Client(connection);
  const session = new Session(parts, client);
  client.session = session;
  const labelling = new Labelling(session, host.user);
  const teaching = new Teaching(session, parts.trainer);
  const desk: Desk = { client, session, labelling, teaching };
  const log = (message: string): void => client.log(message);
  // Complete before any other message: clients send nothing until `initialize` is answered.
  let start: Start = parseStart(undefined, { pack: join(host.home, "models", "base"), locale: "en" }, log);
  let roots: string[] = [];

  connection.onInitialize((params): InitializeResult => {
    const defaults = { pack: join(host.home, "models", "base"), locale: params.locale ?? "en" };
    start = parseStart(params.initializationOptions, defaults, log);
    speak(translationsOf(host.home, start.locale));
    client.introduce(params.capabilities, start);
    session.settings = start.settings;
    session.trusted = start.trusted;
    roots = rootsOf(params);
    return { capabilities: capabilities(start.ownClient), serverInfo: { name: "nfr-lens" } };
  });
  connection.onInitialized(() => {
    notice("initialized", log, () => session.start(start.pack, roots));
    notice("watched files", log, () => client.watchFiles());
    if (client.canChangeFolders) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const gone = pathsOf(removed);
        roots = [...roots.filter((root) => !gone.includes(root)), ...pathsOf(added)];
        notice("didChangeWorkspaceFolders", log, () => session.setRoots(roots));
      });
    }
    if (start.ownClient) return;
    notice("settings", log, () => connection.client.register(DidChangeConfigurationNotification.type, undefined));
  });
  connection.onShutdown(() => {
    teaching.cancel();
    session.stop();
  });

  registerDocuments(connection, session, log);
  registerChanges(connection, client, session, log);
  registerFeatures(connection, client, session);
  registerRequests(connection, desk);
  connection.onExecuteCommand((params, token) =>
    answer("executeCommand", log, token, () => executeCommand(desk, params.command, params.arguments ?? [])),
  );
  connection.listen();
}

function capabilities(ownClient: boolean): InitializeResult["capabilities"] {
  return {
    textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
    codeLensProvider: { resolveProvider: true },
    hoverProvider: true,
    codeActionProvider: { codeActionKinds: [CodeActionKind.QuickFix] },
    inlayHintProvider: true,
    documentSymbolProvider: { label: "NFR Lens" },
    workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
    ...(ownClient ? {} : { executeCommandProvider: { commands: Object.values(ServerCommands) } }),
  };
}

function rootsOf(params: InitializeParams): string[] {
  const { workspaceFolders } = params;
  // Clients that know no workspace folders still name their one folder this way.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const { rootUri } = params;
  return pathsOf(workspaceFolders ?? (rootUri == null ? [] : [{ uri: rootUri }]));
}

/** Folders on this disk; those of virtual file systems hold nothing the server could read. */
function pathsOf(folders: readonly { uri: string }[]): string[] {
  return folders.map(({ uri }) => URI.parse(uri)).flatMap((uri) => (uri.scheme === "file" ? [uri.fsPath] : []));
}

function registerDocuments(connection: Connection, session: Session, log: (message: string) => void): void {
  connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) =>
    notice("didOpen", log, () => session.open(uri, languageId, version, text)),
  );
  connection.onDidChangeTextDocument(({ textDocument: { uri, version }, contentChanges }) =>
    notice("didChange", log, () => session.edit(uri, contentChanges, version)),
  );
  connection.onDidCloseTextDocument(({ textDocument: { uri } }) => notice("didClose", log, () => session.close(uri)));
}

function registerChanges(
  connection: Connection,
  client: Client,
  session: Session,
  log: (message: string) => void,
): void {
  connection.onDidChangeWatchedFiles(({ changes }) =>
    notice("didChangeWatchedFiles", log, async () => {
      const paths = changes.map(({ uri }) => uri);
      if (paths.some((uri) => uri.endsWith(`/${PROJECT_FOLDER}/${CONFIG_FILE}`))) await session.readConfig();
      if (paths.some((uri) => uri.includes(`/${PROJECT_FOLDER}/`))) await session.refreshLabels();
      if (paths.some((uri) => uri.includes(`/${PROJECT_FOLDER}/adapters/`))) await session.refreshAdapters();
      for (const uri of paths) await session.closed.reread(uri);
    }),
  );
  connection.onDidChangeConfiguration((params) =>
    notice("didChangeConfiguration", log, () => {
      const settings: unknown = params.settings;
      const mine = asRow(settings ?? {}, "didChangeConfiguration")["nfrLens"];
      if (!client.own && mine !== undefined) session.setSettings(parseSettings(mine, session.settings, log));
    }),
  );
  connection.onNotification(ToServer.settings, (settings: unknown) =>
    notice(ToServer.settings, log, () => session.setSettings(parseSettings(settings, session.settings, log))),
  );
  connection.onNotification(ToServer.trust, (params: unknown) =>
    notice(ToServer.trust, log, () => session.setTrusted(asRow(params, ToServer.trust)["trusted"] === true)),
  );
}
