/** Reads every document of the workspace, so that views show what no editor has open. */
import { join } from "node:path";
import { TextDocument } from "vscode-languageserver-textdocument";
import { formatOf } from "./engine/documents/read.ts";
import { InputError } from "./engine/outcome.ts";
import type { Project } from "./project.ts";
import type { Session } from "./session.ts";
import { isIncluded } from "./store/config.ts";
import { listDocuments, readDocumentText } from "./store/document-files.ts";

export interface ScanHooks {
  readonly signal?: AbortSignal | undefined;
  /** Documents done and in all, and the one that comes next. */
  onProgress(done: number, total: number, path: string): void;
  /** A document or folder that could not be read; the scan goes on. */
  onProblem(message: string): void;
}

/** What a scan found. */
export interface Scanned {
  documents: number;
  statements: number;
}

/** Scans all workspace folders. Open documents are counted as they are on screen. Rejects with Cancelled. */
export async function scanWorkspace(session: Session, hooks: ScanHooks): Promise<Scanned> {
  const files: { project: Project; path: string }[] = [];
  for (const project of session.projects.all) {
    const accepts = (path: string): boolean => formatOf(path) !== undefined && isIncluded(project.config, path);
    const paths = await listDocuments(project.root, accepts).catch((error: unknown) => {
      hooks.onProblem(error instanceof Error ? error.message : String(error));
      return [];
    });
    files.push(...paths.map((path) => ({ project, path })));
  }
  const found: Scanned = { documents: 0, statements: 0 };
  for (const [index, { project, path }] of files.entries()) {
    hooks.onProgress(index, files.length, path);
    const uri = project.uriOf(path);
    const result =
      session.document(uri) !== undefined
        ? await session.current(uri, hooks.signal)
        : await session.closed
            .read(uri, () => readFile(uri, project, path), hooks.signal)
            .catch((error: unknown) => {
              if (error instanceof InputError) hooks.onProblem(error.message);
              else throw error;
              return undefined;
            });
    if (result === undefined) continue;
    found.documents += 1;
    found.statements += result.statements.length;
  }
  session.scanEnded();
  return found;
}

async function readFile(uri: string, project: Project, path: string): Promise<TextDocument> {
  // No editor has named its language; the reader is chosen by the file's name.
  return TextDocument.create(uri, "", 0, await readDocumentText(join(project.root, path)));
}
