/**
 * Cutting a document into chunks and reading only the changed ones must change the work, never the result. The plain
 * version is the oracle: the whole text as one chunk, read anew.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ChunkedFormat } from "../../../server/engine/documents/chunk.ts";
import { readInChunks } from "../../../server/engine/documents/incremental.ts";
import { frontMatterEnd } from "../../../server/engine/documents/markdown-chunks.ts";
import { markdown } from "../../../server/engine/documents/markdown-format.ts";
import { readSimple } from "../../../server/engine/documents/markdown-simple.ts";
import { readMarkdown } from "../../../server/engine/documents/markdown.ts";
import { plainText } from "../../../server/engine/documents/plain-text.ts";
import { readDocument, type FormatName } from "../../../server/engine/documents/read.ts";
import type { ReadDocument } from "../../../server/engine/documents/statement.ts";
import { runs } from "../../property-runs.ts";
import { edited, markdownText, nearlySimple, plainTextText } from "./random-documents.ts";

const uncut: ChunkedFormat = {
  ...markdown,
  *chunks(text) {
    const start = frontMatterEnd(text);
    if (start > 0) yield { start: 0, end: start, kind: "skipped", prefix: "" };
    if (start < text.length) yield { start, end: text.length, kind: "flow", prefix: "" };
  },
};

describe("documents: reading in chunks", () => {
  it("gives what the Markdown parser makes of the whole text", () => {
    fc.assert(
      fc.property(markdownText, (text) => {
        const cut = readInChunks(markdown, text);
        assert.deepEqual(cut.document.statements, readInChunks(uncut, text).document.statements);
        const covered = cut.chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        assert.equal(covered, text.length, "chunks have no gaps");
      }),
      { numRuns: runs },
    );
  });

  it("takes its shortcut only where the parser says the same", () => {
    const seen = { taken: 0 };
    fc.assert(
      fc.property(nearlySimple, (text) => {
        const events = readSimple(text);
        if (events === undefined) return;
        seen.taken++;
        assert.deepEqual(events, readMarkdown(text).events);
      }),
      { numRuns: 5 * runs },
    );
    assert.ok(seen.taken > runs / 2, `the shortcut was taken ${seen.taken} times of ${5 * runs}`);
  });

  for (const [format, texts] of [
    ["markdown", markdownText],
    ["text", plainTextText],
  ] as const) {
    it(`gives the same after any series of edits: ${format}`, () => {
      fc.assert(
        fc.property(
          texts.chain((text) => edited(text, texts)),
          (versions) => {
            let read: ReadDocument | undefined;
            for (const text of versions) {
              read = readDocument(text, format, read);
              const { statements, problems } = readDocument(text, format);
              assert.deepEqual({ statements: read.statements, problems: read.problems }, { statements, problems });
            }
          },
        ),
        { numRuns: runs },
      );
    });
  }

  it("reads one chunk again when one requirement changes", () => {
    for (const [format, line] of [
      ["markdown", (i: number) => `**REQ-${i}:** The system shall answer request ${i} within ${i} ms.\n\n`],
      ["markdown", (i: number) => `- The system shall answer request ${i}.\n`],
      ["markdown", (i: number) => `# Chapter ${i}\nThe system shall answer request ${i}.\n`],
      ["text", (i: number) => `REQ-${i}: The system shall answer request ${i}.\n`],
    ] as [FormatName, (i: number) => string][]) {
      const lines = Array.from({ length: 400 }, (_, i) => line(i));
      const before = readDocument(lines.join(""), format);
      assert.equal(before.statements.length, 400);
      lines[200] = lines[200]!.replace("answer", "refuse");
      const after = readDocument(lines.join(""), format, before);
      assert.match(after.statements[200]!.text, /refuse/);
      assert.ok(after.work.read <= 2, `read ${after.work.read} chunks`);
      assert.ok(after.work.reused >= 398, `reused ${after.work.reused} chunks`);
    }
  });

  it("reads few rows again when one row of a long table changes or goes", () => {
    const rows = Array.from({ length: 400 }, (_, i) => `| R-${i} | The system shall answer request ${i}. |\n`);
    const table = (body: string[]) => `| ID | Requirement |\n|---|---|\n${body.join("")}`;
    const before = readDocument(table(rows), "markdown");
    assert.equal(before.statements.length, 400);
    const after = readDocument(table(rows.toSpliced(200, 1)), "markdown", before);
    assert.equal(after.statements.length, 399);
    assert.ok(after.work.read * 4 < after.work.reused, JSON.stringify(after.work));
  });

  it("knows a reading of another format for what it is", () => {
    const text = "The system shall *never* fail.\n";
    const asText = readDocument(text, "text");
    assert.deepEqual(readDocument(text, "markdown", asText).statements, readDocument(text, "markdown").statements);
  });

  it("keeps no chunk of plain text apart that the whole would join", () => {
    const whole: ChunkedFormat = { ...plainText };
    assert.equal(readInChunks(whole, "The system shall\nanswer within 2 s.\n").document.statements.length, 1);
  });
});
