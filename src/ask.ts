/** The questions the client may put to a running server, with the shape of each answer. */
import type { TextEdit } from "vscode-languageclient/node";
import {
  Requests,
  type AdapterName,
  type AdapterSummary,
  type Comparison,
  type IgnoreParams,
  type InFolder,
  type LabelParams,
  type LabelResult,
  type Located,
  type NextUncertainParams,
  type Refusal,
  type Review,
  type Scores,
  type ServerStatus,
  type ShownDocument,
  type TrainOutcome,
  type TrainParams,
  type TrainReport,
} from "../server/protocol.ts";

/** What stands for "no parameters" on the wire. */
type Nothing = Record<string, never>;
type Version = InFolder & NonNullable<AdapterName>;

/** For each question: what is sent, and what comes back. The keys are those of {@link Requests}. */
export interface Questions {
  documents: [{ uri?: string }, ShownDocument[]];
  label: [LabelParams, LabelResult | Refusal];
  ignore: [IgnoreParams, { changes?: Record<string, TextEdit[]> } | Refusal];
  scan: [Nothing, { documents: number; statements: number } | Refusal];
  nextUncertain: [NextUncertainParams, Located | null];
  review: [Nothing, Review | Refusal];
  scores: [{ uri: string; key: string }, Scores | Refusal];
  train: [TrainParams, TrainOutcome | Refusal];
  cancelTraining: [Nothing, null];
  adapters: [Nothing, AdapterSummary[]];
  compare: [InFolder & { first: AdapterName; second: AdapterName }, Comparison | Refusal];
  activate: [InFolder & { adapter: AdapterName }, Refusal | null];
  rollback: [InFolder, AdapterName | Refusal];
  deleteAdapter: [Version, { folder: string } | Refusal];
  exportAdapter: [Version & { folder: string }, Refusal | null];
  importAdapter: [InFolder & { folder: string }, AdapterSummary | Refusal];
  report: [Version, TrainReport | Refusal];
  status: [Nothing, ServerStatus];
}

export type Ask = <Name extends keyof Questions>(name: Name, params: Questions[Name][0]) => Promise<Questions[Name][1]>;

/** Builds {@link Ask} on a function that sends one request. */
export function makeAsk(send: (method: string, params: unknown) => Promise<unknown>): Ask {
  return async (name, params) => (await send(Requests[name], params)) as never;
}

/** The server declined, with a reason for the user. */
export function isRefusal(answer: unknown): answer is Refusal {
  return typeof answer === "object" && answer !== null && "refused" in answer && answer.refused === true;
}
