/** What the journeys share: the extension's own events, documents of their own, and lenses by their words. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import type {
  ServerState,
  ServerStatus,
  ShownDocument,
  ShownStatement,
  TrainProgress,
} from "../../../server/protocol.ts";

/** The exports of the extension; written down again, because what others rely on must not change by accident. */
export interface Api {
  onState: vscode.Event<ServerState>;
  onClassified: vscode.Event<ShownDocument>;
  onTrainProgress: vscode.Event<TrainProgress | null>;
  state(): ServerState;
  status(): ServerStatus | null;
  documents(): ShownDocument[];
  serverPid(): number | undefined;
}

const PATIENCE_MS = 30_000;

export const SPECIFICATION = `# Parcel lockers

## Functions

- FR-1: The system shall let a courier open a free locker with a code.
- FR-2: The customer shall receive a message when a parcel has been put into a locker.

## Qualities

- NFR-1: The locker shall open within two seconds after the code was entered.
- NFR-2: All codes shall be encrypted, and only administrators shall be able to see the audit trail.
- NFR-3: The service shall be available 99.9 % of the time in each calendar month.

The pilot ran in three towns last winter.
`;

/** Resolves with the first event that fits; rejects, naming what was awaited, when none came. */
export function next<T>(event: vscode.Event<T>, what: string, fits: (value: T) => boolean = () => true): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => done(() => reject(new Error(`no event: ${what}`))), PATIENCE_MS);
    const listener = event((value) => {
      if (fits(value)) done(() => resolve(value));
    });
    const done = (end: () => void) => {
      clearTimeout(timer);
      listener.dispose();
      end();
    };
  });
}

/** The extension, activated, with its server ready. */
export async function nfrLens(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>("nfr-lens.nfr-lens");
  assert.ok(extension, "NFR Lens is not among the installed extensions");
  const api = await extension.activate();
  if (api.state() !== "ready") {
    await next(api.onState, "the server is ready", (state) => {
      assert.notEqual(state, "failed", api.status()?.message ?? "the server failed");
      return state === "ready";
    });
  }
  return api;
}

/** A new file of the workspace in an editor, and its statements once the server has read it. */
export async function open(
  api: Api,
  name: string,
  text = SPECIFICATION,
): Promise<{ document: vscode.TextDocument; editor: vscode.TextEditor; shown: ShownDocument }> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, "no workspace folder is open");
  const uri = vscode.Uri.joinPath(folder.uri, name);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  const read = classified(api, uri, 1);
  const document = await vscode.workspace.openTextDocument(uri);
  const editor = await vscode.window.showTextDocument(document);
  return { document, editor, shown: await read };
}

/** The results of a document for a version or a later one, at once or as soon as they come. */
export function classified(
  api: Api,
  uri: vscode.Uri,
  version: number,
  fits: (shown: ShownDocument) => boolean = () => true,
): Promise<ShownDocument> {
  const fresh = (shown: ShownDocument) =>
    shown.uri === uri.toString() && (shown.version ?? -1) >= version && fits(shown);
  const there = api.documents().find(fresh);
  return there ? Promise.resolve(there) : next(api.onClassified, `results of ${uri.path}, version ${version}`, fresh);
}

export function byId(shown: ShownDocument, id: string): ShownStatement {
  const found = shown.statements.find((statement) => statement.id === id);
  assert.ok(
    found,
    `${id} is not among ${shown.statements.map((statement) => statement.id ?? statement.text).join(", ")}`,
  );
  return found;
}

export async function lenses(uri: vscode.Uri): Promise<vscode.CodeLens[]> {
  return vscode.commands.executeCommand<vscode.CodeLens[]>("vscode.executeCodeLensProvider", uri, 1_000);
}

/** The titles of the lenses above the line of a statement. */
export async function titlesAbove(uri: vscode.Uri, statement: ShownStatement): Promise<string[]> {
  const all = await lenses(uri);
  return all
    .filter(({ range }) => range.start.line === statement.range.start.line)
    .map(({ command }) => command?.title ?? "");
}

/** Clicks a lens as the editor does: with the command and the arguments it carries. */
export async function click(uri: vscode.Uri, statement: ShownStatement, title: string): Promise<void> {
  const all = await lenses(uri);
  const lens = all.find(
    ({ range, command }) => range.start.line === statement.range.start.line && command?.title === title,
  );
  assert.ok(lens?.command, `no lens “${title}” in line ${statement.range.start.line + 1}`);
  await vscode.commands.executeCommand(lens.command.command, ...((lens.command.arguments ?? []) as unknown[]));
}

export function diagnosticsOf(uri: vscode.Uri): vscode.Diagnostic[] {
  return vscode.languages.getDiagnostics(uri).filter(({ source }) => source === "NFR Lens");
}

/** The diagnostics of a document once they fit. */
export async function diagnosticsThat(
  uri: vscode.Uri,
  what: string,
  fits: (list: vscode.Diagnostic[]) => boolean,
): Promise<vscode.Diagnostic[]> {
  if (!fits(diagnosticsOf(uri))) {
    await next(vscode.languages.onDidChangeDiagnostics, what, () => fits(diagnosticsOf(uri)));
  }
  return diagnosticsOf(uri);
}

/** Puts the cursor into a statement. */
export function putCursor(editor: vscode.TextEditor, statement: ShownStatement): void {
  const at = editor.document.positionAt(statement.start + 5);
  editor.selection = new vscode.Selection(at, at);
}

export interface LabelLine {
  label: string | null;
  text: string;
  document: string;
  predicted: string | null;
  origin: string;
}

/** The decisions written about documents of that name. */
export async function labelLines(name: string): Promise<LabelLine[]> {
  const folder = vscode.workspace.workspaceFolders![0]!;
  const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(folder.uri, ".nfr-lens", "labels.jsonl"));
  const lines = new TextDecoder().decode(bytes).trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as LabelLine).filter((line) => line.document === name);
}
