/** What was trained is what classifies: the inference graph with a saved and reloaded adapter against the training graph. */
import assert from "node:assert/strict";
import { readAdapter, trainedParts, writeAdapter } from "../../../server/engine/adapt/adapter.ts";
import { hashOf } from "../../../server/engine/adapt/manifest.ts";
import { parseTrainingOptions } from "../../../server/engine/adapt/options.ts";
import { trainingBase } from "../../../server/engine/adapt/pack-base.ts";
import { Trainer } from "../../../server/engine/adapt/trainer.ts";
import { planTraining } from "../../../server/engine/adapt/training-plan.ts";
import { probabilities } from "../../../server/engine/model/calibration.ts";
import { NetworkClassifier } from "../../../server/engine/model/network-classifier.ts";
import { tinyPack } from "../model/tiny.ts";
import { labelLines } from "./label-lines.ts";

describe("a trained adapter in the classifier", () => {
  const calibration = { temperature: 1.5, bias: [], threshold: 0.3 };
  const rows = labelLines(24)
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { text: string; label: string });
  for (const kind of ["lora", "prompt", "lora+prompt", "head"] as const) {
    for (const [precision, tolerance] of [
      ["fp32", 1e-4],
      ["int8", 0.08],
      ["int4", 0.08],
    ] as const) {
      it(`${kind} on a base in ${precision}`, async () => {
        const pack = await tinyPack({ precision });
        const base = trainingBase(pack);
        const choices = {
          kind,
          virtualTokens: 4,
          promptWidth: 8,
          learningRate: 2e-2,
          layers: "all",
          targets: "q,k,v,o,ffn-in,ffn-out",
        };
        const options = parseTrainingOptions(choices, pack.config);
        const labels = ["US", "F", "NEW", "SE", "PE"];
        const plan = planTraining(pack.config, options, labels);
        const trainer = await Trainer.create(base, plan, { threads: 1 });
        const room = plan.usesPrompt ? 4 : 0;
        const prepared = rows.map(({ text, label }) => ({
          ids: base.tokenize(text, room),
          target: labels.indexOf(label),
          weight: 1,
        }));
        await trainer.fit({ rows: prepared, validation: [], epochs: 3 });
        const files = writeAdapter(trainedParts(plan, trainer.parameters), {
          kind,
          name: "project",
          version: "1",
          createdAt: "2026-01-01T00:00:00.000Z",
          base: pack.hash,
          labels,
          taxonomy: hashOf(labels),
          labelSet: { hash: hashOf([]), rows: 24 },
          calibration,
          options,
          metrics: null,
          flips: [],
        });
        const { tensors } = readAdapter(files, { config: pack.config, hash: pack.hash, labels: pack.head.labels });
        const classifier = await NetworkClassifier.create(pack, { threads: 1 });
        const texts = rows.map((row) => row.text);
        const plain = await classifier.classify(texts);
        await classifier.activate(tensors);
        const adapted = await classifier.classify(texts);
        const expected = (await trainer.predict(prepared)).map((logits) => probabilities(logits, calibration));
        let worst = 0;
        adapted.forEach(({ scores }, i) =>
          labels.forEach((label, c) => (worst = Math.max(worst, Math.abs(scores[label]! - expected[i]![c]!)))),
        );
        assert.ok(worst < tolerance, `probabilities differ by ${worst}`);
        assert.notDeepEqual(
          adapted.map(({ scores }) => scores["F"]),
          plain.map(({ scores }) => scores["F"]),
        );
        await classifier.activate(null);
        assert.deepEqual(await classifier.classify(texts), plain);
      });
    }
  }
});
