import assert from "node:assert/strict";
import { once } from "node:events";
import { join } from "node:path";
import { Writable } from "node:stream";
import type { Prediction } from "../../server/engine/model/classifier.ts";
import { jsonLines, makeTinyPack, nfrLens, type Outcome, temporaryFolder } from "./run.ts";

interface Answer {
  text: string;
  nfr: Prediction;
}

describe("classify", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let pack: string;
  before(async () => {
    pack = await makeTinyPack(folder);
  });
  const classify = (...stdin: (string | Uint8Array)[]): Promise<Outcome> =>
    nfrLens(["classify", "--jsonl", "--pack", pack], { stdin });
  const rows = (count: number): string[] =>
    Array.from(
      { length: count },
      (_, index) => `{"text":"Statement ${index} ${"and more ".repeat(index % 9)}","n":${index}}\n`,
    );

  it("gives each object back in order, with a category and scores that sum to 1", async () => {
    const input = rows(700);
    const { code, out, err } = await classify(...input);
    assert.deepEqual([code, err], [0, ""]);
    const answers = jsonLines(out) as (Answer & { n: number })[];
    assert.deepEqual(
      answers.map(({ n }) => n),
      input.map((_, index) => index),
    );
    for (const { nfr } of answers) {
      const scores = Object.values(nfr.scores);
      assert.ok(Math.abs(scores.reduce((sum, share) => sum + share, 0) - 1) < 1e-6);
      assert.equal(nfr.confidence, Math.max(...scores));
      assert.equal(nfr.scores[nfr.label], nfr.confidence);
      assert.equal(typeof nfr.uncertain, "boolean");
    }
    assert.ok(new Set(answers.map(({ nfr }) => nfr.confidence)).size > 100, "the answers depend on the text");
  });

  it("says the same whatever stands in the other lines", async () => {
    const alone = jsonLines((await classify('{"text":"Statement 8 and more"}')).out) as Answer[];
    const among = jsonLines((await classify(...rows(8), '{"text":"Statement 8 and more"}')).out) as Answer[];
    assert.equal(among.at(-1)!.nfr.label, alone[0]!.nfr.label);
    assert.ok(Math.abs(among.at(-1)!.nfr.confidence - alone[0]!.nfr.confidence) < 1e-5);
  });

  it("leaves the rest of a line letter by letter as it was, and replaces an older answer", async () => {
    const line = ' {"big": 12345678901234567890, "a\\u0041": [1.10],  "text": "Log \\"in\\"." , "__proto__": 1 } ';
    const { out } = await classify(line + "\r\n");
    assert.ok(out.startsWith(line.trim().slice(0, -1).trimEnd() + ',"nfr":{"label":'), out);
    const [again] = jsonLines((await classify('{"text":"a","nfr":"old"}\n')).out) as Answer[];
    assert.deepEqual(Object.keys(again!), ["text", "nfr"]);
    assert.equal(typeof again!.nfr.label, "string");
  });

  it("names lines it cannot use by number, processes the others and ends with 1", async () => {
    const bad = ["{", "[]", "null", '"text"', "{}", '{"text":3}', '{"text":null}'].map((line) => line + "\n");
    const { code, out, err } = await classify('{"text":"a"}\n\n', ...bad, new Uint8Array([0xff, 0x0a]), '{"text":"b"}');
    assert.equal(code, 1);
    assert.deepEqual(
      (jsonLines(out) as Answer[]).map(({ text }) => text),
      ["a", "b"],
    );
    const lines = err.trimEnd().split("\n");
    assert.match(lines[0]!, /^nfr-lens: line 3: not valid JSON: /);
    assert.deepEqual(lines.slice(1), [
      'nfr-lens: line 4: found a list, expected an object such as {"text": "…"}',
      'nfr-lens: line 5: found null, expected an object such as {"text": "…"}',
      'nfr-lens: line 6: found a string, expected an object such as {"text": "…"}',
      'nfr-lens: line 7: "text" is missing, expected a string',
      'nfr-lens: line 8: "text" is a number, expected a string',
      'nfr-lens: line 9: "text" is null, expected a string',
      "nfr-lens: line 10: not UTF-8, expected a JSON object in UTF-8",
      "nfr-lens: 8 lines were left out",
    ]);
  });

  it("takes empty input, empty text and a line of a megabyte", async () => {
    assert.deepEqual(await classify(), { code: 0, out: "", err: "" });
    const { code, out } = await classify('{"text":""}\n', JSON.stringify({ text: "word ".repeat(200_000) }) + "\n");
    assert.equal(code, 0);
    assert.equal(jsonLines(out).length, 2);
  });

  it("waits for a slow reader instead of keeping answers in memory", async () => {
    let written = 0;
    let mostWaiting = 0;
    const slow = new Writable({
      highWaterMark: 1024,
      write(chunk: Buffer, _encoding, done) {
        written += chunk.toString().split("\n").length - 1;
        mostWaiting = Math.max(mostWaiting, slow.writableLength);
        setImmediate(done);
      },
    });
    await nfrLens(["classify", "--jsonl", "--pack", pack], { stdin: rows(3000), stdout: slow });
    slow.end();
    await once(slow, "finish");
    assert.equal(written, 3000);
    assert.ok(mostWaiting < 200_000, `${mostWaiting} bytes waited: a batch or two is expected`);
  });

  it("ends with 130 when interrupted", async () => {
    const stop = new AbortController();
    stop.abort();
    const run = nfrLens(["classify", "--jsonl", "--pack", pack], { stdin: rows(1), signal: stop.signal });
    assert.equal((await run).code, 130);
  });

  it("ends with 2 and says why when it is asked for what it cannot do", async () => {
    const cases: [args: string[], message: RegExp, stdin?: Uint8Array][] = [
      [["classify"], /classify: say --jsonl/],
      [["classify", "--jsonl", "a.jsonl"], /reads standard input, found "a.jsonl": write < a.jsonl/],
      [
        ["classify", "--jsonl", "--pack", join(folder, "none")],
        /nfr-lens\.json is missing\. The folder .* does not exist/,
      ],
      [["classify", "--jsonl", "--pack", pack, "--adapter", folder], /holds no adapter/],
      [["classify", "--jsonl", "--pack", pack], /standard input is UTF-16/, Buffer.from("\uFEFF{}\n", "utf16le")],
    ];
    for (const [args, message, stdin] of cases) {
      const { code, out, err } = await nfrLens(args, stdin === undefined ? {} : { stdin: [stdin] });
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.match(err, message);
    }
  });
});
