/**
 * The shipped pack says what it said when it was shipped: stored predictions of the sample specification. After a new
 * pack, write them anew with UPDATE_GOLDENS=1 and read the difference.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { CheckedDocument } from "../../server/cli/check-rules.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { nfrLens, root } from "./run.ts";

const file = join(import.meta.dirname, "golden/bundled.json");

interface Stored {
  pack: string;
  statements: { line: number; id: string | null; label: string; confidence: number }[];
}

/** Processors round int8 products in different orders; a category at the border may not hang on that. */
const TOLERANCE = 0.02;

describe("the bundled pack", function () {
  this.timeout(60_000);
  it("reproduces the stored predictions of the sample specification", async () => {
    const { code, out, err } = await nfrLens(["check", "media/sample/specification.md", "--format", "json"]);
    assert.equal(code, 0, err);
    const { files } = JSON.parse(out) as { files: CheckedDocument[] };
    const { hash } = await readPackFolder(join(root, "models/base"));
    const statements = files[0]!.statements.map(({ line, id, label, confidence }) => {
      return { line, id, label, confidence: Math.round(confidence * 1000) / 1000 };
    });
    if (process.env["UPDATE_GOLDENS"] === "1") {
      writeFileSync(file, JSON.stringify({ pack: hash, statements } satisfies Stored, null, 1) + "\n");
    }
    assert.ok(existsSync(file), "write the golden with UPDATE_GOLDENS=1");
    const stored = JSON.parse(readFileSync(file, "utf8")) as Stored;
    assert.equal(
      hash,
      stored.pack,
      "models/base is another pack: write the golden anew with UPDATE_GOLDENS=1 and read it",
    );
    const words = (rows: Stored["statements"]): string[] => rows.map(({ line, id, label }) => `${line} ${id} ${label}`);
    assert.deepEqual(words(statements), words(stored.statements));
    for (const [index, { line, confidence }] of stored.statements.entries()) {
      const now = statements[index]!.confidence;
      assert.ok(Math.abs(now - confidence) <= TOLERANCE, `line ${line}: ${now}, stored ${confidence}`);
    }
  });

  it("knows the plain cases of every category of the sample", async () => {
    const { out } = await nfrLens(["check", "media/sample/specification.md", "--format", "json"]);
    const { files } = JSON.parse(out) as { files: CheckedDocument[] };
    // The sample's ids name the category its author meant.
    const meant: Record<string, string> = { FR: "F", AV: "A", LE: "L", OP: "O" };
    const judged = files[0]!.statements.flatMap(({ id, label }) => {
      const prefix = id?.split("-")[0];
      return prefix === undefined ? [] : [{ label, truth: meant[prefix] ?? prefix }];
    });
    assert.ok(judged.length >= 35);
    const right = judged.filter(({ label, truth }) => label === truth).length;
    assert.ok(right / judged.length >= 0.8, `${right} of ${judged.length} are as their author meant`);
  });
});
