/** What people decide about statements: written to the log of their workspace folder, then shown at once. */
import * as l10n from "@vscode/l10n";
import type { ClassifiedStatement } from "./classified.ts";
import { classifierText } from "./engine/documents/statement.ts";
import { InputError } from "./engine/outcome.ts";
import { NONE } from "./engine/taxonomy.ts";
import type { LabelAction, LabelParams, LabelResult } from "./protocol.ts";
import type { Session } from "./session.ts";
import { LABEL_FORMAT, type LabelRecord } from "./store/label.ts";

export class Labelling {
  readonly #session: Session;
  /** Name of the person at this machine where the settings name nobody. */
  readonly #user: string;
  /** What each statement was labelled before the decisions made here, newest last: what undo goes back to. */
  readonly #before = new Map<string, (string | null)[]>();

  constructor(session: Session, user: string) {
    this.#session = session;
    this.#user = user;
  }

  /** The name that decisions are written under. */
  get author(): string {
    return this.#session.settings.author || this.#user;
  }

  /**
   * Writes a decision and shows it everywhere. Throws InputError where nothing was saved: no workspace folder, a
   * statement that is gone, an unknown category, a log that cannot be written.
   */
  async decide({ uri, key, action, origin }: LabelParams): Promise<LabelResult> {
    const statement = await this.#statement(uri, key);
    const project = this.#session.projects.of(uri);
    const document = project?.pathOf(uri);
    if (project === undefined || document === undefined) {
      throw new InputError(
        l10n.t(
          "Labels are kept in the folder that is open, and this document lies in none: open its folder, then label again.",
        ),
      );
    }
    const inForce = statement.label?.label ?? null;
    const codes = project.config.categories.map(({ code }) => code);
    const place = `${uri}\n${key}`;
    const label = this.#chosen(statement, action, codes, place);
    const { identity } = this.#session.adapters.classifierFor(uri);
    const record: LabelRecord = {
      v: LABEL_FORMAT,
      key,
      text: classifierText(statement.statement),
      label,
      document,
      heading: statement.statement.heading,
      author: this.author,
      time: new Date().toISOString(),
      predicted: statement.prediction.label,
      confidence: Math.round(statement.prediction.confidence * 1e4) / 1e4,
      pack: identity.pack,
      adapter: identity.adapter,
      origin: origin ?? "document",
    };
    await project.labels.append(record);
    this.#remember(place, action, inForce);
    this.#session.showLabels();
    return { label };
  }

  /** The statement as it is shown; waits for a run in flight where an edit just made it. */
  async #statement(uri: string, key: string): Promise<ClassifiedStatement> {
    const shown = this.#session.statement(uri, key);
    if (shown !== undefined) return shown;
    await this.#session.current(uri);
    const fresh = this.#session.statement(uri, key);
    if (fresh !== undefined) return fresh;
    throw new InputError(l10n.t("The statement was changed or removed meanwhile. Nothing was saved; look again."));
  }

  #chosen(
    { prediction, label }: ClassifiedStatement,
    action: LabelAction,
    codes: readonly string[],
    place: string,
  ): string | null {
    if (action.kind === "accept") return label?.label ?? prediction.label;
    if (action.kind === "reject") return NONE;
    if (action.kind === "change") {
      if (codes.includes(action.label)) return action.label;
      throw new InputError(
        l10n.t("{0} is no category of this project; it has {1}. Nothing was saved.", action.label, codes.join(", ")),
      );
    }
    if (label === undefined) throw new InputError(l10n.t("There is no label to take back here."));
    // A decision of an earlier session is taken back altogether.
    return this.#before.get(place)?.at(-1) ?? null;
  }

  #remember(place: string, action: LabelAction, inForce: string | null): void {
    const before = this.#before.get(place) ?? [];
    if (action.kind === "undo") before.pop();
    else before.push(inForce);
    this.#before.set(place, before);
  }
}
