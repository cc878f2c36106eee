/** Our own requests. The table's type demands an entry for each, so a forgotten one does not compile. */
import * as l10n from "@vscode/l10n";
import type { CancellationToken, Connection, WorkspaceEdit } from "vscode-languageserver";
import { answerOrRefuse } from "./answer.ts";
import { shownDocument, type Client } from "./client.ts";
import { InputError } from "./engine/outcome.ts";
import { ignoreEdit } from "./features.ts";
import type { Labelling } from "./labelling.ts";
import { bestScores } from "./lsp/hover.ts";
import { asRow, optionalText, parseLabelParams, parseTarget } from "./messages.ts";
import { Requests } from "./protocol.ts";
import { scanWorkspace } from "./scan.ts";
import type { Session } from "./session.ts";

type Handler = (params: unknown, signal: AbortSignal) => unknown;

/** What the handlers work with. */
export interface Desk {
  readonly client: Client;
  readonly session: Session;
  readonly labelling: Labelling;
}

/** Registers all requests of `Requests` at the connection. */
export function registerRequests(connection: Connection, desk: Desk): void {
  const table = handlers(desk);
  for (const [name, handle] of Object.entries(table)) {
    const method = Requests[name as keyof typeof Requests];
    connection.onRequest(method, (params: unknown, token: CancellationToken) =>
      answerOrRefuse(
        method,
        (message) => desk.client.log(message),
        token,
        (signal) => handle(params, signal),
      ),
    );
  }
}

function handlers(desk: Desk): Partial<Record<keyof typeof Requests, Handler>> {
  const { client, session, labelling } = desk;
  return {
    status: () => client.status(),
    documents: (params) => {
      const uri = optionalText(asRow(params ?? {}, Requests.documents), "uri", Requests.documents);
      return session
        .known()
        .filter((document) => uri === undefined || document.uri === uri)
        .map(shownDocument);
    },
    label: (params) => labelling.decide(parseLabelParams(params, Requests.label)),
    ignore: (params) => ignore(desk, parseTarget(params, Requests.ignore)),
    scores: (params) => {
      const { uri, key } = parseTarget(params, Requests.scores);
      const statement = session.statement(uri, key);
      if (statement === undefined) throw new InputError(l10n.t("The statement was changed or removed meanwhile."));
      return bestScores(statement, Infinity);
    },
    scan: (_, signal) => scan(desk, signal),
  };
}

/** The edit that makes one statement be ignored. Throws InputError where the format takes no comments. */
export async function ignore({ session }: Desk, { uri, key }: { uri: string; key: string }): Promise<WorkspaceEdit> {
  await session.current(uri);
  const statement = session.statement(uri, key);
  const edit = statement && ignoreEdit(session, uri, statement);
  if (edit !== undefined) return { changes: { [uri]: [edit] } };
  throw new InputError(
    l10n.t("There is no place for an ignore comment here. Use “ignore” in .nfr-lens/config.json for whole documents."),
  );
}

async function scan({ client, session }: Desk, signal: AbortSignal): Promise<unknown> {
  if (session.projects.all.length === 0) throw new InputError(l10n.t("No folder is open: there is nothing to scan."));
  await session.prepared();
  session.model.classifier();
  const progress = await client.connection.window.createWorkDoneProgress();
  progress.begin(l10n.t("Reading requirements"), 0, undefined, true);
  const cancel = new AbortController();
  progress.token.onCancellationRequested(() => cancel.abort());
  try {
    return await scanWorkspace(session, {
      signal: AbortSignal.any([signal, cancel.signal]),
      onProgress: (done, total, path) =>
        progress.report(Math.round((100 * done) / total), l10n.t("{0} of {1}: {2}", done + 1, total, path)),
      onProblem: (message) => client.log(message),
    });
  } finally {
    progress.done();
  }
}
