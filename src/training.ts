/** One training at a time: its progress, its end, and its report. It runs in the server; here it is only shown. */
import * as vscode from "vscode";
import type { InFolder, TrainProgress } from "../server/protocol.ts";
import type { ReadyApp } from "./app.ts";
import { isRefusal } from "./ask.ts";
import { chooseFolder } from "./folders.ts";
import { note } from "./labels.ts";
import { openReport } from "./report.ts";
import { readSettings } from "./settings.ts";

export class Training implements vscode.Disposable {
  /** The newest progress, or null while nothing is trained. */
  progress: TrainProgress | null = null;
  running = false;
  private readonly changed = new vscode.EventEmitter<TrainProgress | null>();
  readonly onChange = this.changed.event;

  /** Takes progress over; what comes after the end is dropped. */
  take(progress: TrainProgress): void {
    if (!this.running) return;
    this.progress = progress;
    this.changed.fire(progress);
  }

  /** Trains with the user's settings, and opens the report when there is one. */
  async run(app: ReadyApp): Promise<void> {
    const folder = this.running ? "gone" : await chooseFolder(app, vscode.l10n.t("For which folder?"));
    // While the person chose, another command may have begun a training.
    if (folder === "gone" || this.running) return;
    await this.enter(true);
    try {
      await vscode.window.withProgress({ location: { viewId: "nfrLens.adapters" } }, () => this.trainOnce(app, folder));
    } finally {
      await this.enter(false);
      await app.adapters.refresh(app);
    }
  }

  async cancel(app: ReadyApp): Promise<void> {
    if (this.running) await app.ask("cancelTraining", {});
  }

  dispose(): void {
    this.changed.dispose();
  }

  private async trainOnce(app: ReadyApp, folder: InFolder): Promise<void> {
    const outcome = await app.ask("train", { ...readSettings().training, ...folder });
    if (isRefusal(outcome)) {
      void vscode.window.showWarningMessage(outcome.message);
    } else if (outcome.outcome === "trained") {
      openReport(app, outcome.report);
    } else if (outcome.outcome === "cancelled") {
      note(vscode.l10n.t("Training cancelled. Nothing was changed."));
    } else {
      throw new Error(outcome.message);
    }
  }

  private async enter(running: boolean): Promise<void> {
    this.running = running;
    this.progress = null;
    await vscode.commands.executeCommand("setContext", "nfrLens.training", running);
    this.changed.fire(null);
  }
}
