/** Reads label logs that changed on disk, and tells what is wrong with them once. */
import type { Project } from "./project.ts";
import { errorMessage } from "./store/wording.ts";

/** Whom problems are told. */
export interface LabelNews {
  log(message: string): void;
  /** For the user's eyes. */
  warn(message: string): void;
}

export class LabelReader {
  readonly #news: LabelNews;
  /** What was told already. */
  readonly #told = new Set<string>();

  constructor(news: LabelNews) {
    this.#news = news;
  }

  /** Reads the log of a folder if it changed; returns whether it did. What cannot be read is told, not thrown. */
  async read(project: Project): Promise<boolean> {
    try {
      const changed = await project.labels.refresh();
      if (changed) this.#report(project);
      return changed;
    } catch (error) {
      this.#warnOnce(errorMessage(error), errorMessage(error));
      return false;
    }
  }

  /** Every line that is not used goes to the log; of each kind that a person can mend, the first to the screen. */
  #report({ root, labels }: Project): void {
    for (const { kind, message } of labels.problems) {
      if (!this.#told.has(`${root} ${message}`)) this.#news.log(message);
      this.#told.add(`${root} ${message}`);
      if (kind === "conflict" || kind === "newer") this.#warnOnce(`${root} ${kind}`, message);
    }
  }

  #warnOnce(about: string, message: string): void {
    if (this.#told.has(about)) return;
    this.#told.add(about);
    this.#news.warn(message);
  }
}
