/** What every command is: a name, a help text made from its own table, and a function. */
import type { OptionTable, ParsedOptions } from "./options.ts";
import type { ExitCode, Terminal } from "./terminal.ts";

export interface Command {
  readonly name: string;
  /** One line in the list of commands. */
  readonly summary: string;
  /** What stands behind `nfr-lens NAME`. */
  readonly usage: string;
  /** What it does, and what comes out, in a few lines. */
  readonly teaches: string;
  readonly options: OptionTable;
  readonly examples: readonly string[];
  /** Throws InputError for what it cannot use; the caller words it and ends with 2. */
  readonly run: (options: ParsedOptions, terminal: Terminal) => Promise<ExitCode>;
}

/** Every command has it. */
export const HELP_OPTION: OptionTable = { help: { short: "h", says: "Show this help." } };

/** The help of one command. */
export function commandHelp(command: Command): string {
  return [
    `nfr-lens ${command.name} ${command.usage}`,
    "",
    command.teaches,
    "",
    "Options:",
    ...optionLines({ ...command.options, ...HELP_OPTION }),
    "",
    "Examples:",
    ...command.examples.map((example) => `  ${example}`),
    "",
  ].join("\n");
}

/** The help of the program. */
export function programHelp(commands: readonly Command[]): string {
  return [
    "nfr-lens: see, correct and teach the quality category of every requirement in a specification.",
    "Everything runs on this machine; nothing is sent anywhere.",
    "",
    "Usage: nfr-lens COMMAND …",
    "",
    "Commands:",
    ...columns(commands.map(({ name, summary }) => [name, summary])),
    "",
    "Options:",
    ...columns([
      ["--help, -h", "Show this help; with a command, what that command does."],
      ["--version", "Show the version of the program and of the bundled model."],
    ]),
    "",
    "Start here:",
    "  nfr-lens check docs                            the categories of every requirement under docs/",
    "  nfr-lens check docs --fail-on missing:SE       exit code 1 when nothing is said about security",
    '  echo \'{"text": "Passwords shall be stored as salted hashes."}\' | nfr-lens classify --jsonl',
    "  nfr-lens help check                            more about one command",
    "",
    "Exit codes: 0 fine; 1 findings you asked to fail on, or lines that classify or check could not use; 2 bad usage or",
    "unreadable input. Rows that train and evaluate leave out are named on standard error.",
    "",
  ].join("\n");
}

function optionLines(table: OptionTable): string[] {
  return columns(
    Object.entries(table).map(([name, spec]) => {
      const short = spec.short === undefined ? "" : `, -${spec.short}`;
      const value = spec.value === undefined ? "" : ` ${spec.value}`;
      return [`--${name}${value}${short}`, spec.says + (spec.repeat === true ? " May be given more than once." : "")];
    }),
  );
}

/** Columns of a terminal. */
const WIDTH = 118;
/** A longer left side gets a line of its own. */
const LEFT = 34;

function columns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.min(LEFT, Math.max(...rows.map(([left = ""]) => left.length)));
  const indent = `\n${" ".repeat(width + 4)}`;
  return rows.map(([left = "", right = ""]) => {
    const head = left.length > width ? `  ${left}${indent}` : `  ${left.padEnd(width)}  `;
    return head + wrapped(right, WIDTH - width - 4).join(indent);
  });
}

/** Words in lines of at most `width` characters. */
function wrapped(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines.at(-1)!;
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
