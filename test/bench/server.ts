/**
 * The language server over real pipes: start, a document of 5,000 requirements, edits in it, edits while a trainer
 * computes beside it, and memory. The plain version it is measured against is the first reading of the same document.
 *
 *   node --import tsx test/bench/server.ts [PACK]      PACK is models/base unless named
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type CodeLens,
  createProtocolConnection,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import {
  type InitializationOptions,
  Requests,
  type ShownChange,
  type ShownDocument,
  ToClient,
  type TrainOutcome,
} from "../../server/protocol.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const REQUIREMENTS = 5000;
const EDITS = 60;

const SUBJECTS = ["The system", "The gateway", "An operator", "The archive", "Every report", "The mobile client"];
const DUTIES = [
  "shall encrypt backup number",
  "shall answer within a second for query",
  "shall print page",
  "shall be available on day",
  "can be used after training module",
  "must comply with clause",
  "shall store record",
];

/** A specification with headings; every statement is different, so that no cache helps. */
function specification(count: number): string {
  const lines: string[] = [];
  for (let index = 0; index < count; index++) {
    if (index % 25 === 0) lines.push(`## Section ${index / 25 + 1}`, "");
    const subject = SUBJECTS[index % SUBJECTS.length] ?? "";
    lines.push(`REQ-${index + 1}: ${subject} ${DUTIES[index % DUTIES.length] ?? ""} ${index * 7919} of the plan.`, "");
  }
  return lines.join("\n");
}

/** A server in a process of its own and the client that times it. */
class Bench {
  readonly server: ChildProcess;
  readonly client: ProtocolConnection;
  readonly started = performance.now();
  #heard: (version: number | null) => void = () => undefined;

  constructor(root: string) {
    this.server = spawn(process.execPath, [join(ROOT, "dist/server.js"), "--stdio"], {
      cwd: root,
      stdio: ["pipe", "pipe", "inherit"],
    });
    this.client = createProtocolConnection(
      new StreamMessageReader(this.server.stdout!),
      new StreamMessageWriter(this.server.stdin!),
    );
    const heard = ({ version }: { version: number | null }): void => this.#heard(version);
    this.client.onNotification(ToClient.classified, (document: ShownDocument) => heard(document));
    this.client.onNotification(ToClient.changed, (change: ShownChange) => heard(change));
    this.client.listen();
  }

  async initialize(root: string, pack: string): Promise<void> {
    const initializationOptions: InitializationOptions = {
      pack,
      locale: "en",
      trusted: true,
      changes: true,
      settings: {
        codeLens: true,
        inlayHints: false,
        diagnostics: true,
        findings: { unmeasurable: true, severalQualities: true, contradictsHeading: false },
        minimumConfidence: 0,
        maximumDiagnostics: 200,
        debounceMs: 0,
        threads: 0,
        author: "bench",
      },
    };
    const workspaceFolders = [{ uri: pathToFileURL(root).toString(), name: "bench" }];
    const common = { processId: process.pid, rootUri: null, capabilities: {} };
    await this.client.sendRequest("initialize", { ...common, workspaceFolders, initializationOptions });
    await this.client.sendNotification("initialized", {});
  }

  /** Resolves when the results of `version` are in. */
  result(version: number): Promise<void> {
    return new Promise((done) => {
      this.#heard = (heard) => {
        if (heard === version) done();
      };
    });
  }

  /** Opens a document; the milliseconds until its results were in. */
  async open(uri: string, text: string): Promise<number> {
    const begin = performance.now();
    const result = this.result(1);
    const textDocument = { uri, languageId: "markdown", version: 1, text };
    await this.client.sendNotification("textDocument/didOpen", { textDocument });
    await result;
    return performance.now() - begin;
  }

  /** Rewrites one statement; the milliseconds from `didChange` to its results. */
  async edit(uri: string, version: number, line: number): Promise<number> {
    const begin = performance.now();
    const result = this.result(version);
    await this.client.sendNotification("textDocument/didChange", {
      textDocument: { uri, version },
      contentChanges: [
        {
          range: { start: { line, character: 0 }, end: { line, character: 1000 } },
          text: `REQ-X: The service shall restart within ${version} seconds after failure ${line}.`,
        },
      ],
    });
    await result;
    return performance.now() - begin;
  }

  /** Resident memory now and at its peak, in MB, where the system tells. */
  memory(): { now: number; peak: number } | undefined {
    const path = `/proc/${this.server.pid}/status`;
    if (!existsSync(path)) return undefined;
    const status = readFileSync(path, "utf8");
    const megabytes = (field: string): number =>
      Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
    return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
  }

  /** Processor time of the server so far in ms, where the system tells: what an edit costs on a busy machine, too. */
  processorTime(): number | undefined {
    const path = `/proc/${this.server.pid}/stat`;
    if (!existsSync(path)) return undefined;
    const fields = readFileSync(path, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  async stop(): Promise<void> {
    await this.client.sendRequest("shutdown");
    await this.client.sendNotification("exit");
    this.client.dispose();
  }
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

async function edits(bench: Bench, uri: string, firstVersion: number, lines: number): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < EDITS; index++) {
    // Requirements stand on every other line below a heading; somewhere else in the document each time.
    const line = 2 + 2 * ((index * 37) % lines);
    times.push(await bench.edit(uri, firstVersion + index, line));
  }
  return times;
}

async function startToFirst(root: string, pack: string): Promise<number> {
  const bench = new Bench(root);
  await bench.initialize(root, pack);
  await bench.open(pathToFileURL(join(root, "small.md")).toString(), "The system shall encrypt backups.\n");
  const time = performance.now() - bench.started;
  await bench.stop();
  return time;
}

/** Edits while the trainer process computes, against edits without it. */
async function besideTraining(bench: Bench, root: string, uri: string, alone: number): Promise<void> {
  const codes = ["SE", "PE", "F", "A", "US", "L", "F"];
  const lines = Array.from({ length: 700 }, (_, index) => {
    const text = `${SUBJECTS[index % 6] ?? ""} ${DUTIES[index % 7] ?? ""} ${index}.`;
    const document = `d${index % 20}.md`;
    const row = { v: 1, key: `k${index}`, text, label: codes[index % 7], document, heading: [] };
    return JSON.stringify({ ...row, author: "bench", time: "2026-01-01T00:00:00Z" });
  });
  mkdirSync(join(root, ".nfr-lens"), { recursive: true });
  writeFileSync(join(root, ".nfr-lens/labels.jsonl"), lines.join("\n") + "\n");
  await bench.client.sendNotification("workspace/didChangeWatchedFiles", {
    changes: [{ uri: pathToFileURL(join(root, ".nfr-lens/labels.jsonl")).toString(), type: 1 }],
  });
  const training = bench.client.sendRequest<TrainOutcome>(Requests.train, { kind: "lora", epochs: 50, seed: 1 });
  const begun = new Promise<void>((done) => bench.client.onNotification(ToClient.trainProgress, () => done()));
  const first = await Promise.race([begun, training]);
  if (first !== undefined) throw new Error(`training did not begin: ${JSON.stringify(first)}`);
  const times = await edits(bench, uri, 1000, 20);
  const p95 = quantile(times, 0.95);
  console.log(
    `edit while a trainer computes: p50 ${ms(quantile(times, 0.5))}, p95 ${ms(p95)}, ` +
      `${(p95 / alone).toFixed(2)}× that without (aim at most 2×)`,
  );
  await bench.client.sendRequest(Requests.cancelTraining, {});
  await training;
}

async function main(): Promise<void> {
  const pack = resolve(process.argv[2] ?? join(ROOT, "models/base"));
  const root = mkdtempSync(join(tmpdir(), "nfr-lens-bench-"));
  const starts = [];
  for (let round = 0; round < 3; round++) starts.push(await startToFirst(root, pack));
  console.log(`start to first classification: ${starts.map(ms).join(", ")} (first is cold; aim 1000 ms)`);

  const bench = new Bench(root);
  await bench.initialize(root, pack);
  const small = pathToFileURL(join(root, "small.md")).toString();
  await bench.open(small, specification(100));
  const inSmall = await edits(bench, small, 2, 20);
  console.log(
    `edit in a document of 100: p50 ${ms(quantile(inSmall, 0.5))}, p95 ${ms(quantile(inSmall, 0.95))} (aim 50 ms)`,
  );

  const large = pathToFileURL(join(root, "large.md")).toString();
  const first = await bench.open(large, specification(REQUIREMENTS));
  console.log(
    `first full result of ${REQUIREMENTS}: ${ms(first)}, ${((1000 * REQUIREMENTS) / first).toFixed(0)} statements/s`,
  );
  const before = bench.processorTime();
  const inLarge = await edits(bench, large, 2, REQUIREMENTS);
  const spent = bench.processorTime();
  if (before !== undefined && spent !== undefined) {
    console.log(`processor time of an edit in it: ${ms((spent - before) / EDITS)}`);
  }
  const [p50, p95] = [quantile(inLarge, 0.5), quantile(inLarge, 0.95)];
  console.log(
    `edit in it: p50 ${ms(p50)}, p95 ${ms(p95)} (aim 50 ms), first/edit ${(first / p50).toFixed(0)}× (aim 100×)`,
  );

  const begin = performance.now();
  const lenses = await bench.client.sendRequest<CodeLens[]>("textDocument/codeLens", { textDocument: { uri: large } });
  const bytes = JSON.stringify(lenses).length;
  console.log(`code lenses: ${lenses.length} in ${ms(performance.now() - begin)}, ${(bytes / 1e6).toFixed(2)} MB`);
  await besideTraining(bench, root, small, quantile(inSmall, 0.95));
  const memory = bench.memory();
  if (memory)
    console.log(`resident memory: ${memory.now.toFixed(0)} MB, peak ${memory.peak.toFixed(0)} MB (aim 300 MB)`);
  await bench.stop();
  rmSync(root, { recursive: true });
}

await main();
