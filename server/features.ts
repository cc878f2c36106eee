/** The language features of plain LSP: each waits for the newest result of its document and converts it. */
import type { CodeAction, CodeLens, Connection, Range, TextEdit } from "vscode-languageserver";
import { answer } from "./answer.ts";
import type { ClassifiedDocument, ClassifiedStatement } from "./classified.ts";
import type { Client } from "./client.ts";
import { ignoreInsertion } from "./ignoring.ts";
import { NO_FINDINGS, shownFindings } from "./findings.ts";
import { codeActions } from "./lsp/actions.ts";
import { findingActions } from "./lsp/finding-actions.ts";
import { hover } from "./lsp/hover.ts";
import { inlayHints } from "./lsp/hints.ts";
import { codeLenses, lensData, resolvedLens } from "./lsp/lenses.ts";
import { documentSymbols } from "./lsp/symbols.ts";
import type { Session } from "./session.ts";

/** How many statements of a selection get actions: a menu with more is of no use. */
const STATEMENTS_WITH_ACTIONS = 3;

/** Registers the features at the connection. */
export function registerFeatures(connection: Connection, client: Client, session: Session): void {
  const log = (message: string): void => client.log(message);

  connection.onCodeLens(({ textDocument: { uri } }, token) =>
    answer("codeLens", log, token, async (signal) => {
      if (!session.settings.codeLens) return [];
      const document = await session.current(uri, signal);
      return document ? codeLenses(document, session.projects.numberOf(uri), session.settings.minimumConfidence) : [];
    }),
  );

  connection.onCodeLensResolve((lens, token) =>
    answer("codeLens/resolve", log, token, (): CodeLens => {
      const data = lensData(lens.data);
      const found = data && session.find(data);
      // The statement is gone; the client asks for new lenses by itself.
      if (found === undefined) return { ...lens, command: { title: "…", command: "" } };
      return resolvedLens(lens, data!, found.uri, found.statement, client.categories(found.uri), client.command);
    }),
  );

  connection.onHover(({ textDocument: { uri }, position }, token) =>
    answer("hover", log, token, async (signal) => {
      const [statement] = touching(await session.current(uri, signal), { start: position, end: position });
      if (statement === undefined) return null;
      const explanation = await session.explain(uri, statement, signal);
      return hover(statement, client.categories(uri), {
        model: client.status().model,
        adapter: session.adapters.for(uri)?.inForce ?? null,
        ownClient: client.own,
        explanation,
      });
    }),
  );

  connection.onCodeAction(({ textDocument: { uri }, range, context }, token) =>
    answer("codeAction", log, token, async (signal): Promise<CodeAction[]> => {
      const statements = touching(await session.current(uri, signal), range).slice(0, STATEMENTS_WITH_ACTIONS);
      const categories = client.categories(uri);
      const findings = session.settings.diagnostics ? session.settings.findings : NO_FINDINGS;
      return statements.flatMap((statement) => [
        ...findingActions({
          uri,
          statement,
          findings: shownFindings(statement, findings, categories),
          written: session.document(uri)?.text.getText(statement.shown.range) ?? "",
          diagnostics: context.diagnostics,
        }),
        ...codeActions(uri, statement, categories, client.command, ignoreEdit(session, uri, statement)),
      ]);
    }),
  );

  connection.languages.inlayHint.on(({ textDocument: { uri }, range }, token) =>
    answer("inlayHint", log, token, async (signal) => {
      if (!session.settings.inlayHints) return [];
      const document = await session.current(uri, signal);
      return document ? inlayHints(document, range, client.categories(uri)) : [];
    }),
  );

  connection.onDocumentSymbol(({ textDocument: { uri } }, token) =>
    answer("documentSymbol", log, token, async (signal) => {
      const document = await session.current(uri, signal);
      return document ? documentSymbols(document, client.categories(uri)) : [];
    }),
  );
}

/** The edit that makes the reader ignore a statement of an open document, where its format takes comments. */
export function ignoreEdit(session: Session, uri: string, { statement }: ClassifiedStatement): TextEdit | undefined {
  const document = session.document(uri);
  if (document?.read === undefined || document.format === undefined) return undefined;
  const insertion = ignoreInsertion(document.text.getText(), document.format, document.read, statement);
  if (insertion === undefined) return undefined;
  const position = document.text.positionAt(insertion.offset);
  return { range: { start: position, end: position }, newText: insertion.newText };
}

/** Statements that share at least a position with a range. */
function touching(document: ClassifiedDocument | undefined, range: Range): ClassifiedStatement[] {
  const before = (a: Range["start"], b: Range["start"]): boolean =>
    a.line < b.line || (a.line === b.line && a.character < b.character);
  return (document?.statements ?? []).filter(
    ({ shown }) => !before(shown.range.end, range.start) && !before(range.end, shown.range.start),
  );
}
