/** Turns a Hugging Face checkpoint of a BERT into a model pack: checks, head, calibration of activations, quantization. */
import { float32, type FloatTensor, type Tensor } from "../graph/tensor.ts";
import { Random } from "../adapt/random.ts";
import { BUILT_IN_CODES, NONE } from "../taxonomy.ts";
import { type Calibration, UNCALIBRATED } from "./calibration.ts";
import { CALIBRATION_TEXTS } from "./calibration-texts.ts";
import { readEncoderConfig } from "./config.ts";
import { type EncoderConfig, NAMES } from "./encoder.ts";
import { CALIBRATION_FILE, MANIFEST_FILE, PACK_FORMAT, type PackManifest, parseCalibration } from "./manifest.ts";
import { type Extremes, measureActivations } from "./network.ts";
import { decode, sha256, withoutPrefix } from "./pack.ts";
import { BLOCK, denseMatrix, type Matrix, type Precision, quantizeInt4, quantizeInt8 } from "./quantization.ts";
import { FieldReader } from "./record.ts";
import { readSafetensors, refuseNonFinite, writeSafetensors } from "./safetensors.ts";
import { readTokenizer } from "./tokenizer.ts";
import { INPUT_RANGE, norms, projections, SCALE, Weights } from "./weights.ts";

/** The files of a checkpoint. */
export interface CheckpointBytes {
  readonly config: Uint8Array;
  readonly tokenizer: Uint8Array;
  readonly model: Uint8Array;
  /** `calibration.json`, where whoever trained the checkpoint measured it. */
  readonly calibration: Uint8Array | null;
}

export interface MakePackOptions {
  /** How messages name the checkpoint, for instance its folder. */
  readonly place: string;
  readonly name: string;
  readonly version: string;
  /** ISO 8601, UTC. */
  readonly created: string;
  readonly licence: string;
  readonly provenance: string;
  readonly precision: Precision;
  /** Left out: what `nfr_lens_pooling` of config.json says, else CLS where the checkpoint has a pooler, else mean. */
  readonly pooling?: "mean" | "cls";
  /** Of the head that is made where the checkpoint has none. */
  readonly seed: number;
}

export interface MadePack {
  /** By name, the manifest among them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What a person should know: what was chosen, made up or left out. */
  readonly notes: readonly string[];
}

/** Standard deviation of a new head, as BERT's own initialization. */
const HEAD_DEVIATION = 0.02;

/** @throws InputError for a checkpoint that is damaged or of another architecture, naming what was found */
export async function makePack(checkpoint: CheckpointBytes, options: MakePackOptions): Promise<MadePack> {
  const at = (file: string): string => `${options.place}/${file}`;
  const notes: string[] = [];
  const configText = decode(checkpoint.config, at("config.json"));
  const shape = readEncoderConfig(configText, at("config.json"));
  const tensors = floatTensors(checkpoint.model, at("model.safetensors"));
  const pooling = choosePooling(configText, at("config.json"), tensors, options, notes);
  const pooler = pooling === "cls" && tensors.has(`${NAMES.pooler}.weight`);
  const config: EncoderConfig = { ...shape, pooling, pooler };
  const weights = new Weights(config, tensors, at("model.safetensors"));
  weights.checkAll();
  const tokenizerText = decode(checkpoint.tokenizer, at("tokenizer.json"));
  const tokenizer = readTokenizer(tokenizerText, at("tokenizer.json"), config);
  const chosen = chooseHead(configText, at("config.json"), weights, tensors, options, notes);
  const measured = chooseCalibration(checkpoint.calibration, at(CALIBRATION_FILE), chosen.labels.length, notes);
  const { head, calibration } = biased(chosen, measured);
  const ranges =
    options.precision === "int8"
      ? await measureActivations(
          weights,
          CALIBRATION_TEXTS.map((text) => tokenizer.encode(text)),
          { threads: 0 },
        )
      : new Map<string, Extremes>();
  const model = writeSafetensors(packTensors(weights, head, options.precision, ranges), { format: "pt" });
  const manifest: PackManifest = {
    formatVersion: PACK_FORMAT,
    name: options.name,
    version: options.version,
    created: options.created,
    licence: options.licence,
    provenance: options.provenance,
    precision: options.precision,
    pooling,
    labels: head.labels,
    files: {
      "config.json": sha256(checkpoint.config),
      "tokenizer.json": sha256(checkpoint.tokenizer),
      "model.safetensors": sha256(model),
    },
    calibration,
  };
  const files = new Map([
    [MANIFEST_FILE, new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 2)}\n`)],
    ["config.json", checkpoint.config],
    ["tokenizer.json", checkpoint.tokenizer],
    ["model.safetensors", model],
  ]);
  return { files, notes };
}

function choosePooling(
  configText: string,
  file: string,
  tensors: ReadonlyMap<string, Tensor>,
  options: MakePackOptions,
  notes: string[],
): "mean" | "cls" {
  if (options.pooling !== undefined) return options.pooling;
  const fields = FieldReader.parse(configText, file);
  if (fields.has("nfr_lens_pooling")) return fields.oneOf("nfr_lens_pooling", ["mean", "cls"]);
  const pooling = tensors.has(`${NAMES.pooler}.weight`) ? "cls" : "mean";
  notes.push(
    pooling === "cls"
      ? "The checkpoint has a pooler, so a statement is represented by its [CLS] token."
      : "The checkpoint has no pooler, so a statement is represented by the mean of its tokens.",
  );
  return pooling;
}

interface StoredHead {
  readonly labels: readonly string[];
  /** [labels, hidden] */
  readonly weight: FloatTensor;
  readonly bias: FloatTensor;
}

function chooseHead(
  configText: string,
  file: string,
  weights: Weights,
  tensors: ReadonlyMap<string, Tensor>,
  options: MakePackOptions,
  notes: string[],
): StoredHead {
  const { hiddenSize } = weights.config;
  const rows = tensors.get(`${NAMES.classifier}.weight`)?.shape[0];
  const labels = labelsOf(FieldReader.parse(configText, file));
  if (rows !== undefined && labels.length === rows) {
    if (!labels.includes(NONE)) {
      notes.push(`The checkpoint's labels have no "${NONE}": every statement will count as a requirement.`);
    }
    return {
      labels,
      weight: weights.vector(`${NAMES.classifier}.weight`, [rows, hiddenSize]),
      bias: weights.vector(`${NAMES.classifier}.bias`, [rows]),
    };
  }
  const random = Random.named(options.seed, "head");
  const size = BUILT_IN_CODES.length * hiddenSize;
  notes.push(
    rows === undefined
      ? "The checkpoint has no classification head."
      : `The checkpoint's head has ${rows} outputs, but config.json names ${labels.length} labels.`,
    `A new head for ${BUILT_IN_CODES.length} categories was made at random (seed ${options.seed}): its answers mean nothing until an adapter is trained.`,
  );
  return {
    labels: BUILT_IN_CODES,
    weight: float32(
      Float32Array.from({ length: size }, () => random.normal() * HEAD_DEVIATION),
      [BUILT_IN_CODES.length, hiddenSize],
    ),
    bias: float32(new Float32Array(BUILT_IN_CODES.length), [BUILT_IN_CODES.length]),
  };
}

/** The names in `id2label`; none where they are Hugging Face's placeholders. */
function labelsOf(fields: FieldReader): string[] {
  if (!fields.has("id2label")) return [];
  const names = fields.object("id2label");
  const labels = names.keys().map((_, index) => names.string(String(index)));
  const real = labels.every((label) => !/^LABEL_\d+$/.test(label)) && new Set(labels).size === labels.length;
  return real ? labels : [];
}

function chooseCalibration(bytes: Uint8Array | null, file: string, labels: number, notes: string[]): Calibration {
  if (bytes !== null) return parseCalibration(FieldReader.parse(decode(bytes, file), file), labels);
  notes.push(`There is no ${CALIBRATION_FILE}: confidences are the network's own, and no answer counts as uncertain.`);
  return UNCALIBRATED;
}

/**
 * The class biases of a calibration as part of the head, which says the same: (logits + temperature · bias) / temperature.
 * An adapter has a calibration of its own, but starts from the base's head, and so from the priors that were measured.
 */
function biased(head: StoredHead, calibration: Calibration): { head: StoredHead; calibration: Calibration } {
  const { temperature, bias } = calibration;
  const sums = head.bias.data.map((value, label) => value + temperature * (bias[label] ?? 0));
  return { head: { ...head, bias: float32(sums, head.bias.shape) }, calibration: { ...calibration, bias: [] } };
}

/** The tensors without prefix, half precision widened. */
function floatTensors(bytes: Uint8Array, file: string): Map<string, Tensor> {
  const tensors = withoutPrefix(readSafetensors(bytes, file).tensors);
  for (const [name, tensor] of tensors) {
    if (tensor.type === "bfloat16" || tensor.type === "float16") tensors.set(name, widened(tensor));
  }
  refuseNonFinite(tensors, file);
  return tensors;
}

function widened(tensor: Tensor): FloatTensor {
  const bits = tensor.data as Uint16Array;
  if (tensor.type === "float16") return float32(Float32Array.from(bits, halfToNumber), tensor.shape);
  // A bfloat16 is the upper half of a float32.
  const words = Uint32Array.from(bits, (half) => half << 16);
  return float32(new Float32Array(words.buffer), tensor.shape);
}

/** IEEE 754 binary16: one sign bit, five of exponent, ten of fraction. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Everything the pack's safetensors holds. The pooler and the head are small and stay fp32. */
function packTensors(
  weights: Weights,
  head: StoredHead,
  precision: Precision,
  ranges: ReadonlyMap<string, Extremes>,
): Map<string, Tensor> {
  const { config } = weights;
  const tensors = new Map<string, Tensor>();
  const put = (name: string, tensor: Tensor): unknown => tensors.set(`bert.${name}`, tensor);
  const putMatrix = (name: string, matrix: Matrix): void => {
    for (const [suffix, tensor] of stored(matrix)) put(name + suffix, tensor);
  };
  const words = weights.vector(`${NAMES.words}.weight`, [config.vocabularySize, config.hiddenSize]);
  putMatrix(
    `${NAMES.words}.weight`,
    precision === "fp32" ? denseMatrix(words) : quantizeInt8(denseMatrix(words), false),
  );
  // The segment's vector is part of these, so the pack needs no table of segments.
  put(`${NAMES.positions}.weight`, weights.positions());
  for (const norm of norms(config)) {
    put(`${norm}.weight`, weights.vector(`${norm}.weight`, [config.hiddenSize]));
    put(`${norm}.bias`, weights.vector(`${norm}.bias`, [config.hiddenSize]));
  }
  for (const { name, input, output } of projections(config)) {
    const dense = denseMatrix(weights.vector(`${name}.weight`, [output, input]));
    putMatrix(`${name}.weight`, name === NAMES.pooler ? dense : quantize(dense, precision));
    put(`${name}.bias`, weights.bias(name));
  }
  for (const [site, { minimum, maximum }] of ranges) put(site + INPUT_RANGE, float32([minimum, maximum], [2]));
  tensors.set(`${NAMES.classifier}.weight`, head.weight);
  tensors.set(`${NAMES.classifier}.bias`, head.bias);
  return tensors;
}

function quantize(dense: ReturnType<typeof denseMatrix>, precision: Precision): Matrix {
  if (precision === "fp32") return dense;
  return precision === "int8" ? quantizeInt8(dense, true) : quantizeInt4(dense);
}

/** A matrix as tensors, by what is appended to its name. */
function stored(matrix: Matrix): [string, Tensor][] {
  const { rows, columns } = matrix;
  if (matrix.kind === "fp32") return [["", float32(matrix.values, [rows, columns])]];
  if (matrix.kind === "int8") {
    return [
      ["", { type: "int8", shape: [rows, columns], data: matrix.values }],
      [SCALE, float32(matrix.scales, [rows])],
    ];
  }
  const blocks = matrix.scales.length / rows;
  return [
    ["", { type: "uint8", shape: [rows, blocks, BLOCK / 2], data: matrix.packed }],
    [SCALE, float32(matrix.scales, [rows, blocks])],
  ];
}
