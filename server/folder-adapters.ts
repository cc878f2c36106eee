/**
 * The adapters of one workspace folder as the running server uses them: the one in force reads the folder's documents,
 * and what a person or another window changes on disk is followed. Nothing of an untrusted workspace is ever loaded.
 */
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import * as l10n from "@vscode/l10n";
import { type AdapterBase, carriedName, importAdapter } from "./engine/adapt/adapter.ts";
import { InputError } from "./engine/outcome.ts";
import type { Classifier } from "./engine/model/classifier.ts";
import type { ModelHost, Seat } from "./model.ts";
import type { Project } from "./project.ts";
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
  sweepAdapters,
  writeAdapterFolder,
} from "./store/adapter-folder.ts";
import { PROJECT_FOLDER } from "./store/label-log.ts";

type Named = NonNullable<AdapterName>;

/** Whom {@link FolderAdapters} tells what. */
export interface AdapterNews {
  /** Another adapter is in force, or none: documents are to be classified again. */
  swapped(): void;
  warn(message: string): void;
}

export class FolderAdapters {
  readonly project: Project;
  /** Where the folder's adapters lie. */
  readonly root: string;
  readonly #model: ModelHost;
  readonly #news: AdapterNews;
  /** The folder's own way to use the model; taken when the model is loaded. */
  #seat: Seat | undefined;
  #inForce: AdapterName = null;
  #swept = false;
  /** When the newest adapter of the project was trained; null where none was. */
  #lastTraining: string | null = null;
  /** Adapters are changed one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(model: ModelHost, project: Project, news: AdapterNews) {
    this.#model = model;
    this.project = project;
    this.root = join(project.root, PROJECT_FOLDER, "adapters");
    this.#news = news;
  }

  /** What reads the folder's documents. Throws InputError with the reason where no model is loaded. */
  classifier(): Classifier {
    return this.#taken().classifier;
  }

  #taken(): Seat {
    const { model } = this.#model;
    if (model === undefined) throw new InputError(this.#model.message ?? l10n.t("The model is still loading."));
    this.#seat ??= model.another();
    return this.#seat;
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
    return this.#inForce === null ? null : folderOf(this.root, this.#inForce);
  }

  /**
   * Loads what is in force on disk, or the base alone where the workspace is not trusted. An adapter that cannot be
   * loaded is named, and the base alone classifies.
   */
  refresh(trusted: boolean): Promise<void> {
    return this.#inTurn(() => this.#refresh(trusted));
  }

  async #refresh(trusted: boolean): Promise<void> {
    if (this.#model.model === undefined) return;
    const { root } = this;
    await this.#sweep(trusted);
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

  /** What killed processes left half-written goes once, when the folder is first looked at. */
  async #sweep(trusted: boolean): Promise<void> {
    if (this.#swept || !trusted) return;
    this.#swept = true;
    await sweepAdapters(this.root);
  }

  /** Puts an adapter, or with null the base alone, in force. Throws InputError when it cannot be loaded. */
  activate(adapter: AdapterName, trusted: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#expectTrust(trusted);
      const before = this.#inForce;
      await this.#load(adapter);
      try {
        await activate(this.root, adapter, new Date().toISOString());
      } catch (error) {
        await this.#load(before);
        throw error;
      }
    });
  }

  /** Back to what was in force before; returns it. */
  rollBack(trusted: boolean): Promise<AdapterName> {
    return this.#inTurn(async () => {
      this.#expectTrust(trusted);
      await rollBack(this.root);
      await this.#refresh(trusted);
      return this.#inForce;
    });
  }

  async summaries(): Promise<AdapterSummary[]> {
    return (await listAdapters(this.root)).map((adapter) => this.#summary(adapter));
  }

  /** Moves an adapter to the trash; returns its folder there. */
  remove(adapter: Named): Promise<{ folder: string }> {
    return this.#inTurn(async () => ({
      folder: await moveToTrash(this.root, adapter, new Date().toISOString()),
    }));
  }

  /** Copies an adapter to `folder`, which must be new or empty. */
  async exportTo(adapter: Named, folder: string): Promise<void> {
    await writeAdapterFolder(folder, await readAdapterFiles(folderOf(this.root, adapter)));
  }

  /** Takes an adapter from elsewhere into the project, under its name and the next free version. It is not put in force. */
  importFrom(folder: string): Promise<AdapterSummary> {
    return this.#inTurn(async () => {
      const found = await readAdapterFiles(folder);
      const name = carriedName(found) ?? basename(folder).replace(/[^\p{L}\p{N}._ -]/gu, "-");
      const version = await this.nextVersion(name);
      const base = this.#base();
      const createdAt = new Date().toISOString();
      const files = importAdapter(found, base, {
        name,
        version,
        createdAt,
        assumeBase: false,
      });
      const target = folderOf(this.root, { name, version });
      await writeAdapterFolder(target, files);
      await readAdapterFolder(target, base);
      const listed = (await listAdapters(this.root)).find((adapter) => adapter.folder === target);
      return this.#summary(listed!);
    });
  }

  /** The first version number of `name` that no adapter has. */
  async nextVersion(name: string): Promise<string> {
    const listed = await listAdapters(this.root);
    const numbers = listed.filter((adapter) => adapter.name === name).map(({ version }) => Number(version));
    return String(1 + Math.max(0, ...numbers.filter((version) => Number.isInteger(version))));
  }

  async #load(adapter: AdapterName): Promise<void> {
    const seat = this.#taken();
    const before = seat.classifier.identity.adapter;
    await seat.activate(adapter === null ? null : folderOf(this.root, adapter));
    const renamed = !isDeepStrictEqual(this.#inForce, adapter);
    this.#inForce = adapter;
    if (renamed || seat.classifier.identity.adapter !== before) this.#news.swapped();
  }

  #base(): AdapterBase {
    const base = this.#model.model?.base;
    if (base === undefined) throw new InputError(this.#model.message ?? l10n.t("The model is still loading."));
    return base;
  }

  #summary({ name, version, bytes, manifest, problem }: ListedAdapter): AdapterSummary {
    return {
      root: this.project.uri,
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
