/** The model of a server: loaded once, in the background, so that the server answers from its first millisecond. */
import * as l10n from "@vscode/l10n";
import type { AdapterBase } from "./engine/adapt/adapter.ts";
import type { Classifier } from "./engine/model/classifier.ts";
import { RuntimeUnavailable } from "./engine/graph/runtime.ts";
import { InputError } from "./engine/outcome.ts";
import type { ServerState } from "./protocol.ts";
import { errorMessage } from "./store/wording.ts";

/** One use of a loaded pack, with an adapter of its own. */
export interface Seat {
  readonly classifier: Classifier;
  /**
   * Classifies with the adapter in `folder` from now on, or with the base alone. Throws InputError for one that cannot
   * be used; what was active stays active.
   */
  activate(folder: string | null): Promise<void>;
}

/** A pack that is ready to classify. */
export interface Model extends Seat {
  readonly name: string;
  readonly precision: string;
  /** Another use of the same network, at first with the base alone; costs next to nothing. */
  another(): Seat;
  /** What an adapter has to fit. */
  readonly base: AdapterBase;
}

/** Opens the pack in `folder`. Throws InputError for a pack that cannot be used. */
export type OpenModel = (folder: string, threads: number) => Promise<Model>;

export class ModelHost {
  readonly #open: OpenModel;
  #model: Model | undefined;
  #message: string | undefined;
  /** Settled when loading has ended, well or not. */
  loaded: Promise<void> = Promise.resolve();

  constructor(open: OpenModel) {
    this.#open = open;
  }

  get state(): ServerState {
    if (this.#model !== undefined) return "ready";
    return this.#message === undefined ? "starting" : "failed";
  }

  /** When failed: what happened and what to do. */
  get message(): string | undefined {
    return this.#message;
  }

  get model(): Model | undefined {
    return this.#model;
  }

  /** The classifier of a loaded model. Throws InputError with the reason where there is none. */
  classifier(): Classifier {
    if (this.#model === undefined) throw new InputError(this.#message ?? l10n.t("The model is still loading."));
    return this.#model.classifier;
  }

  /** Begins to load; `loaded` settles when it has ended. Failures become a state, never an exception. */
  load(folder: string, threads: number, log: (message: string) => void): Promise<void> {
    this.loaded = this.#open(folder, threads).then(
      (model) => {
        this.#model = model;
      },
      (error: unknown) => {
        log(error instanceof Error ? (error.stack ?? error.message) : String(error));
        this.#message = failure(folder, error);
      },
    );
    return this.loaded;
  }
}

function failure(folder: string, error: unknown): string {
  if (error instanceof RuntimeUnavailable) return error.message;
  // Messages about files name them; all else is said of the folder.
  const what =
    error instanceof InputError
      ? error.message
      : l10n.t("The model in {0} does not load: {1}.", folder, errorMessage(error));
  return l10n.t(
    "{0} Reinstall NFR Lens, or choose another model with the settings nfrLens.model and nfrLens.modelPath.",
    what,
  );
}
