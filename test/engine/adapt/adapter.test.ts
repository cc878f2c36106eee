/** Adapters as files: what PEFT would read, what comes back, and what is refused and how. */
import assert from "node:assert/strict";
import { type AdapterFiles, importAdapter, readAdapter, writeAdapter } from "../../../server/engine/adapt/adapter.ts";
import { type AdapterManifest, hashOf } from "../../../server/engine/adapt/manifest.ts";
import { type AdapterParts, writePeft } from "../../../server/engine/adapt/peft.ts";
import { float32, type FloatTensor, type Tensor } from "../../../server/engine/graph/tensor.ts";
import { readSafetensors, writeSafetensors } from "../../../server/engine/model/safetensors.ts";
import { tinyBert } from "./tiny-bert.ts";

const tiny = tinyBert();
const base = { config: tiny.config, hash: "ab".repeat(32), labels: tiny.head.labels };
const H = tiny.config.hiddenSize;
const QUERY = "encoder.layer.1.attention.self.query";
const OUTPUT = "encoder.layer.1.output.dense";

const ramp = (rows: number, columns: number, start = 0): FloatTensor =>
  float32(
    Float32Array.from({ length: rows * columns }, (_, i) => start + i / 7),
    [rows, columns],
  );

function parts(): AdapterParts {
  return {
    lowRank: new Map([
      [QUERY, { a: ramp(H, 2), b: ramp(2, H, 3), scale: 2 }],
      [OUTPUT, { a: ramp(tiny.config.intermediateSize, 2), b: ramp(2, H, 5), scale: 2 }],
    ]),
    prompt: null,
    head: { labels: base.labels, weight: ramp(H, 5, 9), bias: float32([1, 2, 3, 4, 5], [5]) },
  };
}

function manifest(): AdapterManifest {
  return {
    kind: "lora",
    name: "project",
    version: "1",
    createdAt: "2026-01-01T00:00:00.000Z",
    base: base.hash,
    labels: base.labels,
    taxonomy: hashOf(base.labels),
    labelSet: { hash: hashOf([]), rows: 12 },
    calibration: { temperature: 1.3, bias: [], threshold: 0.4, conformal: { coverage: 0.9, mass: 0.87 } },
    options: null,
    metrics: null,
    flips: [],
  };
}

/** A reader of its own, straight from the format's description: nothing of the product is used. */
function independentRead(
  bytes: Uint8Array,
): Map<string, { shape: number[]; at: (row: number, column: number) => number }> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  const header = JSON.parse(Buffer.from(bytes.subarray(8, 8 + length)).toString("utf8")) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(([name, { dtype, shape, data_offsets }]) => {
        assert.equal(dtype, "F32");
        const at = (row: number, column: number): number =>
          view.getFloat32(8 + length + data_offsets[0] + 4 * (row * (shape[1] ?? 1) + column), true);
        return [name, { shape, at }];
      }),
  );
}

const json = (files: AdapterFiles, name: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(files.get(name)!).toString("utf8")) as Record<string, unknown>;

/** The files with one JSON file's fields replaced. */
function withJson(files: AdapterFiles, name: string, change: Record<string, unknown>): AdapterFiles {
  return new Map(files).set(name, Buffer.from(JSON.stringify({ ...json(files, name), ...change })));
}

function withTensors(files: AdapterFiles, change: (tensors: Map<string, Tensor>) => void): AdapterFiles {
  const tensors = new Map(readSafetensors(files.get("adapter_model.safetensors")!, "test").tensors);
  change(tensors);
  return new Map(files).set("adapter_model.safetensors", writeSafetensors(tensors));
}

describe("an adapter's files", () => {
  it("are what PEFT reads: names, shapes, orientation, configuration", () => {
    const files = writeAdapter(parts(), manifest());
    const tensors = independentRead(files.get("adapter_model.safetensors")!);
    const prefix = "base_model.model.bert.";
    assert.deepEqual([...tensors.keys()].sort(), [
      `${prefix}${QUERY}.lora_A.weight`,
      `${prefix}${QUERY}.lora_B.weight`,
      `${prefix}${OUTPUT}.lora_A.weight`,
      `${prefix}${OUTPUT}.lora_B.weight`,
      "base_model.model.classifier.bias",
      "base_model.model.classifier.weight",
    ]);
    const a = tensors.get(`${prefix}${QUERY}.lora_A.weight`)!;
    const b = tensors.get(`${prefix}${QUERY}.lora_B.weight`)!;
    assert.deepEqual(
      [a.shape, b.shape],
      [
        [2, H],
        [H, 2],
      ],
    );
    const original = parts().lowRank.get(QUERY)!;
    assert.equal(a.at(1, 4), original.a.data[4 * 2 + 1]);
    assert.equal(b.at(4, 1), original.b.data[1 * H + 4]);
    assert.deepEqual(tensors.get("base_model.model.classifier.weight")!.shape, [5, H]);
    const config = json(files, "adapter_config.json");
    assert.equal(config["peft_type"], "LORA");
    assert.equal(config["task_type"], "SEQ_CLS");
    assert.equal(config["r"], 2);
    assert.equal(config["lora_alpha"], 4);
    assert.deepEqual(config["layers_to_transform"], [1]);
    assert.deepEqual(config["modules_to_save"], ["classifier"]);
  });

  it("name modules so that PEFT's matching by ending finds exactly the adapted ones", () => {
    const config = json(writeAdapter(parts(), manifest()), "adapter_config.json");
    const targets = config["target_modules"] as string[];
    const modules = [0, 1].flatMap((layer) =>
      [
        "attention.self.query",
        "attention.self.key",
        "attention.output.dense",
        "intermediate.dense",
        "output.dense",
      ].map((path) => `bert.encoder.layer.${layer}.${path}`),
    );
    const layers = config["layers_to_transform"] as number[];
    const found = modules.filter(
      (module) =>
        targets.some((target) => module === target || module.endsWith(`.${target}`)) &&
        layers.includes(Number(/\.layer\.(\d+)\./.exec(module)![1])),
    );
    assert.deepEqual(found, [`bert.${QUERY}`, `bert.${OUTPUT}`]);
  });

  it("come back as they were saved", () => {
    const { manifest: read, tensors } = readAdapter(writeAdapter(parts(), manifest()), base);
    assert.deepEqual(read, manifest());
    const { lowRank, head, prompt } = parts();
    assert.deepEqual([...tensors.lowRank], [...lowRank]);
    assert.deepEqual(tensors.head, head);
    assert.equal(tensors.prompt, prompt);
    assert.deepEqual(tensors.calibration, manifest().calibration);
  });

  it("hold a prompt, too", () => {
    const prompt = ramp(4, H);
    const only = { lowRank: new Map(), prompt, head: parts().head };
    const files = writeAdapter(only, { ...manifest(), kind: "prompt" });
    assert.equal(json(files, "adapter_config.json")["peft_type"], "PROMPT_TUNING");
    assert.deepEqual(readAdapter(files, base).tensors.prompt, prompt);
    const both = writeAdapter({ ...parts(), prompt }, { ...manifest(), kind: "lora+prompt" });
    const { tensors } = readAdapter(both, base);
    assert.deepEqual([tensors.prompt, tensors.lowRank.size], [prompt, 2]);
  });
});

describe("what does not fit is refused by name", () => {
  const good = writeAdapter(parts(), manifest());
  const key = `base_model.model.bert.${QUERY}.lora_A.weight`;
  const CASES: [string, () => AdapterFiles, RegExp][] = [
    [
      "another base",
      () => withJson(good, "nfr-lens.json", { base: "cd".repeat(32) }),
      /made for the base cdcdcdcdcdcd, the base in use is abababababab/,
    ],
    ["a newer format", () => withJson(good, "nfr-lens.json", { format: 9 }), /format is 9.*Update/],
    ["other labels than said", () => withJson(good, "nfr-lens.json", { taxonomy: "x" }), /taxonomy is "x"/],
    ["a full model", () => withJson(good, "nfr-lens.json", { kind: "full" }), /kind is "full".*nfr-lens pack/],
    [
      "a senseless temperature",
      () => withJson(good, "nfr-lens.json", { calibration: { temperature: 0, bias: [], threshold: 0 } }),
      /calibration\.temperature is 0/,
    ],
    [
      "another rank",
      () => withJson(good, "adapter_config.json", { r: 4 }),
      /lora_A\.weight is float32 \[2, 32\]; expected float32 \[4, 32\]/,
    ],
    [
      "a target without tensors",
      () => withJson(good, "adapter_config.json", { target_modules: ["attention.self.query", "attention.self.key"] }),
      /target_modules names "attention\.self\.key", but adapter_model\.safetensors adapts no such module/,
    ],
    [
      "tensors of no target",
      () => withJson(good, "adapter_config.json", { target_modules: ["query"] }),
      /adapts encoder\.layer\.1\.output\.dense, which target_modules of adapter_config\.json does not name: query/,
    ],
    ["DoRA", () => withJson(good, "adapter_config.json", { use_dora: true }), /use_dora is true/],
    ["trained biases", () => withJson(good, "adapter_config.json", { bias: "all" }), /bias is "all"/],
    ["ranks by layer", () => withJson(good, "adapter_config.json", { rank_pattern: { query: 4 } }), /rank_pattern/],
    [
      "another task",
      () => withJson(good, "adapter_config.json", { task_type: "CAUSAL_LM" }),
      /task_type is "CAUSAL_LM"/,
    ],
    ["another method", () => withJson(good, "adapter_config.json", { peft_type: "IA3" }), /peft_type is "IA3"/],
    [
      "NaN",
      () =>
        withTensors(good, (tensors) => {
          const { shape, data } = tensors.get(key)! as FloatTensor;
          tensors.set(key, float32(data.with(3, NaN), shape));
        }),
      /lora_A\.weight holds NaN at element 3/,
    ],
    ["half a pair", () => withTensors(good, (tensors) => tensors.delete(key)), /has lora_B but no lora_A/],
    [
      "a layer the base lacks",
      () => withTensors(good, (tensors) => tensors.set(key.replace("layer.1", "layer.7"), ramp(2, H))),
      /layer\.7.*has no place/,
    ],
    [
      "an unknown tensor",
      () => withTensors(good, (tensors) => tensors.set("evil", ramp(1, 1))),
      /tensor evil has no place/,
    ],
    [
      "a head for other classes",
      () => withTensors(good, (tensors) => tensors.set("base_model.model.classifier.weight", ramp(3, H))),
      /classifier\.weight is float32 \[3, 32\]/,
    ],
    ["no tensors", () => withoutFile(good, "adapter_model.safetensors"), /adapter_model\.safetensors is missing/],
    ["no manifest", () => withoutFile(good, "nfr-lens.json"), /nfr-lens\.json is missing/],
    [
      "a truncated file",
      () => new Map(good).set("adapter_model.safetensors", good.get("adapter_model.safetensors")!.subarray(0, 300)),
      /adapter_model\.safetensors/,
    ],
    [
      "no JSON",
      () => new Map(good).set("adapter_config.json", Buffer.from("{")),
      /adapter_config\.json is not valid JSON/,
    ],
  ];
  for (const [name, files, message] of CASES) {
    it(name, () => {
      assert.throws(() => readAdapter(files(), base), { name: "InputError", message });
    });
  }
});

function withoutFile(files: AdapterFiles, name: string): AdapterFiles {
  const rest = new Map(files);
  rest.delete(name);
  return rest;
}

describe("importing a PEFT adapter", () => {
  const options = { name: "team", version: "1", createdAt: "2026-02-02T00:00:00.000Z", assumeBase: false };
  const foreign = (path: string): AdapterFiles => writePeft(parts(), { base: path, dropout: 0 });

  it("takes one that names this base", () => {
    const { manifest: read, tensors } = readAdapter(
      importAdapter(foreign(`nfr-lens:${base.hash}`), base, options),
      base,
    );
    assert.deepEqual([read.name, read.kind, read.base, read.metrics], ["team", "lora", base.hash, null]);
    assert.deepEqual([...tensors.lowRank], [...parts().lowRank]);
  });

  it("refuses one that names another base, unless the user vouches for it", () => {
    const files = foreign("bert-base-uncased");
    assert.throws(
      () => importAdapter(files, base, options),
      /base_model_name_or_path is "bert-base-uncased".*--assume-base/,
    );
    assert.equal(readAdapter(importAdapter(files, base, { ...options, assumeBase: true }), base).manifest.name, "team");
  });

  it("keeps the manifest of one of ours", () => {
    const { manifest: read } = readAdapter(importAdapter(writeAdapter(parts(), manifest()), base, options), base);
    assert.deepEqual(read, { ...manifest(), name: "team", version: "1" });
  });

  it("reads the scale of rank-stabilized LoRA", () => {
    const files = withJson(foreign(`nfr-lens:${base.hash}`), "adapter_config.json", { use_rslora: true });
    const { tensors } = readAdapter(importAdapter(files, base, options), base);
    assert.ok(Math.abs(tensors.lowRank.get(QUERY)!.scale - 4 / Math.sqrt(2)) < 1e-6);
  });
});
