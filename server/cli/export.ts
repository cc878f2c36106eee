/** `export`: a model pack as a plain ONNX file, for other servers. */
import { resolve } from "node:path";
import { exportOnnx } from "../engine/model/export-onnx.ts";
import { InputError } from "../engine/outcome.ts";
import { writeFileAtomic } from "../store/atomic-write.ts";
import { readPackFolder } from "../store/pack-folder.ts";
import type { Command } from "./command.ts";
import { packFolder } from "./model.ts";
import type { ParsedOptions } from "./options.ts";
import { type ExitCode, FINE, type Terminal, write } from "./terminal.ts";

export const exportPack: Command = {
  name: "export",
  summary: "Write a model pack as a plain ONNX file for other servers.",
  usage: "--to FILE.onnx [--pack DIR]",
  teaches: [
    "The file has standard ONNX operators and float weights. Inputs: input_ids and attention_mask, int64 [batch, tokens], as",
    "the pack's tokenizer.json gives them. Output: logits [batch, labels], before calibration, in the order of the labels",
    "that are printed.",
  ].join("\n"),
  options: {
    to: { value: "FILE.onnx", says: "The file to write; an existing one is replaced." },
    pack: { value: "DIR", says: "Folder of the model pack; the bundled one by default." },
  },
  examples: ["nfr-lens export --to nfr.onnx"],
  run: writeOnnx,
};

async function writeOnnx(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  const to = options.required("to", "--to nfr.onnx");
  const [extra] = options.positionals;
  if (extra !== undefined) throw new InputError(`found "${extra}", expected only --to and --pack`);
  const pack = await readPackFolder(packFolder(options.text("pack"), terminal));
  const bytes = exportOnnx(pack);
  await writeFileAtomic(resolve(terminal.cwd, to), bytes);
  const { temperature } = pack.manifest.calibration;
  await write(
    terminal.stdout,
    `${to}: ${(bytes.length / 1e6).toFixed(1)} MB, labels ${pack.head.labels.join(" ")}; divide logits by ${temperature}\n`,
  );
  return FINE;
}
