/** What the table of test/bench/adapt.ts compares. */
import type { TrainingChoices } from "../../../server/training.ts";

/** Full fine-tuning is what everything is measured against; the default adapter is what a user gets. */
export const FULL = "full";
export const DEFAULT = "lora, upper half, rank 8";

export const CONFIGURATIONS: ReadonlyMap<string, TrainingChoices> = new Map<string, TrainingChoices>([
  [FULL, { kind: "full" }],
  ["head", { kind: "head" }],
  ["prompt", { kind: "prompt" }],
  ["lora, top layer, rank 8", { kind: "lora", layers: "top1" }],
  ["lora, upper half, rank 4", { kind: "lora", layers: "top2", rank: 4 }],
  [DEFAULT, { kind: "lora", layers: "top2", rank: 8 }],
  ["lora, upper half, rank 16", { kind: "lora", layers: "top2", rank: 16 }],
  ["lora, upper three, rank 8", { kind: "lora", layers: "top3", rank: 8 }],
  ["lora, all layers, rank 8", { kind: "lora", layers: "all", rank: 8 }],
  ["lora+prompt, upper half", { kind: "lora+prompt", layers: "top2", rank: 8 }],
]);
