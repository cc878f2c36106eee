/** Which pack and adapter a command uses, and the classifier made of them. */
import { join, resolve } from "node:path";
import type { Classifier } from "../engine/model/classifier.ts";
import { openModel } from "../open-model.ts";
import { readPackFolder } from "../store/pack-folder.ts";
import type { OptionTable, ParsedOptions } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Options of every command that classifies. */
export const MODEL_OPTIONS: OptionTable = {
  adapter: { value: "DIR", says: "Classify with this adapter, for example .nfr-lens/adapters/default/1." },
  pack: { value: "DIR", says: "Folder of the model pack; the bundled one by default." },
  threads: { value: "N", says: "Threads to use; all cores by default." },
};

/** The folder of the pack: the one named, else the bundled one. */
export function packFolder(named: string | undefined, terminal: Terminal): string {
  return named === undefined ? join(terminal.installation, "models", "base") : resolve(terminal.cwd, named);
}

/** Loads pack and adapter. Throws InputError for what cannot be used. */
export async function openClassifier(options: ParsedOptions, terminal: Terminal): Promise<Classifier> {
  const threads = options.number("threads", 0, "whole") ?? 0;
  const model = await openModel(packFolder(options.text("pack"), terminal), threads);
  const adapter = options.text("adapter");
  if (adapter !== undefined) await model.activate(resolve(terminal.cwd, adapter));
  return model.classifier;
}

/** The bundled pack in one line, or why there is none. */
export async function describePack(terminal: Terminal): Promise<string> {
  try {
    const { manifest, hash } = await readPackFolder(packFolder(undefined, terminal));
    return `model ${manifest.name} ${manifest.version}, ${manifest.precision}, ${hash.slice(0, 12)}`;
  } catch (error) {
    return `no bundled model: ${error instanceof Error ? error.message : String(error)}`;
  }
}
