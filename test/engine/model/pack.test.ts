import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32, type Tensor } from "../../../server/engine/graph/tensor.ts";
import { type CheckpointBytes, makePack } from "../../../server/engine/model/make-pack.ts";
import { MANIFEST_FILE } from "../../../server/engine/model/manifest.ts";
import { Network } from "../../../server/engine/model/network.ts";
import { type Pack, packOf, sha256 } from "../../../server/engine/model/pack.ts";
import { probabilities } from "../../../server/engine/model/calibration.ts";
import { readSafetensors, writeSafetensors } from "../../../server/engine/model/safetensors.ts";
import { InputError } from "../../../server/engine/outcome.ts";
import { readCheckpointFolder, readPackFolder, writePackFolder } from "../../../server/store/pack-folder.ts";
import { distance, OPTIONS, storedOutputs, storedRows, tinyCheckpoint, tinyPack } from "./tiny.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));

/** The tiny checkpoint with another configuration or other tensors. */
function changed(config: object, tensors: (all: Map<string, Tensor>) => void = () => undefined): CheckpointBytes {
  const tiny = tinyCheckpoint();
  const all = new Map(readSafetensors(tiny.model, "tiny").tensors);
  tensors(all);
  const merged = { ...(JSON.parse(text(tiny.config)) as object), ...config };
  return { ...tiny, config: bytes(merged), model: writeSafetensors(all) };
}

function inputError(message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof InputError, String(error));
    assert.match(error.message, message);
    return true;
  };
}

describe("making a pack", () => {
  it("keeps labels, records every hash, and gives the same bytes for the same input", async () => {
    const { files, notes } = await makePack(tinyCheckpoint(), { ...OPTIONS, precision: "int8" });
    const again = await makePack(tinyCheckpoint(), { ...OPTIONS, precision: "int8" });
    assert.deepEqual(files, again.files);
    const pack = packOf(files, "tiny");
    assert.deepEqual(pack.manifest.labels, ["F", "PE", "SE", "US", "none"]);
    assert.equal(pack.manifest.files["model.safetensors"], sha256(files.get("model.safetensors")!));
    const later = await makePack(tinyCheckpoint(), { ...OPTIONS, precision: "int8", created: "2027-01-01T00:00:00Z" });
    assert.equal(packOf(later.files, "later").hash, pack.hash);
    assert.notEqual((await tinyPack({ precision: "int8", pooling: "cls" })).hash, pack.hash);
    assert.match(notes.join("\n"), /no calibration.json/);
  });

  it("makes class biases part of the head, so that answers stay and an adapter starts from them", async () => {
    const ids = [storedRows(storedOutputs())[0]!];
    const bias = [0.5, -1, 0, 2, 0.25];
    const calibration = { temperature: 1.5, bias, threshold: 0.3 };
    const answers = async (pack: Pack): Promise<{ shares: Float64Array; logits: Float32Array }> => {
      const { logits } = await (await Network.create(pack.weights, pack.head, { threads: 1 })).run(ids);
      return { shares: probabilities(logits, pack.manifest.calibration), logits };
    };
    const [plain, made] = [await tinyPack(), await tinyPack({}, calibration)];
    const expected = probabilities((await answers(plain)).logits, calibration);
    const { shares } = await answers(made);
    assert.ok(distance(shares, expected) < 1e-6, `${shares.join(" ")} ${expected.join(" ")}`);
    assert.deepEqual(made.manifest.calibration, { temperature: 1.5, bias: [], threshold: 0.3 });
    assert.notDeepEqual(shares, probabilities((await answers(plain)).logits, made.manifest.calibration));
  });

  it("stores int8 in about a quarter and int4 in about a fifth of fp32", async () => {
    const size = async (precision: "fp32" | "int8" | "int4"): Promise<number> =>
      (await makePack(tinyCheckpoint(), { ...OPTIONS, precision })).files.get("model.safetensors")!.length;
    const full = await size("fp32");
    assert.ok((await size("int8")) < 0.45 * full && (await size("int4")) < (await size("int8")));
  });

  it("makes a seeded head where the checkpoint has none, and says so", async () => {
    const headless = changed({}, (all) => {
      all.delete("classifier.weight");
      all.delete("classifier.bias");
    });
    const [one, same, other] = await Promise.all([1, 1, 2].map((seed) => makePack(headless, { ...OPTIONS, seed })));
    assert.deepEqual(one!.files.get("model.safetensors"), same!.files.get("model.safetensors"));
    assert.notDeepEqual(one!.files.get("model.safetensors"), other!.files.get("model.safetensors"));
    assert.equal(packOf(one!.files, "p").manifest.labels.length, 13);
    assert.match(one!.notes.join("\n"), /no classification head.*\n.*made at random \(seed 1\)/s);
  });

  it("takes no placeholder for a category", async () => {
    const names = Object.fromEntries(Array.from({ length: 5 }, (_, index) => [index, `LABEL_${index}`]));
    const { notes } = await makePack(changed({ id2label: names }), OPTIONS);
    assert.match(notes.join("\n"), /5 outputs, but config.json names 0 labels/);
  });

  it("uses a pooler with CLS pooling, and reads tensors without prefix and in half precision", async () => {
    const identity = new Float32Array(32 * 32);
    for (let at = 0; at < 32; at++) identity[at * 33] = 1;
    const bare = changed({ nfr_lens_pooling: undefined }, (all) => {
      for (const [name, tensor] of [...all]) {
        all.delete(name);
        const words = new Uint32Array(Float32Array.from(tensor.data as Float32Array).buffer);
        const half: Tensor = {
          type: "bfloat16",
          shape: tensor.shape,
          data: Uint16Array.from(words, (word) => word >>> 16),
        };
        all.set(name.replace(/^bert\./, ""), name.includes("classifier") ? tensor : half);
      }
      all.set("pooler.dense.weight", float32(identity, [32, 32]));
      all.set("pooler.dense.bias", float32(new Float32Array(32), [32]));
    });
    const { files, notes } = await makePack(bare, OPTIONS);
    const pack = packOf(files, "p");
    assert.equal(pack.manifest.pooling, "cls");
    assert.ok(pack.config.pooler);
    assert.match(notes.join("\n"), /\[CLS\]/);
    const full = await tinyPack({ pooling: "cls" });
    const name = "encoder.layer.0.output.dense.weight";
    const found = pack.weights.trainable(name).data;
    // A bfloat16 keeps eight bits of the fraction.
    assert.ok(distance(found, full.weights.trainable(name).data) < 2 ** -8 * Math.max(...found.map(Math.abs)) * 2);
    assert.ok(distance(found, full.weights.trainable(name).data) > 0);
  });

  const wrong: [string, () => CheckpointBytes, RegExp][] = [
    [
      "another architecture",
      () => changed({ model_type: "roberta", architectures: ["RobertaModel"] }),
      /model_type is "roberta" \(architectures \["RobertaModel"\]\); only "bert"/,
    ],
    ["no architecture", () => changed({ model_type: undefined }), /model_type is missing/],
    ["another activation", () => changed({ hidden_act: "relu" }), /hidden_act is "relu"; expected "gelu"/],
    [
      "relative positions",
      () => changed({ position_embedding_type: "relative_key" }),
      /position_embedding_type is "relative_key"/,
    ],
    ["a decoder", () => changed({ is_decoder: true }), /is_decoder is true; expected false/],
    [
      "heads that do not divide",
      () => changed({ num_attention_heads: 3 }),
      /hidden_size 32 is not a multiple of num_attention_heads 3/,
    ],
    ["a size of text", () => changed({ hidden_size: "32" }), /hidden_size is "32"; expected an integer from 1/],
    [
      "another width than the weights",
      () => changed({ intermediate_size: 48 }),
      /intermediate.dense.weight has shape \[64, 32\]; expected \[48, 32\]/,
    ],
    ["a layer too many", () => changed({ num_hidden_layers: 3 }), /encoder.layer.2.* is missing/],
    [
      "a vocabulary that is too small",
      () => changed({ vocab_size: 100 }),
      /word_embeddings.weight has shape \[200, 32\]; expected \[100, 32\]/,
    ],
    [
      "weights that are not finite",
      () => changed({}, (all) => all.set("classifier.bias", float32([NaN, 0, 0, 0, 0], [5]))),
      /classifier.bias holds NaN/,
    ],
    ["no JSON", () => ({ ...tinyCheckpoint(), config: bytes("{") }), /config.json is not valid JSON/],
    ["no UTF-8", () => ({ ...tinyCheckpoint(), config: Uint8Array.of(0xff) }), /config.json is not text in UTF-8/],
    [
      "no tokenizer",
      () => ({ ...tinyCheckpoint(), tokenizer: bytes({ model: { type: "WordLevel" } }) }),
      /model.type is "WordLevel"; expected WordPiece, Unigram or BPE/,
    ],
    [
      "a broken calibration",
      () => ({ ...tinyCheckpoint(), calibration: bytes({ temperature: 0, bias: [], threshold: 0 }) }),
      /temperature is 0; expected a number from 0.01/,
    ],
  ];
  for (const [what, checkpoint, message] of wrong) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(makePack(checkpoint(), OPTIONS), inputError(message));
    });
  }
});

describe("a pack on disk", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "nfr-lens-pack-"));
    await writePackFolder(folder, (await makePack(tinyCheckpoint(), OPTIONS)).files);
  });
  afterEach(() => rm(folder, { recursive: true }));
  const file = (name: string): string => join(folder, name);

  it("is read as it was written, and not overwritten unasked", async () => {
    const pack = await readPackFolder(folder);
    assert.equal(pack.manifest.name, "tiny");
    const { files } = await makePack(tinyCheckpoint(), { ...OPTIONS, name: "second", precision: "int8" });
    await writeFile(file("README.md"), "card");
    await assert.rejects(writePackFolder(folder, files), inputError(/already holds .*; choose another folder/));
    await writePackFolder(folder, files, { replace: true });
    assert.equal((await readPackFolder(folder)).manifest.name, "second");
    assert.equal(await readFile(file("README.md"), "utf8"), "card");
  });

  const edit = async (change: (manifest: Record<string, unknown>) => void): Promise<void> => {
    const manifest = JSON.parse(await readFile(file(MANIFEST_FILE), "utf8")) as Record<string, unknown>;
    change(manifest);
    await writeFile(file(MANIFEST_FILE), JSON.stringify(manifest));
  };
  const damage: [string, () => Promise<void>, RegExp][] = [
    ["a folder that is not there", () => rm(folder, { recursive: true }).then(() => void 0), /does not exist/],
    [
      "a missing manifest",
      () => rm(file(MANIFEST_FILE)),
      /nfr-lens.json is missing. This is a Hugging Face folder; make a pack of it/,
    ],
    ["missing weights", () => rm(file("model.safetensors")), /model.safetensors is missing. The pack is incomplete/],
    [
      "truncated weights",
      () => truncate(file("model.safetensors"), 1000),
      /model.safetensors: SHA-256 is .* damaged or was changed/,
    ],
    ["an empty tokenizer", () => writeFile(file("tokenizer.json"), ""), /tokenizer.json: SHA-256/],
    [
      "a file of 65 MB where text belongs",
      () => truncate(file("config.json"), 65 * 1024 ** 2),
      /config.json has 68157440 bytes; at most/,
    ],
    [
      "a newer format",
      () => edit((m) => (m["formatVersion"] = 9)),
      /formatVersion is 9; this version of NFR Lens reads 1/,
    ],
    ["an unknown field", () => edit((m) => (m["colour"] = 1)), /unknown field colour/],
    [
      "a hash that is none",
      () => edit((m) => ((m["files"] as Record<string, unknown>)["config.json"] = "x")),
      /files.config.json is "x"; expected a SHA-256/,
    ],
    [
      "another precision",
      () => edit((m) => (m["precision"] = "int2")),
      /precision is "int2"; expected one of fp32, int8, int4/,
    ],
    [
      "a label twice",
      () => edit((m) => (m["labels"] = ["F", "F"])),
      /labels is \["F","F"\]; expected at least two different codes/,
    ],
    [
      "fewer labels than the head has",
      () => edit((m) => (m["labels"] = ["F", "PE"])),
      /classifier.weight has shape \[5, 32\]; expected \[2, 32\]/,
    ],
    [
      "a bias for other labels",
      () => edit((m) => (m["calibration"] = { temperature: 1, bias: [1], threshold: 0 })),
      /calibration.bias is \[1\]; expected 5 numbers/,
    ],
    [
      "a manifest that is a list",
      () => writeFile(file(MANIFEST_FILE), "[]"),
      /the content is \[\]; expected an object/,
    ],
  ];
  for (const [what, break_, message] of damage) {
    it(`refuses ${what}, by name`, async () => {
      await break_();
      await assert.rejects(readPackFolder(folder), inputError(message));
      await import("node:fs/promises").then((fs) => fs.mkdir(folder, { recursive: true }));
    });
  }

  it("says what a folder holds instead of a checkpoint", async () => {
    await rm(file("model.safetensors"));
    await assert.rejects(
      readCheckpointFolder(folder),
      inputError(
        /model.safetensors is missing. A checkpoint in Hugging Face layout is expected; the folder holds config.json/,
      ),
    );
    await writeFile(file("pytorch_model.bin"), "");
    await assert.rejects(
      readCheckpointFolder(folder),
      inputError(/holds pytorch_model.bin; save the checkpoint as one model.safetensors/),
    );
  });
});
