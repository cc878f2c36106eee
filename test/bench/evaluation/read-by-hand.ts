/**
 * A real document whose statements were read one by one, by models/recipe/data/labelling-guide.md and without a look at any
 * model's answers: what states behaviour is a requirement, what explains, defines or instructs is none. The judgements lie
 * beside this file under the hashes of the texts, which are not ours to ship.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readDocument } from "../../../server/engine/documents/read.ts";
import type { DataRow } from "../../shared-data.ts";

const NAME = "nasa_fprime_deframer_sdd";
/** Characters of a text's SHA-256 that its judgement is filed under. */
const HASH_LENGTH = 12;

/** A statement with its category and the document or project it is from. */
export type LabelledText = Pick<DataRow, "text" | "label" | "project">;

/** The document's statements with what a reader called them; throws when one was never judged. */
export function readByHand(data: string): LabelledText[] {
  const judged = JSON.parse(readFileSync(join(import.meta.dirname, `${NAME}.json`), "utf8")) as Record<string, string>;
  const file = join(data, "documents", `${NAME}.md`);
  if (!existsSync(file)) throw new Error(`${file} was not found: --data names a folder without these documents`);
  const source = readFileSync(file, "utf8");
  return readDocument(source, "markdown").statements.map(({ text }) => {
    const label = judged[createHash("sha256").update(text).digest("hex").slice(0, HASH_LENGTH)];
    if (label === undefined) {
      throw new Error(`${NAME}.json judges no statement ${JSON.stringify(text)}: the document or its reader changed`);
    }
    return { text, label, project: NAME };
  });
}
