/** Random documents that are nasty where readers go wrong: block borders, fences, comments, lists, tables, definitions. */
import fc from "fast-check";

const words = [
  "The system shall answer within 2.5 s, e.g. at night.",
  "It must not fail",
  "REQ-12: Users shall log in.",
  "[NFR-3] Data are *encrypted* with `AES-256`.",
  "**R1.2** The `log` shall be kept. All of it.",
  "see [label] and [text][label] and [^note]",
  "a \\* b &amp; c &#x41; <b>bold</b> ~~gone~~",
  "The product shall support:",
  "x",
  "| a | b |",
  "naïve 日本語の要件です。 עברית \ud800 end",
  "![image text](a.png) [link text](https://example.org/secret) stays here",
  "one <!-- nfr-lens-ignore --> two words more",
];
const starts = [
  ...["", "", "", "", "# ", "## ", "- ", "- ", "* ", "1. ", "2. ", "7) ", "> ", "> > ", "  ", "   ", "    ", "\t"],
  ...["  - ", "   - ", "- - ", "-\t", "-      ", "- [ ] ", "[^note]: ", " 1. ", "#"],
];
const lines = [
  ...["", "", "", "", "", "```", "```js", "~~~", "  ```", "   ~~~", "    ```", "---", "===", "***", "* * *", "- - -"],
  ...["<!--", "-->", "<!-- a -->", "<!-- nfr-lens-ignore -->", "<!-- nfr-lens-ignore-next -->", "  <!-- x", "<div>"],
  ...["</div>", "<script>", "</script>", "<b>", "<?x", "?>", "[label]: /url", "[label]:", "[^note]: A note is here."],
  ...[
    "| ID | Requirement |",
    "|---|---|",
    "| R-1 | The system shall log. |",
    "R-2 | It shall be quick, always.",
    "-|-",
  ],
  ...[
    "| Kind | Words |",
    "- | -",
    "| a \\| b | `c|d` |",
    "-",
    "1.",
    "+++",
    "\\",
    "  hard break  ",
    "REQ-9: Go on now.",
  ],
];

const line = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...lines) },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom(...starts), fc.constantFrom(...words)).map((parts) => parts.join("")),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...starts), fc.constantFrom(...lines)).map((parts) => parts.join("")),
  },
);
const ending = fc.constantFrom("\n", "\n", "\n", "\n", "\r\n", "\r");

function document(ofLines: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const text = fc.array(fc.tuple(ofLines, ending), { maxLength: 24 }).map((all) => all.flat().join(""));
  return fc.oneof({ weight: 12, arbitrary: text }, { weight: 1, arbitrary: fc.string({ unit: "binary" }) });
}

export const markdownText = document(line);

const simpleStarts = [
  "",
  "",
  "",
  "- ",
  "* ",
  "1. ",
  "12) ",
  "# ",
  "### ",
  "**REQ-1:** ",
  "**R2** ",
  "[NFR-3] ",
  "**",
  "[x] ",
  " ",
];
const simpleParts = [
  ...[
    "The system shall ",
    "answer",
    " within",
    " 5 s",
    ".",
    ", ",
    " ",
    " ",
    " a_b_c ",
    " & ",
    " < 5 ",
    " ~5 ",
    " * ",
    "(2) ",
  ],
  ...[
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\n\n",
    "  \n",
    "\nThen it ",
    "\n12. ",
    "\n   and ",
    "\n---",
    "\n# ",
    "\n- ",
    "\n    ",
    "\n|",
  ],
  ...[
    "*",
    "_",
    "`",
    "[a]",
    "]",
    "<b>",
    "&amp;",
    "\\",
    "~~",
    "|",
    ":",
    "www.a.b",
    "http://a.b",
    "a@b.c",
    "é",
    "日",
    "#",
    "!",
    "\t",
  ],
  ...["**", "- ", "1. ", "**ID** ", '"quoted"', "‘x’", "> ", "=", "-", "\ufeff", "\u00a0", "\u2028", "\ud83d\ude00"],
];

/** Short texts of which many are plain and the others only just not. */
export const nearlySimple = fc
  .tuple(
    fc.constantFrom(...simpleStarts),
    fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...simpleParts.slice(0, 14)) },
        { weight: 1, arbitrary: fc.constantFrom(...simpleParts) },
      ),
      { minLength: 2, maxLength: 9 },
    ),
  )
  .map(([start, parts]) => `${start}The system${parts.join("")}`);

export const plainTextText = document(
  fc.oneof(
    line,
    fc.constantFrom("1. Scope", "PERFORMANCE", "Title Case Words", "a) first thing", "# nfr-lens-ignore-next", "-----"),
    fc.constantFrom(
      "It shall run. // nfr-lens-ignore",
      "// nfr-lens-ignore",
      "• a bullet of words",
      "<!-- nfr-lens-ignore -->",
    ),
  ),
);

/** A text and versions of it, each made by replacing a part with a piece of another text. */
export function edited(text: string, texts: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  const edit = fc.tuple(
    fc.nat(),
    fc.nat(30),
    fc.oneof(texts, fc.constantFrom("", "\n", "`", "-", " ", "x", "[", "|", "<!--")),
  );
  return fc.array(edit, { minLength: 1, maxLength: 6 }).map((edits) => {
    const versions = [text];
    for (const [at, removed, inserted] of edits) {
      const before = versions.at(-1)!;
      const from = at % (before.length + 1);
      versions.push(before.slice(0, from) + inserted + before.slice(from + removed));
    }
    return versions;
  });
}
