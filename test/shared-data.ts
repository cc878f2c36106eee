/** Where the public data sets lie that tests and benchmarks may read; their texts are never copied into this repository. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const shared = process.env["NFR_LENS_SHARED"] ?? resolve(import.meta.dirname, "../../shared");

/** One row of a data set. */
export interface DataRow {
  readonly id: string;
  readonly text: string;
  readonly label: string | readonly string[];
  readonly project: string | null;
  readonly [field: string]: unknown;
}

/** The folder with the data sets (`NFR_LENS_SHARED`/data or ../shared/data), or undefined where there is none. */
export function dataFolder(): string | undefined {
  const folder = join(shared, "data");
  return existsSync(join(folder, "promise_nfr.jsonl")) ? folder : undefined;
}

/** The folder with real requirement documents, or undefined. */
export function documentsFolder(): string | undefined {
  const folder = join(shared, "data", "documents");
  return existsSync(folder) ? folder : undefined;
}

/** Rows of a JSON Lines file. */
export function readRows<Row = DataRow>(file: string): Row[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Row);
}
