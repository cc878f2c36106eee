// The journey of a teacher, at the real keyboard of a real VS Code: label twenty statements, train, watch, cancel,
// train again, read the report, activate, roll back. The extension is installed from its package, as a user has it.
// Each step waits for what the screen shows; a picture of each is kept in out/editor/teach for people to look at.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { command, installVsix, makeRun, openBrowser, startServer, tail, webview, workbench } from "./code-server.mjs";

const PREFIX = "Control+Alt+j";
const STATEMENTS = 20;
const FAST_KEYS = 18;
const FAST_KEY_MS = 50;

/** The steps in order; each relies on the ones before. */
const steps = {
  "opens the specification and shows lenses": async ({ page, server, run }) => {
    const file = server.uri(join(run.workspace, "specification.md"));
    await page.goto(server.url(run.workspace, [["openFile", file]]), { timeout: 60_000 });
    await workbench(page, { file: "specification.md" });
    await lens(page, "Accept").first().waitFor();
  },
  "lists the requirements by category": async ({ page }) => {
    await command(page, "View: Show NFR Lens");
    await row(page, /^Security, \d+ requirements/).waitFor();
    await row(page, /^Performance, \d+ requirements/).waitFor();
  },
  "labels twenty statements with one key each": async ({ page, labels, specification }) => {
    const text = specification();
    await page.locator(".monaco-editor .view-line").first().click();
    await chord(page, "l");
    await page.locator(".quick-input-title", { hasText: "0 labelled" }).waitFor();
    // Faster than statements can come: what is pressed in between is dropped, and never typed into the document.
    for (let key = 0; key < FAST_KEYS; key++) {
      await page.keyboard.press("1");
      await page.waitForTimeout(FAST_KEY_MS);
    }
    const quick = await settled(page, labels);
    assert.ok(quick >= 1 && quick <= FAST_KEYS, `${quick} labels of ${FAST_KEYS} keys`);
    await untouched(page, specification, text);
    for (let done = quick; done < STATEMENTS; done++) {
      await page.locator(".quick-input-title", { hasText: `${done} labelled` }).waitFor();
      await page.keyboard.press("1");
    }
    await page.locator(".quick-input-title", { hasText: `${STATEMENTS} labelled` }).waitFor();
    await untouched(page, specification, text);
    assert.equal(labels().length, STATEMENTS);
    assert.ok(
      labels().every(({ origin, label, predicted }) => origin === "queue" && label !== null && predicted !== null),
    );
  },
  "takes the last one back by key": async ({ page, labels }) => {
    await page.keyboard.press("-");
    await page.locator(".quick-input-title", { hasText: `${STATEMENTS - 1} labelled` }).waitFor();
    assert.equal(labels().at(-1).label, null);
    await page.keyboard.press("1");
    await page.locator(".quick-input-title", { hasText: `${STATEMENTS} labelled` }).waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  },
  "suggests a training once there are labels enough": async ({ page, pictures }) => {
    const item = page.locator(".statusbar-item", { has: page.locator(".codicon-mortar-board") });
    await item.filter({ hasText: String(STATEMENTS) }).waitFor();
    await command(page, "NFR Lens: Show Menu");
    const first = page.locator(".quick-input-list .monaco-list-row").first();
    await first.filter({ hasText: `${STATEMENTS} labels since the last training: it should help now.` }).waitFor();
    await page.screenshot({ path: join(pictures, "menu.png") });
    await page.keyboard.press("Escape");
    await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
  },
  "trains, shows how far it is, and cancels": async ({ page, adapters }) => {
    await chord(page, "t");
    await row(page, /^Training: \d+ %/).waitFor();
    await page.locator(".statusbar-item", { hasText: /\d+ %/ }).first().waitFor();
    await command(page, "NFR Lens: Cancel Training");
    await row(page, /^Training: \d+ %/).waitFor({ state: "detached" });
    assert.deepEqual(adapters(), []);
  },
  "trains again and opens the report": async ({ page, adapters }) => {
    await chord(page, "t");
    await webview(page).locator("h1", { hasText: "Training report" }).waitFor({ timeout: 240_000 });
    const report = webview(page);
    await report.locator("th", { hasText: "Weighted F1" }).first().waitFor();
    await report.locator("svg.interval").waitFor();
    assert.equal(adapters().length, 1);
  },
  "activates the adapter": async ({ page }) => {
    const report = webview(page);
    const activate = report.locator("button", { hasText: "Activate" });
    // It is active already where the gain's interval lies above zero.
    if (await activate.isVisible()) await activate.click();
    await row(page, /, active · /).waitFor();
  },
  "rolls back to the base model": async ({ page }) => {
    await webview(page).locator("button", { hasText: "Roll Back" }).click();
    await row(page, /, active · /).waitFor({ state: "detached" });
    await row(page, /^Base model/)
      .filter({ hasText: "active" })
      .waitFor();
  },
  "compares the adapter with the base model": async ({ page }) => {
    await command(page, "NFR Lens: Compare Two Adapters");
    for (const name of ["Base model", "project 1"]) await choose(page, name);
    const comparison = page.locator("iframe.webview.ready").last().contentFrame().frameLocator("#active-frame");
    await comparison.locator("h1", { hasText: "Base model and project 1" }).waitFor({ timeout: 60_000 });
    await comparison.locator("svg.interval").waitFor();
  },
  "exports the adapter, deletes it, and imports it again": async ({ page, run, adapters }) => {
    const target = join(run.root, "exported");
    mkdirSync(target);
    await command(page, "NFR Lens: Export Adapter");
    await choose(page, "project 1");
    await folderDialog(page, target);
    await notice(page, "Exported to");
    const exported = join(target, "project-1");
    assert.ok(existsSync(join(exported, "adapter_model.safetensors")), "the export holds the weights");
    await command(page, "NFR Lens: Delete Adapter");
    await choose(page, "project 1");
    await page.locator(".monaco-dialog-box .monaco-button", { hasText: "Move to Trash" }).click();
    await row(page, /^project 1/).waitFor({ state: "detached" });
    assert.equal(adapters().length, 0);
    await command(page, "NFR Lens: Import Adapter");
    await folderDialog(page, exported);
    await row(page, /^project 1/).waitFor();
    assert.equal(adapters().length, 1);
  },
  "reviews the labels": async ({ page }) => {
    await command(page, "NFR Lens: Focus on Review View");
    await command(page, "NFR Lens: Review Labels");
    const view = page.locator(".pane", { has: page.locator('.pane-header[aria-label^="Review"]') });
    const found = view.locator(".monaco-list-row").first();
    const nothing = view.locator(".message", { hasText: "No label looks wrong." });
    await found.or(nothing).first().waitFor();
  },
  "shows the coverage": async ({ page }) => {
    await command(page, "NFR Lens: Show Coverage Dashboard");
    const dashboard = page.locator("iframe.webview.ready").last().contentFrame().frameLocator("#active-frame");
    await dashboard.locator("h1", { hasText: "Quality coverage" }).waitFor();
    await dashboard.locator("td button").first().waitFor();
  },
};

/** Runs the journey; the first step that fails ends it. Returns how many steps passed and failed. */
export async function teach({ vsix, workspace, failureFolder, pictures = resolve("out/editor/teach") }) {
  mkdirSync(pictures, { recursive: true });
  const run = makeRun({ workspace });
  const result = { passed: 0, failed: 0, skipped: 0 };
  let server, browser, page;
  try {
    await installVsix(run, vsix);
    server = await startServer(run);
    browser = await openBrowser(run);
    page = browser.page;
    page.setDefaultTimeout(30_000);
    const around = { page, server, run, pictures, ...disk(run.workspace) };
    for (const [title, step] of Object.entries(steps)) {
      const started = performance.now();
      await step(around);
      result.passed += 1;
      await page.screenshot({ path: join(pictures, `${result.passed}.png`) });
      console.log(`  ok   ${title} (${Math.round(performance.now() - started)} ms)`);
    }
  } catch (error) {
    result.failed += 1;
    result.skipped = Object.keys(steps).length - result.passed - 1;
    console.log(`  FAIL ${Object.keys(steps)[result.passed]}\n${error instanceof Error ? error.stack : error}`);
    mkdirSync(failureFolder, { recursive: true });
    await page?.screenshot({ path: join(failureFolder, "screen.png") }).catch(() => {});
    console.error(tail(run.log));
  } finally {
    await browser?.context.close().catch(() => {});
    await server?.stop();
    run.remove();
  }
  return result;
}

/** What the journey leaves on the disk of the workspace. */
function disk(workspace) {
  const home = join(workspace, ".nfr-lens");
  const log = join(home, "labels.jsonl");
  const folders = (folder) => (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []);
  return {
    specification: () => readFileSync(join(workspace, "specification.md"), "utf8"),
    labels: () =>
      existsSync(log)
        ? readFileSync(log, "utf8")
            .trimEnd()
            .split("\n")
            .map((line) => JSON.parse(line))
        : [],
    /** Finished versions; folders whose name begins with a dot are not for use. */
    adapters: () =>
      folders(join(home, "adapters"))
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
        .flatMap(({ name }) => folders(join(home, "adapters", name)))
        .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".")),
  };
}

async function chord(page, key) {
  await page.keyboard.press(PREFIX);
  await page.keyboard.press(key);
}

function lens(page, title) {
  return page.locator(".codelens-decoration a", { hasText: title });
}

/** That no key reached the document; a browser's editor saves by itself, so an unsaved tab alone would not tell. */
async function untouched(page, specification, text) {
  assert.equal(await page.locator(".tab.dirty").count(), 0, "a key reached the document");
  assert.equal(specification(), text, "a key reached the document");
}

/** The number of labels, once the list and the file have agreed on it for a while. */
async function settled(page, labels) {
  for (let look = 0, calm = 0, before = -1; look < 150; look++) {
    const said = parseInt(await page.locator(".quick-input-title").innerText(), 10);
    calm = said === before && said === labels().length ? calm + 1 : 0;
    if (calm === 3) return said;
    before = said;
    await page.waitForTimeout(200);
  }
  throw new Error(
    `the list says ${await page.locator(".quick-input-title").innerText()}, the file has ${labels().length}`,
  );
}

/** Takes a row of the list that is open. */
async function choose(page, text) {
  const choice = page.locator(".quick-input-list .monaco-list-row", { hasText: text }).first();
  await choice.waitFor();
  await choice.click();
}

/** Answers the editor's own dialog for folders, which takes a path. */
async function folderDialog(page, folder) {
  const input = page.locator(".quick-input-widget:visible .quick-input-box input");
  // The dialog first writes a path of its own, and would write it over ours.
  await page.locator(".quick-input-list .monaco-list-row", { hasText: ".." }).waitFor();
  await page.waitForFunction((box) => box?.value.startsWith("/"), await input.elementHandle());
  await input.fill(`${folder}/`);
  await page.locator(".quick-input-widget:visible .quick-input-action .monaco-button").first().click();
  await page.locator(".quick-input-widget").waitFor({ state: "hidden" });
}

/** What the status bar says for a moment. */
async function notice(page, text) {
  await page.locator(".statusbar-item", { hasText: text }).first().waitFor();
}

/** A row of a tree view, by what a screen reader would say. */
function row(page, label) {
  return page.locator(".pane-body .monaco-list-row").and(page.getByRole("treeitem", { name: label }));
}
