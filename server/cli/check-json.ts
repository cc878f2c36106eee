/** `check --format json`: everything that was found, as one object. */
import { NONE } from "../engine/taxonomy.ts";
import type { CheckReport } from "./check-rules.ts";

export function reportJson({ model, documents, unreadable, missing, failed }: CheckReport): string {
  const all = documents.flatMap(({ statements }) => statements);
  const labels: Record<string, number> = {};
  for (const { label } of all) labels[label] = (labels[label] ?? 0) + 1;
  const summary = {
    model,
    files: documents.length,
    statements: all.length,
    requirements: all.length - (labels[NONE] ?? 0),
    uncertain: all.filter(({ uncertain }) => uncertain).length,
    labels,
    missing: missing.map(({ code }) => code),
    unreadable,
    failed,
  };
  return JSON.stringify({ files: documents, summary }, null, 2) + "\n";
}
