/** Label rows that can be learnt: one word decides the category. */
export function labelLines(count: number, projects = 5): string {
  const words = { SE: "password", PE: "seconds", US: "readable", F: "print" };
  const codes = Object.keys(words) as (keyof typeof words)[];
  return Array.from({ length: count }, (_, i) => {
    const label = codes[i % codes.length]!;
    const text = `The ${["clerk", "system", "report", "search", "account"][i % 5]!} ${words[label]} shall ${words[label]} number ${i}.`;
    return JSON.stringify({ text, label, project: `P${i % projects}` }) + "\n";
  }).join("");
}
