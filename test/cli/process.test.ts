/** The built command line as a process of its own: what only shows there. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildInstallation, cli, runScript } from "./installation.ts";
import { makeTinyPack, temporaryFolder } from "./run.ts";

describe("the command line as a process", function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let pack: string;
  before(async () => {
    pack = await makeTinyPack(folder);
    await buildInstallation();
  });

  it("is refused the network by the preload, and so are its children", async () => {
    const attempt = join(folder, "attempt.cjs");
    writeFileSync(attempt, 'fetch("http://127.0.0.1:9").catch(() => {});\n');
    assert.equal((await runScript(attempt, [])).code, 99);
    const parent = join(folder, "parent.cjs");
    const fork = `require("node:child_process").fork(${JSON.stringify(attempt)})`;
    writeFileSync(parent, `${fork}.on("exit", (code) => process.exit(code));\n`);
    assert.equal((await runScript(parent, [])).code, 99);
  });

  it("classifies, checks and packs without reaching for the network", async () => {
    const input = '{"text":"The pump shall stop."}\n';
    const classified = await runScript(cli, ["classify", "--jsonl", "--pack", pack], { input });
    assert.deepEqual([classified.code, classified.err], [0, ""]);
    assert.match(classified.out, /"nfr":\{"label":/);
    const checked = await runScript(cli, ["check", "media/sample/specification.md", "--pack", pack]);
    assert.equal(checked.code, 0, checked.err);
    const to = join(folder, "packed");
    const packed = await runScript(cli, [
      "pack",
      "--from",
      "test/fixtures/tiny-bert",
      "--to",
      to,
      "--precision",
      "int4",
    ]);
    assert.equal(packed.code, 0, packed.err);
    assert.equal((await runScript(cli, ["--version"])).code, 0);
  });

  it("ends quietly when its reader has had enough", async () => {
    const input = Array.from({ length: 20_000 }, (_, index) => `{"text":"Statement ${index}"}\n`).join("");
    const { code, err } = await runScript(cli, ["classify", "--jsonl", "--pack", pack], { input, cutAfter: 1 });
    assert.deepEqual([code, err], [0, ""]);
  });

  it("ends with 2 and one line for bad usage", async () => {
    const { code, out, err } = await runScript(cli, ["classify", "--jsnol"]);
    assert.deepEqual([code, out], [2, ""]);
    assert.equal(err, "nfr-lens: classify: unknown option --jsnol; did you mean --jsonl?\n");
  });
});
