/** A program of its own that appends labels, for tests with several writers: ROOT AUTHOR COUNT. Confirms each one. */
import { writeSync } from "node:fs";
import { statementKey } from "../../server/store/label.ts";
import { LabelLog } from "../../server/store/label-log.ts";

const [root = "", author = "", count = "0"] = process.argv.slice(2);
const log = new LabelLog(root);
try {
  for (let index = 0; index < Number(count); index++) {
    const text = `${author} ${index}`;
    await log.append({
      v: 1,
      key: statementKey(text, "spec.md", []),
      text,
      label: "F",
      document: "spec.md",
      heading: [],
      author,
      time: new Date().toISOString(),
      predicted: null,
      confidence: null,
      pack: null,
      adapter: null,
      origin: "document",
    });
    writeSync(1, `${index}\n`);
  }
} catch (error) {
  writeSync(1, `refused: ${(error as Error).message} (${log.records.length} in memory)\n`);
}
