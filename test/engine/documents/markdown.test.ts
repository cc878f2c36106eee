import assert from "node:assert/strict";
import { readDocument } from "../../../server/engine/documents/read.ts";
import { classifierText } from "../../../server/engine/documents/statement.ts";
import { checkMarks } from "./check.ts";

/** Cases are marked documents (see `check.ts`), one after the other, each under a line `=== what it shows`. */
const CASES = `
=== paragraphs and headings
# The product

«It shall start within 2 s.» «It must not fail, e.g. at night.»

Setext heading here
-------------------
«Lines that are wrapped
belong together.»
=== markup that opens and closes inside belongs to the range
«**The system shall *never* fail.**» «*Or* does it fail \`often\`?»

«Use the \`log()\` function & **trust** [the manual](https://example.org/manual) a lot» ![diagram of words](x.png)
=== identifiers in all their dress
REQ-12: «{REQ-12}The system shall log in.» «It shall be quick.»

[NFR-3] «{NFR-3}Data shall be encrypted.»

**SVC-DEFRAMER-001** «{SVC-DEFRAMER-001}The deframer shall accept bytes.»

\`R1.2\` «{R1.2}Users shall be asked.»

- **FR-1:** «{FR-1}Users shall log in.»
- FR-2 - «{FR-2}Users shall log out.»

REQ-20: «{REQ-20}It shall start.»
REQ-21: «{REQ-21}It shall stop.»
=== an identifier on a line of its own, or in the heading, goes to the next statement
## NFR-7: Response time

«{NFR-7}Answers shall come within 1 s.» «All of them.»

**NFR-8**

«{NFR-8}Pages shall load within 3 s.»
=== code, HTML, comments, definitions, images and front matter are not read
---
title: The system shall not read this.
---
\`\`\`
The system shall not read this.
\`\`\`

    The system shall not read this.

<div>The system shall not read this.</div>

<!-- The system shall not
read this. -->

[label]: https://example.org "The system shall not read this"

![The system shall not read this](a.png)

\`the system shall\` \`not read\`

«Only this is read.»
=== lists, nested, numbered, with tasks and struck-out items
- «The system shall store data.»
  «It shall delete them on request.»

  «Another paragraph of the item.»
  1. «Nested requirements count, too.»
- [x] «Done tasks are statements.»
- ~~The system shall be forgotten.~~
* «A list with another marker.»
=== requirement tables: the demand under its id; rationale, status and verification are left out
| ID | Requirement | Rationale | Verification |
|----|-------------|-----------|--------------|
| R-1 | «{R-1}The system shall log in.» | Users need to work. | Test by hand please |
| R-2 | «{R-2}The \`api\` shall be fast.» «It shall not fail.» | | |
=== a column of ids is known by its cells, the demand by what is left
Requirement | Description | Rationale
----------- | ----------- | ---------
SVC-1 | «{SVC-1}\`Svc\` shall accept bytes.» | The purpose of the thing is that.
SVC-2 | «{SVC-2}\`Svc\` shall send bytes.» | For flexibility we want that.
=== a short title beside the full text gives way to it
| No. | Requirement | Description | Priority |
|---|---|---|---|
| 1 | Login | «{1}The user shall be able to log in by name.» | must have it |
| 2 | Logout | «{2}The user shall be able to log out again.» | must have it |
=== other tables: cells that read like sentences; the history of the document is left out
| Quality | Meaning for us here |
|---|---|
| Speed | «All answers come within one second.» |
| Safety | high |

| Date | Version | Description |
|---|---|---|
| 2024-01-01 | 1.0 | The first draft of this document |
=== quotes and notes
> «Quoted text is read as well.»
> > «However deep it is quoted.»

> > «A quote may go on
    \`\`\`
> > and with them again.»

«A note follows[^1] here.»

[^1]: «The note shall be read, too.»
=== references and characters
«Read [the manual][m] and [nothing].» «If A &lt; B &amp; C \\* D, it stops.»

[m]: https://example.org
=== a comment ignores the statement that it follows
«The first stays.» ‹The second goes.› <!-- nfr-lens-ignore --> «The third stays.»

- ‹This item goes.› <!-- nfr-lens-ignore -->
- «This item stays.»

| ID | Requirement |
|---|---|
| R-1 | ‹The row shall go.› <!-- nfr-lens-ignore --> |
| R-2 <!-- nfr-lens-ignore --> | «{R-2}The cell shall stay.» |
| <!-- nfr-lens-ignore --> | ‹The whole row shall go.› |
=== a comment below a block ignores the block, one above ignores the next
‹All of this block goes.› ‹Every sentence of it.›
<!-- nfr-lens-ignore -->

<!-- nfr-lens-ignore-next -->
‹The next block goes.› ‹All of it.›

«This stays.» <!-- nfr-lens-ignore-next --> ‹Only the next sentence goes.› «This stays, too.»

<!-- nfr-lens-ignore -->

‹Far above is above.›

«The rest stays.»
=== a whole file
‹The system shall be ignored.›

<!-- nfr-lens-ignore-file -->

‹Every part of it.›
=== line ends of all kinds, tabs and right-to-left text
-\t«Tabs part the marker from its words.»

«המערכת תאפשר כניסה.» «النظام يجب أن يعمل.»
=== single words and figures are no statements
Introduction

TBD

- 42
- n/a

«Encrypted backups»
`;

describe("documents: Markdown", () => {
  for (const part of CASES.split(/^=== /mu).slice(1)) {
    const title = part.slice(0, part.indexOf("\n"));
    const marked = part.slice(part.indexOf("\n") + 1).replace("| R-2 <!-- nfr-lens-ignore --> |", "| R-2 |");
    it(title, () => {
      checkMarks(marked);
      // Windows line ends change no statement, only places.
      checkMarks(marked.replaceAll("\n", "\r\n"));
    });
  }

  it("decodes escapes and drops markup in the text", () => {
    const { statements } = readDocument(
      "**REQ-1:** A &lt; B &amp; C \\* *D*\n  of `code`<br>and [link](x).\n",
      "markdown",
    );
    assert.equal(statements[0]!.text, "A < B & C * D of code and link.");
  });

  it("gives headings above, outermost first, and zero-based lines", () => {
    const text = "# A\n\n## B *b*\n\nOne statement here.\n\n### C\n\n# D\n\nAnother statement here.\n";
    const { statements } = readDocument(text, "markdown");
    assert.deepEqual(
      statements.map(({ heading, line }) => ({ heading, line })),
      [
        { heading: ["A", "B b"], line: 4 },
        { heading: ["D"], line: 10 },
      ],
    );
  });

  it("gives list items the lead-in that they continue, and drops the lead-in itself", () => {
    const text = `The system shall:

- encrypt backups
- log:
  - each login
  - each logout. Always.
- The admin must approve.

Nothing follows this colon:

Except a paragraph.

1. Not continued
`;
    const { statements } = readDocument(text, "markdown");
    assert.deepEqual(statements.map(classifierText), [
      "The system shall: encrypt backups",
      "The system shall: log: each login",
      "The system shall: log: each logout.",
      "The admin must approve.",
      "Nothing follows this colon:",
      "Except a paragraph.",
      "Not continued",
    ]);
    assert.equal(statements[0]!.text, "encrypt backups");
    assert.equal(text.slice(statements[0]!.start, statements[0]!.end), "encrypt backups");
  });

  it("hands a lead-in's identifier and the comment that ignores it down to its items", () => {
    const text = "REQ-5: The system shall:\n\n- encrypt backups\n- REQ-6: log each login\n\n";
    const ids = (source: string) => readDocument(source, "markdown").statements.map(({ id, ignored }) => [id, ignored]);
    assert.deepEqual(ids(text), [
      ["REQ-5", false],
      ["REQ-6", false],
    ]);
    const after = "Other text stays.\n";
    const hidden = [
      ["REQ-5", true],
      ["REQ-6", true],
      [undefined, false],
    ];
    assert.deepEqual(ids(text.replace(":\n", ": <!-- nfr-lens-ignore -->\n") + after), hidden);
    assert.deepEqual(ids(`<!-- nfr-lens-ignore-next -->\n${text}${after}`), hidden);
  });

  it("says where a statement came from", () => {
    const text = "A paragraph here.\n\n- A list item.\n\n| Requirement |\n|---|\n| A cell shall count. |\n";
    assert.deepEqual(
      readDocument(text, "markdown").statements.map(({ place }) => place),
      ["paragraph", "listItem", "tableCell"],
    );
  });

  it("follows definitions wherever they stand, also after an edit", () => {
    const before = readDocument("See [the log] now.\n\nOther text here.\n", "markdown");
    assert.equal(before.statements[0]!.text, "See [the log] now.");
    const after = readDocument("See [the log] now.\n\nOther text here.\n\n[the log]: /x\n", "markdown", before);
    assert.equal(after.statements[0]!.text, "See the log now.");
    assert.equal(after.statements.length, 2);
  });
});
