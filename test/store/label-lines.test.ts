import assert from "node:assert/strict";
import { type LabelRecord, statementKey } from "../../server/store/label.ts";
import { formatLabelLine, parseLabelLines } from "../../server/store/label-lines.ts";

const record: LabelRecord = {
  v: 1,
  key: statementKey("The system shall log in.", "spec.md", ["Security"]),
  text: "The system shall log in.",
  label: "SE",
  document: "spec.md",
  heading: ["Security"],
  author: "Ada",
  time: "2026-01-02T03:04:05.000Z",
  predicted: "F",
  confidence: 0.5,
  pack: "aa",
  adapter: null,
  origin: "document",
};
const line = formatLabelLine(record);

function parse(text: string) {
  return parseLabelLines(Buffer.from(text), "labels.jsonl");
}

function kinds(text: string): string[] {
  return parse(text).problems.map(({ kind, line }) => `${line} ${kind}`);
}

describe("lines of the label log", () => {
  it("come back as they were written", () => {
    assert.deepEqual(parse(line), { records: [record], problems: [] });
  });

  it("survive Windows line ends, a byte order mark and blank lines", () => {
    const { records, problems } = parse("\uFEFF" + line.replace("\n", "\r\n") + "\r\n\n");
    assert.deepEqual(records, [record]);
    assert.deepEqual(problems, []);
  });

  it("count once when git's union merge doubled them", () => {
    assert.equal(parse(line + line).records.length, 1);
  });

  it("are used although the last newline is missing", () => {
    assert.deepEqual(parse(line.trimEnd()).records, [record]);
  });

  it("name a torn last line and use the ones before it", () => {
    const { records, problems } = parse(line + line.slice(0, 40));
    assert.deepEqual(records, [record]);
    assert.deepEqual(problems, [
      {
        kind: "torn",
        line: 2,
        message: "labels.jsonl, line 2: the last line is incomplete and is not used. The next label starts a new line.",
      },
    ]);
  });

  it("name conflict markers and use what stands between them", () => {
    const other = formatLabelLine({ ...record, label: "PE" });
    const text = `<<<<<<< HEAD\n${line}||||||| base\n=======\n${other}>>>>>>> branch\n`;
    assert.deepEqual(
      parse(text).records.map(({ label }) => label),
      ["SE", "PE"],
    );
    assert.deepEqual(kinds(text), ["1 conflict", "3 conflict", "4 conflict", "6 conflict"]);
  });

  it("of a newer format are named and not used", () => {
    const newer = JSON.stringify({ ...record, v: 2, label: { code: "SE" } }) + "\n";
    assert.deepEqual(kinds(newer + line), ["1 newer"]);
    assert.equal(parse(newer + line).records.length, 1);
  });

  it("keep unknown keys out of the program", () => {
    const { records } = parse(JSON.stringify({ ...record, extra: 1, __proto__: { text: "x" } }));
    assert.deepEqual(records, [record]);
  });

  it("take defaults for fields that may be left out", () => {
    const { v, key, text, label, document, heading, author, time } = record;
    const { records } = parse(JSON.stringify({ v, key, text, label, document, heading, author, time }));
    assert.deepEqual(records, [{ ...record, predicted: null, confidence: null, pack: null }]);
  });

  const broken: [string, unknown, string][] = [
    ["v", "1", 'field v is "1", expected a format version from 1'],
    ["text", " ", 'field text is " ", expected the words of a statement'],
    ["label", 7, "field label is 7, expected a category code or null"],
    ["heading", ["a", 1], 'field heading is ["a",1], expected a list of headings'],
    ["time", "yesterday", 'field time is "yesterday", expected a time in ISO 8601'],
    ["confidence", 94, "field confidence is 94, expected a number from 0 to 1 or null"],
    ["origin", "dream", 'field origin is "dream", expected document, queue, blind, review'],
    ["author", undefined, "field author is nothing, expected a name"],
  ];
  for (const [field, value, message] of broken) {
    it(`with a wrong ${field} say what was found and expected`, () => {
      assert.deepEqual(parse(line + JSON.stringify({ ...record, [field]: value }) + "\n" + line).problems, [
        { kind: "malformed", line: 2, message: `labels.jsonl, line 2: ${message}; the line is not used.` },
      ]);
    });
  }

  it("that are no objects are named", () => {
    assert.deepEqual(kinds("[]\nnull\nnot json\n\u0000\u0001\n" + line), [
      "1 malformed",
      "2 malformed",
      "3 malformed",
      "4 malformed",
    ]);
  });
});

describe("the key of a statement", () => {
  const key = statementKey("The system shall log in.", "spec.md", ["Security"]);

  it("does not depend on white space or on how an accent is composed", () => {
    assert.equal(statementKey(" The  system\nshall log in. ", "spec.md", ["Security "]), key);
    assert.equal(statementKey("cafe\u0301", "a", []), statementKey("caf\u00e9", "a", []));
  });

  it("depends on text, document and every heading", () => {
    const others = [
      statementKey("The system shall log out.", "spec.md", ["Security"]),
      statementKey("The system shall log in.", "other.md", ["Security"]),
      statementKey("The system shall log in.", "spec.md", ["Chapter", "Security"]),
      statementKey("The system shall log in.", "spec.md", []),
    ];
    assert.equal(new Set([key, ...others]).size, 5);
  });
});
