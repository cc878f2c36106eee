import assert from "node:assert/strict";
import fc from "fast-check";
import type { ElementType, Tensor } from "../../../server/engine/graph/tensor.ts";
import { readSafetensors, refuseNonFinite, writeSafetensors } from "../../../server/engine/model/safetensors.ts";
import { InputError } from "../../../server/engine/outcome.ts";

/** A file with this header text and that many bytes of data. */
function file(header: string, dataBytes: number, claimed = Buffer.byteLength(header)): Uint8Array {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(claimed));
  return Buffer.concat([length, Buffer.from(header), Buffer.alloc(dataBytes)]);
}

const entry = (fields: object): string =>
  JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8], ...fields } });

describe("safetensors", () => {
  it("reads what it wrote, in every type, whatever the order of widths", () => {
    const tensors = new Map<string, Tensor>([
      ["bytes", { type: "uint8", shape: [3], data: Uint8Array.of(1, 2, 255) }],
      ["floats", { type: "float32", shape: [1, 2], data: Float32Array.of(0.5, -2) }],
      ["longs", { type: "int64", shape: [], data: BigInt64Array.of(-7n) }],
      ["signed", { type: "int8", shape: [1], data: Int8Array.of(-128) }],
      ["halves", { type: "float16", shape: [1], data: Uint16Array.of(0x3c00) }],
      ["none", { type: "int32", shape: [0, 4], data: new Int32Array(0) }],
      ["__proto__", { type: "bool", shape: [1], data: Uint8Array.of(1) }],
    ]);
    const written = writeSafetensors(tensors, { format: "pt" });
    for (const shift of [0, 1, 3]) {
      // A file may lie anywhere in memory; unaligned data must be copied, not refused.
      const moved = new Uint8Array(written.length + shift).subarray(shift);
      moved.set(written);
      const read = readSafetensors(moved, "f");
      assert.deepEqual(read.metadata, { format: "pt" });
      assert.deepEqual(new Map([...read.tensors].sort()), new Map([...tensors].sort()));
    }
  });

  const hostile: [string, Uint8Array, RegExp][] = [
    ["an empty file", new Uint8Array(0), /0 bytes are too few/],
    ["a header longer than the file", file("{}", 0, 1000), /claims 1000 bytes, but 2 follow/],
    ["a header of 2^63 bytes", Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 127, 1), /claims 9223372036854775807/],
    ["no JSON", file("{nope", 0), /not JSON/],
    ["no UTF-8", Buffer.concat([file("", 0, 2), Buffer.of(0xff, 0xfe)]), /not JSON in UTF-8/],
    ["a list as header", file("[]", 0), /not a JSON object/],
    ["metadata that is no text", file('{"__metadata__":{"a":1}}', 0), /__metadata__ must be an object of strings/],
    ["an entry that is no object", file('{"w":3}', 0), /w: its entry is not an object/],
    ["an unknown field", file(entry({ extra: 1 }), 8), /unknown field extra/],
    ["an unknown type", file(entry({ dtype: "F8_E4M3" }), 8), /dtype is "F8_E4M3"; expected one of F32/],
    ["a type of Object.prototype", file(entry({ dtype: "toString" }), 8), /dtype is "toString"/],
    ["a negative size", file(entry({ shape: [-2] }), 8), /shape is \[-2\]/],
    ["a fractional size", file(entry({ shape: [1.5] }), 8), /shape is \[1.5\]/],
    ["sizes that overflow", file(entry({ shape: [2 ** 40, 2 ** 40] }), 8), /needs .* bytes, but 8 are given/],
    ["one offset", file(entry({ data_offsets: [0] }), 8), /data_offsets is \[0\]; expected two/],
    ["offsets in reverse", file(entry({ data_offsets: [8, 0] }), 8), /lies at 8 to 0/],
    ["data beyond the file", file(entry({ data_offsets: [0, 8] }), 4), /lies at 0 to 8, but the file holds 0 to 4/],
    ["a shape that does not fill the data", file(entry({ shape: [3] }), 8), /shape \[3\] of F32 needs 12 bytes, but 8/],
    ["bytes that belong to none", file(entry({}), 12), /4 bytes after the last tensor/],
    [
      "overlapping tensors",
      file(
        '{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}',
        4,
      ),
      /tensor b begins at 2 and overlaps/,
    ],
    [
      "a gap",
      file(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}',
        3,
      ),
      /tensor b begins at 2 and leaves a gap/,
    ],
    [
      "the same name twice",
      file(
        '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}',
        1,
      ),
      /tensor a is listed twice/,
    ],
  ];
  for (const [what, bytes, message] of hostile) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => readSafetensors(bytes, "w.safetensors"),
        (error: unknown) => {
          assert.ok(error instanceof InputError);
          assert.match(error.message, message);
          assert.match(error.message, /^w\.safetensors: /);
          return true;
        },
      );
    });
  }

  it("names the tensor that is not finite", () => {
    const tensors = new Map([["w", { type: "float32" as const, shape: [2], data: Float32Array.of(1, NaN) }]]);
    assert.throws(() => refuseNonFinite(tensors, "f"), /f: tensor w holds NaN at element 1/);
  });

  it("throws nothing but InputError on random bytes, random headers and damaged files", () => {
    const onlyInputErrors = (bytes: Uint8Array): void => {
      try {
        readSafetensors(bytes, "f");
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
      }
    };
    const types: ElementType[] = ["float32", "int8"];
    const good = writeSafetensors(
      new Map(
        types.map((type) => [
          type,
          { type, shape: [4], data: type === "int8" ? new Int8Array(4) : new Float32Array(4) },
        ]),
      ),
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), onlyInputErrors));
    fc.assert(fc.property(fc.json(), fc.nat(64), (header, size) => onlyInputErrors(file(header, size))));
    const number = fc.oneof(fc.integer(), fc.double(), fc.constant(2 ** 53));
    const fields = fc.record(
      {
        dtype: fc.constantFrom("F32", "I8", "x"),
        shape: fc.array(number),
        data_offsets: fc.array(number, { maxLength: 3 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fields), fc.nat(64), (header, size) =>
        onlyInputErrors(file(JSON.stringify(header), size)),
      ),
    );
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length), (at, value, length) => {
        const damaged = good.slice(0, length);
        if (at < damaged.length) damaged[at] = value;
        onlyInputErrors(damaged);
      }),
    );
  });
});
