/** Lines of a byte stream, with bounded memory: what is too long or not UTF-8 is a problem of that line alone. */
import type { Readable } from "node:stream";
import { InputError } from "../engine/outcome.ts";

/** A line, or why it cannot be used. Numbers begin at 1 and count every line, empty ones too. */
export type Line =
  { readonly number: number; readonly text: string } | { readonly number: number; readonly problem: string };

/** Longer lines are named and skipped; a statement is a few hundred bytes. */
export const LONGEST_LINE = 8 * 1024 * 1024;

const NEWLINE = 0x0a;

/**
 * Yields the lines that each chunk of the stream completes, so that a reader can work in batches and still answer at
 * once when lines come slowly. Throws InputError when the stream is no UTF-8 text at all.
 */
export async function* lineBatches(stream: Readable): AsyncGenerator<Line[]> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let overlong = false;

  const finish = (last: Buffer): Line => {
    number += 1;
    const bytes = pending.length === 0 ? last : Buffer.concat([...pending, last]);
    const tooLong = overlong || bytes.length > LONGEST_LINE;
    pending = [];
    pendingBytes = 0;
    overlong = false;
    if (tooLong) return { number, problem: `longer than ${LONGEST_LINE / 1024 / 1024} MB` };
    try {
      // The decoder drops a byte order mark, which only the first line may have.
      return { number, text: decoder.decode(bytes) };
    } catch {
      return { number, problem: "not UTF-8" };
    }
  };
  const keep = (rest: Buffer): void => {
    pendingBytes += rest.length;
    if (pendingBytes > LONGEST_LINE) {
      overlong = true;
      pending = [];
    } else if (rest.length > 0) pending.push(rest);
  };

  let first = true;
  for await (const piece of stream) {
    const chunk = Buffer.isBuffer(piece) ? piece : Buffer.from(piece as string);
    if (first) refuseUtf16(chunk);
    first = false;
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(finish(chunk.subarray(start, end)));
      start = end + 1;
    }
    keep(chunk.subarray(start));
    if (lines.length > 0) yield lines;
  }
  if (pendingBytes > 0) yield [finish(Buffer.alloc(0))];
}

function refuseUtf16(start: Buffer): void {
  const [first, second] = start;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw new InputError(
      "standard input is UTF-16, expected UTF-8: convert it, for example with iconv -f UTF-16 -t UTF-8",
    );
  }
}
