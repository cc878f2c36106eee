/**
 * What is tested is in no training stage of the base: the rows that the recipe really trains on, and every statement
 * written for this project, against every text that some reported number is measured on.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type DataRow, dataFolder, readRows } from "../shared-data.ts";
import { LeakCheck, normalised, ParaphraseCheck } from "./leaks.ts";

const recipe = resolve(import.meta.dirname, "../../models/recipe");
const TEST_SETS = ["promise_nfr", "promise_nice", "promise_reclass", "func_concerns", "secreq"];

/** Statements of `data/synthetic` that share an idiom with a test text. The recipe leaves them out. */
const KNOWN_IDIOMS = [/grain of salt/, /24 hours per day/, /rival app/, /99\.99% of the time/];

/**
 * Prints the text of every row that the supervised stages of the recipe train on, one JSON string a line. Sentences of
 * the corpus go through the same filter; they are left out here because finding them takes minutes.
 */
const TRAINING_TEXTS = `
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
from dataset import statement_rows, without_tests
from places import Places
data = pathlib.Path(sys.argv[2])
places = Places(data=data, corpus=data, work=data)
for row in without_tests(places, statement_rows(places)):
    print(json.dumps(row.text))
`;

function testTexts(data: string): string[] {
  const rows = (name: string): DataRow[] => readRows(join(data, `${name}.jsonl`));
  const { repositories } = JSON.parse(readFileSync(join(recipe, "heldout.json"), "utf8")) as { repositories: string[] };
  return [
    ...TEST_SETS.flatMap(rows),
    ...rows("fr_nfr").filter((row) => row["in_promise"] === true),
    ...rows("documents_labelled").filter((row) => repositories.includes(row.project ?? "")),
  ].map((row) => row.text);
}

describe("leak check", () => {
  it("finds an equal text whatever its case and punctuation, and a common run of eight words", () => {
    const check = new LeakCheck(["The pump shall stop within two seconds of an alarm.", "Log in."]);
    assert.ok(check.leaks("the PUMP shall stop – within two seconds of an alarm"));
    assert.ok(check.leaks("log in"));
    assert.ok(check.leaks("REQ-4: The pump shall stop within two seconds of any alarm"));
    assert.ok(!check.leaks("The pump shall stop within two hours of an alarm."));
    assert.ok(!check.leaks("Log in to the pump."));
  });

  it("finds a statement in other words by the rare words that it shares", () => {
    const check = new ParaphraseCheck([
      "The pump shall stop within two seconds of an occlusion alarm.",
      "The pump shall record the dose.",
      "The nurse shall log in.",
      "The alarm shall be loud.",
    ]);
    assert.ok(check.paraphrases("Within two seconds of an occlusion alarm, pumps stop."));
    assert.ok(!check.paraphrases("The pump shall be blue."));
    assert.ok(!check.paraphrases(""));
  });

  it("finds test texts in no statement written for this project", function () {
    const data = dataFolder();
    if (data === undefined) return this.skip();
    const check = new LeakCheck(testTexts(data));
    const own = ["synthetic", "written", "borders"].flatMap((folder) =>
      readdirSync(join(recipe, "data", folder))
        .filter((name) => name.endsWith(".jsonl"))
        .flatMap((name) => readRows(join(recipe, "data", folder, name))),
    );
    assert.ok(own.length > 15_000, "the project's own statements were not found");
    const leaks = own.map((row) => row.text).filter((text) => check.leaks(text));
    assert.deepEqual(
      leaks.filter((text) => !KNOWN_IDIOMS.some((idiom) => idiom.test(text))),
      [],
      "reword these statements: they equal a test text or share eight words in a row with one",
    );
  });

  it("finds test texts in none of the rows that the recipe trains the base on", function () {
    this.timeout(180_000);
    const data = dataFolder();
    if (data === undefined) return this.skip();
    if (spawnSync("python3", ["-c", "import numpy"]).status !== 0) return this.skip();
    const { status, stdout, stderr } = spawnSync("python3", ["-c", TRAINING_TEXTS, recipe, data], {
      encoding: "utf8",
      maxBuffer: 256 * 1024 * 1024,
    });
    assert.equal(status, 0, stderr);
    const texts = stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as string);
    assert.ok(texts.length > 30_000, `only ${texts.length} training rows`);
    const check = new LeakCheck(testTexts(data));
    const paraphrase = new ParaphraseCheck(testTexts(data));
    assert.deepEqual(
      texts.filter((text) => check.leaks(text) || paraphrase.paraphrases(text, 0.4)).map(normalised),
      [],
      "models/recipe/leaks.py let these texts through to training",
    );
  });
});
