/**
 * Entry point named by `extensionTestsPath`. VS Code loads the bundle inside the extension host and awaits `run()`;
 * a rejection means "tests failed". The same file serves code-server and a desktop VS Code. It runs every bundled
 * `*.test.js` that lies beside it.
 */
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import Mocha from "mocha";

interface Result {
  title: string;
  state: "passed" | "failed" | "pending";
  ms: number;
  error?: string;
}

const MARKS = { passed: "ok  ", failed: "FAIL", pending: "skip" };

/** One plain line per test: the log of the workbench does not expand the %s of mocha's own reporters. */
function print(result: Result): void {
  const lines = [`${MARKS[result.state]} ${result.title} (${result.ms} ms)`, ...(result.error?.split("\n") ?? [])];
  for (const line of lines) console.log(`[test] ${line}`);
}

function recorder(results: Result[]): Mocha.ReporterConstructor {
  const add = (result: Result): void => {
    results.push(result);
    print(result);
  };
  // Mocha calls it with `new`; a plain function can be called so, too.
  return function (runner: Mocha.Runner) {
    runner.on("pass", (test) => add({ title: test.fullTitle(), state: "passed", ms: test.duration ?? 0 }));
    runner.on("pending", (test) => add({ title: test.fullTitle(), state: "pending", ms: 0 }));
    runner.on("fail", (test, error: Error) =>
      add({ title: test.fullTitle(), state: "failed", ms: test.duration ?? 0, error: error.stack ?? error.message }),
    );
  } as unknown as Mocha.ReporterConstructor;
}

export async function run(): Promise<void> {
  const results: Result[] = [];
  const grep = process.env["E2E_GREP"];
  const mocha = new Mocha({
    ui: "bdd",
    timeout: 60_000,
    ...(grep === undefined ? {} : { grep }),
    reporter: recorder(results),
  });
  for (const file of readdirSync(__dirname).sort()) {
    if (file.endsWith(".test.js")) mocha.addFile(path.join(__dirname, file));
  }
  const failures = await new Promise<number>((resolve) => mocha.run(resolve));

  const file = process.env["E2E_RESULT_FILE"];
  if (file !== undefined) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify({ failures, results }, null, 1));
  }
  if (failures > 0) throw new Error(`${failures} test(s) failed`);
  if (results.length === 0) throw new Error("no test ran");
}
