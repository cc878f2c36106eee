/** Which pack and adapter a command uses, and the classifier made of them. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Classifier } from "../engine/model/classifier.ts";
import { InputError } from "../engine/outcome.ts";
import type { Model } from "../model.ts";
import { openModel } from "../open-model.ts";
import { activeAdapter, folderOf } from "../store/adapter-folder.ts";
import { PROJECT_FOLDER } from "../store/label-log.ts";
import { readPackFolder } from "../store/pack-folder.ts";
import type { OptionTable, ParsedOptions } from "./options.ts";
import { complain, type Terminal } from "./terminal.ts";

/** Options of every command that classifies. */
export const MODEL_OPTIONS: OptionTable = {
  adapter: {
    value: "DIR|none",
    says: "Classify with this adapter, for example .nfr-lens/adapters/default/1, or with none; by default with the project's active one, as the editor does.",
  },
  pack: {
    value: "DIR|int4",
    says: "Folder of the model pack, or int4 for the smaller bundled one; by default the bundled one.",
  },
  threads: { value: "N", says: "Threads to use; all cores by default." },
};

/** The folder of the pack: the one named, else a bundled one. */
export function packFolder(named: string | undefined, terminal: Terminal): string {
  if (named === undefined) return join(terminal.installation, "models", "base");
  return named === "int4" ? join(terminal.installation, "models", "base-4bit") : resolve(terminal.cwd, named);
}

/** A model that classifies the documents of each project with the adapter in force there. */
export class ProjectModel {
  readonly #model: Model;
  readonly #terminal: Terminal;
  /** What the command line demands instead: a folder, or none at all. */
  readonly #demanded: string | undefined;
  /** What is in force for each project that was asked for, by its root. */
  readonly #known = new Map<string, Adapter | null>();
  #loaded: string | null = null;

  private constructor(model: Model, demanded: string | undefined, terminal: Terminal) {
    this.#model = model;
    this.#demanded = demanded;
    this.#terminal = terminal;
  }

  /** Loads the pack. Throws InputError for a pack or a demanded adapter that cannot be used. */
  static async open(options: ParsedOptions, terminal: Terminal): Promise<ProjectModel> {
    const threads = options.number("threads", 0, "whole") ?? 0;
    const named = options.text("pack");
    const model = await openModel(packFolder(named, terminal), threads).catch((error: unknown) => {
      if (!(error instanceof InputError)) throw error;
      const advice =
        named === undefined
          ? "It belongs to the installation: install NFR Lens again, or name another pack with --pack."
          : "Name another pack, or leave --pack out for the bundled one.";
      throw new InputError(`${error.message} ${advice}`, { cause: error });
    });
    const opened = new ProjectModel(model, options.text("adapter"), terminal);
    if (opened.#demanded !== undefined) await opened.use(undefined);
    return opened;
  }

  /** Name, version and precision of the pack. */
  get name(): string {
    return `${this.#model.name} (${this.#model.precision})`;
  }

  get classifier(): Classifier {
    return this.#model.classifier;
  }

  /**
   * Classifies the documents of the project at `root` from now on; undefined stands for no project. Returns the name of
   * the adapter that does it, or null. One that cannot be used is named, and the base alone classifies.
   */
  async use(root: string | undefined): Promise<string | null> {
    const adapter = await this.#adapterOf(root);
    const folder = adapter?.folder ?? null;
    if (folder === this.#loaded) return adapter?.name ?? null;
    await this.#model.activate(folder);
    this.#loaded = folder;
    return adapter?.name ?? null;
  }

  async #adapterOf(root: string | undefined): Promise<Adapter | null> {
    if (this.#demanded === "none") return null;
    if (this.#demanded !== undefined) {
      return { name: this.#demanded, folder: resolve(this.#terminal.cwd, this.#demanded) };
    }
    if (root === undefined) return null;
    const known = this.#known.get(root) ?? (this.#known.has(root) ? null : await this.#activeIn(root));
    this.#known.set(root, known);
    return known;
  }

  /** The adapter in force in a project, tried and told once. */
  async #activeIn(root: string): Promise<Adapter | null> {
    const above = join(root, PROJECT_FOLDER, "adapters");
    const active = await activeAdapter(above);
    if (active === null) return null;
    const adapter = { name: `${active.name}/${active.version}`, folder: folderOf(above, active) };
    try {
      await this.#model.activate(adapter.folder);
      this.#loaded = adapter.folder;
      complain(this.#terminal, `the adapter ${adapter.name} of ${root} classifies; --adapter none leaves it out`);
      return adapter;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      complain(
        this.#terminal,
        `the adapter ${adapter.name} cannot be used, the base classifies alone: ${error.message}`,
      );
      return null;
    }
  }
}

interface Adapter {
  readonly name: string;
  readonly folder: string;
}

/** The version of the program. */
export async function ownVersion({ installation }: Terminal): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(installation, "package.json"), "utf8"));
  return (manifest as { version: string }).version;
}

/** The bundled pack in one line, or why there is none. */
export async function describePack(terminal: Terminal): Promise<string> {
  try {
    const { manifest, hash } = await readPackFolder(packFolder(undefined, terminal));
    return `model ${manifest.name} ${manifest.version}, ${manifest.precision}, ${hash.slice(0, 12)}`;
  } catch (error) {
    return `no bundled model: ${error instanceof Error ? error.message : String(error)}`;
  }
}
