/**
 * The adapters of the workspace as the running server uses them: the one in force is loaded into the model, and what a
 * person or another window changes on disk is followed. Nothing of an untrusted workspace is ever loaded.
 */
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as l10n from "@vscode/l10n";
import { type AdapterBase, importAdapter } from "./engine/adapt/adapter.ts";
import { InputError } from "./engine/outcome.ts";
import type { ModelHost } from "./model.ts";
import type { Projects } from "./project.ts";
import type { AdapterName, AdapterSummary } from "./protocol.ts";
import {
  activate,
  activeAdapter,
  folderOf,
  type ListedAdapter,
  listAdapters,
  moveToTrash,
  readAdapterFiles,
  readAdapterFolder,
  rollBack,
  writeAdapterFolder,
} from "./store/adapter-folder.ts";
import { PROJECT_FOLDER } from "./store/label-log.ts";
import { errorMessage } from "./store/wording.ts";

type Named = NonNullable<AdapterName>;

/** Whom {@link Adapters} tells what. */
export interface AdapterNews {
  /** Another adapter is in force, or none: everything is to be classified again. */
  swapped(): void;
  warn(message: string): void;
}

export class Adapters {
  readonly #model: ModelHost;
  readonly #projects: Projects;
  readonly #news: AdapterNews;
  #inForce: AdapterName = null;
  /** When the newest adapter of the project was trained; null where none was. */
  #lastTraining: string | null = null;
  /** Adapters are changed one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(model: ModelHost, projects: Projects, news: AdapterNews) {
    this.#model = model;
    this.#projects = projects;
    this.#news = news;
  }

  /** The adapter that classifies; null for the base alone. */
  get inForce(): AdapterName {
    return this.#inForce;
  }

  get lastTraining(): string | null {
    return this.#lastTraining;
  }

  /** The folder of the adapter that classifies, or null. */
  get folderInForce(): string | null {
    return this.#inForce === null ? null : folderOf(this.root(), this.#inForce);
  }

  /** Where the project's adapters lie. Throws InputError where no folder is open. */
  root(): string {
    const project = this.#projects.main;
    if (project === undefined) {
      throw new InputError(l10n.t("Adapters are kept in the folder that is open, and none is: open one."));
    }
    return join(project.root, PROJECT_FOLDER, "adapters");
  }

  /**
   * Loads what is in force on disk, or the base alone where the workspace is not trusted. An adapter that cannot be
   * loaded is named, and the base alone classifies.
   */
  refresh(trusted: boolean): Promise<void> {
    return this.#inTurn(() => this.#refresh(trusted));
  }

  async #refresh(trusted: boolean): Promise<void> {
    if (this.#projects.main === undefined || this.#model.model === undefined) return;
    const root = this.root();
    this.#lastTraining = lastTrainingOf(await listAdapters(root));
    const wanted = trusted ? await activeAdapter(root) : null;
    try {
      await this.#load(wanted);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.#news.warn(
        l10n.t("The adapter {0} cannot be used, the base model alone classifies: {1}", nameOf(wanted), error.message),
      );
      await this.#load(null);
    }
  }

  /** Puts an adapter, or with null the base alone, in force. Throws InputError when it cannot be loaded. */
  activate(adapter: AdapterName, trusted: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#expectTrust(trusted);
      const before = this.#inForce;
      await this.#load(adapter);
      try {
        await activate(this.root(), adapter, new Date().toISOString());
      } catch (error) {
        await this.#load(before);
        throw unwritable(this.root(), error);
      }
    });
  }

  /** Back to what was in force before; returns it. */
  rollBack(trusted: boolean): Promise<AdapterName> {
    return this.#inTurn(async () => {
      this.#expectTrust(trusted);
      await rollBack(this.root());
      await this.#refresh(trusted);
      return this.#inForce;
    });
  }

  async summaries(): Promise<AdapterSummary[]> {
    if (this.#projects.main === undefined) return [];
    return (await listAdapters(this.root())).map((adapter) => this.#summary(adapter));
  }

  /** Moves an adapter to the trash; returns its folder there. */
  remove(adapter: Named): Promise<{ folder: string }> {
    return this.#inTurn(async () => ({
      folder: await moveToTrash(this.root(), adapter, new Date().toISOString()),
    }));
  }

  /** Copies an adapter to `folder`, which must be new or empty. */
  async exportTo(adapter: Named, folder: string): Promise<void> {
    await writeAdapterFolder(folder, await readAdapterFiles(folderOf(this.root(), adapter)));
  }

  /** Takes an adapter from elsewhere into the project, under the next free version. It is not put in force. */
  importFrom(folder: string): Promise<AdapterSummary> {
    return this.#inTurn(async () => {
      const name = basename(folder).replace(/[^\p{L}\p{N}._ -]/gu, "-");
      const version = await this.nextVersion(name);
      const base = this.#base();
      const createdAt = new Date().toISOString();
      const files = importAdapter(await readAdapterFiles(folder), base, {
        name,
        version,
        createdAt,
        assumeBase: false,
      });
      const target = folderOf(this.root(), { name, version });
      await writeAdapterFolder(target, files);
      await readAdapterFolder(target, base);
      const listed = (await listAdapters(this.root())).find(({ folder: found }) => found === target);
      return this.#summary(listed!);
    });
  }

  /** The first version number of `name` that no adapter has. */
  async nextVersion(name: string): Promise<string> {
    const listed = await listAdapters(this.root());
    const numbers = listed.filter((adapter) => adapter.name === name).map(({ version }) => Number(version));
    return String(1 + Math.max(0, ...numbers.filter((version) => Number.isInteger(version))));
  }

  async #load(adapter: AdapterName): Promise<void> {
    const { model } = this.#model;
    if (model === undefined) throw new InputError(this.#model.message ?? l10n.t("The model is still loading."));
    const before = model.classifier.identity.adapter;
    await model.activate(adapter === null ? null : folderOf(this.root(), adapter));
    const renamed = !isDeepStrictEqual(this.#inForce, adapter);
    this.#inForce = adapter;
    if (renamed || model.classifier.identity.adapter !== before) this.#news.swapped();
  }

  #base(): AdapterBase {
    const base = this.#model.model?.base;
    if (base === undefined) throw new InputError(this.#model.message ?? l10n.t("The model is still loading."));
    return base;
  }

  #summary({ name, version, bytes, manifest, problem }: ListedAdapter): AdapterSummary {
    return {
      name,
      version,
      active: isDeepStrictEqual(this.#inForce, { name, version }),
      kind: manifest?.kind ?? "",
      createdAt: manifest?.createdAt ?? "",
      labels: manifest?.labelSet.rows ?? 0,
      weightedF1: manifest?.metrics?.after.weightedF1 ?? null,
      bytes,
      ...(problem === null ? {} : { problem }),
    };
  }

  #expectTrust(trusted: boolean): void {
    if (trusted) return;
    throw new InputError(
      l10n.t("In Restricted Mode no adapter of the workspace is loaded. Trust the workspace first."),
    );
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    // A failure belongs to the caller; whoever comes next starts afresh.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** An adapter's name for messages. */
export function nameOf(adapter: AdapterName): string {
  return adapter === null ? l10n.t("Base model") : `${adapter.name} ${adapter.version}`;
}

/** When the training of the newest adapter that was trained here began. */
function lastTrainingOf(listed: readonly ListedAdapter[]): string | null {
  return listed.find(({ manifest }) => manifest !== null && manifest.options !== null)?.manifest?.createdAt ?? null;
}

function unwritable(folder: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  return new InputError(l10n.t("{0} cannot be written: {1}. Nothing was changed.", folder, errorMessage(error)), {
    cause: error,
  });
}
