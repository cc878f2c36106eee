/** The server as a process of its own, killed at moments it cannot know: what a person made is always there after. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import { NetworkClassifier } from "../../server/engine/model/network-classifier.ts";
import {
  Requests,
  type ServerStatus,
  type ShownDocument,
  ToClient,
  type TrainOutcome,
  type TrainProgress,
} from "../../server/protocol.ts";
import { activeAdapter, folderOf, readAdapterFolder } from "../../server/store/adapter-folder.ts";
import { parseLabelLines } from "../../server/store/label-lines.ts";
import { readPackFolder } from "../../server/store/pack-folder.ts";
import { isGone } from "../../server/store/writers.ts";
import { runTraining } from "../../server/training.ts";
import { HOME, SETTINGS } from "./rig.ts";
import { labelsOf, LESSON } from "./taught.ts";
import { type TinyPack, tinyPackFolder } from "./tiny-pack.ts";

const COUNT = 300;
const TEXT = Array.from({ length: COUNT }, (_, index) => `The system shall store record ${index}.\n\n`).join("");

/** A server process, its client, and what it printed besides messages. */
interface Running {
  readonly server: ChildProcess;
  readonly client: ProtocolConnection;
}

function launch(): Running {
  const script = join(HOME, "server/main.ts");
  const server = spawn(process.execPath, ["--import", "tsx", script], { stdio: ["pipe", "pipe", "inherit"] });
  const reader = new StreamMessageReader(server.stdout);
  const client = createProtocolConnection(reader, new StreamMessageWriter(server.stdin));
  client.onError(() => undefined);
  client.listen();
  return { server, client };
}

describe("the server process", function () {
  this.timeout(120_000);
  let pack: TinyPack;
  let root: string;
  let running: Running | undefined;
  const adapters = (): string => join(root, ".nfr-lens/adapters");
  const uri = (): string => pathToFileURL(join(root, "spec.md")).toString();

  before(async () => {
    pack = await tinyPackFolder();
    root = mkdtempSync(join(tmpdir(), "nfr-lens-killed-"));
    mkdirSync(adapters(), { recursive: true });
    const labels = join(root, "rows.jsonl");
    const row = (index: number): string =>
      JSON.stringify({ text: `Rule ${index} holds.`, label: index % 2 ? "SE" : "F" });
    writeFileSync(labels, Array.from({ length: 16 }, (_, index) => row(index) + "\n").join(""));
    const common = { pack: pack.folder, labels: [labels], name: "project", createdAt: "2026-01-01T00:00:00.000Z" };
    for (const version of ["1", "2"]) {
      const out = folderOf(adapters(), { name: "project", version });
      const choices = { kind: "head", epochs: 1, seed: Number(version), synthetic: "never" } as const;
      const rest = { version, active: null, classes: null, projectTexts: [], choices, threads: 1 };
      const result = await runTraining({ ...common, ...rest, out }, { trainer: join(HOME, "server/trainer.ts") });
      assert.equal(result.outcome, "trained", JSON.stringify(result));
    }
  });
  after(() => {
    pack.remove();
    rmSync(root, { recursive: true });
  });
  afterEach(() => running?.server.kill("SIGKILL"));

  const start = async (): Promise<ShownDocument> => {
    running = launch();
    const { client } = running;
    const shown = new Promise<ShownDocument>((done) => client.onNotification(ToClient.classified, done));
    const folders = [{ uri: pathToFileURL(root).toString(), name: "workspace" }];
    const params = {
      processId: process.pid,
      capabilities: {},
      workspaceFolders: folders,
      initializationOptions: { pack: pack.folder, locale: "en", trusted: true, settings: SETTINGS },
    };
    await client.sendRequest("initialize", params);
    await client.sendNotification("initialized", {});
    const textDocument = { uri: uri(), languageId: "markdown", version: 1, text: TEXT };
    await client.sendNotification("textDocument/didOpen", { textDocument });
    return shown;
  };

  it("killed while it writes labels and swaps adapters loses nothing it confirmed, and starts again", async () => {
    const confirmed = new Map<string, string>();
    for (const moment of [3, 17, 40, 71]) {
      const { statements } = await start();
      const { client, server } = running!;
      let answers = 0;
      const ended = once(server, "exit");
      for (const [index, { key, text }] of statements.entries()) {
        const label = ["SE", "PE", "F"][(index + moment) % 3]!;
        const action = { kind: "change", label };
        client.sendRequest(Requests.label, { uri: uri(), key, action }).then(
          () => {
            confirmed.set(text, label);
            answers += 1;
            // Not when a write has just ended, but somewhere within the ones that follow.
            if (answers === moment) void setTimeout(moment % 7).then(() => server.kill("SIGKILL"));
          },
          () => undefined,
        );
        const adapter = [null, { name: "project", version: "1" }, { name: "project", version: "2" }][index % 3];
        client.sendRequest(Requests.activate, { adapter: adapter ?? null }).catch(() => undefined);
      }
      await ended;
      assert.ok(answers >= moment);
      const { records } = parseLabelLines(readFileSync(join(root, ".nfr-lens/labels.jsonl")), "labels.jsonl");
      const newest = new Map(records.map(({ text, label }) => [text, label]));
      const written = new Map(records.map(({ text, label }) => [`${text} ${label}`, true]));
      for (const [text, label] of confirmed) assert.ok(written.has(`${text} ${label}`), `${text} ${label} is lost`);
      assert.ok(newest.size >= confirmed.size);
      const active = await activeAdapter(adapters());
      if (active === null) continue;
      const parts = await readPackFolder(pack.folder);
      const base = { config: parts.config, hash: parts.hash, labels: parts.head.labels };
      const adapter = await readAdapterFolder(folderOf(adapters(), active), base);
      await (await NetworkClassifier.create(parts, { threads: 1 })).activate(adapter.tensors);
    }
    const { statements } = await start();
    assert.equal(statements.length, COUNT);
    const status = await running!.client.sendRequest<ServerStatus>(Requests.status);
    assert.equal(status.state, "ready");
    assert.ok(status.labels.total >= confirmed.size);
    for (const { text, label, source } of statements) {
      if (confirmed.has(text)) assert.deepEqual([source, typeof label], ["person", "string"]);
    }
  });

  it("killed while it trains takes the trainer with it, and the next one goes on where that was", async () => {
    writeFileSync(join(root, ".nfr-lens/labels.jsonl"), labelsOf(["a", "b", "c", "d"]));
    const params = { ...LESSON, epochs: 40 };
    const place = folderOf(adapters(), { name: "project", version: "3" });
    await start();
    const { client, server } = running!;
    const checkpointed = new Promise<void>((done) => {
      client.onNotification(ToClient.trainProgress, () => {
        if (existsSync(`${place}.checkpoint`)) done();
      });
    });
    client.sendRequest(Requests.train, params).catch(() => undefined);
    await checkpointed;
    const trainer = readFileSync(join(dirname(place), ".3.training"), "utf8");
    assert.ok(!isGone(trainer));
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
    for (let waited = 0; !isGone(trainer); waited += 20) {
      assert.ok(waited < 2000, "the trainer outlives its server");
      await setTimeout(20);
    }
    assert.ok(!existsSync(place));

    await start();
    const epochs: number[] = [];
    running!.client.onNotification(ToClient.trainProgress, ({ epoch }: TrainProgress) => {
      if (epoch > 0) epochs.push(epoch);
    });
    const outcome = await running!.client.sendRequest<TrainOutcome>(Requests.train, params);
    assert.equal(outcome.outcome, "trained", JSON.stringify(outcome));
    assert.ok(epochs[0]! > 1, "it began anew");
    const left = readdirSync(dirname(place)).sort();
    assert.deepEqual(left, ["1", "2", "3"]);
  });

  it("ends by itself when its client is gone", async () => {
    await start();
    const ended = once(running!.server, "exit");
    running!.server.stdin!.end();
    await ended;
  });
});
