/** `check --format text`: each document's requirements by category, and a table of documents and categories. */
import { type Category, NONE } from "../engine/taxonomy.ts";
import { type CheckedDocument, type CheckedStatement, counted } from "./check-rules.ts";

/** Columns of a wide terminal; longer statements are cut. */
const WIDTH = 110;

/** One document: its requirements grouped by category, in the taxonomy's order. */
export function documentText(document: CheckedDocument, categories: readonly Category[]): string {
  const { path, statements, findings } = document;
  const requirements = statements.filter(({ label }) => label !== NONE);
  const others = statements.length - requirements.length;
  const lines = [`${path}: ${counted(requirements.length, "requirement")}, ${counted(others, "other statement")}`];
  for (const { code, name } of knownAndOther(categories, requirements)) {
    const rows = requirements.filter(({ label }) => label === code);
    if (rows.length === 0) continue;
    lines.push(`  ${name} (${code}): ${rows.length}`, ...rows.map(statementLine));
  }
  if (findings.length > 0) lines.push("  Findings");
  lines.push(...findings.map(({ line, rule, message }) => `    ${path}:${line}: ${message} [${rule}]`));
  return lines.join("\n") + "\n\n";
}

/** Documents down, categories across, with totals; empty for no documents. */
export function tableText(documents: readonly CheckedDocument[], categories: readonly Category[]): string {
  const all = documents.flatMap(({ statements }) => statements);
  const used = knownAndOther(categories, all).filter(({ code }) => all.some(({ label }) => label === code));
  const row = (name: string, statements: readonly CheckedStatement[]): string[] => [
    name,
    ...used.map(({ code }) => String(statements.filter(({ label }) => label === code).length)),
    String(statements.filter(({ uncertain }) => uncertain).length),
  ];
  const rows = [
    ["document", ...used.map(({ code }) => code), "uncertain"],
    ...documents.map(({ path, statements }) => row(path, statements)),
    ...(documents.length > 1 ? [row("all", all)] : []),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const aligned = rows.map((cells) =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join("  "),
  );
  return documents.length === 0 ? "" : aligned.join("\n") + "\n";
}

/** The taxonomy, followed by codes that only labels or the model know. */
function knownAndOther(
  categories: readonly Category[],
  statements: readonly CheckedStatement[],
): Pick<Category, "code" | "name">[] {
  const known = new Set(categories.map(({ code }) => code));
  const others = [...new Set(statements.map(({ label }) => label))].filter((code) => !known.has(code)).sort();
  return [...categories, ...others.map((code) => ({ code, name: code }))];
}

function statementLine(statement: CheckedStatement): string {
  const { line, id, text, confidence, uncertain, source } = statement;
  const sure = source === "person" ? "labelled" : `${uncertain ? "?" : ""}${Math.round(confidence * 100)} %`;
  const words = id === null ? text : `${id} ${text}`;
  const head = `    ${String(line).padStart(5)}  ${sure.padStart(8)}  `;
  const room = WIDTH - head.length;
  return head + (words.length > room ? `${words.slice(0, room - 1)}…` : words);
}
