/** The coverage dashboard: categories by document and section, and what is missing. */
import * as vscode from "vscode";
import type { PageBlock, PageCell } from "../media/page-messages.ts";
import type { ReadyApp } from "./app.ts";
import { categoryOf, FUNCTIONAL, NONE, percent } from "./categories.ts";
import { coverage, type Coverage, type Section } from "./coverage.ts";
import { reveal } from "./labels.ts";
import type { BuiltPage, PageActions } from "./pages.ts";

export function showDashboard(app: ReadyApp): void {
  app.pages.show("dashboard", buildDashboard(app));
}

/** The dashboard of the documents known now. */
export function buildDashboard(app: Pick<ReadyApp, "documents" | "status">): BuiltPage {
  const { categories } = app.status;
  const result = coverage(app.documents.all(), categories);
  const actions: PageActions = [() => vscode.commands.executeCommand("nfrLens.scan")];
  const blocks: PageBlock[] = [
    {
      kind: "facts",
      facts: [
        { name: vscode.l10n.t("Documents"), value: String(result.documents.length) },
        { name: vscode.l10n.t("Requirements"), value: String(result.requirements) },
        {
          name: vscode.l10n.t("Quality"),
          value: String(result.quality),
          note: vscode.l10n.t("{0} % of the requirements", percent(result.quality / Math.max(1, result.requirements))),
        },
        { name: vscode.l10n.t("Uncertain"), value: String(result.uncertain) },
        { name: vscode.l10n.t("Labelled by people"), value: String(result.labelled) },
      ],
    },
    ...gapBlocks(result, app),
    barBlock(result, app),
    ...tableBlocks(result, app, actions),
    {
      kind: "actions",
      actions: [{ text: vscode.l10n.t("Read All Documents"), action: 0, primary: false }],
    },
  ];
  return { page: { title: vscode.l10n.t("Quality coverage"), blocks }, actions };
}

function gapBlocks(result: Coverage, { status }: Pick<ReadyApp, "status">): PageBlock[] {
  const blocks: PageBlock[] = [];
  if (result.requirements === 0) {
    const text = vscode.l10n.t("No requirements are known yet. Open a specification, or read all documents.");
    return [{ kind: "text", text, tone: "quiet" }];
  }
  if (result.missing.length > 0) {
    const names = result.missing.map((code) => categoryOf(status.categories, code).name).join(", ");
    blocks.push({ kind: "text", text: vscode.l10n.t("No requirement anywhere: {0}.", names), tone: "bad" });
  } else {
    blocks.push({ kind: "text", text: vscode.l10n.t("Every quality has at least one requirement."), tone: "good" });
  }
  if (result.silent.length > 0) {
    const names = result.silent.map(({ name }) => name || vscode.l10n.t("(before the first heading)")).join(", ");
    blocks.push({
      kind: "text",
      text: vscode.l10n.t("Sections with functions but no quality: {0}.", names),
      tone: "bad",
    });
  }
  return blocks;
}

function barBlock(result: Coverage, { status }: Pick<ReadyApp, "status">): PageBlock {
  const most = Math.max(1, ...result.totals.values());
  const rows = status.categories
    .filter(({ code }) => code !== NONE)
    .map((category) => ({ category, count: result.totals.get(category.code) ?? 0 }));
  return {
    kind: "bars",
    caption: vscode.l10n.t("Requirements by category"),
    legend: [],
    groups: rows.map(({ category, count }) => ({
      name: category.name,
      code: category.code,
      bars: [{ series: 0, value: count / most, text: String(count) }],
    })),
    table: {
      caption: vscode.l10n.t("Requirements by category"),
      columns: [
        { text: vscode.l10n.t("Category"), numeric: false },
        { text: "ISO/IEC 25010", numeric: false },
        { text: vscode.l10n.t("Requirements"), numeric: true },
      ],
      rows: rows.map(({ category, count }) => [
        { text: category.name, code: category.code },
        { text: category.iso25010 ?? "–" },
        { text: String(count) },
      ]),
    },
  };
}

/** One table for each document: a row for each section, a column for each category that occurs anywhere. */
function tableBlocks(result: Coverage, { status }: Pick<ReadyApp, "status">, actions: PageActions): PageBlock[] {
  const codes = status.categories.map(({ code }) => code).filter((code) => code !== NONE);
  const most = Math.max(
    1,
    ...result.documents.flatMap((d) => d.sections.flatMap((s) => [...s.counts.values()].map(({ count }) => count))),
  );
  const cell = (section: Section, code: string): PageCell => {
    const entry = section.counts.get(code);
    if (!entry) return { text: code === FUNCTIONAL ? "" : "·", tone: "quiet" };
    const action = actions.push(() => reveal({ uri: section.uri, statement: entry.first })) - 1;
    return { text: String(entry.count), code, shade: entry.count / most, action };
  };
  const row = (section: Section, name: string): PageCell[] => [
    { text: name },
    ...codes.map((code) => cell(section, code)),
    { text: section.uncertain > 0 ? String(section.uncertain) : "" },
  ];
  return result.documents.map((document) => ({
    kind: "table",
    caption: vscode.workspace.asRelativePath(vscode.Uri.parse(document.uri)),
    columns: [
      { text: vscode.l10n.t("Section"), numeric: false },
      ...codes.map((code) => ({ text: code, numeric: true })),
      { text: "?", numeric: true },
    ],
    rows: [
      ...document.sections.map((section) => row(section, section.name || vscode.l10n.t("(before the first heading)"))),
      ...(document.sections.length > 1 ? [row(document, vscode.l10n.t("Whole document"))] : []),
    ],
  }));
}
