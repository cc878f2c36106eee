/**
 * Documents as test cases. The input carries marks around what should be found: `«…»` around each statement, with
 * `{id}` in front of it where it has one. The helper takes the marks out, reads the rest and puts the reader's own
 * marks in: a test shows both as one text.
 */
import assert from "node:assert/strict";
import { readDocument, type FormatName } from "../../../server/engine/documents/read.ts";
import type { ReadDocument, Statement } from "../../../server/engine/documents/statement.ts";

/** Reads the text without its marks and compares where the reader put them. Ignored statements are marked `‹…›`. */
export function checkMarks(marked: string, format: FormatName = "markdown"): ReadDocument {
  const text = marked.replace(/«(?:\{[^}]*\})?|»|‹|›/gu, "");
  const read = readDocument(text, format);
  assert.equal(withMarks(text, read.statements), marked);
  assertSound(text, read);
  return read;
}

function withMarks(text: string, statements: readonly Statement[]): string {
  let marked = "";
  let at = 0;
  for (const { start, end, id, ignored } of statements) {
    const [open, close] = ignored ? ["‹", "›"] : [`«${id === undefined ? "" : `{${id}}`}`, "»"];
    marked += text.slice(at, start) + open + text.slice(start, end) + close;
    at = end;
  }
  return marked + text.slice(at);
}

/** What holds for every document: places inside the text, in order, apart, and the source says what the text says. */
export function assertSound(source: string, { statements }: ReadDocument): void {
  let last = 0;
  const starts = [0, ...Array.from(source.matchAll(/\r\n|\n|\r/gu), (match) => match.index + match[0].length)];
  let above = 0;
  for (const statement of statements) {
    const { start, end, text, segments, line } = statement;
    assert.ok(start >= last && end > start && end <= source.length, `places: ${JSON.stringify(statement)}`);
    assert.ok(text !== "" && text === text.replace(/\s+/gu, " ").trim(), `text: ${JSON.stringify(text)}`);
    while (above + 1 < starts.length && starts[above + 1]! <= start) above++;
    assert.equal(line, above, "line");
    let from = 0;
    for (const segment of segments) {
      assert.ok(segment.start >= from && segment.end > segment.start && start + segment.end <= end, "segments");
      from = segment.end;
    }
    const words = segments.map((segment) => source.slice(start + segment.start, start + segment.end)).join("");
    // Escapes and character references are the only difference between the source's words and the text.
    if (!/[&\\\0]/u.test(words)) assert.equal(words.replace(/\s/gu, ""), text.replace(/\s/gu, ""));
    last = end;
  }
}
