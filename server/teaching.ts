/** Training of project adapters and their comparison, as a running server does it: in a child process, one at a time. */
import { availableParallelism } from "node:os";
import * as l10n from "@vscode/l10n";
import { type FolderAdapters, nameOf } from "./folder-adapters.ts";
import type { ClassifiedDocument } from "./classified.ts";
import { classifierText } from "./engine/documents/statement.ts";
import { type HeldOut, parseHeldOut, textKey } from "./engine/adapt/held-out.ts";
import { Random } from "./engine/adapt/random.ts";
import { pairedBootstrap } from "./engine/judge/bootstrap.ts";
import { type Judged, score } from "./engine/judge/metrics.ts";
import { Cancelled, InputError } from "./engine/outcome.ts";
import { BUILT_IN_CODES } from "./engine/taxonomy.ts";
import type { Project } from "./project.ts";
import type { AdapterName, Comparison, TrainOutcome, TrainParams, TrainProgress, TrainReport } from "./protocol.ts";
import type { Session } from "./session.ts";
import { folderOf, HELD_OUT_FILE, readAdapterFiles, REPORT_FILE } from "./store/adapter-folder.ts";
import { normaliseText } from "./store/label.ts";
import type { EvaluatedRow, EvaluationRequest, runEvaluation, runTraining } from "./training.ts";

/** What the server trains unless the person says otherwise; versions count up. */
const DEFAULT_NAME = "project";

/** The runs of the trainer process. */
export interface TrainerRuns {
  readonly train: typeof runTraining;
  readonly evaluate: typeof runEvaluation;
}

export class Teaching {
  readonly #session: Session;
  readonly #runs: TrainerRuns;
  #training: AbortController | undefined;

  constructor(session: Session, runs: TrainerRuns) {
    this.#session = session;
    this.#runs = runs;
  }

  /** Whether a training is under way. */
  get busy(): boolean {
    return this.#training !== undefined;
  }

  /**
   * Trains an adapter on the labels of the project and puts it in force where it is proved better. Throws InputError
   * where training cannot begin.
   */
  async train(params: TrainParams, onProgress: (progress: TrainProgress) => void): Promise<TrainOutcome> {
    // Another window or a pull may have written labels a moment ago.
    await this.#session.refreshLabels();
    const folder = this.#mayTrain(params.root);
    const controller = new AbortController();
    this.#training = controller;
    try {
      const result = await this.#runs.train(await this.#request(folder, params), {
        signal: controller.signal,
        onProgress,
      });
      if (result.outcome !== "trained") return result;
      const report = await this.#promoted(folder, result.report);
      await folder.refresh(this.#session.trusted);
      return { outcome: "trained", report: this.#located(folder, report) };
    } finally {
      this.#training = undefined;
    }
  }

  /** Ends the training under way within a second; without one, nothing happens. */
  cancel(): void {
    this.#training?.abort();
  }

  /** The report of an adapter, its statements located in the documents as they are now. */
  async report(adapter: NonNullable<AdapterName>, root: string | undefined): Promise<TrainReport> {
    const folder = this.#session.adapters.at(root);
    const files = await readAdapterFiles(folderOf(folder.root, adapter));
    const bytes = files.get(REPORT_FILE);
    const refuse = (): InputError =>
      new InputError(l10n.t("{0} has no report: it was imported, or its report cannot be read.", nameOf(adapter)));
    if (bytes === undefined) throw refuse();
    let report: unknown;
    try {
      report = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      throw refuse();
    }
    if (!isReport(report)) throw refuse();
    return this.#located(folder, report);
  }

  /**
   * Two adapters (null: the base alone) on the labels of the project. What an adapter learnt from is judged by what it
   * said while the statement was held out; statements without such an answer are left out.
   */
  async compare(
    first: AdapterName,
    second: AdapterName,
    root: string | undefined,
    signal: AbortSignal,
  ): Promise<Comparison> {
    await this.#session.refreshLabels();
    const folder = this.#mayLoad(root);
    const sides = [await this.#judge(folder, first, signal), await this.#judge(folder, second, signal)] as const;
    const shared = [...sides[0]].flatMap(([text, before]) => {
      const after = sides[1].get(text);
      return after === undefined ? [] : [{ text, before, after, group: before.group }];
    });
    const classes = [
      ...new Set(shared.flatMap(({ before, after }) => [before.truth, before.label, after.label])),
    ].sort();
    const index = (code: string): number => classes.indexOf(code);
    const random = Random.named(1, "comparison");
    const gain = pairedBootstrap(
      shared.map(({ before }) => index(before.truth)),
      shared.map(({ before }) => index(before.label)),
      shared.map(({ after }) => index(after.label)),
      { classCount: classes.length, uniform: () => random.uniform(), group: shared.map(({ group }) => group) },
    );
    const flips = shared
      .filter(({ before, after }) => before.label !== after.label)
      .map(({ text, before, after }) => ({ text, truth: before.truth, before: before.label, after: after.label }));
    const places = this.#places(folder.project);
    return {
      root: folder.project.uri,
      first: {
        name: first,
        score: score(
          shared.map(({ before }) => before),
          classes,
        ),
      },
      second: {
        name: second,
        score: score(
          shared.map(({ after }) => after),
          classes,
        ),
      },
      statements: shared.length,
      split: l10n.t("labelled statements that neither had learnt from when it judged them"),
      gain,
      flips: flips.map((flip) => ({ ...flip, ...placeOf(places, flip.text) })),
    };
  }

  /** Puts a better adapter in force. Where that fails the report says so: minutes of training are not thrown away. */
  async #promoted(folder: FolderAdapters, report: TrainReport): Promise<TrainReport> {
    const { name, version, promoted } = report;
    if (!promoted) return report;
    try {
      await folder.activate({ name, version }, this.#session.trusted);
      return report;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      return { ...report, promoted: false, notInForce: error.message };
    }
  }

  #mayTrain(root: string | undefined): FolderAdapters {
    if (!this.#session.trusted)
      throw new InputError(l10n.t("In Restricted Mode nothing is trained. Trust the workspace first."));
    this.#session.adapters.at(root);
    if (this.busy) throw new InputError(l10n.t("A training is under way. Wait for it or cancel it."));
    return this.#mayLoad(root);
  }

  #mayLoad(root: string | undefined): FolderAdapters {
    this.#session.model.classifier();
    const folder = this.#session.adapters.at(root);
    if (folder.project.labels.inForce().length > 0) return folder;
    throw new InputError(l10n.t("There are no labels yet: accept or change some categories first."));
  }

  async #request(folder: FolderAdapters, params: TrainParams): Promise<Parameters<typeof runTraining>[0]> {
    const { project } = folder;
    const version = await folder.nextVersion(DEFAULT_NAME);
    const { kind, rank, layers, epochs, seed, searchMinutes } = params;
    const chosen = Object.entries({ kind, rank, layers, epochs, seed }).filter(([, value]) => value !== undefined);
    const choices = Object.fromEntries(chosen);
    // Another folder's documents have words of their own.
    const documents = this.#session.known().filter(({ uri }) => this.#session.projects.of(uri) === project);
    return {
      pack: this.#session.pack,
      labels: [project.labels.path],
      out: folderOf(folder.root, { name: DEFAULT_NAME, version }),
      name: DEFAULT_NAME,
      version,
      createdAt: new Date().toISOString(),
      active: folder.folderInForce,
      classes: classesOf(project),
      projectTexts: [...new Set(documents.flatMap(wordsOf))],
      choices: searchMinutes === undefined || searchMinutes === 0 ? choices : { ...choices, searchMinutes },
      // One core stays with the editor.
      threads: Math.max(1, availableParallelism() - 1),
    };
  }

  /** What an adapter says about each labelled text that it may be judged on. */
  async #judge(
    { project, root }: FolderAdapters,
    adapter: AdapterName,
    signal: AbortSignal,
  ): Promise<Map<string, Judged & { group: string }>> {
    const folder = adapter === null ? null : folderOf(root, adapter);
    const heldOut: ReadonlyMap<string, HeldOut> =
      folder === null
        ? new Map()
        : parseHeldOut(new TextDecoder().decode((await readAdapterFiles(folder)).get(HELD_OUT_FILE)));
    const request: EvaluationRequest = {
      pack: this.#session.pack,
      labels: [project.labels.path],
      adapter: folder,
      folds: null,
      choices: {},
      threads: Math.max(1, availableParallelism() - 1),
    };
    const result = await this.#runs.evaluate(request, { signal });
    if (result.outcome === "cancelled") throw new Cancelled();
    if (result.outcome === "failed") throw new InputError(result.message);
    const judged = (row: EvaluatedRow): (Judged & { group: string })[] => {
      const said = heldOut.get(textKey(row.text));
      if (said === null) return [];
      const { label, confidence } = said ?? row;
      return [{ truth: row.truth, label, confidence, group: row.group }];
    };
    return new Map(result.predictions.flatMap((row) => judged(row).map((one) => [row.text, one])));
  }

  /** A report whose flips say where their statements stand now. */
  #located({ project }: FolderAdapters, report: TrainReport): TrainReport {
    const places = this.#places(project);
    return {
      ...report,
      root: project.uri,
      flips: report.flips.map((flip) => ({ ...flip, ...placeOf(places, flip.text) })),
    };
  }

  #places(project: Project): Map<string, { uri: string; line: number }> {
    const places = new Map<string, { uri: string; line: number }>();
    for (const { uri, statements } of this.#session.known()) {
      if (this.#session.projects.of(uri) !== project) continue;
      for (const { statement, shown } of statements) {
        places.set(normaliseText(classifierText(statement)), { uri, line: shown.range.start.line });
      }
    }
    // Documents that nobody has open are found by the labels, without a line.
    for (const { text, document } of project.labels.records) {
      const words = normaliseText(text);
      if (!places.has(words)) places.set(words, { uri: project.uriOf(document), line: 0 });
    }
    return places;
  }
}

function placeOf(
  places: ReadonlyMap<string, { uri: string; line: number }>,
  text: string,
): { uri: string | null; line: number | null } {
  return places.get(normaliseText(text)) ?? { uri: null, line: null };
}

function wordsOf({ statements }: ClassifiedDocument): string[] {
  return statements.map(({ statement }) => classifierText(statement));
}

/** The project's own categories, or null where they are the built-in ones. */
function classesOf({ config }: Project): string[] | null {
  const codes = config.categories.map(({ code }) => code);
  const builtIn = codes.length === BUILT_IN_CODES.length && codes.every((code) => BUILT_IN_CODES.includes(code));
  return builtIn ? null : codes;
}

function isReport(value: unknown): value is TrainReport {
  const report = value as Partial<TrainReport> | null;
  return (
    typeof report === "object" &&
    typeof report?.before === "object" &&
    typeof report.after === "object" &&
    typeof report.gain === "object" &&
    Array.isArray(report.flips) &&
    typeof report.split === "object" &&
    typeof report.verdict === "string" &&
    Array.isArray(report.phases)
  );
}
