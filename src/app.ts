/** What the parts of the client share. Built once, in `extension.ts`. */
import type * as vscode from "vscode";
import type { ServerStatus } from "../server/protocol.ts";
import type { AdaptersView } from "./adapters-view.ts";
import type { Ask } from "./ask.ts";
import type { DocumentStore } from "./documents.ts";
import type { LabelHistory } from "./labels.ts";
import type { Pages } from "./pages.ts";
import type { RequirementsView } from "./requirements-view.ts";
import type { ReviewView } from "./review-view.ts";
import type { Server } from "./server.ts";
import type { Training } from "./training.ts";

export interface App {
  readonly context: vscode.ExtensionContext;
  readonly log: vscode.LogOutputChannel;
  readonly server: Server;
  readonly documents: DocumentStore;
  readonly history: LabelHistory;
  readonly training: Training;
  readonly pages: Pages;
  readonly requirements: RequirementsView;
  readonly adapters: AdaptersView;
  readonly review: ReviewView;
}

/** The client while the server runs and its model is loaded: what most commands need. */
export interface ReadyApp extends App {
  readonly ask: Ask;
  readonly status: ServerStatus;
}

/** The same client with the server's answer to "are you ready?", or null. */
export function ready(app: App): ReadyApp | null {
  const { server } = app;
  return server.state === "ready" && server.status ? { ...app, ask: server.ask, status: server.status } : null;
}
