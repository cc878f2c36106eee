/** What the server says about a training in codes and numbers, in the user's words. */
import * as vscode from "vscode";
import type { HeldOutSplit, TrainPhase, TrainProgress, TrainReport } from "../server/protocol.ts";
import { points } from "./numbers.ts";

/** What a training does at the moment. */
export function phaseText({ phase, part }: Pick<TrainProgress, "phase" | "part">): string {
  const name = PHASES[phase]();
  return part === null ? name : vscode.l10n.t("{0}, {1} of {2}", name, part.number, part.of);
}

const PHASES: Readonly<Record<TrainPhase, () => string>> = {
  before: () => vscode.l10n.t("asking the model in use"),
  search: () => vscode.l10n.t("trying options"),
  synthetic: () => vscode.l10n.t("warming up on synthetic statements"),
  judging: () => vscode.l10n.t("judging on held-out statements"),
  labels: () => vscode.l10n.t("learning from all labels"),
};

/** After which phase a score was measured. */
export function phaseName(name: TrainReport["phases"][number]["name"]): string {
  return name === "synthetic" ? vscode.l10n.t("Synthetic statements") : vscode.l10n.t("Your labels");
}

/** How statements were held out. */
export function splitText({ folds, judged, by }: HeldOutSplit): string {
  if (by === "project") {
    return judged === folds
      ? vscode.l10n.t("each statement once, in {0} folds that keep documents or projects whole", folds)
      : vscode.l10n.t("one of {0} parts that keep documents or projects whole", folds);
  }
  return judged === folds
    ? vscode.l10n.t("each statement once, in {0} folds of single texts, because too few documents are labelled", folds)
    : vscode.l10n.t("one of {0} parts of single texts, because too few documents are labelled", folds);
}

/** Whether the adapter is better, and on what evidence. */
export function verdictText({ verdict, gain, compared, notInForce }: TrainReport): string {
  if (verdict === "untested") {
    return vscode.l10n.t("No held-out statement could be compared, so nothing says that the adapter is better.");
  }
  const found = vscode.l10n.t(
    "Weighted F1 changes by {0} points on {1} held-out statements (95 % interval {2} to {3}).",
    points(gain.weightedF1, true),
    compared,
    points(gain.low, true),
    points(gain.high, true),
  );
  const sentences = [found, JUDGEMENTS[verdict]()];
  if (notInForce !== undefined) sentences.push(vscode.l10n.t("It is not active: {0}", notInForce));
  return sentences.join(" ");
}

const JUDGEMENTS: Readonly<Record<"better" | "worse" | "chance", () => string>> = {
  better: () => vscode.l10n.t("The interval lies above zero: the adapter is better."),
  worse: () => vscode.l10n.t("The interval lies below zero: the adapter is worse."),
  chance: () => vscode.l10n.t("The interval includes zero: it may be luck. Label more statements, or decide yourself."),
};
