/** `pack`: any BERT-family checkpoint on disk becomes a model pack. */
import { basename, resolve } from "node:path";
import { makePack } from "../engine/model/make-pack.ts";
import { PRECISIONS } from "../engine/model/quantization.ts";
import { InputError } from "../engine/outcome.ts";
import { readCheckpointFolder, writePackFolder } from "../store/pack-folder.ts";
import type { Command } from "./command.ts";
import type { ParsedOptions } from "./options.ts";
import { type ExitCode, FINE, type Terminal, write } from "./terminal.ts";

export const pack: Command = {
  name: "pack",
  summary: "Turn a BERT-family checkpoint (Hugging Face folder) into a model pack.",
  usage: "--from HF_FOLDER --to PACK [--precision int8|int4|fp32]",
  teaches: [
    "The folder --from holds config.json, tokenizer.json and model.safetensors. The pack appears in --to complete or not",
    "at all; use it with --pack PACK, or in the editor by the setting nfrLens.modelPath. int8 is small and fast and loses",
    "almost nothing; int4 is smaller; fp32 keeps the weights as they are. Nothing is downloaded.",
  ].join("\n"),
  options: {
    from: { value: "HF_FOLDER", says: "The checkpoint: config.json, tokenizer.json, model.safetensors." },
    to: { value: "PACK", says: "The new folder of the pack." },
    precision: { value: PRECISIONS.join("|"), says: "How the weights are stored; int8 by default." },
    name: { value: "NAME", says: "What the pack is called; the checkpoint's folder name by default." },
    licence: { value: "SPDX", says: "Licence of the weights, for example Apache-2.0; NOASSERTION by default." },
    provenance: {
      value: "TEXT",
      says: "Where the weights come from, in a sentence; the checkpoint's name by default.",
    },
    seed: { value: "N", says: "Seed of the new head where the checkpoint has none; 1 by default." },
  },
  examples: [
    "nfr-lens pack --from bert-base-uncased --to packs/bert-base --licence Apache-2.0",
    "nfr-lens pack --from my-model --to packs/my-model --precision int4",
  ],
  run: makePackFolder,
};

async function makePackFolder(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  const from = options.required("from", "--from bert-base-uncased");
  const to = options.required("to", "--to packs/bert-base");
  const [extra] = options.positionals;
  if (extra !== undefined) throw new InputError(`found "${extra}", expected only --from and --to with their folders`);
  const precision = options.oneOf("precision", PRECISIONS, "int8");
  const folder = resolve(terminal.cwd, from);
  const made = await makePack(await readCheckpointFolder(folder), {
    place: from,
    name: options.text("name") ?? basename(folder),
    version: "1",
    created: terminal.now().toISOString(),
    licence: options.text("licence") ?? "NOASSERTION",
    provenance: options.text("provenance") ?? `Made from the checkpoint ${basename(folder)} by nfr-lens pack.`,
    precision,
    seed: options.number("seed", 0, "whole") ?? 1,
  });
  await writePackFolder(resolve(terminal.cwd, to), made.files);
  const bytes = [...made.files.values()].reduce((sum, file) => sum + file.length, 0);
  const lines = [`${to}: ${precision}, ${(bytes / 1e6).toFixed(1)} MB`, ...made.notes.map((note) => `  ${note}`)];
  await write(terminal.stdout, lines.join("\n") + "\n");
  return FINE;
}
