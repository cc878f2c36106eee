/** What no one writes on purpose must be read, or refused by name, without a throw, a hang or a lie about places. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { formatOf, LONGEST_DOCUMENT, readDocument, type FormatName } from "../../../server/engine/documents/read.ts";
import type { DocumentProblem } from "../../../server/engine/documents/statement.ts";
import { readingProblemText } from "../../../server/reading-problem.ts";
import { runs } from "../../property-runs.ts";
import { assertSound } from "./check.ts";
import { markdownText, plainTextText } from "./random-documents.ts";

const FORMATS: FormatName[] = ["markdown", "text"];

describe("documents: properties of any input", () => {
  for (const format of FORMATS) {
    it(`places are exact, apart and in order: ${format}`, () => {
      const texts = fc.oneof(markdownText, plainTextText, fc.string({ unit: "binary", maxLength: 60 }));
      fc.assert(
        fc.property(texts, (text) => assertSound(text, readDocument(text, format))),
        { numRuns: 2 * runs },
      );
    });
  }
});

describe("documents: bad input", () => {
  const repeated = (part: string, length: number) => part.repeat(Math.ceil(length / part.length));
  const hostile: [name: string, text: string][] = [
    ["nothing", ""],
    ["blanks", " \t\n\r\n \r"],
    ["NUL bytes", "The system\0shall\0stop.\n\0\0\0"],
    ["lone surrogates", "The \ud800system\udfff shall stop.\n\n\udc00"],
    ["a line of a megabyte", repeated("The system shall do this and that. ", 1_000_000)],
    ["a word of a megabyte", "x".repeat(1_000_000)],
    ["deep quotes", `${">".repeat(10_000)} The system shall stop.`],
    ["deep lists", Array.from({ length: 2_000 }, (_, depth) => `${" ".repeat(2 * depth)}- It shall stop`).join("\n")],
    ["deep lists in a line", `${"- ".repeat(10_000)}The system shall stop.`],
    ["deep numbers in a line", `${"1. ".repeat(10_000)}The system shall stop.`],
    ["many footnotes", repeated("[^a]: It shall stop.\n", 40_000)],
    ["a table without end", `| ID | Requirement |\n|---|---|\n${repeated("|-|\n", 20_000)}`],
    ["an open fence", `\`\`\`\n${repeated("The system shall stop.\n", 40_000)}`],
    ["an open comment", `<!--\n${repeated("The system shall stop.\n\n", 40_000)}`],
    ...[
      "[",
      "](",
      "[a](",
      "**a ",
      "*",
      "_a",
      "`a` ",
      "`",
      "<",
      "<!--",
      "&",
      "\\",
      "|",
      "!",
      "(",
      '"',
      ". A",
      " 1.",
      "~~a",
    ].map((part): [string, string] => [`nothing but ${part}`, repeated(part, 45_000)]),
  ];
  for (const [name, text] of hostile) {
    it(`survives ${name}`, () => {
      for (const format of FORMATS) assertSound(text, readDocument(text, format));
    });
  }

  it("reads 100,000 list items", () => {
    const { statements } = readDocument("- It shall stop\n".repeat(100_000), "markdown");
    assert.equal(statements.length, 100_000);
    assert.equal(statements.at(-1)!.line, 99_999);
  });

  it("says what it read as plain text, and where", () => {
    const text = `Before that.\n\n${"> ".repeat(200)}It shall stop.\n\nAfter it all.\n`;
    const { problems, statements } = readDocument(text, "markdown");
    assert.equal(problems.length, 1);
    const [{ problem }] = problems as [DocumentProblem];
    assert.deepEqual(problem, { code: "read-as-plain-text", because: { much: "levels", most: 60 } });
    assert.match(
      readingProblemText(problem),
      /^This part is nested deeper than 60 levels, so it was read as plain text/u,
    );
    assert.ok(text.slice(problems[0]!.start, problems[0]!.end).includes("It shall stop."));
    assert.deepEqual([statements[0]!.text, statements.at(-1)!.text], ["Before that.", "After it all."]);
  });

  it("refuses what is too long, at once and by name", () => {
    const { statements, problems } = readDocument("x".repeat(LONGEST_DOCUMENT + 1), "markdown");
    assert.equal(statements.length, 0);
    assert.match(
      readingProblemText(problems[0]!.problem),
      /10000001 characters; at most 10000000 are read\. Split it/u,
    );
  });

  it("tells formats by language, else by name", () => {
    assert.equal(formatOf("notes", "markdown"), "markdown");
    assert.equal(formatOf("file:///a/SPEC.MD", "plaintext"), "text");
    assert.equal(formatOf("a/SPEC.Md", "unknown"), "markdown");
    assert.equal(formatOf("a.txt"), "text");
    assert.equal(formatOf("a.ts", "typescript"), undefined);
    assert.equal(formatOf("md"), undefined);
  });
});
