// Runs a bundled mocha suite inside the extension host of a real VS Code server, by the same two settings that
// @vscode/test-electron uses on a desktop: extensionDevelopmentPath and extensionTestsPath.
import { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { installVsix, makeRun, openBrowser, startServer, tail } from "./code-server.mjs";
import { verdict } from "./verdict.mjs";

/**
 * @param {object} job
 * @param {string} [job.extension] folder of the extension, or
 * @param {string} [job.vsix] its package: so a file that .vscodeignore lost is missed here and not by the first user
 * @param {string} job.tests the suite's entry, a CommonJS file that exports `run`
 * @param {string} job.workspace copied to a temporary folder for the run
 * @param {string} [job.open] what of it is opened, such as a workspace file; all of it by default
 * @param {boolean} job.trusted false opens the workspace in Restricted Mode
 * @param {number} job.timeout seconds
 * @param {string} job.failureFolder where screenshot and logs go when something fails
 * @param {boolean} job.verbose prints the whole log of the workbench
 */
export async function runInCodeServer(job) {
  const run = makeRun({ workspace: job.workspace, trusted: job.trusted });
  const resultFile = join(run.root, "result.json");
  let server, browser, end;
  try {
    const extension = job.vsix ? await installVsix(run, job.vsix, { into: join(run.root, "vsix") }) : job.extension;
    server = await startServer(run, {
      env: { E2E_RESULT_FILE: resultFile },
      // Without this a built VS Code ignores the extension*Path keys of the payload, and says nothing.
      vscodeOptions: ["enable-smoke-test-driver"],
    });
    browser = await openBrowser(run);
    end = await openSuite(run, server, browser.page, extension, job);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(tail(run.log));
    end = { why: String(error), errors: [] };
  }
  const result = verdict(end.code, resultFile);
  if (end.why) console.log(`  the run ended early: ${end.why}`);
  if (!result.complete)
    console.log(`  no result file; last errors of the workbench:\n${end.errors.slice(-8).join("\n")}`);
  if (!result.ok) await keepEvidence(run, browser?.page, end.logs ?? [], resolve(job.failureFolder));
  await browser?.context.close().catch(() => {});
  await server?.stop();
  run.remove();
  return result;
}

/** Opens the page that starts the suite, prints its lines, and waits for its end. */
async function openSuite(run, server, page, extension, job) {
  const errors = [];
  const ended = new Promise((done) => {
    void server.exited.then((code) => done({ why: `code-server ended with ${code}` }));
    page.on("crash", () => done({ why: "the page crashed" }));
    setTimeout(() => done({ why: `no result within ${job.timeout} s` }), job.timeout * 1000).unref();
    // VS Code calls window.codeAutomationExit(code, logs) when the extension host that ran the tests ends.
    void page.exposeFunction("codeAutomationExit", (code, logs) => done({ code, logs })).catch(() => {});
  });
  // The log of the workbench, which includes the console of the extension host. The suite marks its lines "[test]".
  await page.exposeFunction("codeAutomationLog", (type, args) => {
    const text = args.join(" ");
    if (text.startsWith("[test] ")) console.log(`  ${text.slice(7)}`);
    else if (job.verbose) console.log(`  [${type}] ${text}`);
    else if (type === "error") errors.push(text.split("\n")[0].slice(0, 300));
  });
  const payload = [
    ["extensionDevelopmentPath", server.uri(extension)],
    ["extensionTestsPath", server.uri(job.tests)],
    ["skipWelcome", "true"],
    ["skipReleaseNotes", "true"],
  ];
  await page.goto(server.url(join(run.workspace, job.open ?? ""), payload), { timeout: 60_000 });
  return { ...(await ended), errors };
}

async function keepEvidence(run, page, logs, folder) {
  mkdirSync(folder, { recursive: true });
  await page?.screenshot({ path: join(folder, "screen.png") }).catch(() => {});
  if (existsSync(run.log)) copyFileSync(run.log, join(folder, "code-server.log"));
  const serverLogs = join(run.userData, "logs");
  if (existsSync(serverLogs)) cpSync(serverLogs, join(folder, "logs"), { recursive: true });
  for (const { relativePath, contents } of logs) {
    const file = join(folder, "window-logs", relativePath);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  console.log(`  screenshot and logs are in ${folder}`);
}
