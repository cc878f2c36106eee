import assert from "node:assert/strict";
import { sentenceSpans } from "../../../server/engine/documents/sentences.ts";

/** Cases are sentences parted by ` | `; the text is the case with single blanks there. */
const cases = [
  "The system shall log in. | It must be quick.",
  "Use a strong cipher, e.g. AES, i.e. nothing else. | Keys rotate.",
  "Reports, exports, etc. shall be signed. | Backups, etc. | The rest is not.",
  "It takes at most 2.5 s. | Version 2.0. | Next v3.1.4 follows.",
  "See Fig. 3 and No. 7. | Sec. 4.2 and Eq. IV apply.",
  "The answer is no. | The user shall retry.",
  "Wait max. 5 min. | The system then stops.",
  "Compare A vs. B and cf. Miller et al. for details.",
  "Open at 8 a.m. and close at 6 p.m. daily. | Holidays count.",
  "It extracts a packet from F. | It sends the packet to P. | As noted, that is all.",
  "J. R. Smith wrote it. | Dr. Jones agreed.",
  "REQ-1.2.3 shall hold. | NFR-3. | Both are tested.",
  "It waits ... and goes on. | It waits... | Then it goes on.",
  "The message shall read “File saved. Continue?” in bold. | It stays 5 s.",
  'The message shall read "Saved. Continue?" in bold. | It stays.',
  "It retries (see Sect. 3. That is enough.) and stops. | (It logs that, too.) | End.",
  "Enumerators such as a) and b) part nothing. | Really (well, a bit.",
  "Is it fast? | Yes! | It shall be.",
  "Yahoo! shall be supported. | Run node.js and .NET code.",
  "Then one of two things happens: 1. Nothing. | 2. Something.",
  "システムは暗号化する。 | 応答は二秒以内とする。",
  "Rotate by N bytes (i.e., deallocate N bytes). | Otherwise stop.",
  "Users in the U.S. must agree. | Those in the U.S. | The others need not.",
  "No space after.It goes on",
];

describe("documents: sentences", () => {
  for (const expected of cases) {
    it(expected, () => {
      const joined = expected.includes("。") ? expected.replaceAll(" | ", "") : expected.replaceAll(" | ", " ");
      assert.equal(
        sentenceSpans(joined)
          .map(({ start, end }) => joined.slice(start, end))
          .join(" | "),
        expected,
      );
    });
  }

  it("keeps code whole and lets code begin a sentence", () => {
    const text = "Call a. B now. c is next.";
    const code = [
      { start: 5, end: 9 },
      { start: 15, end: 16 },
    ];
    assert.deepEqual(
      sentenceSpans(text, code).map(({ start, end }) => text.slice(start, end)),
      ["Call a. B now.", "c is next."],
    );
  });

  it("covers every character that is not white space once", () => {
    for (const text of cases.map((one) => one.replaceAll(" | ", "\n"))) {
      const parts = sentenceSpans(text).map(({ start, end }) => text.slice(start, end));
      assert.equal(parts.join("").replace(/\s/gu, ""), text.replace(/\s/gu, ""));
    }
  });
});
