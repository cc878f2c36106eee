/** What each command of the table does, and the one place where they are registered. */
import * as vscode from "vscode";
import {
  activateAdapter,
  compareAdapters,
  deactivateAdapter,
  deleteAdapter,
  exportAdapter,
  importAdapter,
  rollback,
} from "./adapters.ts";
import { ready, type App, type ReadyApp } from "./app.ts";
import { COMMANDS, type CommandId } from "./command-table.ts";
import { showDashboard } from "./dashboard.ts";
import {
  acceptLabel,
  changeLabel,
  explainHere,
  goTo,
  ignoreHere,
  nextUncertain,
  rejectLabel,
  undoLabel,
} from "./labels.ts";
import { labelNext } from "./label-queue.ts";
import { showMenu } from "./menu.ts";
import { showReport } from "./report.ts";
import { decideReview } from "./review.ts";
import { openSample } from "./sample.ts";
import { scan } from "./scan.ts";

type Need<Id extends CommandId> = (typeof COMMANDS)[Id] extends "ready" ? ReadyApp : App;
type Handlers = { [Id in CommandId]: (app: Need<Id>, ...args: unknown[]) => unknown };

const HANDLERS: Handlers = {
  "nfrLens.accept": acceptLabel,
  "nfrLens.change": changeLabel,
  "nfrLens.reject": rejectLabel,
  "nfrLens.undo": undoLabel,
  "nfrLens.ignore": ignoreHere,
  "nfrLens.explain": explainHere,
  "nfrLens.nextUncertain": nextUncertain,
  "nfrLens.labelNext": labelNext,
  "nfrLens.goTo": goTo,
  "nfrLens.scan": scan,
  "nfrLens.groupByCategory": (app) => app.requirements.group("category"),
  "nfrLens.groupByDocument": (app) => app.requirements.group("document"),
  "nfrLens.showDashboard": showDashboard,
  "nfrLens.train": (app) => app.training.run(app),
  "nfrLens.cancelTraining": (app) => app.training.cancel(app),
  "nfrLens.activateAdapter": activateAdapter,
  "nfrLens.deactivateAdapter": deactivateAdapter,
  "nfrLens.rollbackAdapter": rollback,
  "nfrLens.compareAdapters": compareAdapters,
  "nfrLens.showReport": showReport,
  "nfrLens.exportAdapter": exportAdapter,
  "nfrLens.importAdapter": importAdapter,
  "nfrLens.deleteAdapter": deleteAdapter,
  "nfrLens.refreshAdapters": (app) => app.adapters.refresh(app),
  "nfrLens.refreshReview": (app) => app.review.refresh(app),
  "nfrLens.decideReview": decideReview,
  "nfrLens.showMenu": showMenu,
  "nfrLens.showLog": (app) => app.log.show(),
  "nfrLens.restartServer": (app) => app.server.restart(),
  "nfrLens.openSample": openSample,
  "nfrLens.openWalkthrough": () =>
    vscode.commands.executeCommand("workbench.action.openWalkthrough", "nfr-lens.nfr-lens#start", false),
};

/** Registers every command of the table. A command that fails says so, with the log a click away. */
export function registerCommands(app: App): vscode.Disposable[] {
  return (Object.keys(COMMANDS) as CommandId[]).map((id) =>
    vscode.commands.registerCommand(id, (...args: unknown[]) => runCommand(app, id, args)),
  );
}

async function runCommand(app: App, id: CommandId, args: unknown[]): Promise<unknown> {
  const readied = COMMANDS[id] === "ready" ? ready(app) : app;
  if (!readied) {
    void vscode.window.showWarningMessage(vscode.l10n.t("NFR Lens is not ready yet. Its status bar item says why."));
    return undefined;
  }
  try {
    // The table says which handlers need a ready app, and the type of HANDLERS holds them to it.
    return await (HANDLERS[id] as (app: App, ...args: unknown[]) => unknown)(readied, ...args);
  } catch (error) {
    reportFailure(app, id, error);
    return undefined;
  }
}

/** Cancelling, and a server that died and is coming back, are no failures of the command. */
function reportFailure(app: App, id: CommandId, error: unknown): void {
  if (error instanceof vscode.CancellationError) return;
  app.log.error(`${id}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  if (app.server.state === "starting") return;
  const showLog = vscode.l10n.t("Show Log");
  const message = error instanceof Error ? error.message : String(error);
  // Not awaited: the command is over, whether or not somebody reads the message.
  void vscode.window.showErrorMessage(message, showLog).then((choice) => {
    if (choice === showLog) app.log.show();
  });
}
