/** Reads JSON objects from outside field by field; every complaint names file, field, value found and value expected. */
import { InputError } from "../outcome.ts";

export interface Range {
  readonly minimum?: number;
  readonly maximum?: number;
}

/** One JSON object of a file. Call {@link done} at the end to refuse fields nobody asked for. */
export class FieldReader {
  private readonly known = new Set<string>();
  /** The object as it was parsed. */
  readonly fields: Readonly<Record<string, unknown>>;

  /** @param path where the object stands in the file, empty for the outermost. */
  constructor(
    value: unknown,
    private readonly file: string,
    private readonly path = "",
  ) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new InputError(`${file}: ${path === "" ? "the content" : path} is ${show(value)}; expected an object.`);
    }
    this.fields = value as Record<string, unknown>;
  }

  /** Parses a whole file. @throws InputError when it is not JSON or not an object. */
  static parse(text: string, file: string): FieldReader {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new InputError(`${file} is not valid JSON: ${cause instanceof Error ? cause.message : String(cause)}`, {
        cause,
      });
    }
    return new FieldReader(value, file);
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The value as it stands. */
  raw(key: string): unknown {
    return this.get(key);
  }

  string(key: string): string {
    const value = this.get(key);
    return typeof value === "string" ? value : this.refuse(key, "a string");
  }

  boolean(key: string): boolean {
    const value = this.get(key);
    return typeof value === "boolean" ? value : this.refuse(key, "true or false");
  }

  oneOf<const T extends string>(key: string, allowed: readonly T[]): T {
    const value = this.get(key);
    const found = allowed.find((candidate) => candidate === value);
    return found ?? this.refuse(key, `one of ${allowed.join(", ")}`);
  }

  number(key: string, range: Range = {}): number {
    const value = this.get(key);
    return isNumber(value, range) ? value : this.refuse(key, `a number${within(range)}`);
  }

  integer(key: string, range: Range = {}): number {
    const value = this.get(key);
    return Number.isSafeInteger(value) && isNumber(value, range)
      ? value
      : this.refuse(key, `an integer${within(range)}`);
  }

  strings(key: string): string[] {
    const value = this.get(key);
    const fine = Array.isArray(value) && value.every((entry) => typeof entry === "string");
    return fine ? value : this.refuse(key, "a list of strings");
  }

  numbers(key: string, range: Range = {}): number[] {
    const value = this.get(key);
    const fine = Array.isArray(value) && value.every((entry) => isNumber(entry, range));
    return fine ? value : this.refuse(key, `a list of numbers${within(range)}`);
  }

  object(key: string): FieldReader {
    return new FieldReader(this.get(key), this.file, this.pathOf(key));
  }

  keys(): string[] {
    return Object.keys(this.fields);
  }

  /** @throws InputError naming the first field that was never read. */
  done(): void {
    const unknown = Object.keys(this.fields).find((key) => !this.known.has(key));
    if (unknown === undefined) return;
    throw new InputError(
      `${this.file}: unknown field ${this.pathOf(unknown)}; expected only ${[...this.known].join(", ")}. ` +
        "It may come from a newer version of NFR Lens.",
    );
  }

  /** @throws InputError naming the field, its value and what was expected. */
  refuse(key: string, expected: string): never {
    throw new InputError(`${this.file}: ${this.pathOf(key)} is ${show(this.get(key))}; expected ${expected}.`);
  }

  private get(key: string): unknown {
    this.known.add(key);
    return Object.hasOwn(this.fields, key) ? this.fields[key] : undefined;
  }

  private pathOf(key: string): string {
    return this.path === "" ? key : `${this.path}.${key}`;
  }
}

function isNumber(value: unknown, { minimum = -Infinity, maximum = Infinity }: Range): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= minimum && value <= maximum;
}

function within({ minimum, maximum }: Range): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? "" : ` of at most ${maximum}`;
}

const LONGEST_SHOWN = 60;

function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value);
  return text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text;
}
