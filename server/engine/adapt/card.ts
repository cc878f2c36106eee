/** `README.md` of an adapter: what a person who finds the folder needs to know. */
import type { AdapterManifest } from "./manifest.ts";

export function adapterCard(manifest: AdapterManifest): string {
  const { name, version, kind, base, labels, labelSet, createdAt, options } = manifest;
  const front = ["---", "library_name: peft", "tags:", "  - nfr-lens", "  - requirements-classification", "---"];
  const lines = [
    ...front,
    "",
    `# ${name} ${version}`,
    "",
    "An adapter for NFR Lens: it teaches the base model how one project words and sorts its requirements.",
    "",
    `- Kind: ${kind}`,
    `- Base: \`${base}\` (SHA-256 of the pack); it fits no other`,
    `- Categories: ${labels.join(", ")}`,
    `- Trained on ${labelSet.rows} labelled statements, ${createdAt}`,
  ];
  if (options !== null) {
    lines.push(
      `- Rank ${options.rank}, alpha ${options.alpha}, targets ${options.targets.join(", ")}, layers ${options.layers.join(", ")}, ` +
        `${options.epochs} epochs, learning rate ${options.learningRate}, seed ${options.seed}`,
    );
  }
  return [
    ...lines,
    ...scores(manifest),
    "",
    "`nfr-lens.json` lists the held-out statements whose category changed.",
    "",
  ].join("\n");
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
