/** Adapters on disk: complete or absent, what is active and was active, what is deleted, what is hostile. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AdapterFiles, writeAdapter } from "../../server/engine/adapt/adapter.ts";
import { hashOf } from "../../server/engine/adapt/manifest.ts";
import { float32 } from "../../server/engine/graph/tensor.ts";
import {
  activate,
  activeAdapter,
  folderOf,
  listAdapters,
  moveToTrash,
  readAdapterFolder,
  rollBack,
  writeAdapterFolder,
} from "../../server/store/adapter-folder.ts";
import { tinyBert } from "../engine/adapt/tiny-bert.ts";

const { config, hash, head } = tinyBert();
const base = { config, hash, labels: head.labels };
const NOW = "2026-03-01T10:00:00.000Z";

function files(version: string, createdAt = NOW): AdapterFiles {
  const parts = {
    lowRank: new Map([
      [
        "encoder.layer.0.attention.self.value",
        { a: float32(new Float32Array(64), [32, 2]), b: float32(new Float32Array(64), [2, 32]), scale: 1 },
      ],
    ]),
    prompt: null,
    head,
  };
  const calibration = { temperature: 1, bias: [], threshold: 0 };
  const shared = { kind: "lora" as const, name: "p", version, createdAt, base: hash, labels: head.labels, calibration };
  const rest = { taxonomy: hashOf(head.labels), labelSet: { hash: hashOf([]), rows: 9 } };
  return writeAdapter(parts, { ...shared, ...rest, options: null, metrics: null, flips: [] });
}

describe("adapters on disk", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), "nfr-lens-adapters-"))));
  afterEach(() => rmSync(root, { recursive: true }));

  const add = async (version: string, createdAt = NOW): Promise<string> => {
    const folder = folderOf(root, { name: "p", version });
    await writeAdapterFolder(folder, files(version, createdAt));
    return folder;
  };

  it("are read back, listed newest first, and broken ones are listed with their problem", async () => {
    await add("1", "2026-01-01T00:00:00.000Z");
    const second = await add("2", "2026-02-01T00:00:00.000Z");
    assert.equal((await readAdapterFolder(second, base)).manifest.version, "2");
    mkdirSync(join(root, "p", "3"));
    writeFileSync(join(root, "p", "3", "nfr-lens.json"), "{");
    mkdirSync(join(root, "empty", "1"), { recursive: true });
    const listed = await listAdapters(root);
    assert.deepEqual(
      listed.map(({ name, version, problem }) => [name, version, problem === null]),
      [
        ["p", "2", true],
        ["p", "1", true],
        ["empty", "1", false],
        ["p", "3", false],
      ],
    );
    assert.match(listed.find(({ version }) => version === "3")!.problem!, /nfr-lens\.json is not valid JSON/);
    assert.match(listed.find(({ name }) => name === "empty")!.problem!, /holds no adapter/);
    assert.deepEqual(await listAdapters(join(root, "nowhere")), []);
  });

  it("never take the place of another", async () => {
    const folder = await add("1");
    const before = readFileSync(join(folder, "nfr-lens.json"));
    await assert.rejects(writeAdapterFolder(folder, files("9")), /is not empty/);
    assert.ok(readFileSync(join(folder, "nfr-lens.json")).equals(before));
  });

  it("leave nothing behind when they cannot be written", async () => {
    // A file where a folder should be, and a name no file system takes: the disk's way of saying no.
    const impossible = new Map(files("1")).set("no/such/folder", new Uint8Array());
    await assert.rejects(
      writeAdapterFolder(folderOf(root, { name: "p", version: "1" }), impossible),
      /p.1 cannot be written/,
    );
    assert.deepEqual(readdirSync(join(root, "p")), []);
    assert.deepEqual(await listAdapters(root), []);
  });

  it("remember what was active, back to the base alone", async () => {
    assert.equal(await activeAdapter(root), null);
    const [one, two] = [
      { name: "p", version: "1" },
      { name: "p", version: "2" },
    ];
    await activate(root, one, NOW);
    await activate(root, two, NOW);
    assert.deepEqual(await activeAdapter(root), two);
    assert.deepEqual(await rollBack(root), one);
    assert.equal(await rollBack(root), null);
    assert.equal(await rollBack(root), null);
    assert.equal(await activeAdapter(root), null);
  });

  it("take a damaged history for none: the base alone is always safe", async () => {
    for (const content of ["", "{", "[]", '{"history":3}', '{"history":[{"adapter":{"name":1},"since":2}]}']) {
      writeFileSync(join(root, "active.json"), content);
      assert.equal(await activeAdapter(root), null);
    }
    await activate(root, { name: "p", version: "1" }, NOW);
    assert.deepEqual(await activeAdapter(root), { name: "p", version: "1" });
  });

  it("go to the trash, unless they are active", async () => {
    const folder = await add("1");
    const name = { name: "p", version: "1" };
    await activate(root, name, NOW);
    await assert.rejects(moveToTrash(root, name, NOW), /p 1 is active/);
    await rollBack(root);
    const trash = await moveToTrash(root, name, NOW);
    assert.ok(!existsSync(folder));
    assert.equal((await readAdapterFolder(trash, base)).manifest.version, "1");
    assert.deepEqual(await listAdapters(root), []);
  });

  it("have names that stay where they belong", () => {
    for (const name of ["..", ".", "", "a/b", "a\\b", ".hidden", "x".repeat(65), "a.", "nul\0", "-rf"]) {
      assert.throws(() => folderOf(root, { name, version: "1" }), /name: found/, JSON.stringify(name));
      assert.throws(() => folderOf(root, { name: "p", version: name }), /version: found/);
    }
    assert.equal(folderOf(root, { name: "Zahlung 2.0", version: "v1" }), join(root, "Zahlung 2.0", "v1"));
  });

  it("of another base are refused with the folder's name", async () => {
    const folder = await add("1");
    await assert.rejects(readAdapterFolder(folder, { ...base, hash: "f".repeat(64) }), (error: Error) => {
      assert.ok(error.message.startsWith(`${folder}: nfr-lens.json: the adapter was made for the base 000000000000`));
      return true;
    });
  });
});
