/**
 * The training graph against PyTorch: logits, loss, every gradient and ten AdamW steps of the tiny checkpoint. The
 * stored numbers were computed in float64; 1e-4 of the largest element is what float32 sums of this size can keep.
 */
import assert from "node:assert/strict";
import { EntryFeeds } from "../../../server/engine/adapt/activations.ts";
import { AdamW, type Parameter } from "../../../server/engine/adapt/optimizer.ts";
import { parseTrainingOptions, type TrainingChoices } from "../../../server/engine/adapt/options.ts";
import { Random } from "../../../server/engine/adapt/random.ts";
import { initialParameters, planTraining, type TrainingPlan } from "../../../server/engine/adapt/training-plan.ts";
import { type StepResult, TrainingSession } from "../../../server/engine/adapt/training-session.ts";
import { softTargets } from "../../../server/engine/graph/operators/loss.ts";
import { floats } from "../../../server/engine/graph/tensor.ts";
import { isProjection, safetensors, stored, tinyBert, transposed } from "./tiny-bert.ts";

const TOLERANCE = 1e-4;
const numbers = stored();
const ids = numbers.ids.map((row, i) => ({ ids: row.filter((_, j) => numbers.mask[i]![j] === 1) }));
const targets = softTargets(numbers.loss.target, [1, 1, 1, 1], {
  classWeights: numbers.loss.classWeight,
  labelSmoothing: numbers.loss.labelSmoothing,
});

interface Prepared {
  plan: TrainingPlan;
  parameters: Parameter[];
  step: () => Promise<StepResult>;
  predict: () => Promise<Float32Array>;
}

async function prepare(choices: TrainingChoices, pooling: "mean" | "cls" = "mean"): Promise<Prepared> {
  const base = tinyBert(pooling);
  const options = parseTrainingOptions({ dropout: 0, ...choices }, base.config);
  const plan = planTraining(base.config, options, base.head.labels);
  // PyTorch's AdamW decays every tensor it is given.
  const parameters = initialParameters(base, plan).map((parameter) => ({ ...parameter, decay: true }));
  const session = await TrainingSession.create(base, plan, parameters, 1);
  const feeds = await EntryFeeds.create(base, plan, { threads: 1 });
  return {
    plan,
    parameters,
    step: async () => session.step(await feeds.of(ids), targets, new Random(1)),
    predict: async () => session.predict(await feeds.of(ids)),
  };
}

function assertClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  what: string,
  tolerance = TOLERANCE,
): void {
  assert.equal(actual.length, expected.length, what);
  let [worst, largest] = [0, 1e-3];
  for (let i = 0; i < actual.length; i++) {
    worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  assert.ok(worst <= tolerance * largest, `${what}: off by ${worst}, largest element ${largest}`);
}

const flat = (values: number[] | number[][]): number[] => values.flat();

/** The fixture's name of a LoRA tensor or the head, and whether it is stored transposed. */
function fixtureName(name: string): string {
  const match = /^encoder\.layer\.(\d+)\.attention\.self\.(query|value)\.lora_([AB])$/.exec(name);
  return match ? `layer.${match[1]}.${match[2]}.${match[3]}` : name;
}

function fromFixture(name: string, values: number[] | number[][]): number[] {
  if (name !== "classifier.weight") return flat(values);
  const rows = values as number[][];
  return rows[0]!.flatMap((_, column) => rows.map((row) => row[column]!));
}

function adamw(parameters: Parameter[]): AdamW {
  const { lr, beta1, beta2, eps, weightDecay } = numbers.adamw;
  return new AdamW(parameters, { learningRate: lr, weightDecay, beta1, beta2, epsilon: eps, clip: Infinity });
}

describe("training against PyTorch", () => {
  for (const pooling of ["mean", "cls"] as const) {
    it(`logits with ${pooling} pooling, from each entry`, async () => {
      for (const choices of [
        { kind: "head" },
        { kind: "lora", layers: "0" },
        { kind: "lora", layers: "1" },
        { kind: "full" },
      ]) {
        const { predict } = await prepare(choices, pooling);
        assertClose(await predict(), numbers.pooling[pooling].logits.flat(), JSON.stringify(choices));
      }
    });
  }

  it("LoRA: logits, loss, every gradient, ten steps", async () => {
    const { rank, alpha, tensors, logits, loss, gradients, steps } = numbers.lora;
    const { parameters, step, predict } = await prepare({ kind: "lora", layers: "all", rank, alpha, targets: "q,v" });
    for (const { name, data } of parameters) {
      const start = tensors[fixtureName(name)];
      if (start !== undefined) data.set(start.flat());
    }
    assertClose(await predict(), logits.flat(), "logits");
    const first = await step();
    assertClose([first.loss], [loss], "loss");
    assert.equal(first.gradients.size, Object.keys(gradients).length);
    for (const [name, gradient] of first.gradients) {
      assertClose(gradient, fromFixture(name, gradients[fixtureName(name)]!), `gradient of ${name}`);
    }
    const optimizer = adamw(parameters);
    for (const expected of steps.losses) {
      const result = await step();
      assertClose([result.loss], [expected], "loss of a step");
      optimizer.update(result.gradients, 1);
    }
    for (const { name, data } of parameters) {
      assertClose(data, fromFixture(name, steps.final[fixtureName(name)]!), `${name} after ten steps`);
    }
  });

  it("all weights: loss, every gradient, ten steps", async () => {
    const { parameters, step } = await prepare({ kind: "full" });
    const expected = safetensors("gradients.safetensors");
    const first = await step();
    assertClose([first.loss], [numbers.full.loss], "loss");
    assert.equal(first.gradients.size, expected.size);
    for (const [name, gradient] of first.gradients) {
      const tensor = expected.get(name.startsWith("classifier") ? name : `bert.${name}`)!;
      assertClose(gradient, floats(isProjection(name) ? transposed(tensor) : tensor, name), `gradient of ${name}`);
    }
    const optimizer = adamw(parameters);
    for (const loss of numbers.full.steps.losses) {
      const result = await step();
      assertClose([result.loss], [loss], "loss of a step");
      optimizer.update(result.gradients, 1);
    }
    for (const name of ["classifier.weight", "classifier.bias"]) {
      const { data } = parameters.find((parameter) => parameter.name === name)!;
      assertClose(data, fromFixture(name, numbers.full.steps.final[name]!), `${name} after ten steps`);
    }
  });
});
