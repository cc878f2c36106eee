import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type LabelRecord, statementKey } from "../../server/store/label.ts";
import { formatLabelLine, parseLabelLines } from "../../server/store/label-lines.ts";
import { LabelLog } from "../../server/store/label-log.ts";

function decision(text: string, label: string | null, more: Partial<LabelRecord> = {}): LabelRecord {
  const document = more.document ?? "spec.md";
  const heading = more.heading ?? [];
  return {
    v: 1,
    key: statementKey(text, document, heading),
    text,
    label,
    document,
    heading,
    author: "Ada",
    time: "2026-01-01T00:00:00.000Z",
    predicted: null,
    confidence: null,
    pack: null,
    adapter: null,
    origin: "document",
    ...more,
  };
}

/** Starts a process that appends `count` labels to the log of `root`, as another window would. */
function otherWriter(root: string, author: string, count: number, options: { uid?: number } = {}): ChildProcess {
  const script = fileURLToPath(new URL("./append-labels.ts", import.meta.url));
  return spawn(process.execPath, ["--import", "tsx", script, root, author, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
    ...options,
  });
}

describe("the label log", () => {
  let root: string;
  let log: LabelLog;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "nfr-lens-labels-"));
    log = new LabelLog(root);
  });
  afterEach(() => {
    chmodSync(root, 0o755);
    rmSync(root, { recursive: true });
  });

  it("is empty where there is no file, and says so without complaint", async () => {
    await log.refresh();
    assert.deepEqual(log.records, []);
    assert.deepEqual(log.problems, []);
  });

  it("holds a decision in memory and on disk as soon as append returns", async () => {
    const record = decision("It shall be fast.", "PE");
    await log.append(record);
    assert.deepEqual(log.inForce(), [record]);
    assert.equal(readFileSync(log.path, "utf8"), formatLabelLine(record));
  });

  it("tells git to keep the lines of both sides, but leaves a file of the user alone", async () => {
    await log.append(decision("It shall be fast.", "PE"));
    const attributes = join(root, ".nfr-lens", ".gitattributes");
    assert.equal(readFileSync(attributes, "utf8"), "labels.jsonl text eol=lf merge=union\n");
    writeFileSync(attributes, "# mine\n");
    await log.append(decision("It shall be safe.", "SE"));
    assert.equal(readFileSync(attributes, "utf8"), "# mine\n");
  });

  it("lets the newest decision by time win, whatever the order of the lines", async () => {
    const old = decision("It shall be fast.", "PE", { time: "2026-01-01T00:00:00.000Z" });
    const young = decision("It shall be fast.", "US", { time: "2026-01-02T00:00:00.000Z" });
    mkdirSync(join(root, ".nfr-lens"));
    writeFileSync(log.path, formatLabelLine(young) + formatLabelLine(old));
    await log.refresh();
    assert.equal(log.find(old.key, old.text, "spec.md")?.label, "US");
  });

  it("lets a new decision win over a colleague whose clock is ahead", async () => {
    await log.append(decision("It shall be fast.", "PE", { time: "2099-01-01T00:00:00.000Z" }));
    const written = await log.append(decision("It shall be fast.", "US"));
    assert.equal(written.time, "2099-01-01T00:00:00.001Z");
    assert.equal(log.inForce()[0]?.label, "US");
  });

  it("forgets a decision that was taken back", async () => {
    const record = await log.append(decision("It shall be fast.", "PE"));
    await log.append(decision("It shall be fast.", null));
    assert.equal(log.find(record.key, record.text, "spec.md"), undefined);
    assert.deepEqual(log.inForce(), []);
    assert.equal(log.records.length, 2);
  });

  it("finds a label after its heading or its document was renamed, but not in a second document", async () => {
    writeFileSync(join(root, "spec.md"), "");
    await log.append(decision("It shall be fast.", "PE", { heading: ["Speed"] }));
    const renamedHeading = statementKey("It shall be fast.", "spec.md", ["Performance"]);
    assert.equal(log.find(renamedHeading, "It shall be fast.", "spec.md")?.label, "PE");
    const elsewhere = statementKey("It shall be fast.", "new.md", ["Speed"]);
    assert.equal(log.find(elsewhere, "It shall be fast.", "new.md"), undefined);
    rmSync(join(root, "spec.md"));
    await log.append(decision("Another.", "F"));
    assert.equal(log.find(elsewhere, "It shall be fast.", "new.md")?.label, "PE");
  });

  it("sees what others wrote, and reads nothing when nothing changed", async () => {
    await log.append(decision("It shall be fast.", "PE"));
    assert.equal(await log.refresh(), false);
    appendFileSync(log.path, formatLabelLine(decision("It shall be safe.", "SE")));
    assert.equal(await log.refresh(), true);
    assert.deepEqual(
      log.inForce().map(({ label }) => label),
      ["PE", "SE"],
    );
  });

  it("starts a new line behind a torn one, which stays in the file", async () => {
    const first = formatLabelLine(decision("It shall be fast.", "PE"));
    mkdirSync(join(root, ".nfr-lens"));
    writeFileSync(log.path, first + '{"v":1,"key":"ab');
    const record = await log.append(decision("It shall be safe.", "SE"));
    assert.equal(readFileSync(log.path, "utf8"), first + '{"v":1,"key":"ab\n' + formatLabelLine(record));
    assert.deepEqual(
      log.problems.map(({ line, kind }) => `${line} ${kind}`),
      ["2 malformed"],
    );
    assert.equal(log.inForce().length, 2);
  });

  it("keeps every line of two processes that write at once", async function () {
    this.timeout(30_000);
    const writers = ["Ada", "Bob"].map((author) => otherWriter(root, author, 150));
    const codes = await Promise.all(writers.map(async (writer) => (await once(writer, "exit"))[0] as number));
    assert.deepEqual(codes, [0, 0]);
    const { records, problems } = parseLabelLines(readFileSync(log.path), "labels.jsonl");
    assert.deepEqual(problems, []);
    for (const author of ["Ada", "Bob"]) {
      const texts = records.filter((record) => record.author === author).map(({ text }) => text);
      assert.deepEqual(
        texts,
        Array.from({ length: 150 }, (_, index) => `${author} ${index}`),
      );
    }
  });

  it("loses nothing that was confirmed when a writer is killed", async function () {
    this.timeout(60_000);
    for (let round = 0; round < 4; round++) {
      const writer = otherWriter(root, `writer ${round}`, 100_000);
      let confirmed = 0;
      writer.stdout?.on("data", (data: Buffer) => {
        confirmed += data.toString().split("\n").length - 1;
        if (confirmed > 5 + round * 7) writer.kill("SIGKILL");
      });
      await once(writer, "close");
      await log.append(decision(`after kill ${round}`, "F"));
      const texts = new Set(log.records.map(({ text }) => text));
      for (let index = 0; index < confirmed; index++) assert.ok(texts.has(`writer ${round} ${index}`));
      assert.ok(texts.has(`after kill ${round}`));
    }
  });

  it("refuses a folder that may not be written, and remembers nothing", async function () {
    if (process.platform === "win32") this.skip();
    chmodSync(root, 0o555);
    const root0 = process.getuid?.() === 0;
    const writer = otherWriter(root, "Ada", 1, root0 ? { uid: 65534 } : {});
    let said = "";
    writer.stdout?.on("data", (data: Buffer) => (said += data.toString()));
    await once(writer, "close");
    assert.equal(
      said.trim(),
      `refused: The label was not saved: ${log.path}: you may not write there. Mend that, then decide again. (0 in memory)`,
    );
    assert.equal(existsSync(log.path), false);
  });

  it("refuses when a folder or a file stands in the way", async () => {
    writeFileSync(join(root, ".nfr-lens"), "");
    await assert.rejects(log.append(decision("A.", "F")), /a file stands in the place of a folder/);
    rmSync(join(root, ".nfr-lens"));
    mkdirSync(log.path, { recursive: true });
    await assert.rejects(log.append(decision("A.", "F")), /a folder stands in its place/);
  });

  it("refuses to follow a link out of the workspace", async function () {
    if (process.platform === "win32") this.skip();
    const outside = mkdtempSync(join(tmpdir(), "nfr-lens-outside-"));
    mkdirSync(join(root, ".nfr-lens"));
    symlinkSync(join(outside, "profile"), log.path);
    writeFileSync(join(outside, "profile"), "precious\n");
    await assert.rejects(log.append(decision("A.", "F")), /outside of the workspace/);
    assert.equal(readFileSync(join(outside, "profile"), "utf8"), "precious\n");
    rmSync(outside, { recursive: true });
  });

  it("reads twenty thousand labels", async () => {
    mkdirSync(join(root, ".nfr-lens"));
    const lines = Array.from({ length: 20_000 }, (_, index) => formatLabelLine(decision(`Statement ${index}.`, "F")));
    writeFileSync(log.path, lines.join(""));
    await log.refresh();
    assert.equal(log.inForce().length, 20_000);
  });
});
