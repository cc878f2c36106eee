/** The menu of the status bar item: what one can do now, with the keys that do the same. */
import * as vscode from "vscode";
import { ready, type App } from "./app.ts";
import type { CommandId } from "./command-table.ts";

interface MenuItem extends vscode.QuickPickItem {
  command?: CommandId | "workbench.action.openSettings";
  args?: unknown[];
}

export async function showMenu(app: App): Promise<void> {
  const items = [...(ready(app) ? readyItems(app) : []), ...alwaysItems()];
  const keys = manifestKeys(app);
  const shown = items.map((item) => {
    const key = item.command && keys.get(item.command);
    return key ? { ...item, description: key } : item;
  });
  const picked = await vscode.window.showQuickPick(shown, { title: "NFR Lens" });
  if (picked?.command) await vscode.commands.executeCommand(picked.command, ...(picked.args ?? []));
}

function readyItems(app: App): MenuItem[] {
  const training: MenuItem = app.training.running
    ? { label: `$(debug-stop) ${vscode.l10n.t("Cancel training")}`, command: "nfrLens.cancelTraining" }
    : { label: `$(mortar-board) ${vscode.l10n.t("Train project adapter")}`, command: "nfrLens.train" };
  const items: MenuItem[] = [
    { label: `$(tag) ${vscode.l10n.t("Label next…")}`, command: "nfrLens.labelNext" },
    { label: `$(arrow-down) ${vscode.l10n.t("Go to next uncertain requirement")}`, command: "nfrLens.nextUncertain" },
    { label: `$(graph) ${vscode.l10n.t("Show coverage dashboard")}`, command: "nfrLens.showDashboard" },
    { label: `$(search) ${vscode.l10n.t("Read all documents")}`, command: "nfrLens.scan" },
    // Nothing is trained in a folder that is not trusted.
    ...(vscode.workspace.isTrusted ? [training] : []),
  ];
  const labels = app.server.status?.labels;
  if (labels?.trainingSuggested && !app.training.running) {
    training.detail = vscode.l10n.t("{0} labels since the last training: it should help now.", labels.sinceTraining);
    return [training, ...items.filter((item) => item !== training), separator()];
  }
  return [...items, separator()];
}

function alwaysItems(): MenuItem[] {
  return [
    { label: `$(output) ${vscode.l10n.t("Show log")}`, command: "nfrLens.showLog" },
    { label: `$(debug-restart) ${vscode.l10n.t("Restart language server")}`, command: "nfrLens.restartServer" },
    {
      label: `$(settings-gear) ${vscode.l10n.t("Settings")}`,
      command: "workbench.action.openSettings",
      args: ["@ext:nfr-lens.nfr-lens"],
    },
    { label: `$(question) ${vscode.l10n.t("Walkthrough")}`, command: "nfrLens.openWalkthrough" },
  ];
}

function separator(): MenuItem {
  return { label: "", kind: vscode.QuickPickItemKind.Separator };
}

/** The keys as the manifest binds them: VS Code does not tell extensions what the user changed. */
function manifestKeys(app: App): Map<string, string> {
  const manifest = app.context.extension.packageJSON as {
    contributes: { keybindings: { command: string; key: string }[] };
  };
  const pretty = (key: string) => key.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
  return new Map(manifest.contributes.keybindings.map(({ command, key }) => [command, pretty(key)]));
}
