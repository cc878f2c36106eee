/** The language server as a program: speaks LSP over standard input and output until its client goes away. */
import { realpathSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { createConnection, ProposedFeatures } from "vscode-languageserver/node";
import { openModel } from "./open-model.ts";
import { serve } from "./serve.ts";
import { runEvaluation, runTraining } from "./training.ts";

// The library reads the transport from the arguments; it also keeps stray prints out of standard output.
if (!process.argv.some((argument) => /^--(stdio|node-ipc|socket|pipe)/.test(argument))) process.argv.push("--stdio");
const connection = createConnection(ProposedFeatures.all);

process.on("unhandledRejection", (reason) => {
  const text = reason instanceof Error ? (reason.stack ?? reason.message) : String(reason);
  connection.console.error(`unhandled rejection: ${text}`);
});

/** The installation: this program lies in a folder of it, bundled in `dist/` or as a source in `server/`. */
const home = dirname(dirname(realpathSync(process.argv[1] ?? ".")));

serve(connection, { openModel, trainer: { train: runTraining, evaluate: runEvaluation } }, { home, user: userName() });

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers run under numbers that have no name.
    return process.env["USER"] ?? "unknown";
  }
}
