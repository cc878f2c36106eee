import assert from "node:assert/strict";
import { readDocument } from "../../../server/engine/documents/read.ts";
import { classifierText } from "../../../server/engine/documents/statement.ts";
import { checkMarks } from "./check.ts";

/** As in `markdown.test.ts`. */
const CASES = `
=== paragraphs, wrapped or line by line
«The system shall answer every request of a logged-in
user within two seconds.» «It shall not fail.»

«The system shall log in»
«The system shall also be able to log out all of its users»
«The system shall delete old log files»
=== identifiers, bullets and numbers begin statements
REQ-1: «{REQ-1}The system shall log in
without delay.»
REQ-2: «{REQ-2}The system shall log out.»
- «Bulleted words count.»
  • «Nested ones, too.»
1. «Numbered words count.»
a) «Lettered words count.»
[NFR-3] «{NFR-3}Brackets are fine.»
=== markup means nothing here
«The *system* shall use \`code\` & [links](x).»
=== headings
1 Introduction

2.1 Response Time

«It shall be quick.»

PERFORMANCE

Ease of Use
===========
«It shall be easy.»
=== comments that ignore
‹The first goes.› // nfr-lens-ignore
«The second stays.»
‹The third goes.› # nfr-lens-ignore
‹The fourth goes.› <!-- nfr-lens-ignore -->

‹The block goes.› ‹All of it.›
// nfr-lens-ignore

# nfr-lens-ignore-next
‹The next goes.› ‹All of it.›

«The first stays.» ‹The second goes.› <!-- nfr-lens-ignore --> «The third stays.»

«The rest stays // nfr-lens-ignored is a word.»
=== a whole file
‹The system shall be ignored.›

// nfr-lens-ignore-file
`;

describe("documents: plain text", () => {
  for (const part of CASES.split(/^=== /mu).slice(1)) {
    const title = part.slice(0, part.indexOf("\n"));
    const marked = part.slice(part.indexOf("\n") + 1);
    it(title, () => {
      checkMarks(marked, "text");
      checkMarks(marked.replaceAll("\n", "\r\n"), "text");
    });
  }

  it("gives headings and lead-ins", () => {
    const text =
      "1. Security\n\nThe system shall:\n  - encrypt backups\n  - log each login\n\n1.1 Access Rights\n\nUsers log in.\n";
    const { statements } = readDocument(text, "text");
    assert.deepEqual(
      statements.map((statement) => [classifierText(statement), statement.heading]),
      [
        ["The system shall: encrypt backups", ["1. Security"]],
        ["The system shall: log each login", ["1. Security"]],
        ["Users log in.", ["1. Security", "1.1 Access Rights"]],
      ],
    );
  });
});
