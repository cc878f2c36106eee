// Shows the extension on a real screen, as a user sees it: it is installed from its VSIX, a file is opened, and a
// script looks, clicks and takes screenshots. Unlike the journeys it shows notifications and dialogs.
//
//   node test/editor/screen.mjs [--vsix FILE] [--workspace DIR] [--file NAME] [--shots DIR] [--script FILE.mjs]
//        [--theme "Default Light Modern"] [--restricted]
//
// The script's default export gets {page, shot, command, webview, server, run}; without one a screenshot is taken when
// the first code lens shows. Scripts with names of their own live in test/editor/screens/.
import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pathToFileURL } from "node:url";
import { command, installVsix, makeRun, openBrowser, startServer, tail, webview, workbench } from "./code-server.mjs";

const root = resolve(import.meta.dirname, "../..");
const { values: options } = parseArgs({
  options: {
    vsix: { type: "string", default: join(root, `dist/nfr-lens-${process.platform}-${process.arch}.vsix`) },
    workspace: { type: "string", default: join(import.meta.dirname, "workspace") },
    file: { type: "string", default: "specification.md" },
    shots: { type: "string", default: join(root, "out/shots") },
    script: { type: "string" },
    theme: { type: "string" },
    restricted: { type: "boolean", default: false },
  },
});
mkdirSync(options.shots, { recursive: true });
const started = Date.now();
const step = (what) => console.log(`[${((Date.now() - started) / 1000).toFixed(1)} s] ${what}`);

/** The first code lens of the opened file, and a picture of it. */
async function firstLook({ page, shot }) {
  await page.locator(".codelens-decoration a").first().waitFor();
  await shot("editor");
}

const settings = options.theme ? { "workbench.colorTheme": options.theme } : {};
const run = makeRun({ workspace: options.workspace, trusted: !options.restricted, settings });
let server, browser;
let ok = false;
try {
  await installVsix(run, options.vsix);
  // No enable-smoke-test-driver here: it hides notification toasts.
  server = await startServer(run);
  browser = await openBrowser(run);
  const { page } = browser;
  page.setDefaultTimeout(30_000);
  const openFile = server.uri(join(run.workspace, options.file));
  await page.goto(server.url(run.workspace, [["openFile", openFile]]), { timeout: 60_000 });
  await workbench(page, { file: options.file });
  step(`editor shows ${options.file}`);
  const shot = async (name) => {
    await page.screenshot({ path: join(options.shots, `${name}.png`) });
    step(`screenshot ${name}.png`);
  };
  const script = options.script ? (await import(pathToFileURL(resolve(options.script)).href)).default : firstLook;
  await script({
    page,
    shot,
    command: (title) => command(page, title),
    webview: (index) => webview(page, index),
    server,
    run,
  });
  ok = true;
} catch (error) {
  console.error(error);
  await browser?.page.screenshot({ path: join(options.shots, "failure.png") }).catch(() => {});
  console.error(tail(run.log));
} finally {
  await browser?.context.close().catch(() => {});
  await server?.stop();
  run.remove();
}
step(ok ? `done; pictures in ${options.shots}` : "FAILED");
process.exit(ok ? 0 : 1);
