import assert from "node:assert/strict";
import { join } from "node:path";
import { findingsAbout, missingCategories, splitQualities } from "../../../server/engine/judge/findings.ts";
import { dataFolder, readRows } from "../../shared-data.ts";

function about(label: string, text: string, heading: string[] = [], scores: Record<string, number> = { [label]: 0.9 }) {
  return findingsAbout({ label, text, heading, scores, sure: true });
}

/** Each line: category, statement, and behind `=>` what is found in it. */
const CASES = `
PE The system shall respond quickly. => vagueWord quickly
PE Search shall have an acceptable response time. => vagueWord acceptable response time
PE The list must load as quickly as possible. => vagueWord as quickly as possible
PE The service shall minimize the response time. => vagueWord minimize the response time
PE Search shall have a response time of 2 seconds. =>
PE Search shall be as fast as the old product. =>
PE Responses shall come within two seconds. =>
PE If the response time rises, an operator shall be told. =>
PE The answer is quick. =>
PE This will ensure good performance. =>
PE The fast lane shall be shown first. =>
PE The page shall be fast: see the table below. =>
PE The system shall answer quickly by caching the last page. =>
F The system shall quickly send the report. =>
none The system should be fast. =>
A The service shall be highly available. => vagueWord highly available
A The service shall be available 99.5 % of the time. =>
A The service shall have an uptime of 99.9 %. => noPeriod 99.9 %
A The service shall have an uptime of 99.9 % per month. =>
A The service should have high availability (e.g. 99.9 %). =>
A The service shall answer 99.9 % of requests without an error. =>
A The service shall be available 24/7. =>
A Users should be told about the expected downtime. =>
US The site shall be easy to use. => vagueWord easy to use
US Forms should be clear and intuitive. => vagueWord intuitive
US The site shall show easy tasks first. =>
US A new user shall book a room in 5 minutes. =>
US Pages shall conform to WCAG level AA, so that they are easy to read. =>
LF The portal shall have a modern look. => vagueWord modern look
SC The system must handle a large number of users. => vagueWord large number of users
SC The system must handle 2,000 users. =>
SE The system shall be secure. => vagueWord secure
SE Sessions must be secure, protecting the cookie against theft. =>
SE All secure channels shall use TLS. =>
MN The code shall be easy to extend. => vagueWord easy to extend
MN Updates shall be easy to install in 10 minutes. =>
FT The server shall fail gracefully. => vagueWord gracefully
FT It must be resilient so that it goes on after a fault. =>
PO The library shall be portable. =>
PE The site shall be fast, secure and easy to use. => vagueWord fast; severalQualities fast, secure, easy to use
SE The portal shall be secure and reliable within 2 s. => severalQualities secure, reliable
SC The platform shall ensure high scalability and performance. => vagueWord high scalability; severalQualities scalability, performance
SE The timeout must balance security and usability within 5 minutes. =>
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

  it("builds nothing on a category that is only a guess", () => {
    const statement = { label: "US", text: "The site shall be easy to use.", heading: [], scores: { US: 0.4 } };
    assert.deepEqual(findingsAbout({ ...statement, sure: false }), []);
    assert.equal(findingsAbout({ ...statement, sure: true }).length, 1);
  });

  it("sees several qualities where the model is unsure, because they are what makes it so", () => {
    const statement = { text: "The site shall be fast and easy to use.", heading: [], scores: {} };
    const rules = (label: string, sure: boolean) =>
      findingsAbout({ ...statement, label, sure }).map(({ rule }) => rule);
    assert.deepEqual(rules("US", false), ["severalQualities"]);
    assert.deepEqual(rules("none", false), ["severalQualities"]);
    assert.deepEqual(rules("none", true), []);
  });

  it("finds the words as they stand in the text", () => {
    const text = "The Shop shall be Secure, and easy to use.";
    assert.deepEqual(
      about("SE", text).flatMap(({ about: words }) => words),
      ["Secure", "Secure", "easy to use"],
    );
  });

  it("sees a category that contradicts its section, and only where both are sure and no neighbours", () => {
    const text = "Pages shall load within 2 seconds.";
    const found = about("PE", text, ["Qualities", "3.2 Security requirements"], { PE: 0.95, SE: 0.01 });
    assert.deepEqual(found, [
      { rule: "contradictsHeading", reason: "otherHeading", about: ["3.2 Security requirements", "PE"] },
    ]);
    assert.deepEqual(about("PE", text, ["Security"], { PE: 0.85, SE: 0.01 }), []);
    assert.deepEqual(about("PE", text, ["Security"], { PE: 0.92, SE: 0.05 }), []);
    assert.deepEqual(about("PE", text, ["Performance"], { PE: 0.95 }), []);
    assert.deepEqual(about("PE", text, ["Scalability"], { PE: 0.95 }), []);
    assert.deepEqual(about("PE", text, ["Security of the harbour"], { PE: 0.95 }), []);
    assert.deepEqual(about("none", text, ["Security"], { none: 0.95 }), []);
  });

  it("splits a statement that ends in a row of qualities, and no other", () => {
    assert.deepEqual(splitQualities("The portal shall be very fast, secure and easy to use."), [
      "The portal shall be very fast.",
      "The portal shall be secure.",
      "The portal shall be easy to use.",
    ]);
    assert.deepEqual(splitQualities("It must ensure high security and performance"), [
      "It must ensure high security.",
      "It must ensure performance.",
    ]);
    for (const text of [
      "The portal shall be secure and fast for all users.",
      "The portal shall be both secure and fast.",
      "It shall print. It shall be secure and fast.",
      "The portal shall be secure.",
    ]) {
      assert.equal(splitQualities(text), undefined, text);
    }
  });

  it("takes no longer for a hostile text than for any other", () => {
    const long = `The system shall be ${"easy, simple and ".repeat(2000)}done`;
    const started = performance.now();
    for (const label of ["PE", "US", "SE"]) about(label, long);
    assert.ok(performance.now() - started < 1000, "a regular expression backtracks without end");
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
      assert.ok(flagged.length >= 8 && flagged.length <= 0.08 * quality, `${flagged.length} of ${quality}`);
      assert.ok(flagged.every(({ label }) => label !== "F"));
    });
  }
});
