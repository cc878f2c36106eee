/**
 * Reads and writes safetensors files: eight bytes of header length, a JSON header, then the data.
 * https://github.com/huggingface/safetensors#format. Files come from outside; whatever is wrong with one
 * is an InputError that names the file and the tensor.
 */
import { BYTES_PER_ELEMENT, bytesOf, type ElementType, sizeOf, type Tensor, type TensorData } from "../graph/tensor.ts";
import { InputError } from "../outcome.ts";

/** The reference implementation's own limit. */
const LARGEST_HEADER = 100_000_000;
const LENGTH_BYTES = 8;
const METADATA = "__metadata__";

const TYPES: Readonly<Record<string, ElementType>> = {
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
};
const CODES = new Map(Object.entries(TYPES).map(([code, type]) => [type, code]));

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Entry {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * The tensors of a file. Data that is aligned in memory is a view of `bytes`, other data a copy.
 * @param file how messages name the file
 * @throws InputError for anything that is not exactly as the format demands
 */
export function readSafetensors(bytes: Uint8Array, file: string): SafetensorsFile {
  const { header, dataStart } = readHeader(bytes, file);
  const metadata = readMetadata(header[METADATA], file);
  const size = bytes.byteLength - dataStart;
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, value]) => readEntry(name, value, size, file));
  refuseGaps(entries, size, file);
  const tensors = new Map<string, Tensor>();
  for (const { name, type, shape, begin, end } of entries) {
    tensors.set(name, { type, shape, data: typed(type, bytes.subarray(dataStart + begin, dataStart + end)) });
  }
  return { tensors, metadata };
}

/** The bytes of a file with these tensors, in the map's order; the data starts at a multiple of eight bytes. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const parts = safetensorsParts(tensors, metadata);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.byteLength;
  }
  return bytes;
}

/** The same file in parts: the header, then views of the tensors, so that a large file needs no second copy in memory. */
export function safetensorsParts(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array[] {
  // Without a prototype, so that a tensor called __proto__ is an entry like any other.
  const header = Object.create(null) as Record<string, unknown>;
  if (Object.keys(metadata).length > 0) header[METADATA] = metadata;
  // Wide elements first keeps every tensor aligned without padding, which the format does not allow.
  const ordered = [...tensors].sort(([, a], [, b]) => BYTES_PER_ELEMENT[b.type] - BYTES_PER_ELEMENT[a.type]);
  let offset = 0;
  for (const [name, tensor] of ordered) {
    const end = offset + tensor.data.byteLength;
    header[name] = { dtype: CODES.get(tensor.type), shape: tensor.shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const start = new Uint8Array(LENGTH_BYTES + headerLength).fill(0x20, LENGTH_BYTES);
  new DataView(start.buffer).setBigUint64(0, BigInt(headerLength), true);
  start.set(json, LENGTH_BYTES);
  return [start, ...ordered.map(([, tensor]) => bytesOf(tensor))];
}

/** @throws InputError naming the first tensor that holds NaN or infinity. */
export function refuseNonFinite(tensors: ReadonlyMap<string, Tensor>, file: string): void {
  for (const [name, tensor] of tensors) {
    if (tensor.type !== "float32") continue;
    const at = (tensor.data as Float32Array).findIndex((value) => !Number.isFinite(value));
    if (at >= 0) {
      throw new InputError(
        `${file}: tensor ${name} holds ${String(tensor.data[at])} at element ${at}; weights must be finite.`,
      );
    }
  }
}

function readHeader(bytes: Uint8Array, file: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.byteLength < LENGTH_BYTES) {
    throw new InputError(`${file}: ${bytes.byteLength} bytes are too few for a safetensors file.`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  const available = bytes.byteLength - LENGTH_BYTES;
  if (length > BigInt(Math.min(available, LARGEST_HEADER))) {
    throw new InputError(
      `${file}: the header claims ${length.toString()} bytes, but ${available} follow (at most ${LARGEST_HEADER} are read). ` +
        "The file is truncated or no safetensors file.",
    );
  }
  const dataStart = LENGTH_BYTES + Number(length);
  return { header: parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), file), dataStart };
}

function parseHeader(bytes: Uint8Array, file: string): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${file}: the safetensors header is not JSON in UTF-8.`, { cause });
  }
  if (!isObject(header)) throw new InputError(`${file}: the safetensors header is not a JSON object.`);
  refuseDuplicates(text, header, file);
  return header;
}

/** JSON.parse keeps the last of two equal keys, so a second entry of a name would go unnoticed. */
function refuseDuplicates(text: string, header: Record<string, unknown>, file: string): void {
  const written = topLevelKeys(text);
  if (written.length === Object.keys(header).length) return;
  const seen = new Set<string>();
  const twice = written.find((name) => seen.size === seen.add(name).size) ?? "?";
  throw new InputError(`${file}: tensor ${twice} is listed twice in the header.`);
}

/** Keys of the outermost object of valid JSON text, repetitions included. */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]:]/gs;
  let depth = 0;
  let last: string | undefined;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === "{" || found === "[") depth++;
    else if (found === "}" || found === "]") depth--;
    else if (found === ":" && depth === 1 && last !== undefined) keys.push(JSON.parse(last) as string);
    last = found.startsWith('"') ? found : undefined;
  }
  return keys;
}

function readMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((entry) => typeof entry === "string")) {
    throw new InputError(`${file}: ${METADATA} must be an object of strings.`);
  }
  return value as Record<string, string>;
}

function readEntry(name: string, value: unknown, size: number, file: string): Entry {
  const fail = (problem: string): never => {
    throw new InputError(`${file}: tensor ${name}: ${problem}`);
  };
  if (!isObject(value)) return fail("its entry is not an object.");
  const unknown = Object.keys(value).find((key) => !["dtype", "shape", "data_offsets"].includes(key));
  if (unknown !== undefined) return fail(`unknown field ${unknown}.`);
  const { dtype, shape, data_offsets: offsets } = value;
  const type = typeof dtype === "string" && Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (type === undefined) {
    return fail(`dtype is ${JSON.stringify(dtype)}; expected one of ${Object.keys(TYPES).join(", ")}.`);
  }
  if (!isSizes(shape)) return fail(`shape is ${JSON.stringify(shape)}; expected a list of non-negative integers.`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    return fail(`data_offsets is ${JSON.stringify(offsets)}; expected two non-negative integers.`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > size) return fail(`its data lies at ${begin} to ${end}, but the file holds 0 to ${size}.`);
  const needed = sizeOf(shape) * BYTES_PER_ELEMENT[type];
  if (needed !== end - begin) {
    return fail(`shape [${shape.join(", ")}] of ${String(dtype)} needs ${needed} bytes, but ${end - begin} are given.`);
  }
  return { name, type, shape, begin, end };
}

/** The format demands that the data is covered exactly once. */
function refuseGaps(entries: readonly Entry[], size: number, file: string): void {
  let position = 0;
  for (const entry of [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== position) {
      const what = entry.begin < position ? "overlaps another tensor" : "leaves a gap before it";
      throw new InputError(`${file}: tensor ${entry.name} begins at ${entry.begin} and ${what}; expected ${position}.`);
    }
    position = entry.end;
  }
  if (position !== size) {
    throw new InputError(
      `${file}: ${size - position} bytes after the last tensor belong to none; the file is damaged.`,
    );
  }
}

function typed(type: ElementType, bytes: Uint8Array): TensorData {
  const width = BYTES_PER_ELEMENT[type];
  const { buffer, byteOffset, byteLength } = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const length = byteLength / width;
  switch (type) {
    case "float32":
      return new Float32Array(buffer, byteOffset, length);
    case "float16":
    case "bfloat16":
      return new Uint16Array(buffer, byteOffset, length);
    case "int64":
      return new BigInt64Array(buffer, byteOffset, length);
    case "int32":
      return new Int32Array(buffer, byteOffset, length);
    case "int8":
      return new Int8Array(buffer, byteOffset, length);
    case "uint8":
    case "bool":
      return new Uint8Array(buffer, byteOffset, length);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && (entry as number) >= 0);
}
