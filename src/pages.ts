/** Webviews: one panel per page, drawn by `media/page.ts`, under a strict content security policy. */
import { randomBytes } from "node:crypto";
import * as vscode from "vscode";
import type { Page } from "../media/page-messages.ts";
import { pageHtml, parseFromPage } from "./page-html.ts";

/** What the actions of a page do; the page knows their numbers only. */
export type PageActions = (() => unknown)[];

export interface BuiltPage {
  page: Page;
  actions: PageActions;
}

interface Shown extends BuiltPage {
  panel: vscode.WebviewPanel;
}

export class Pages implements vscode.Disposable {
  private readonly shown = new Map<string, Shown>();

  constructor(
    private readonly extensionUri: vscode.Uri,
    private readonly log: vscode.LogOutputChannel,
  ) {}

  /** Opens the page named `name`, or brings it to the front with new content. */
  show(name: string, built: BuiltPage): void {
    const known = this.shown.get(name);
    if (known) {
      this.fill(known, built);
      known.panel.reveal();
      return;
    }
    const media = vscode.Uri.joinPath(this.extensionUri, "media");
    const dist = vscode.Uri.joinPath(this.extensionUri, "dist");
    const panel = vscode.window.createWebviewPanel(`nfrLens.${name}`, built.page.title, vscode.ViewColumn.Active, {
      enableScripts: true,
      localResourceRoots: [media, dist],
    });
    panel.iconPath = vscode.Uri.joinPath(media, "icon.png");
    const shown: Shown = { ...built, panel };
    this.shown.set(name, shown);
    panel.onDidDispose(() => this.shown.delete(name));
    panel.webview.onDidReceiveMessage((message: unknown) => this.hear(shown, message));
    panel.webview.html = pageHtml({
      script: panel.webview.asWebviewUri(vscode.Uri.joinPath(dist, "page.js")).toString(),
      style: panel.webview.asWebviewUri(vscode.Uri.joinPath(media, "page.css")).toString(),
      source: panel.webview.cspSource,
      nonce: randomBytes(16).toString("base64url"),
      language: vscode.env.language,
      title: built.page.title,
    });
  }

  /** Gives an open page new content; does nothing for one that is not open. */
  update(name: string, build: () => BuiltPage): void {
    const known = this.shown.get(name);
    if (known) this.fill(known, build());
  }

  dispose(): void {
    for (const { panel } of this.shown.values()) panel.dispose();
  }

  private fill(shown: Shown, { page, actions }: BuiltPage): void {
    shown.page = page;
    shown.actions = actions;
    shown.panel.title = page.title;
    void shown.panel.webview.postMessage(page);
  }

  private hear(shown: Shown, message: unknown): void {
    const heard = parseFromPage(message);
    if (heard?.kind === "ready") void shown.panel.webview.postMessage(shown.page);
    const action = heard?.kind === "action" ? shown.actions[heard.action] : undefined;
    if (action) void this.carryOut(action);
  }

  private async carryOut(action: () => unknown): Promise<void> {
    try {
      await action();
    } catch (error) {
      this.log.error(String(error));
      void vscode.window.showErrorMessage(error instanceof Error ? error.message : String(error));
    }
  }
}
