/** The parameters of a network by Hugging Face's names, whatever precision they are stored in. */
import { type FloatTensor, float32, floats, type Tensor } from "../graph/tensor.ts";
import { InputError } from "../outcome.ts";
import { type EncoderConfig, NAMES, targetName, TARGETS, targetSize } from "./encoder.ts";
import { blocksOf, dequantize, type Matrix, transposed } from "./quantization.ts";

/** Suffixes of what stands beside a quantized weight. */
export const SCALE = ".scale";
/** Least and greatest activation that enters an int8 product: F32 [2] under the projection's name. */
export const INPUT_RANGE = ".input.range";

/** The dense layers of a network, each with its width in and out, in the order of computation. */
export function projections(config: EncoderConfig): { name: string; input: number; output: number }[] {
  const layers = Array.from({ length: config.layers }, (_, layer) =>
    TARGETS.map((target) => ({ name: targetName(layer, target), ...targetSize(config, target) })),
  ).flat();
  const pooler = { name: NAMES.pooler, input: config.hiddenSize, output: config.hiddenSize };
  return config.pooler ? [...layers, pooler] : layers;
}

/** The layer normalizations of a network. */
export function norms(config: EncoderConfig): string[] {
  const layers = Array.from({ length: config.layers }, (_, layer) => [
    `encoder.layer.${layer}.attention.output.LayerNorm`,
    `encoder.layer.${layer}.output.LayerNorm`,
  ]);
  return [NAMES.embeddingNorm, ...layers.flat()];
}

/** Checked access to the tensors of one file; every shape is compared with what the configuration demands. */
export class Weights {
  constructor(
    readonly config: EncoderConfig,
    private readonly tensors: ReadonlyMap<string, Tensor>,
    private readonly file: string,
  ) {}

  has(name: string): boolean {
    return this.tensors.has(name);
  }

  /** A float tensor of this shape. @throws InputError when missing, of another type or shape */
  vector(name: string, shape: readonly number[]): FloatTensor {
    const tensor = this.expect(name, shape);
    return float32(floats(tensor, `${this.file}: tensor ${name}`), shape);
  }

  /** A linear layer's weight or a table, [rows, columns]. @throws InputError as {@link vector} does */
  matrix(name: string, rows: number, columns: number): Matrix {
    const type = this.tensors.get(name)?.type;
    if (type === "int8") {
      const values = this.expect(name, [rows, columns]).data as Int8Array;
      return { kind: "int8", rows, columns, values, scales: this.vector(name + SCALE, [rows]).data };
    }
    if (type === "uint8") {
      const blocks = blocksOf(columns);
      const packed = this.expect(name, [rows, blocks, 16]).data as Uint8Array;
      return { kind: "int4", rows, columns, packed, scales: this.vector(name + SCALE, [rows, blocks]).data };
    }
    return { kind: "fp32", rows, columns, values: this.vector(name, [rows, columns]).data };
  }

  /** A projection's weight as stored, [out, in]. */
  projection(name: string): Matrix {
    const { input, output } = this.sizeOf(name);
    return this.matrix(`${name}.weight`, output, input);
  }

  /** A projection's bias [out]. */
  bias(name: string): FloatTensor {
    return this.vector(`${name}.bias`, [this.sizeOf(name).output]);
  }

  /** Word vectors [vocabulary, hidden]. */
  words(): Matrix {
    return this.matrix(`${NAMES.words}.weight`, this.config.vocabularySize, this.config.hiddenSize);
  }

  /** Position vectors with the vector of the first segment added, since a statement has no second segment. */
  positions(): FloatTensor {
    const { maximumPositions, hiddenSize } = this.config;
    const places = dequantize(this.matrix(`${NAMES.positions}.weight`, maximumPositions, hiddenSize));
    const name = `${NAMES.types}.weight`;
    const types = this.tensors.get(name);
    if (types === undefined) return places;
    const kinds = types.shape[0] ?? 0;
    if (kinds < 1) throw new InputError(`${this.file}: tensor ${name} has no rows; expected at least 1.`);
    const segment = this.vector(name, [kinds, hiddenSize]).data;
    return float32(
      places.data.map((value, index) => value + segment[index % hiddenSize]!),
      places.shape,
    );
  }

  /**
   * A parameter for a training graph, by name with `.weight` or `.bias`: floats, projections as [in, out], positions
   * with the segment's vector.
   */
  trainable(name: string): FloatTensor {
    const owner = name.slice(0, name.lastIndexOf("."));
    if (owner === NAMES.words) return dequantize(this.words());
    if (owner === NAMES.positions) return this.positions();
    if (norms(this.config).includes(owner)) return this.vector(name, [this.config.hiddenSize]);
    if (name.endsWith(".bias")) return this.bias(owner);
    const matrix = this.projection(owner);
    const { data } = dequantize(matrix);
    return float32(transposed(data, matrix.rows, matrix.columns), [matrix.columns, matrix.rows]);
  }

  /** Names of the parameters that {@link trainable} knows, in the order of computation. */
  trainableNames(): string[] {
    const both = (name: string): string[] => [`${name}.weight`, `${name}.bias`];
    const tables = [`${NAMES.words}.weight`, `${NAMES.positions}.weight`];
    return [
      ...tables,
      ...norms(this.config).flatMap(both),
      ...projections(this.config).flatMap(({ name }) => both(name)),
    ];
  }

  /** Least and greatest activation that enters a projection. */
  inputRange(name: string): { minimum: number; maximum: number } {
    const range = this.vector(name + INPUT_RANGE, [2]).data;
    return { minimum: range[0]!, maximum: range[1]! };
  }

  /** @throws InputError for the first parameter of the encoder that is missing or has the wrong shape or type */
  checkAll(): void {
    this.words();
    this.positions();
    for (const norm of norms(this.config)) {
      this.vector(`${norm}.weight`, [this.config.hiddenSize]);
      this.vector(`${norm}.bias`, [this.config.hiddenSize]);
    }
    for (const { name } of projections(this.config)) {
      this.projection(name);
      this.bias(name);
    }
  }

  private sizeOf(name: string): { input: number; output: number } {
    const found = projections(this.config).find((projection) => projection.name === name);
    if (found === undefined) throw new Error(`The encoder has no projection ${name}.`);
    return found;
  }

  private expect(name: string, shape: readonly number[]): Tensor {
    const tensor = this.tensors.get(name);
    const wanted = `[${shape.join(", ")}]`;
    if (tensor === undefined)
      throw new InputError(`${this.file}: tensor ${name} is missing; expected shape ${wanted}.`);
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      throw new InputError(`${this.file}: tensor ${name} has shape [${tensor.shape.join(", ")}]; expected ${wanted}.`);
    }
    return tensor;
  }
}
