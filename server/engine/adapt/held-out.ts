/**
 * `held-out.jsonl` of an adapter: what it said about each of its training rows when that row was held out. A later
 * comparison takes these instead of what the finished adapter says, because that one has learnt the answers.
 */
import { normalised } from "./examples.ts";
import { hashOf } from "./manifest.ts";

/** The out-of-fold prediction of a training row; null for a row that was never held out. */
export type HeldOut = { readonly label: string; readonly confidence: number } | null;

/** A text without its words: the adapter's folder may be shared where the requirements may not. */
export function textKey(text: string): string {
  return hashOf([normalised(text)]).slice(0, 20);
}

/** The file's text. */
export function formatHeldOut(rows: readonly { readonly text: string; readonly prediction: HeldOut }[]): string {
  return rows
    .map(({ text, prediction }) => {
      const { label, confidence } = prediction ?? { label: null, confidence: null };
      return JSON.stringify({ text: textKey(text), label, confidence }) + "\n";
    })
    .join("");
}

/** Predictions by {@link textKey}. Lines that cannot be read are left out. */
export function parseHeldOut(content: string): Map<string, HeldOut> {
  const found = new Map<string, HeldOut>();
  for (const line of content.split("\n").filter((candidate) => candidate !== "")) {
    let row: { text?: unknown; label?: unknown; confidence?: unknown } | null;
    try {
      row = JSON.parse(line) as typeof row;
    } catch {
      continue;
    }
    if (typeof row?.text !== "string") continue;
    const { label, confidence } = row;
    found.set(row.text, typeof label === "string" && typeof confidence === "number" ? { label, confidence } : null);
  }
  return found;
}
