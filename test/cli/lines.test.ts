import assert from "node:assert/strict";
import { Readable } from "node:stream";
import fc from "fast-check";
import { type Line, lineBatches, LONGEST_LINE } from "../../server/cli/lines.ts";

async function linesOf(...chunks: (string | Uint8Array)[]): Promise<Line[]> {
  const all: Line[] = [];
  for await (const batch of lineBatches(
    Readable.from(
      chunks.map((chunk) => Buffer.from(chunk)),
      { objectMode: true },
    ),
  )) {
    all.push(...batch);
  }
  return all;
}
const numbered = (...texts: string[]): Line[] => texts.map((text, index) => ({ number: index + 1, text }));

describe("lines of a stream", () => {
  it("come whole, however the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: "grapheme" })), fc.array(fc.nat(40)), async (texts, cuts) => {
        const lines = texts.map((text) => text.replace(/[\n\uFEFF]/gu, " "));
        const bytes = Buffer.from(lines.map((line) => line + "\n").join(""));
        const chunks: Buffer[] = [];
        let at = 0;
        for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)));
        assert.deepEqual(await linesOf(...chunks, bytes.subarray(at)), numbered(...lines));
      }),
      { numRuns: 200 },
    );
  });

  it("include a last one without a line end, and none after the last line end", async () => {
    assert.deepEqual(await linesOf("a\n", "b"), numbered("a", "b"));
    assert.deepEqual(await linesOf("a\nb\n"), numbered("a", "b"));
    assert.deepEqual(await linesOf(""), []);
  });

  it("lose the byte order mark and keep the carriage return", async () => {
    assert.deepEqual(await linesOf("\uFEFFa\r\nb\n"), numbered("a\r", "b"));
  });

  it("are named when they are not UTF-8, and the others come all the same", async () => {
    const lines = await linesOf("a\n", new Uint8Array([0x63, 0xe9, 0x0a]), "b\n");
    assert.deepEqual(lines, [
      { number: 1, text: "a" },
      { number: 2, problem: "not UTF-8" },
      { number: 3, text: "b" },
    ]);
  });

  it("may have a megabyte; beyond the limit they are named and not kept", async () => {
    const megabyte = "x".repeat(1024 * 1024);
    assert.deepEqual(await linesOf(megabyte, "\nb\n"), numbered(megabyte, "b"));
    const pieces = Array.from({ length: LONGEST_LINE / megabyte.length + 1 }, () => megabyte);
    assert.deepEqual(await linesOf(...pieces, "\nb\n"), [
      { number: 1, problem: "longer than 8 MB" },
      { number: 2, text: "b" },
    ]);
  });

  it("are refused as a whole in UTF-16", async () => {
    await assert.rejects(linesOf(Buffer.from("\uFEFF{}\n", "utf16le")), /standard input is UTF-16, expected UTF-8/);
  });
});
