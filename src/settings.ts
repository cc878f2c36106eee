/** The settings of the user as one complete value. Defaults stand in the manifest and nowhere else. */
import * as vscode from "vscode";
import type { FindingSettings, ServerSettings, TrainParams } from "../server/protocol.ts";

export const SECTION = "nfrLens";

export interface Settings {
  decorations: "gutter" | "underline" | "off";
  statusBar: boolean;
  /** Which bundled model pack. */
  model: "int8" | "int4";
  /** Folder of another model pack, or empty for a bundled one. */
  modelPath: string;
  training: TrainParams;
  server: ServerSettings;
}

/** Reads all settings; VS Code supplies the manifest's default where the user set nothing. */
export function readSettings(): Settings {
  const section = vscode.workspace.getConfiguration(SECTION);
  const on = (name: string) => section.get<boolean>(name)!;
  const number = (name: string) => section.get<number>(name)!;
  const text = (name: string) => section.get<string>(name)!.trim();
  const searchMinutes = number("training.searchMinutes");
  return {
    decorations: section.get<Settings["decorations"]>("decorations")!,
    statusBar: on("statusBar.enabled"),
    model: section.get<Settings["model"]>("model")!,
    modelPath: text("modelPath"),
    training: {
      kind: section.get<NonNullable<TrainParams["kind"]>>("training.kind")!,
      ...(searchMinutes > 0 ? { searchMinutes } : {}),
    },
    server: {
      codeLens: on("codeLens.enabled"),
      inlayHints: on("inlayHints.enabled"),
      diagnostics: on("diagnostics.enabled"),
      findings: section.get<FindingSettings>("diagnostics.findings")!,
      minimumConfidence: number("codeLens.minimumConfidence"),
      maximumDiagnostics: number("diagnostics.maximum"),
      debounceMs: number("debounce"),
      threads: number("threads"),
      author: text("author"),
    },
  };
}
