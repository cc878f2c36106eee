/** The status bar item: what the open document holds, which model and adapter read it, and how training goes. */
import * as vscode from "vscode";
import { categoryOf, countByCategory, isQuality } from "./categories.ts";
import type { DocumentStore } from "./documents.ts";
import { adapterIn, folderOf } from "./folders.ts";
import { LANGUAGES, type Server } from "./server.ts";
import { readSettings } from "./settings.ts";
import { duration } from "./numbers.ts";
import type { Training } from "./training.ts";

/** So many categories fit in without pushing others out. */
const SHOWN = 3;

export class StatusBar implements vscode.Disposable {
  private readonly item: vscode.StatusBarItem;

  constructor(
    readonly server: Server,
    private readonly documents: DocumentStore,
    private readonly training: Training,
  ) {
    this.item = vscode.window.createStatusBarItem("nfrLens.status", vscode.StatusBarAlignment.Right, 90);
    this.item.name = "NFR Lens";
    this.item.command = "nfrLens.showMenu";
  }

  /** Says what is so now. */
  draw(): void {
    const editor = vscode.window.activeTextEditor;
    const reads = editor !== undefined && (LANGUAGES as readonly string[]).includes(editor.document.languageId);
    const needed = this.training.progress !== null || this.server.state === "failed";
    if (!readSettings().statusBar || !(reads || needed)) {
      this.item.hide();
      return;
    }
    const { text, label } = this.words(editor?.document.uri.toString() ?? "");
    this.item.text = text;
    this.item.tooltip = this.tooltip(label);
    this.item.accessibilityInformation = { label: `NFR Lens: ${label}`, role: "button" };
    this.item.backgroundColor =
      this.server.state === "failed" ? new vscode.ThemeColor("statusBarItem.errorBackground") : undefined;
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
  }

  /** What is shown, and the same in words for those who listen. */
  private words(uri: string): { text: string; label: string } {
    if (this.server.state === "starting") {
      return { text: "$(loading~spin) NFR", label: vscode.l10n.t("loading the model") };
    }
    if (this.server.state === "failed") {
      const message = this.server.status?.message ?? vscode.l10n.t("the language server does not run");
      return { text: "$(error) NFR", label: message };
    }
    const progress = this.training.progress;
    if (progress) {
      const done = Math.round(progress.fraction * 100);
      const left = progress.secondsLeft === null ? "" : ` · ${duration(progress.secondsLeft)}`;
      return { text: `$(mortar-board) ${done} %${left}`, label: vscode.l10n.t("training, {0} percent done", done) };
    }
    return this.countWords(uri);
  }

  private countWords(uri: string): { text: string; label: string } {
    const categories = this.server.status?.categories ?? [];
    const { counts, uncertain } = countByCategory(this.documents.get(uri)?.statements ?? []);
    const quality = counts.filter(({ code }) => isQuality(code));
    const shown = quality.slice(0, SHOWN).map(({ code, count }) => `${code} ${count}`);
    if (quality.length > SHOWN) shown.push("…");
    if (uncertain > 0) shown.push(`? ${uncertain}`);
    const all = counts.map(({ code, count }) => `${categoryOf(categories, code).name} ${count}`);
    if (uncertain > 0) all.push(vscode.l10n.t("uncertain {0}", uncertain));
    return {
      text: `$(checklist) ${shown.length > 0 ? shown.join(" · ") : "NFR"}${this.labelCount()}`,
      label: all.length > 0 ? all.join(", ") : vscode.l10n.t("no requirements in this document"),
    };
  }

  /** Labels that no training has seen, with the sign of training once that should help. */
  private labelCount(): string {
    const { sinceTraining, trainingSuggested } = this.server.status?.labels ?? {};
    if (!sinceTraining) return "";
    return `  ${trainingSuggested ? "$(mortar-board)" : "$(tag)"} ${sinceTraining}`;
  }

  private tooltip(label: string): vscode.MarkdownString {
    const tooltip = new vscode.MarkdownString("**NFR Lens**");
    const line = (text: string) => tooltip.appendMarkdown("\n\n").appendText(text);
    line(label);
    const status = this.server.status;
    if (!status) return tooltip;
    const folder = folderOf(this, vscode.window.activeTextEditor?.document.uri);
    const adapter = folder === undefined ? null : adapterIn(this, folder);
    if (status.model) line(vscode.l10n.t("Model: {0}, {1}", status.model.name, status.model.precision));
    line(adapter ? vscode.l10n.t("Adapter: {0} {1}", adapter.name, adapter.version) : vscode.l10n.t("Adapter: none"));
    line(vscode.l10n.t("Labels: {0}, {1} since the last training", status.labels.total, status.labels.sinceTraining));
    if (status.labels.trainingSuggested) line(vscode.l10n.t("Training should help now."));
    if (status.restricted) line(vscode.l10n.t("Restricted Mode: no adapter of this folder is loaded."));
    return tooltip;
  }
}
