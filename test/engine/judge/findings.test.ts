import assert from "node:assert/strict";
import { join } from "node:path";
import { findingsAbout, missingCategories } from "../../../server/engine/judge/findings.ts";
import { dataFolder, readRows } from "../../shared-data.ts";

function about(label: string, text: string, heading: string[] = [], scores: Record<string, number> = { [label]: 0.9 }) {
  return findingsAbout({ label, text, heading, scores });
}

/** Each line: category, statement, and behind `=>` what is found in it. */
const CASES = `
PE The system shall respond quickly. => vagueWord quickly
PE Search shall have an acceptable response time. => noNumber acceptable response time
PE Search shall have a response time of 2 seconds. =>
PE Search shall be as fast as the old product. =>
PE Responses shall come within two seconds. =>
PE If the response time rises, an operator shall be told. =>
PE The answer is quick. =>
F The system shall quickly send the report. =>
none The system should be fast. =>
A The service shall be highly available. => vagueWord highly available
A The service shall be available 99.5 % of the time. =>
A The service shall have an uptime of 99.9 %. => noPeriod 99.9 %
A The service shall have an uptime of 99.9 % per month. =>
A The service shall be available 24/7. =>
US The site shall be easy to use. => vagueWord easy
US A new user shall book a room in 5 minutes. =>
US Pages shall conform to WCAG level AA, so that they are easy to read. =>
SC The system must handle a large number of users. => vagueWord large number of
SC The system must handle 2,000 users. =>
SE The system shall be secure. => vagueWord be secure
SE All secure channels shall use TLS. =>
MN Updates shall be easy to install in 10 minutes. =>
FT The server shall fail gracefully. => vagueWord gracefully
PE The site shall be fast, secure and easy to use. => vagueWord fast; severalQualities fast, secure, easy to use
SE The portal shall be secure and reliable within 2 s. => severalQualities secure, reliable
PE Response time and throughput shall be logged each 5 s. =>
SE The security log shall be open to auditors and reliable staff. =>
F The system shall be fast and secure. =>
MN Logs shall be kept for 5 days to ensure reliability and performance. =>
`;

describe("judge: findings", () => {
  for (const line of CASES.trim().split("\n")) {
    it(line, () => {
      const [, label, text, expected] = /^(\S+) (.*) =>\s?(.*)$/u.exec(line)!;
      const found = about(label!, text!).map(({ reason, about: words }) => `${reason} ${words.join(", ")}`);
      assert.equal(found.join("; "), expected);
    });
  }

  it("sees a category that contradicts its section, and only where both are sure", () => {
    const text = "Pages shall load within 2 seconds.";
    const found = about("PE", text, ["Qualities", "3.2 Security requirements"], { PE: 0.95, SE: 0.01 });
    assert.deepEqual(found, [
      { rule: "contradictsHeading", reason: "otherHeading", about: ["3.2 Security requirements", "PE"] },
    ]);
    assert.deepEqual(about("PE", text, ["Security"], { PE: 0.7, SE: 0.01 }), []);
    assert.deepEqual(about("PE", text, ["Security"], { PE: 0.85, SE: 0.1 }), []);
    assert.deepEqual(about("PE", text, ["Performance"], { PE: 0.95 }), []);
    assert.deepEqual(about("PE", text, ["Security of the harbour"], { PE: 0.95 }), []);
    assert.deepEqual(about("none", text, ["Security"], { none: 0.95 }), []);
  });

  it("lists categories that are missing", () => {
    assert.deepEqual(missingCategories(["SE", "F", "SE"], ["SE", "PE", "A"]), ["PE", "A"]);
    assert.deepEqual(missingCategories([], []), []);
  });

  const folder = dataFolder();
  const name = "alarms on few statements of real projects, and on no functional one";
  if (folder === undefined) it(`${name} (skipped: no ../shared/data)`);
  else {
    it(name, () => {
      const rows = readRows(join(folder, "promise_nfr.jsonl")).map(({ text, label }) => ({
        text,
        label: String(label),
      }));
      const flagged = rows.filter(({ text, label }) => about(label, text).length > 0);
      const quality = rows.filter(({ label }) => label !== "F").length;
      assert.ok(flagged.length >= 15 && flagged.length <= 0.08 * quality, `${flagged.length} of ${quality}`);
      assert.ok(flagged.every(({ label }) => label !== "F"));
    });
  }
});
