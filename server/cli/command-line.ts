/** From arguments to an exit code: finds the command, shows help, and words what commands throw. */
import { Cancelled, InputError } from "../engine/outcome.ts";
import { adapters } from "./adapters.ts";
import { check } from "./check.ts";
import { classify } from "./classify.ts";
import { type Command, commandHelp, HELP_OPTION, programHelp } from "./command.ts";
import { evaluate } from "./evaluate.ts";
import { exportPack } from "./export.ts";
import { describePack, ownVersion } from "./model.ts";
import { parseOptions, suggestion } from "./options.ts";
import { pack } from "./pack.ts";
import { complain, type ExitCode, FINE, INTERRUPTED, type Terminal, UNUSABLE, write } from "./terminal.ts";
import { train } from "./train.ts";

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [check, classify, train, evaluate, adapters, pack, exportPack];

/** Runs `nfr-lens ARGS` and returns the exit code. Nothing is thrown, whatever the arguments and the input are. */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  try {
    return await dispatch(args, terminal);
  } catch (error) {
    if (error instanceof Cancelled) return INTERRUPTED;
    complain(terminal, error instanceof InputError ? error.message : unexpected(error));
    return UNUSABLE;
  }
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [first, ...rest] = args;
  if (first === undefined) {
    terminal.stderr.write(programHelp(COMMANDS));
    return UNUSABLE;
  }
  if (first === "--version") {
    await write(terminal.stdout, await version(terminal));
    return FINE;
  }
  if (["--help", "-h", "help"].includes(first)) {
    const [topic] = rest;
    await write(terminal.stdout, topic === undefined ? programHelp(COMMANDS) : commandHelp(commandNamed(topic)));
    return FINE;
  }
  const command = commandNamed(first);
  // Help is given even when the rest of the line is wrong: that is when it is needed.
  if (rest.includes("--help") || rest.includes("-h")) {
    await write(terminal.stdout, commandHelp(command));
    return FINE;
  }
  try {
    return await command.run(parseOptions(rest, { ...command.options, ...HELP_OPTION }), terminal);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${command.name}: ${error.message}`, { cause: error });
  }
}

function commandNamed(name: string): Command {
  const command = COMMANDS.find((known) => known.name === name);
  if (command !== undefined) return command;
  const names = COMMANDS.map((known) => known.name);
  const what = name.startsWith("-") ? "unknown option" : "unknown command";
  const near = suggestion(name, [...names, "--help", "--version"]);
  throw new InputError(`${what} ${name}${near}\nCommands: ${names.join(", ")}. More: nfr-lens --help`);
}

async function version(terminal: Terminal): Promise<string> {
  return `nfr-lens ${await ownVersion(terminal)}\n${await describePack(terminal)}\n`;
}

function unexpected(error: unknown): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `this should not have happened; please report it:\n${what}`;
}
