/**
 * The door of the command line: arguments become complete typed values here, once. What is not known is refused with
 * the nearest thing that is.
 */
import { parseArgs } from "node:util";
import { InputError } from "../engine/outcome.ts";

/** One option of a command, as the help shows it. */
export interface OptionSpec {
  /** What the value is called in the help; a flag has none. */
  readonly value?: string;
  readonly says: string;
  readonly repeat?: boolean;
  readonly short?: string;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

/** The values of a command line, by option: every lookup says what it wants and refuses what it finds otherwise. */
export class ParsedOptions {
  readonly positionals: readonly string[];
  readonly #values: ReadonlyMap<string, readonly string[]>;

  constructor(values: ReadonlyMap<string, readonly string[]>, positionals: readonly string[]) {
    this.#values = values;
    this.positionals = positionals;
  }

  /** Whether the flag was given. */
  flag(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name)?.at(-1);
  }

  all(name: string): readonly string[] {
    return this.#values.get(name) ?? [];
  }

  required(name: string, example: string): string {
    const value = this.text(name);
    if (value === undefined) throw new InputError(`--${name} is missing, for example: ${example}`);
    return value;
  }

  oneOf<T extends string>(name: string, choices: readonly T[], otherwise: T): T;
  oneOf<T extends string>(name: string, choices: readonly T[], otherwise: undefined): T | undefined;
  oneOf<T extends string>(name: string, choices: readonly T[], otherwise: T | undefined): T | undefined {
    const value = this.text(name);
    if (value === undefined) return otherwise;
    const choice = choices.find((known) => known === value);
    if (choice !== undefined) return choice;
    throw new InputError(
      `--${name} is "${value}", expected one of: ${choices.join(", ")}${suggestion(value, choices)}`,
    );
  }

  number(name: string, lowest: number, kind: "whole" | "any" = "any"): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = value.trim() === "" ? NaN : Number(value);
    if (Number.isFinite(number) && number >= lowest && (kind === "any" || Number.isSafeInteger(number))) return number;
    const expected = kind === "whole" ? "a whole number" : "a number";
    throw new InputError(`--${name} is "${value}", expected ${expected} of at least ${lowest}`);
  }
}

/** Reads `args` by the command's table. Throws InputError for what it does not know. */
export function parseOptions(args: readonly string[], table: OptionTable): ParsedOptions {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, spec]) => [
      name,
      {
        type: spec.value === undefined ? ("boolean" as const) : ("string" as const),
        multiple: spec.repeat === true,
        ...(spec.short === undefined ? {} : { short: spec.short }),
      },
    ]),
  );
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const spec = Object.hasOwn(table, token.name) ? table[token.name] : undefined;
    if (spec === undefined) {
      const known = Object.keys(table).map((name) => `--${name}`);
      throw new InputError(`unknown option ${token.rawName}${suggestion(token.rawName, known)}`);
    }
    const given = values.get(token.name) ?? [];
    values.set(token.name, [...given, valueOf(token.rawName, token.value, spec, given.length > 0)]);
  }
  return new ParsedOptions(values, positionals);
}

function valueOf(name: string, value: string | undefined, spec: OptionSpec, again: boolean): string {
  if (again && spec.repeat !== true) throw new InputError(`${name} is given twice; once is enough`);
  if (spec.value === undefined) {
    if (value !== undefined) throw new InputError(`${name} takes no value, found "${value}"`);
    return "";
  }
  // `--pack --adapter X` forgot a value; a value that begins with a dash is written --name=-x.
  if (value === undefined || value === "" || value.startsWith("--")) {
    throw new InputError(`${name} needs a value: ${name} ${spec.value}`);
  }
  return value;
}

/** `; did you mean "…"?` where something known is near, else nothing. */
export function suggestion(found: string, known: readonly string[]): string {
  const ranked = known
    .map((word) => ({ word, distance: editDistance(found.toLowerCase(), word.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.ceil(best.word.length / 3) ? `; did you mean ${best.word}?` : "";
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const changed = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(changed, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
