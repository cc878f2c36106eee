/** What a workspace folder says about the documents in it: its configuration and its label log. */
import { join, relative, sep } from "node:path";
import { URI } from "vscode-uri";
import type { Surroundings } from "./classified.ts";
import { type ConfigProblem, isIgnored, type ParsedConfig, type ProjectConfig } from "./store/config.ts";
import { NO_CONFIG, readConfig } from "./store/config-file.ts";
import { LabelLog } from "./store/label-log.ts";

export class Project {
  /** Absolute path of the folder. */
  readonly root: string;
  readonly labels: LabelLog;
  #config: ParsedConfig = NO_CONFIG;

  constructor(root: string) {
    this.root = root;
    this.labels = new LabelLog(root);
  }

  /** Reads the configuration anew, or drops it where the workspace is not trusted. */
  async readConfig(trusted: boolean): Promise<void> {
    this.#config = trusted ? await readConfig(this.root) : NO_CONFIG;
  }

  get config(): ProjectConfig {
    return this.#config.config;
  }

  get configProblems(): readonly ConfigProblem[] {
    return this.#config.problems;
  }

  get configText(): string {
    return this.#config.text;
  }

  /** The URI of the folder. */
  get uri(): string {
    return URI.file(this.root).toString();
  }

  /** The URI of a document of this folder. */
  uriOf(path: string): string {
    return URI.file(join(this.root, path)).toString();
  }

  /** The path of a document in this folder with forward slashes, or undefined where it lies outside. */
  pathOf(uri: string): string | undefined {
    const parsed = URI.parse(uri);
    if (parsed.scheme !== "file") return undefined;
    const path = relative(this.root, parsed.fsPath);
    const parts = path.split(sep);
    // On Windows a path on another drive stays absolute.
    return path === "" || parts[0] === ".." || parts[0]?.includes(":") === true ? undefined : parts.join("/");
  }
}

/** The workspace folders. A document belongs to the innermost one that holds it. */
export class Projects {
  #all: Project[] = [];

  get all(): readonly Project[] {
    return this.#all;
  }

  /** The folder whose configuration and adapters count where no document says which. */
  get main(): Project | undefined {
    return this.#all[0];
  }

  /** The folder with this URI. */
  at(uri: string): Project | undefined {
    const path = URI.parse(uri).fsPath;
    return this.#all.find(({ root }) => root === path);
  }

  /** Takes over the workspace folders; those that stay keep what was read. */
  set(roots: readonly string[]): void {
    this.#all = roots.map((root) => this.#all.find((project) => project.root === root) ?? new Project(root));
  }

  of(uri: string): Project | undefined {
    const holding = this.#all.filter((project) => project.pathOf(uri) !== undefined);
    return holding.sort((a, b) => b.root.length - a.root.length)[0];
  }

  /** The number of the folder that holds a document, -1 where none does. */
  numberOf(uri: string): number {
    const project = this.of(uri);
    return project === undefined ? -1 : this.#all.indexOf(project);
  }

  isIgnored(uri: string): boolean {
    const project = this.of(uri);
    const path = project?.pathOf(uri);
    return project !== undefined && path !== undefined && isIgnored(project.config, path);
  }

  surroundings(uri: string): Surroundings {
    const project = this.of(uri);
    const document = project?.pathOf(uri) ?? uri;
    return {
      document,
      threshold: project?.config.threshold ?? null,
      findLabel: (key, words) => project?.labels.find(key, words, document),
    };
  }
}
