/** The adapters of the workspace, folder by folder: a document is read by the adapter of the folder that it lies in. */
import * as l10n from "@vscode/l10n";
import type { Classifier } from "./engine/model/classifier.ts";
import { InputError } from "./engine/outcome.ts";
import { type AdapterNews, FolderAdapters } from "./folder-adapters.ts";
import type { ModelHost } from "./model.ts";
import type { Project, Projects } from "./project.ts";
import type { AdapterSummary } from "./protocol.ts";

export class Adapters {
  readonly #model: ModelHost;
  readonly #projects: Projects;
  readonly #news: AdapterNews;
  readonly #folders = new WeakMap<Project, FolderAdapters>();

  constructor(model: ModelHost, projects: Projects, news: AdapterNews) {
    this.#model = model;
    this.#projects = projects;
    this.#news = news;
  }

  /** Those of every folder. */
  get all(): FolderAdapters[] {
    return this.#projects.all.map((project) => this.of(project));
  }

  of(project: Project): FolderAdapters {
    const known = this.#folders.get(project) ?? new FolderAdapters(this.#model, project, this.#news);
    this.#folders.set(project, known);
    return known;
  }

  /** Those of the folder with this URI, or of the first one. Throws InputError where there is none. */
  at(root: string | undefined): FolderAdapters {
    const project = root === undefined ? this.#projects.main : this.#projects.at(root);
    if (project !== undefined) return this.of(project);
    throw new InputError(
      root === undefined
        ? l10n.t("Adapters are kept in the folder that is open, and none is: open one.")
        : l10n.t("{0} is no folder of this workspace.", root),
    );
  }

  /**
   * Those that count for a document: its folder's; for one that lies in no folder, those of the only folder, and with
   * several folders none.
   */
  for(uri: string): FolderAdapters | undefined {
    const only = this.#projects.all.length === 1 ? this.#projects.main : undefined;
    const project = this.#projects.of(uri) ?? only;
    return project && this.of(project);
  }

  /** What reads a document. Throws InputError with the reason where no model is loaded. */
  classifierFor(uri: string): Classifier {
    return (this.for(uri) ?? this.#model).classifier();
  }

  /** Codes that any folder's classifier gives. */
  labels(): string[] {
    const classifiers = [this.#model.classifier(), ...this.all.map((folder) => folder.classifier())];
    return [...new Set(classifiers.flatMap(({ labels }) => labels))];
  }

  /** Loads what is in force on disk, in every folder. */
  async refresh(trusted: boolean): Promise<void> {
    for (const folder of this.all) await folder.refresh(trusted);
  }

  async summaries(): Promise<AdapterSummary[]> {
    return (await Promise.all(this.all.map((folder) => folder.summaries()))).flat();
  }
}
