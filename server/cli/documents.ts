/** From the paths of a command line to documents: which project each belongs to, and which files a folder stands for. */
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { URI } from "vscode-uri";
import { type FormatName, formatOf } from "../engine/documents/read.ts";
import { InputError } from "../engine/outcome.ts";
import { Projects } from "../project.ts";
import { isIncluded } from "../store/config.ts";
import { exists, isFolder, listDocuments } from "../store/document-files.ts";
import { PROJECT_FOLDER } from "../store/label-log.ts";
import { complain, type Terminal } from "./terminal.ts";

/** A document to be read. */
export interface DocumentSource {
  /** Absolute. */
  readonly file: string;
  readonly uri: string;
  /** For the screen: as given, with forward slashes. */
  readonly shown: string;
  readonly format: FormatName;
}

export interface Unreadable {
  readonly path: string;
  readonly message: string;
}

export interface FoundDocuments {
  readonly projects: Projects;
  /** Each document once, in the order of the command line. */
  readonly sources: readonly DocumentSource[];
  /** Paths that cannot be read; already complained about. */
  readonly unreadable: readonly Unreadable[];
}

/**
 * The documents behind `paths`, with the projects they belong to opened. What a project's configuration and labels
 * hold that cannot be used is named on standard error.
 */
export async function findDocuments(paths: readonly string[], terminal: Terminal): Promise<FoundDocuments> {
  const projects = new Projects();
  const unreadable: Unreadable[] = [];
  const places: { path: string; absolute: string; folder: boolean }[] = [];
  for (const path of paths) {
    const absolute = resolve(terminal.cwd, path);
    const folder = await readable(path, () => isFolder(absolute), unreadable, terminal);
    if (folder !== undefined) places.push({ path, absolute, folder });
  }
  const roots = places.map(({ absolute, folder }) => projectRoot(folder ? absolute : dirname(absolute), terminal.cwd));
  projects.set([...new Set(await Promise.all(roots))]);
  for (const project of projects.all) {
    await project.readConfig(true);
    await project.labels.refresh();
    for (const { message } of [...project.configProblems, ...project.labels.problems]) complain(terminal, message);
  }
  const byFile = new Map<string, DocumentSource>();
  for (const { path, absolute, folder } of places) {
    const work = async (): Promise<DocumentSource[]> =>
      folder ? inFolder(path, absolute, projects) : [single(path, absolute, terminal)];
    const found = (await readable(path, work, unreadable, terminal)) ?? [];
    for (const source of found) if (!byFile.has(source.file)) byFile.set(source.file, source);
  }
  const sources = [...byFile.values()].filter((source) => {
    const ignored = projects.isIgnored(source.uri);
    if (ignored) complain(terminal, `${source.shown} is left out: ${PROJECT_FOLDER}/config.json ignores it`);
    return !ignored;
  });
  if (sources.length === 0 && unreadable.length === 0) complain(terminal, `no documents in ${paths.join(", ")}`);
  return { projects, sources, unreadable };
}

/** What `work` gives, or undefined when the path cannot be read, which is then named and remembered. */
export async function readable<T>(
  path: string,
  work: () => Promise<T>,
  unreadable: Unreadable[],
  terminal: Terminal,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    complain(terminal, error.message);
    unreadable.push({ path: slashes(path), message: error.message });
    return undefined;
  }
}

/** A file that was named is read whatever its name; in an unknown format as plain text, which is said. */
function single(path: string, absolute: string, terminal: Terminal): DocumentSource {
  const format = formatOf(absolute);
  if (format === undefined)
    complain(terminal, `${slashes(path)}: the format is not known, so it is read as plain text`);
  return { file: absolute, uri: URI.file(absolute).toString(), shown: slashes(path), format: format ?? "text" };
}

async function inFolder(path: string, absolute: string, projects: Projects): Promise<DocumentSource[]> {
  const project = projects.of(URI.file(join(absolute, "document")).toString());
  const inProject = (name: string): string => slashes(relative(project?.root ?? absolute, join(absolute, name)));
  const wanted = (name: string): boolean => project === undefined || isIncluded(project.config, inProject(name));
  const names = await listDocuments(absolute, (name) => formatOf(name) !== undefined && wanted(name));
  return names.map((name) => {
    const file = join(absolute, name);
    const shown = slashes(join(path, name));
    return { file, uri: URI.file(file).toString(), shown, format: formatOf(name)! };
  });
}

/** The nearest folder above that holds `.nfr-lens`; else the working folder, or outside of that the folder itself. */
export async function projectRoot(folder: string, cwd: string): Promise<string> {
  for (let root = folder; ; root = dirname(root)) {
    if (await exists(join(root, PROJECT_FOLDER))) return root;
    if (root === dirname(root)) break;
  }
  const fromCwd = relative(cwd, folder);
  const outside = fromCwd.split(sep)[0] === ".." || isAbsolute(fromCwd);
  return outside ? folder : cwd;
}

function slashes(path: string): string {
  return path.split(sep).join("/");
}
