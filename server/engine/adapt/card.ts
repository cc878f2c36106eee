/** `README.md` of an adapter or a fine-tuned model: what a person who finds the folder needs to know. */
import type { AdapterManifest } from "./manifest.ts";
import type { TrainingOptions } from "./options.ts";

export function adapterCard(manifest: AdapterManifest): string {
  return card(manifest, {
    library: "peft",
    introduction:
      "An adapter for NFR Lens: it teaches the base model how one project words and sorts its requirements.",
    base: `\`${manifest.base}\` (SHA-256 of the pack); it fits no other`,
  });
}

/** The card of a full fine-tuning, which is a model of its own. */
export function modelCard(manifest: AdapterManifest): string {
  return card(manifest, {
    library: "transformers",
    introduction:
      "A fine-tuned requirement classifier in Hugging Face layout, a model of its own and no adapter. NFR Lens uses it " +
      "as a pack: `nfr-lens pack --from THIS_FOLDER --to PACK`, then `--pack PACK`, or the setting `nfrLens.modelPath`.",
    base: `\`${manifest.base}\` (SHA-256 of the pack it was trained from)`,
  });
}

function card(manifest: AdapterManifest, words: { library: string; introduction: string; base: string }): string {
  const { name, version, kind, labels, labelSet, createdAt, options } = manifest;
  const tags = ["tags:", "  - nfr-lens", "  - requirements-classification"];
  const lines = [
    ...["---", `library_name: ${words.library}`, ...tags, "---"],
    "",
    `# ${name} ${version}`,
    "",
    words.introduction,
    "",
    `- Kind: ${kind}`,
    `- Base: ${words.base}`,
    `- Categories: ${labels.join(", ")}`,
    `- Trained on ${labelSet.rows} labelled statements, ${createdAt}`,
  ];
  if (options !== null) lines.push(`- ${optionsText(options)}`);
  return [
    ...lines,
    ...scores(manifest),
    "",
    "`nfr-lens.json` lists the held-out statements whose category changed.",
    "",
  ].join("\n");
}

function optionsText(options: TrainingOptions): string {
  const { kind, rank, alpha, targets, layers, virtualTokens, epochs, learningRate, seed } = options;
  const said: string[] = [];
  if (kind === "lora" || kind === "lora+prompt") {
    said.push(`Rank ${rank}, alpha ${alpha}, targets ${targets.join(", ")}, layers ${layers.join(", ")}`);
  }
  if (kind === "prompt" || kind === "lora+prompt") said.push(`${virtualTokens} virtual tokens`);
  return [...said, `${epochs} epochs, learning rate ${learningRate}, seed ${seed}`].join(", ");
}

function scores({ metrics }: AdapterManifest): string[] {
  if (metrics === null) return [];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const { before, after, gain } = metrics;
  return [
    "",
    "| held-out rows | before | after |",
    "|---|---|---|",
    `| weighted F1 | ${percent(before.weightedF1)} | ${percent(after.weightedF1)} |`,
    `| macro F1 | ${percent(before.macroF1)} | ${percent(after.macroF1)} |`,
    `| accuracy | ${percent(before.accuracy)} | ${percent(after.accuracy)} |`,
    `| calibration error | ${percent(before.calibrationError)} | ${percent(after.calibrationError)} |`,
    "",
    `Gain in weighted F1: ${percent(gain.weightedF1)} (95 % interval ${percent(gain.low)} to ${percent(gain.high)}).`,
  ];
}
