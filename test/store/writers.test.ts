/** What killed processes leave behind, and what living ones are about to finish. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { sweepAdapters } from "../../server/store/adapter-folder.ts";
import { writeFileAtomic } from "../../server/store/atomic-write.ts";
import { takePlace } from "../../server/store/training-place.ts";

const SOURCES = pathToFileURL(join(process.cwd(), "server/store/")).toString();

describe("temporary files and claims", function () {
  this.timeout(30_000);
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), "nfr-lens-writers-"))));
  afterEach(() => rmSync(root, { recursive: true }));

  /** A process that stops forever in the middle of what `lines` do, and says so. */
  async function stuck(...lines: string[]): Promise<ChildProcess> {
    const script = join(root, "stuck.mts");
    const wait = 'process.stdout.write("."); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);';
    writeFileSync(script, `function stop() { ${wait} }\n${lines.join("\n")}\n`);
    const child = spawn(process.execPath, [...process.execArgv, script], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    rmSync(script);
    return child;
  }

  async function killed(child: ChildProcess): Promise<void> {
    child.kill("SIGKILL");
    await once(child, "exit");
  }

  it("sweeps the half-written adapter of a killed process, never that of a running one", async () => {
    const folder = join(root, "project");
    const child = await stuck(
      `import { writeAdapterFolder } from ${JSON.stringify(`${SOURCES}adapter-folder.ts`)};`,
      "const files = { *[Symbol.iterator]() { yield ['a', new Uint8Array(9)]; stop(); } };",
      `await writeAdapterFolder(${JSON.stringify(join(folder, "1"))}, files);`,
    );
    const [hidden] = readdirSync(folder);
    assert.match(hidden!, /^\.1\.[0-9a-f]{8}-\d+\.[0-9a-f]{12}\.tmp$/);
    assert.deepEqual(readdirSync(join(folder, hidden!)), ["a"]);
    await sweepAdapters(root);
    assert.deepEqual(readdirSync(folder), [hidden]);
    await killed(child);
    await sweepAdapters(root);
    assert.deepEqual(readdirSync(folder), []);
  });

  it("sweeps nothing else", async () => {
    const names = ["1", "1.checkpoint", ".1.tmp", ".1.0123abcd-999999999.0123456789ab.tmp", "active.json"];
    for (const name of names) writeFileSync(join(root, name), "");
    await sweepAdapters(root);
    assert.deepEqual(readdirSync(root).sort(), [...names].sort());
  });

  it("refuses a place that is taken at once, and takes over that of a killed process", async () => {
    const out = join(root, "project", "1");
    const child = await stuck(
      `import { takePlace } from ${JSON.stringify(`${SOURCES}training-place.ts`)};`,
      `await takePlace(${JSON.stringify(out)});`,
      "stop();",
    );
    await assert.rejects(takePlace(out), /Another training makes .*project.1 at this moment\. Wait for it/);
    await killed(child);
    const giveBack = await takePlace(out);
    await assert.rejects(takePlace(out), /Another training makes/);
    await giveBack();
    assert.deepEqual(readdirSync(join(root, "project")), []);
    mkdirSync(out);
    await assert.rejects(takePlace(out), /project.1 exists already\. Choose a new folder for the adapter/);
  });

  it("writes parts one after the other, and keeps the old file when one of them fails", async () => {
    const path = join(root, "file");
    await writeFileAtomic(path, [new Uint8Array([65, 66]), new Uint8Array(), new Uint8Array([67])]);
    assert.equal(readFileSync(path, "utf8"), "ABC");
    const broken = function* (): Generator<Uint8Array> {
      yield new Uint8Array([1]);
      throw Object.assign(new Error("write"), { code: "ENOSPC" });
    };
    await assert.rejects(writeFileAtomic(path, broken()), /file cannot be written: the disk is full\./);
    assert.equal(readFileSync(path, "utf8"), "ABC");
    assert.deepEqual(readdirSync(root), ["file"]);
  });
});
