import assert from "node:assert/strict";
import { bareId, headingId, isId, leadingId, startsWithId } from "../../../server/engine/documents/identifier.ts";

describe("documents: identifiers", () => {
  const written: [text: string, id: string, rest: string][] = [
    ["REQ-12: The system shall", "REQ-12", "The system shall"],
    ["[NFR-3] The system shall", "NFR-3", "The system shall"],
    ["(FR_7) - The system shall", "FR_7", "The system shall"],
    ["R1.2 The system shall", "R1.2", "The system shall"],
    ["SVC-DEFRAMER-001 | accepts", "SVC-DEFRAMER-001", "accepts"],
    ["cES1000. The cFE shall", "cES1000", "The cFE shall"],
    ["3.2.1 The system shall", "3.2.1", "The system shall"],
    ["1.2) The system shall", "1.2", "The system shall"],
    ["Requirement 12: The system", "Requirement 12", "The system"],
    ["NFR #4 - The system", "NFR #4", "The system"],
    ["PROJ-123 – The system", "PROJ-123", "The system"],
    ["要件-1: システム", "要件-1", "システム"],
  ];
  for (const [text, id, rest] of written) {
    it(`finds ${id} in "${text}"`, () => {
      const found = leadingId(text);
      assert.deepEqual([found?.id, text.slice(found?.after ?? 0)], [id, rest]);
    });
  }

  for (const text of [
    "ISO-27001 Compliance shall be certified",
    "TLS-1.2: only this is allowed",
    "AES-256 Encryption is used",
    "The system shall",
    "3.5 seconds is the limit",
    "2.5 Mbit of traffic",
    "2024-01-31: The meeting",
    "A4 paper shall fit",
    "Note: nothing is numbered",
    "x",
    "",
  ]) {
    it(`finds none in "${text}"`, () => assert.equal(leadingId(text), undefined));
  }

  it("takes markup around an identifier for a separator", () => {
    assert.deepEqual(leadingId("SVC-1 shall work", 5), { id: "SVC-1", after: 6 });
    assert.equal(leadingId("Deframer shall work", 8), undefined);
  });

  it("tells cells, headings and lines that are identifiers", () => {
    for (const id of ["REQ-12", "[R1]", "12", "SVC-1:", "FR 3"]) assert.ok(isId(id), id);
    for (const words of ["Unit test", "2021-01-30", "", "shall"]) assert.ok(!isId(words), words);
    assert.equal(bareId("[REQ-1]"), "REQ-1");
    assert.equal(headingId("NFR-3: Response time"), "NFR-3");
    assert.equal(headingId("3.2 Response time"), undefined);
    assert.ok(startsWithId("REQ-2: It shall"));
    assert.ok(!startsWithId("v2) and so on") && !startsWithId("1.5) text") && !startsWithId("no id here"));
  });
});
