/** The report after training, and the comparison of two adapters: the same facts on the same page. */
import * as vscode from "vscode";
import type { PageBlock, PageCell, PageTone } from "../media/page-messages.ts";
import type { AdapterName, Comparison, ScoreCard, ShownCategory, TrainReport } from "../server/protocol.ts";
import { adapterAt, nameOf, rollback, use } from "./adapters.ts";
import type { ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { categoryOf } from "./categories.ts";
import { adapterIn, folderName } from "./folders.ts";
import { duration, points, size } from "./numbers.ts";
import type { BuiltPage, PageActions } from "./pages.ts";
import { phaseName, splitText, verdictText } from "./training-words.ts";

/** Opens the stored report of an adapter from the tree, or of the one that is picked. */
export async function showReport(app: ReadyApp, ...args: unknown[]): Promise<void> {
  const adapter = await adapterAt(app, args, vscode.l10n.t("Whose report?"));
  if (!adapter) return;
  const report = await app.ask("report", adapter);
  if (isRefusal(report)) void vscode.window.showWarningMessage(report.message);
  else openReport(app, report);
}

export function openReport(app: ReadyApp, report: TrainReport): void {
  app.pages.show("report", buildReport(app, report));
}

export function openComparison(app: ReadyApp, comparison: Comparison): void {
  app.pages.show("comparison", buildComparison(app, comparison));
}

/** What was trained, whether it is better, and everything one needs to decide otherwise. */
export function buildReport(app: ReadyApp, report: TrainReport): BuiltPage {
  const names = { first: vscode.l10n.t("Before"), second: vscode.l10n.t("After") };
  const { name, version, root } = report;
  const folder = root === undefined ? {} : { root };
  const used = adapterIn(app, root);
  const inUse = used?.name === name && used.version === version;
  const actions: PageActions = [
    async () => {
      await use(app, { name, version }, folder);
      openReport(app, report);
    },
    async () => {
      await rollback(app, folder);
      openReport(app, report);
    },
    () => vscode.commands.executeCommand("nfrLens.adapters.focus"),
  ];
  const activate = { text: vscode.l10n.t("Activate"), action: 0, primary: report.gain.weightedF1 > 0 };
  const back = { text: vscode.l10n.t("Roll Back"), action: 1, primary: false };
  const blocks: PageBlock[] = [
    { kind: "text", text: verdictText(report), tone: report.promoted ? "good" : "plain" },
    {
      kind: "actions",
      actions: [inUse ? back : activate, { text: vscode.l10n.t("Show Adapters"), action: 2, primary: false }],
    },
    gainBlock(report.gain),
    ...scoreBlocks(names, report.before, report.after),
    perClassBlock(names, report.before, report.after, app.status.categories),
    ...phaseBlocks(report),
    ...flipBlocks(names, report.flips, app.status.categories, actions),
    { kind: "heading", text: vscode.l10n.t("Cost and data") },
    costBlock(report),
    { kind: "text", text: vscode.l10n.t("Held out: {0}", splitText(report.split)), tone: "quiet" },
  ];
  const title = vscode.l10n.t("Training report: {0} {1}", name, version);
  const where = root === undefined ? "" : folderName(app, root);
  return { page: { title: where === "" ? title : `${title} · ${where}`, blocks }, actions };
}

/** Two adapters on the same statements; either may be activated. */
export function buildComparison(app: ReadyApp, comparison: Comparison): BuiltPage {
  const { first, second } = comparison;
  const names = { first: nameOf(first.name), second: nameOf(second.name) };
  const choose = (name: AdapterName) => () => use(app, name, comparison);
  const actions: PageActions = [choose(first.name), choose(second.name)];
  const sure = comparison.gain.low > 0 || comparison.gain.high < 0;
  const verdict = sure
    ? vscode.l10n.t("{0} is better.", comparison.gain.weightedF1 > 0 ? names.second : names.first)
    : vscode.l10n.t("The difference is within chance.");
  const blocks: PageBlock[] = [
    { kind: "text", text: verdict, tone: sure ? "good" : "plain" },
    {
      kind: "actions",
      actions: [names.first, names.second].map((name, action) => ({
        text: vscode.l10n.t("Activate {0}", name),
        action,
        primary: false,
      })),
    },
    gainBlock(comparison.gain),
    ...scoreBlocks(names, first.score, second.score),
    perClassBlock(names, first.score, second.score, app.status.categories),
    ...flipBlocks(names, comparison.flips, app.status.categories, actions),
    {
      kind: "text",
      text: vscode.l10n.t("Judged on {0} statements: {1}", comparison.statements, comparison.split),
      tone: "quiet",
    },
  ];
  return { page: { title: vscode.l10n.t("{0} and {1}", names.first, names.second), blocks }, actions };
}

interface Names {
  first: string;
  second: string;
}

function gainBlock(gain: TrainReport["gain"]): PageBlock {
  return {
    kind: "interval",
    caption: vscode.l10n.t(
      "Gain in weighted F1: {0} points (95 % interval {1} to {2})",
      points(gain.weightedF1, true),
      points(gain.low, true),
      points(gain.high, true),
    ),
    low: gain.low * 100,
    value: gain.weightedF1 * 100,
    high: gain.high * 100,
    unit: vscode.l10n.t("points"),
  };
}

function scoreBlocks(names: Names, before: ScoreCard, after: ScoreCard): PageBlock[] {
  const rows: [string, number, number, number][] = [
    [vscode.l10n.t("Weighted F1"), before.weightedF1, after.weightedF1, 1],
    [vscode.l10n.t("Macro F1"), before.macroF1, after.macroF1, 1],
    [vscode.l10n.t("Accuracy"), before.accuracy, after.accuracy, 1],
    [vscode.l10n.t("Calibration error (less is better)"), before.calibrationError, after.calibrationError, -1],
  ];
  return [
    { kind: "heading", text: vscode.l10n.t("On statements held out") },
    {
      kind: "table",
      caption: vscode.l10n.t("Scores in points of a hundred"),
      columns: [{ text: "", numeric: false }, ...[names.first, names.second, vscode.l10n.t("Change")].map(numeric)],
      rows: rows.map(([name, first, second, direction]) => [
        { text: name },
        { text: points(first) },
        { text: points(second) },
        changeCell(second - first, direction),
      ]),
    },
  ];
}

function perClassBlock(
  names: Names,
  before: ScoreCard,
  after: ScoreCard,
  categories: readonly ShownCategory[],
): PageBlock {
  const rows = after.perClass
    .filter(({ support }) => support > 0)
    .map((entry) => ({ entry, f1: before.perClass.find(({ label }) => label === entry.label)?.f1 ?? 0 }));
  const name = (label: string) => categoryOf(categories, label).name;
  return {
    kind: "bars",
    caption: vscode.l10n.t("F1 by category"),
    legend: [names.first, names.second],
    groups: rows.map(({ entry, f1 }) => ({
      name: name(entry.label),
      code: entry.label,
      bars: [
        { series: 0, value: f1, text: points(f1) },
        { series: 1, value: entry.f1, text: points(entry.f1) },
      ],
    })),
    table: {
      caption: vscode.l10n.t("F1 by category"),
      columns: [
        { text: vscode.l10n.t("Category"), numeric: false },
        ...[
          names.first,
          names.second,
          vscode.l10n.t("Change"),
          vscode.l10n.t("Precision"),
          vscode.l10n.t("Recall"),
          vscode.l10n.t("Statements"),
        ].map(numeric),
      ],
      rows: rows.map(({ entry, f1 }) => [
        { text: name(entry.label), code: entry.label },
        { text: points(f1) },
        { text: points(entry.f1) },
        changeCell(entry.f1 - f1, 1),
        { text: points(entry.precision) },
        { text: points(entry.recall) },
        { text: String(entry.support) },
      ]),
    },
  };
}

function phaseBlocks({ phases }: TrainReport): PageBlock[] {
  if (phases.length < 2) return [];
  return [
    { kind: "heading", text: vscode.l10n.t("What each phase brought") },
    {
      kind: "table",
      caption: vscode.l10n.t("Weighted F1 after each phase"),
      columns: [{ text: vscode.l10n.t("Phase"), numeric: false }, numeric(vscode.l10n.t("Weighted F1"))],
      rows: phases.map(({ name, weightedF1 }) => [{ text: phaseName(name) }, { text: points(weightedF1) }]),
    },
  ];
}

function flipBlocks(
  names: Names,
  flips: TrainReport["flips"],
  categories: readonly ShownCategory[],
  actions: PageActions,
): PageBlock[] {
  if (flips.length === 0) return [];
  const name = (label: string) => categoryOf(categories, label).name;
  const tone = (label: string, truth: string): PageTone => (label === truth ? "good" : "bad");
  return [
    { kind: "heading", text: vscode.l10n.t("Statements that changed category: {0}", flips.length) },
    {
      kind: "table",
      caption: vscode.l10n.t("Statements that changed category"),
      columns: [
        { text: vscode.l10n.t("Statement"), numeric: false },
        ...[vscode.l10n.t("Your label"), names.first, names.second].map((text) => ({ text, numeric: false })),
      ],
      rows: flips.map((flip) => [
        { text: flip.text, ...linkTo(flip, actions) },
        { text: name(flip.truth), code: flip.truth },
        { text: mark(name(flip.before), flip.before === flip.truth), tone: tone(flip.before, flip.truth) },
        { text: mark(name(flip.after), flip.after === flip.truth), tone: tone(flip.after, flip.truth) },
      ]),
    },
  ];
}

/** Right and wrong are told by a sign, not by colour alone. */
function mark(text: string, right: boolean): string {
  return `${right ? "✓" : "✗"} ${text}`;
}

function linkTo(flip: TrainReport["flips"][number], actions: PageActions): Pick<PageCell, "action"> {
  const { uri, line } = flip;
  if (uri === null) return {};
  const selection = new vscode.Range(line ?? 0, 0, line ?? 0, 0);
  const open = () => vscode.window.showTextDocument(vscode.Uri.parse(uri), { selection });
  return { action: actions.push(open) - 1 };
}

function costBlock(report: TrainReport): PageBlock {
  return {
    kind: "facts",
    facts: [
      { name: vscode.l10n.t("Time"), value: duration(report.seconds) },
      { name: vscode.l10n.t("Labels"), value: String(report.labels) },
      { name: vscode.l10n.t("Kind"), value: report.kind },
      { name: vscode.l10n.t("Trained weights"), value: report.trainableParameters.toLocaleString(vscode.env.language) },
      { name: vscode.l10n.t("Size on disk"), value: size(report.adapterBytes) },
      { name: vscode.l10n.t("Most memory"), value: `${Math.round(report.peakRssMb)} MB` },
    ],
  };
}

function numeric(text: string): { text: string; numeric: boolean } {
  return { text, numeric: true };
}

function changeCell(change: number, direction: number): PageCell {
  const tone = Math.abs(change) < 0.0005 ? "quiet" : change * direction > 0 ? "good" : "bad";
  return { text: points(change, true), tone };
}
