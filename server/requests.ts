/** Our own requests. The table's type demands an entry for each, so a forgotten one does not compile. */
import * as l10n from "@vscode/l10n";
import type { CancellationToken, Connection, WorkspaceEdit } from "vscode-languageserver";
import { answerOrRefuse } from "./answer.ts";
import { shownDocument, type Client } from "./client.ts";
import { InputError } from "./engine/outcome.ts";
import type { FolderAdapters } from "./folder-adapters.ts";
import { ignoreEdit } from "./features.ts";
import type { Labelling } from "./labelling.ts";
import { bestScores } from "./lsp/hover.ts";
import {
  asRow,
  optionalText,
  parseAdapter,
  parseAdapterName,
  parseLabelParams,
  parseNextUncertainParams,
  parseRoot,
  parseTarget,
  parseTrainParams,
  text,
} from "./messages.ts";
import { Requests, type TrainProgress } from "./protocol.ts";
import { nextUncertain } from "./next-uncertain.ts";
import { reviewLabels } from "./review.ts";
import { scanWorkspace } from "./scan.ts";
import type { Teaching } from "./teaching.ts";
import type { Session } from "./session.ts";

type Handler = (params: unknown, signal: AbortSignal) => unknown;

/** What the handlers work with. */
export interface Desk {
  readonly client: Client;
  readonly session: Session;
  readonly labelling: Labelling;
  readonly teaching: Teaching;
}

const IMMEDIATE: ReadonlySet<string> = new Set([Requests.status, Requests.documents, Requests.cancelTraining]);

/** Registers all requests of `Requests` at the connection. */
export function registerRequests(connection: Connection, desk: Desk): void {
  const table = handlers(desk);
  for (const [name, handle] of Object.entries(table)) {
    const method = Requests[name as keyof typeof Requests];
    connection.onRequest(method, (...sent: unknown[]) => {
      // A request without parameters brings the token alone.
      const token = sent.at(-1) as CancellationToken;
      const params = sent.length > 1 ? sent[0] : undefined;
      return answerOrRefuse(
        method,
        (message) => desk.client.log(message),
        token,
        async (signal) => {
          // Who asks for the state of things wants it as it is; all else needs folders, model and adapter.
          if (!IMMEDIATE.has(method)) await desk.session.prepared();
          return handle(params, signal);
        },
      );
    });
  }
}

function handlers(desk: Desk): Record<keyof typeof Requests, Handler> {
  const { client, session, labelling, teaching } = desk;
  const inFolder = (params: unknown, message: string): FolderAdapters =>
    session.adapters.at(parseRoot(params, message));
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
    nextUncertain: (params) =>
      nextUncertain(session, parseNextUncertainParams(params, Requests.nextUncertain), client.categories()),
    review: (_, signal) => reviewLabels(session, labelling.author, client.categories(), signal),
    train: (params, signal) => {
      signal.addEventListener("abort", () => teaching.cancel());
      const onProgress = (progress: TrainProgress): void => client.progress(progress);
      return teaching.train(parseTrainParams(params, Requests.train), onProgress);
    },
    cancelTraining: () => {
      teaching.cancel();
      return null;
    },
    adapters: () => session.adapters.summaries(),
    compare: (params, signal) => {
      const { first, second } = asRow(params, Requests.compare);
      return teaching.compare(
        parseAdapterName(first, Requests.compare),
        parseAdapterName(second, Requests.compare),
        parseRoot(params, Requests.compare),
        signal,
      );
    },
    activate: async (params) => {
      const { adapter } = asRow(params, Requests.activate);
      await inFolder(params, Requests.activate).activate(parseAdapterName(adapter, Requests.activate), session.trusted);
      return null;
    },
    rollback: (params) => inFolder(params, Requests.rollback).rollBack(session.trusted),
    deleteAdapter: (params) =>
      inFolder(params, Requests.deleteAdapter).remove(parseAdapter(params, Requests.deleteAdapter)),
    exportAdapter: async (params) => {
      const folder = text(asRow(params, Requests.exportAdapter), "folder", Requests.exportAdapter);
      await inFolder(params, Requests.exportAdapter).exportTo(parseAdapter(params, Requests.exportAdapter), folder);
      return null;
    },
    importAdapter: (params) =>
      inFolder(params, Requests.importAdapter).importFrom(
        text(asRow(params, Requests.importAdapter), "folder", Requests.importAdapter),
      ),
    report: (params) => teaching.report(parseAdapter(params, Requests.report), parseRoot(params, Requests.report)),
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
