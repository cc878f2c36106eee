/** Documents and labels that even a tiny network learns from. */
import { type LabelRecord, statementKey } from "../../server/store/label.ts";
import { formatLabelLine } from "../../server/store/label-lines.ts";

/** Statements in patterns that even a tiny network tells apart once it was taught. */
const PATTERNS: readonly [string, string][] = [
  ["SE", "Passwords shall be stored as hashes in table"],
  ["PE", "The search shall answer within seconds for query"],
  ["US", "A novice shall learn without help the screen"],
];
/** Options of a training that is over in a second and changes categories. */
export const LESSON = { kind: "lora", epochs: 16, seed: 5 } as const;

/** Fifteen statements in patterns. */
export function documentOf(name: string): string {
  const lines = Array.from({ length: 15 }, (_, index) => `${PATTERNS[index % 3]![1]} ${name} ${index}.`);
  return lines.join("\n\n") + "\n";
}

/** A log with the right label for every statement of these documents. */
export function labelsOf(names: readonly string[]): string {
  const records = names.flatMap((name) =>
    Array.from({ length: 15 }, (_, index): LabelRecord => {
      const [label, words] = PATTERNS[index % 3]!;
      const text = `${words} ${name} ${index}.`;
      const place = { key: statementKey(text, `${name}.md`, []), document: `${name}.md`, heading: [] };
      const said = { predicted: null, confidence: null, pack: null, adapter: null };
      return {
        v: 1,
        text,
        label,
        ...place,
        author: "Ada",
        time: "2026-01-01T00:00:00.000Z",
        ...said,
        origin: "document",
      };
    }),
  );
  return records.map(formatLabelLine).join("");
}

export const TAUGHT_NAMES = ["a", "b", "c", "d"];
/** A workspace folder whose four documents are all labelled. */
export const TAUGHT_FOLDER: Readonly<Record<string, string>> = {
  ".nfr-lens/labels.jsonl": labelsOf(TAUGHT_NAMES),
  ...Object.fromEntries(TAUGHT_NAMES.map((name) => [`${name}.md`, documentOf(name)])),
};
