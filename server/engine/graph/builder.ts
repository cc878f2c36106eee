/**
 * A graph under construction: values with type and symbolic shape, and the tape of nodes in the order of
 * emission. The tape is what backpropagation walks and what {@link encodeModel} writes.
 */
import { encodeModel } from "./onnx.ts";
import { type ElementType, float32, sizeOf, type Tensor } from "./tensor.ts";

/** A known size, or the name of one that the caller decides at run time (`batch`, `tokens`). */
export type Dimension = number | string;
export type Shape = readonly Dimension[];

/** The result of a node, an input or a constant: what operators take and give. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Integers are plain numbers; floats are wrapped, because ONNX tells 1 from 1.0. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** One ONNX node; null stands for an optional input or output left out. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly (Value | null)[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** Type and shape of a node's output; null for an optional output left out. */
export type OutputShape = { readonly type: ElementType; readonly shape: Shape } | null;

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Operator domain; the standard one when left out. */
  readonly domain?: string;
}

export class Graph {
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly initializers = new Map<string, Tensor>();
  readonly tape: GraphNode[] = [];
  private readonly names = new Set<string>();
  private readonly literals = new Map<string, Value>();

  /** Declares an input that is fed at every run. */
  input(name: string, type: ElementType, shape: Shape): Value {
    const value = { name: this.claim(name), type, shape };
    this.inputs.push(value);
    return value;
  }

  /** Adds a constant, for instance a weight. The same name must not be used twice. */
  constant(name: string, tensor: Tensor): Value {
    if (sizeOf(tensor.shape) !== tensor.data.length) {
      throw new Error(`Constant ${name}: ${tensor.data.length} elements do not fill [${tensor.shape.join(", ")}].`);
    }
    this.initializers.set(this.claim(name), tensor);
    return { name, type: tensor.type, shape: tensor.shape };
  }

  /** A float32 scalar; equal ones are shared. */
  scalar(value: number): Value {
    return this.literal(`scalar ${value}`, () => float32([value], []));
  }

  /** A list of int64, as shapes, axes and slice bounds want it; equal ones are shared. */
  integers(values: readonly number[]): Value {
    const make = (): Tensor => ({
      type: "int64",
      shape: [values.length],
      data: BigInt64Array.from(values, BigInt),
    });
    return this.literal(`integers ${values.join(" ")}`, make);
  }

  /** Appends a node and returns its outputs, in order; left-out outputs are not returned. */
  node(
    op: string,
    inputs: readonly (Value | null)[],
    outputs: readonly OutputShape[],
    options: NodeOptions = {},
  ): Value[] {
    const name = this.claim(`${op}_${this.tape.length}`);
    const results = outputs.map((output, index) =>
      output === null ? null : { name: this.claim(`${name}:${index}`), type: output.type, shape: output.shape },
    );
    const { attributes = {}, domain = "" } = options;
    this.tape.push({ name, op, domain, inputs, outputs: results, attributes });
    return results.filter((value) => value !== null);
  }

  /** Appends a node that has exactly one output. */
  node1(op: string, inputs: readonly (Value | null)[], output: OutputShape, options?: NodeOptions): Value {
    return this.node(op, inputs, [output], options)[0]!;
  }

  /** Makes `value` an output of the graph under `name`. */
  output(name: string, value: Value): void {
    const result = { name: this.claim(name), type: value.type, shape: value.shape };
    this.tape.push({
      name: `${name} output`,
      op: "Identity",
      domain: "",
      inputs: [value],
      outputs: [result],
      attributes: {},
    });
    this.outputs.push(result);
  }

  /** The bytes of the graph as an `.onnx` file. */
  encode(): Uint8Array {
    return encodeModel(this);
  }

  private literal(key: string, make: () => Tensor): Value {
    const known = this.literals.get(key);
    if (known !== undefined) return known;
    const value = this.constant(key, make());
    this.literals.set(key, value);
    return value;
  }

  private claim(name: string): string {
    if (this.names.has(name)) throw new Error(`The graph already has a value or node called ${name}.`);
    this.names.add(name);
    return name;
  }
}
