/**
 * Every message that is ours, by direction; the rest is plain LSP. Types and names only, plain data, no classes.
 * `src/` imports this file and nothing else from `server/`. What `src/` and its webviews tell each other is in
 * `media/page-messages.ts`.
 *
 * Positions are UTF-16 offsets with zero-based lines, as in LSP.
 */

// ── data ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How a statement's shown category came about. */
export type LabelSource = "model" | "person";

/** One statement as it is shown. */
export interface ShownStatement {
  /** Names the statement in label requests: a hash of its normalised text, its document and its headings. */
  key: string;
  text: string;
  /** Identifier written in the document, if any. */
  id?: string;
  start: number;
  end: number;
  range: { start: { line: number; character: number }; end: { line: number; character: number } };
  heading: string[];
  /** Code of the category on screen: the person's label where there is one, else the model's. */
  label: string;
  source: LabelSource;
  /** Calibrated confidence of the model in its own category, 0 to 1. */
  confidence: number;
  /** True when the model's confidence is below the threshold and no person has decided. */
  uncertain: boolean;
  /** The model's category, also where a person decided otherwise. */
  predicted: string;
}

/** A document with its statements in document order. */
export interface ShownDocument {
  uri: string;
  /** The version these results belong to; null for a document read from disk. */
  version: number | null;
  statements: ShownStatement[];
}

/**
 * New results of a document as a change to the ones told before: an edit touches a few statements of thousands.
 * A client that did not get the results for version `since` asks for the whole document.
 */
export interface ShownChange {
  uri: string;
  version: number;
  since: number;
  /** Index of the first statement that is replaced, and how many are. */
  start: number;
  removed: number;
  statements: ShownStatement[];
  /** How far the statements behind those moved. */
  moved: { offset: number; lines: number };
}

/** A category as the user knows it, already in the user's language. */
export interface ShownCategory {
  code: string;
  name: string;
  iso25010: string | null;
  meaning: string;
}

export type ServerState = "starting" | "ready" | "failed";

/** What the status bar and the views say. */
export interface ServerStatus {
  state: ServerState;
  /** When failed: what happened and what to do, in the user's language. */
  message?: string;
  model?: { name: string; precision: string; hash: string };
  /** The workspace folders, by URI, each with the adapter that reads its documents. */
  folders: { root: string; adapter: AdapterName }[];
  categories: ShownCategory[];
  /** Labels in the logs of all folders, how many came after the last training of theirs, and whether one should help. */
  labels: { total: number; sinceTraining: number; trainingSuggested: boolean };
  /** Set while the workspace is not trusted: what is switched off because of that. */
  restricted: boolean;
}

/** Why a request did not do what was asked; the message is for the user. */
export interface Refusal {
  refused: true;
  message: string;
}

export type LabelAction =
  | { kind: "accept" }
  | { kind: "change"; label: string }
  | { kind: "reject" } // not a requirement: the label `none`
  | { kind: "undo" };

export interface LabelParams {
  uri: string;
  key: string;
  action: LabelAction;
  /** How the statement came up; `document` where absent. */
  origin?: "document" | "queue" | "blind" | "review";
}

/** The model's opinion of one statement, best first; the scores sum to 1. */
export type Scores = { label: string; score: number }[];

export interface LabelResult {
  /** The label now in force, or null when the undo left none. */
  label: string | null;
}

/** Where to write an ignore comment; the client applies the edit. */
export interface IgnoreParams {
  uri: string;
  key: string;
}

export interface NextUncertainParams {
  /** Where the person is; statements of this document that come later go first among equals. */
  uri?: string;
  offset?: number;
  /** Keys of statements the person passed over: they do not come again. */
  skip?: string[];
  /** Whether to go on, once nothing uncertain is left, with statements the model is sure of: they confirm it. */
  sure?: boolean;
}

export interface Located {
  uri: string;
  statement: ShownStatement;
  /** Why this one: words for the screen. */
  reason: string;
}

export interface AdapterSummary {
  /** URI of the workspace folder it belongs to. */
  root: string;
  name: string;
  version: string;
  active: boolean;
  kind: string;
  createdAt: string;
  labels: number;
  weightedF1: number | null;
  bytes: number;
  /** Set where the folder cannot be used: why. */
  problem?: string;
}

/** Which workspace folder is meant, by its URI; the first one where absent. */
export interface InFolder {
  root?: string;
}

/** Names one version of one adapter; null stands for the base alone. */
export type AdapterName = { name: string; version: string } | null;

/** Two adapters judged on the same labelled statements. */
export interface Comparison {
  /** URI of the workspace folder whose adapters they are. */
  root: string;
  first: { name: AdapterName; score: ScoreCard };
  second: { name: AdapterName; score: ScoreCard };
  /** Statements both were judged on, and how they were chosen. */
  statements: number;
  split: string;
  gain: { weightedF1: number; low: number; high: number };
  flips: TrainReport["flips"];
}

export interface TrainParams extends InFolder {
  kind?: "lora" | "prompt" | "lora+prompt" | "head";
  rank?: number;
  layers?: string;
  epochs?: number;
  seed?: number;
  searchMinutes?: number;
}

/**
 * What a training does: asks the model in use about the labelled statements, tries options, warms up on synthetic
 * statements, judges the recipe on held-out statements, and learns from all labels.
 */
export type TrainPhase = "before" | "search" | "synthetic" | "judging" | "labels";

export interface TrainProgress {
  phase: TrainPhase;
  /** Where a phase is done several times: which time this is, from 1, and how often at most. */
  part: { number: number; of: number } | null;
  epoch: number;
  epochs: number;
  loss: number | null;
  validationF1: number | null;
  /** 0 to 1 over the whole training. */
  fraction: number;
  secondsLeft: number | null;
}

/** How statements were held out: the folds that were judged, of how many, and what was kept together. */
export interface HeldOutSplit {
  folds: number;
  judged: number;
  by: "project" | "text";
}

/** What the interval of the gain says: above zero, below, around, or nothing because no statement could be compared. */
export type Verdict = "better" | "worse" | "chance" | "untested";

/** What the report view shows; written beside the adapter as `report.json`, too. */
export interface TrainReport {
  name: string;
  version: string;
  kind: string;
  seconds: number;
  peakRssMb: number;
  trainableParameters: number;
  adapterBytes: number;
  labels: number;
  split: HeldOutSplit;
  /** Held-out statements that both sides could be judged on. */
  compared: number;
  before: ScoreCard;
  after: ScoreCard;
  gain: { weightedF1: number; low: number; high: number };
  verdict: Verdict;
  /** Weighted F1 after each phase; only one where nothing warmed the adapter up. */
  phases: { name: "synthetic" | "labels"; weightedF1: number }[];
  flips: { text: string; uri: string | null; line: number | null; truth: string; before: string; after: string }[];
  /** Whether it was put in force by itself. */
  promoted: boolean;
  /** Set where it deserved that and it failed: why, in the user's language. */
  notInForce?: string;
  /** URI of the workspace folder it was trained for; a server adds it, the file does not hold it. */
  root?: string;
}

export interface ScoreCard {
  weightedF1: number;
  macroF1: number;
  accuracy: number;
  calibrationError: number;
  perClass: { label: string; precision: number; recall: number; f1: number; support: number }[];
}

export type TrainOutcome = { outcome: "trained"; report: TrainReport } | { outcome: "cancelled" } | FailedTraining;

/** With `refused` it is a {@link Refusal} too: nothing broke, but what was asked cannot be done, as with too few labels. */
export interface FailedTraining {
  outcome: "failed";
  message: string;
  refused: boolean;
}

/** One place where labels disagree or look wrong. */
export interface ReviewItem {
  kind: "suspect" | "blind" | "conflict";
  uri: string | null;
  key: string;
  text: string;
  labels: { label: string; author: string }[];
  suggested: string | null;
  reason: string;
}

export interface Review {
  items: ReviewItem[];
  /** Agreement between authors; null where fewer than two authors labelled the same statements. */
  agreement: { kappa: number; method: "Cohen" | "Fleiss"; statements: number; authors: number } | null;
  /** Agreement of each author with themselves on repeated statements. */
  selfAgreement: { author: string; agreed: number; repeated: number }[];
}

// ── asked of the server ─────────────────────────────────────────────────────────────────────────────────────────

/** `initializationOptions`. */
export interface InitializationOptions {
  /** Folder of the model pack. */
  pack: string;
  /** UI language for messages (`en`, `ja`). */
  locale: string;
  trusted: boolean;
  /** Whether the client takes `changed` messages; without them every edit brings the whole document. */
  changes?: boolean;
  settings: ServerSettings;
}

/** Which findings are listed beside the categories. */
export interface FindingSettings {
  /** A quality that nobody could measure. */
  unmeasurable: boolean;
  severalQualities: boolean;
  /** A category other than that of the heading above. */
  contradictsHeading: boolean;
}

/** The settings the server needs, complete; the client fills defaults from the manifest. */
export interface ServerSettings {
  codeLens: boolean;
  inlayHints: boolean;
  diagnostics: boolean;
  findings: FindingSettings;
  /** 0 to 1; predictions below are not shown as lenses. 0 shows all. */
  minimumConfidence: number;
  maximumDiagnostics: number;
  debounceMs: number;
  /** Threads for inference; 0 leaves it to the server. */
  threads: number;
  author: string;
}

export const Requests = {
  /** The current statements of one document, or of every known document. {uri?} → ShownDocument[] */
  documents: "nfrLens/documents",
  /** LabelParams → LabelResult | Refusal */
  label: "nfrLens/label",
  /** The edit that inserts an ignore comment before a statement. IgnoreParams → LSP WorkspaceEdit | Refusal */
  ignore: "nfrLens/ignore",
  /** Reads every document of the workspace; progress by LSP work-done progress. → {documents, statements} | Refusal */
  scan: "nfrLens/scan",
  /** NextUncertainParams → Located | null */
  nextUncertain: "nfrLens/nextUncertain",
  /** → Review | Refusal */
  review: "nfrLens/review",
  /** What the model thinks of a statement. {uri, key} → Scores | Refusal */
  scores: "nfrLens/scores",
  /** TrainParams → TrainOutcome | Refusal; progress by `trainProgress`. */
  train: "nfrLens/train",
  /** → void */
  cancelTraining: "nfrLens/cancelTraining",
  /** → AdapterSummary[] */
  adapters: "nfrLens/adapters",
  /** InFolder & {first, second}: AdapterName → Comparison | Refusal */
  compare: "nfrLens/compare",
  /** InFolder & {adapter}: AdapterName → Refusal | null */
  activate: "nfrLens/activate",
  /** Back to the adapter that was active before. InFolder → {name, version} | null | Refusal */
  rollback: "nfrLens/rollback",
  /** InFolder & {name, version} → {folder} | Refusal: moves the folder to the adapters' trash. */
  deleteAdapter: "nfrLens/deleteAdapter",
  /** InFolder & {name, version, folder} → null | Refusal */
  exportAdapter: "nfrLens/exportAdapter",
  /** InFolder & {folder} → AdapterSummary | Refusal */
  importAdapter: "nfrLens/importAdapter",
  /** InFolder & {name, version} → TrainReport | Refusal */
  report: "nfrLens/report",
  /** → ServerStatus */
  status: "nfrLens/status",
} as const;

// ── told to the server ──────────────────────────────────────────────────────────────────────────────────────────

export const ToServer = {
  /** ServerSettings, complete. */
  settings: "nfrLens/settings",
  /** {trusted: boolean} */
  trust: "nfrLens/trust",
} as const;

// ── told to the client ──────────────────────────────────────────────────────────────────────────────────────────

export const ToClient = {
  /** ShownDocument: new results of one document; an empty list when it was closed or is ignored. */
  classified: "nfrLens/classified",
  /** ShownChange: instead of `classified`, to a client that asked for changes and has the document. */
  changed: "nfrLens/changed",
  /** ServerStatus */
  status: "nfrLens/statusChanged",
  /** TrainProgress */
  trainProgress: "nfrLens/trainProgress",
} as const;

/** Commands that the server's lenses and actions name and the client carries out; arguments are `[uri, key, label?]`. */
export const ClientCommands = {
  accept: "nfrLens.accept",
  change: "nfrLens.change",
  reject: "nfrLens.reject",
  ignore: "nfrLens.ignore",
  undo: "nfrLens.undo",
} as const;
