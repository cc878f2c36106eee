/** A disk that fills up, turns read-only or loses a folder while a training runs. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { folderOf } from "../../server/store/adapter-folder.ts";
import { runTraining, type TrainingRequest, type TrainingResult } from "../../server/training.ts";
import { labelLines } from "../engine/adapt/label-lines.ts";
import { tinyPackFolder, type TinyPack } from "../server/tiny-pack.ts";

const trainer = join("server", "trainer.ts");

function mount(...args: string[]): boolean {
  try {
    execFileSync("mount", args, { stdio: "ignore" });
    return true;
  } catch {
    return false; // Only root may, and not everywhere.
  }
}

describe("training on a failing disk", function () {
  this.timeout(120_000);
  let pack: TinyPack;
  let workspace: string;
  let labels: string;
  before(async () => {
    pack = await tinyPackFolder({ precision: "int8" });
    workspace = mkdtempSync(join(tmpdir(), "nfr-lens-disk-"));
    labels = join(workspace, "labels.jsonl");
    writeFileSync(labels, labelLines(60));
  });
  after(() => {
    pack.remove();
    rmSync(workspace, { recursive: true });
  });

  const request = (root: string, changes: Partial<TrainingRequest> = {}): TrainingRequest => ({
    pack: pack.folder,
    labels: [labels],
    out: folderOf(root, { name: "project", version: "1" }),
    name: "project",
    version: "1",
    createdAt: "2026-01-01T00:00:00.000Z",
    active: null,
    classes: null,
    projectTexts: [],
    choices: { epochs: 8, learningRate: 2e-2, synthetic: "never" },
    threads: 1,
    ...changes,
  });
  const message = (result: TrainingResult): string => {
    assert.ok(result.outcome === "failed", JSON.stringify(result));
    return result.message;
  };
  /** The tensors of an adapter that was trained without any trouble. */
  const untroubled = async (name: string): Promise<Buffer> => tensors(request(join(workspace, name)));
  const tensors = async (job: TrainingRequest, epochs: number[] = []): Promise<Buffer> => {
    const result = await runTraining(job, { trainer, onProgress: ({ epoch }) => epoch > 0 && epochs.push(epoch) });
    assert.ok(result.outcome === "trained", JSON.stringify(result));
    return readFileSync(join(result.folder, "adapter_model.safetensors"));
  };
  /** Trains and does `harm` as soon as the first checkpoint is there. */
  async function harmed(job: TrainingRequest, harm: () => void): Promise<TrainingResult> {
    let done = false;
    const parent = dirname(job.out);
    const onProgress = (): void => {
      if (done || !readdirSync(parent).includes("1.checkpoint")) return;
      done = true;
      harm();
    };
    const result = await runTraining(job, { trainer, onProgress });
    assert.ok(done, "the training was over before the disk failed");
    return result;
  }

  describe("of its own", () => {
    let disk: string;
    beforeEach(function () {
      disk = join(workspace, "disk");
      mkdirSync(disk, { recursive: true });
      if (!mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", disk)) this.skip();
    });
    afterEach(() => {
      try {
        execFileSync("umount", [disk], { stdio: "ignore" });
      } catch {
        // Nothing was mounted.
      }
    });
    const fill = (): void => {
      assert.throws(() => {
        for (;;) appendFileSync(join(disk, "filler"), new Uint8Array(4096));
      }, /ENOSPC/);
    };

    it("that fills up: says so, leaves nothing half-written, and goes on when there is room", async () => {
      const job = request(disk);
      const text = message(await harmed(job, fill));
      assert.match(text, /disk.project.1(\.checkpoint)? cannot be written: the disk is full\. Nothing was changed\./);
      assert.match(text, /Mend that, then train again: it goes on from its last checkpoint\.$/);
      assert.deepEqual(readdirSync(dirname(job.out)), ["1.checkpoint"]);
      rmSync(join(disk, "filler"));
      const epochs: number[] = [];
      assert.deepEqual(await tensors(job, epochs), await untroubled("full"));
      assert.ok(epochs[0]! > 1, "it began anew");
      assert.deepEqual(readdirSync(dirname(job.out)), ["1"]);
    });

    it("that is full from the beginning: refuses before anything is computed", async () => {
      mkdirSync(join(disk, "project"));
      fill();
      let said = 0;
      const result = await runTraining(request(disk), { trainer, onProgress: () => said++ });
      assert.match(message(result), /project.* cannot be written: the disk is full\./);
      assert.equal(said, 0);
      assert.deepEqual(readdirSync(join(disk, "project")), []);
    });

    it("that turns read-only", async () => {
      const job = request(disk);
      const result = await harmed(job, () => assert.ok(mount("-o", "remount,ro", disk)));
      assert.match(
        message(result),
        /cannot be written: the file system is read-only\. Nothing was changed\. .* goes on/,
      );
      assert.match(message(await runTraining(job, { trainer })), /the file system is read-only/);
      assert.ok(mount("-o", "remount,rw", disk));
      assert.deepEqual(await tensors(job), await untroubled("read-only"));
      assert.deepEqual(readdirSync(dirname(job.out)), ["1"]);
    });
  });

  it("loses nothing when its folder is removed meanwhile", async () => {
    const job = request(join(workspace, "removed"));
    const result = await harmed(job, () => rmSync(join(workspace, "removed"), { recursive: true }));
    assert.equal(result.outcome, "trained", JSON.stringify(result));
    const written = readFileSync(join(job.out, "adapter_model.safetensors"));
    assert.deepEqual(written, await untroubled("unharmed"));
  });

  it("says what stands in its way when a file takes the folder's place", async () => {
    const root = join(workspace, "replaced");
    const result = await harmed(request(root), () => {
      rmSync(root, { recursive: true });
      writeFileSync(root, "");
    });
    assert.match(message(result), /replaced.project.1.* cannot be written: a file stands in the place of a folder\./);
    assert.equal(readFileSync(root, "utf8"), "");
  });

  it("refuses a folder that exists before anything is computed", async () => {
    const job = request(join(workspace, "taken"));
    mkdirSync(job.out, { recursive: true });
    const began = performance.now();
    let said = 0;
    const text = message(await runTraining(job, { trainer, onProgress: () => said++ }));
    assert.match(text, /project.1 exists already\. Choose a new folder/);
    assert.equal(said, 0);
    assert.ok(performance.now() - began < 30_000);
    assert.deepEqual(readdirSync(job.out), []);
  });
});
