/**
 * Whole documents and what is read in them, kept to be reviewed as diffs: of own samples in full words, of real
 * documents (which are not ours to copy) as places and hashes. `NFR_LENS_UPDATE=1` writes them anew.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatOf, readDocument } from "../../../server/engine/documents/read.ts";
import type { Statement } from "../../../server/engine/documents/statement.ts";
import { documentsFolder } from "../../shared-data.ts";
import { assertSound } from "./check.ts";

const folder = join(import.meta.dirname, "golden");

function compare(file: string, found: string): void {
  if (process.env["NFR_LENS_UPDATE"] === "1") writeFileSync(file, found);
  assert.ok(existsSync(file), `${file} is missing: NFR_LENS_UPDATE=1 writes it`);
  assert.equal(found, readFileSync(file, "utf8"), "read differently: review, then NFR_LENS_UPDATE=1");
}

function inWords({ line, place, id, context, text, heading, ignored }: Statement): string {
  const where = `${line + 1} ${place}${ignored ? " (ignored)" : ""} under ${heading.join(" > ")}`;
  return `${where}\n  ${id === undefined ? "" : `[${id}] `}${context === undefined ? "" : `{${context}} `}${text}\n`;
}

function hash(...parts: readonly (string | undefined)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 12);
}

function inHashes({ start, end, place, id, context, text, heading, ignored }: Statement): string {
  return `${start}-${end} ${place} ${id === undefined ? "-" : hash(id)} ${hash(text, context, ...heading)}${ignored ? " ignored" : ""}\n`;
}

describe("documents: goldens", () => {
  for (const name of ["sample.md", "sample.txt"]) {
    it(name, () => {
      const text = readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n");
      const read = readDocument(text, formatOf(name)!);
      assertSound(text, read);
      compare(join(folder, `${name}.golden`), read.statements.map(inWords).join(""));
    });
  }

  const documents = documentsFolder();
  const names = documents === undefined ? [] : readdirSync(documents).filter((name) => /\.\w+$/u.test(name));
  if (documents === undefined) it("of real documents (skipped: no ../shared/data/documents)");
  for (const name of names) {
    it(`${name}, places and hashes`, () => {
      const text = readFileSync(join(documents!, name), "utf8");
      const read = readDocument(text, formatOf(name) ?? "text");
      assertSound(text, read);
      compare(join(folder, `${name}.hashes`), read.statements.map(inHashes).join(""));
    });
  }
});
