#!/usr/bin/env node
/**
 * The command line: `nfr-lens COMMAND …`. It only joins the process to {@link runCommandLine}; each command is a file
 * of `server/cli/`.
 */
import { realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { runCommandLine } from "./cli/command-line.ts";

/** The package's folder: one above this script, whether that is dist/cli.js, server/cli.ts or a link to one. */
const installation = dirname(dirname(realpathSync(process.argv[1] ?? join(process.cwd(), "dist", "cli.js"))));
const stop = new AbortController();

// A reader that had enough (`| head`) is no failure: end quietly.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());

void runCommandLine(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  cwd: process.cwd(),
  installation,
  signal: stop.signal,
  now: () => new Date(),
}).then((code) => {
  process.exitCode = code;
});
