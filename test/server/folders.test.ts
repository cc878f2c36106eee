/** Several workspace folders: each has labels, adapters and trainings of its own, and reads its own documents. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Range } from "vscode-languageserver";
import { openModel } from "../../server/open-model.ts";
import {
  type AdapterName,
  type AdapterSummary,
  type Comparison,
  Requests,
  type Review,
  type ServerStatus,
  ToClient,
  type TrainOutcome,
  type TrainReport,
} from "../../server/protocol.ts";
import type { LabelRecord } from "../../server/store/label.ts";
import { Rig } from "./rig.ts";
import { documentOf, LESSON, TAUGHT_FOLDER } from "./taught.ts";
import { type TinyPack, tinyPackFolder } from "./tiny-pack.ts";

const under = (folder: string): Record<string, string> =>
  Object.fromEntries(Object.entries(TAUGHT_FOLDER).map(([path, text]) => [`${folder}/${path}`, text]));

describe("several workspace folders", function () {
  this.timeout(120_000);
  let pack: TinyPack;
  let rig: Rig;
  before(async () => {
    pack = await tinyPackFolder();
    rig = await Rig.start({
      files: { ...under("one"), ...under("two"), "loose.md": documentOf("loose") },
      folders: ["one", "two"],
      openModel,
      options: { pack: pack.folder },
    });
    await rig.ready();
  });
  after(async () => {
    await rig.stop();
    pack.remove();
  });

  const root = (folder: string): string => rig.uri(folder);
  const status = (): Promise<ServerStatus> => rig.ask(Requests.status);
  const inForce = async (): Promise<AdapterName[]> => (await status()).folders.map(({ adapter }) => adapter);
  const confidences = (path: string): number[] =>
    rig.lastClassified(path)!.statements.map(({ confidence }) => confidence);
  const adapter = { name: "project", version: "1" };
  let report: TrainReport;

  it("trains on the labels of the folder that is meant, and keeps the adapter there", async () => {
    assert.deepEqual((await status()).labels, { total: 120, sinceTraining: 120, trainingSuggested: true });
    const outcome = await rig.ask<TrainOutcome>(Requests.train, { ...LESSON, root: root("two") });
    assert.ok(outcome.outcome === "trained", JSON.stringify(outcome));
    ({ report } = outcome);
    assert.deepEqual([report.root, report.labels], [root("two"), 60]);
    assert.ok(existsSync(join(rig.root, "two/.nfr-lens/adapters/project/1/nfr-lens.json")));
    assert.equal(existsSync(join(rig.root, "one/.nfr-lens/adapters")), false);
    assert.deepEqual((await status()).labels, { total: 120, sinceTraining: 60, trainingSuggested: true });
    for (const { uri } of report.flips) assert.ok(uri === null || uri.startsWith(`${root("two")}/`), String(uri));
  });

  it("reads every document with the adapter of its own folder", async () => {
    await rig.ask(Requests.activate, { adapter: null, root: root("two") });
    for (const path of ["one/new.md", "two/new.md", "loose.md"]) await rig.open(path, documentOf("new"));
    const base = confidences("one/new.md");
    assert.deepEqual(confidences("two/new.md"), base);
    assert.deepEqual(confidences("loose.md"), base);

    assert.equal(await rig.ask(Requests.activate, { adapter, root: root("two") }), null);
    await rig.until(() => confidences("two/new.md").every((confidence, at) => confidence !== base[at]));
    assert.deepEqual(confidences("one/new.md"), base);
    assert.deepEqual(confidences("loose.md"), base);
    assert.deepEqual(await inForce(), [null, adapter]);
    const listed = await rig.ask<AdapterSummary[]>(Requests.adapters);
    assert.deepEqual(
      listed.map(({ root: where, version, active }) => [where, version, active]),
      [[root("two"), "1", true]],
    );
    const hovers = await Promise.all(
      ["one/new.md", "two/new.md"].map((path) =>
        rig.feature<{ contents: { value: string } }>("hover", path, { position: { line: 0, character: 3 } }),
      ),
    );
    assert.match(hovers[0]!.contents.value, /without a project adapter/);
    assert.match(hovers[1]!.contents.value, /with adapter project 1/);
  });

  it("writes a decision into the document's own log, with the adapter that had spoken", async () => {
    for (const folder of ["one", "two"]) {
      const statement = rig.lastClassified(`${folder}/new.md`)!.statements[0]!;
      assert.deepEqual(await rig.label(`${folder}/new.md`, statement, { kind: "accept" }), { label: statement.label });
    }
    const last = (folder: string): LabelRecord => {
      const lines = readFileSync(join(rig.root, folder, ".nfr-lens/labels.jsonl"), "utf8")
        .trim()
        .split("\n");
      assert.equal(lines.length, 61);
      return JSON.parse(lines.at(-1)!) as LabelRecord;
    };
    assert.equal(last("one").adapter, null);
    assert.match(last("two").adapter ?? "", /^[0-9a-f]{64}$/);
    await rig.until(() => rig.of<ServerStatus>(ToClient.status).at(-1)?.labels.total === 122);
  });

  it("tells documents of one name in two folders apart, lenses and undo included", async () => {
    const [one, two] = ["one/new.md", "two/new.md"] as const;
    const statement = rig.lastClassified(one)!.statements[1]!;
    assert.equal(statement.key, rig.lastClassified(two)!.statements[1]!.key);
    assert.deepEqual(await rig.label(one, statement, { kind: "change", label: "LF" }), { label: "LF" });
    const verdict = async (path: string): Promise<string> => {
      const lenses = await rig.feature<{ range: Range; data: string }[]>("codeLens", path);
      const lens = lenses.find(({ range, data }) => {
        return data.startsWith("verdict") && range.start.line === statement.range.start.line;
      });
      return (await rig.client.sendRequest<{ command: { title: string } }>("codeLens/resolve", lens)).command.title;
    };
    assert.match(await verdict(one), /Look/);
    assert.doesNotMatch(await verdict(two), /Look/);
    assert.match(JSON.stringify(await rig.label(two, statement, { kind: "undo" })), /no label to take back here/);
    assert.deepEqual(await rig.label(one, statement, { kind: "undo" }), { label: null });
  });

  it("reports, compares, reviews and rolls back folder by folder", async () => {
    const stored = await rig.ask<TrainReport>(Requests.report, { ...adapter, root: root("two") });
    assert.deepEqual([stored.after, stored.root], [report.after, root("two")]);
    const compared = await rig.ask<Comparison>(Requests.compare, { first: null, second: adapter, root: root("two") });
    assert.deepEqual([compared.statements, compared.root], [61, root("two")]);
    const review = await rig.ask<Review>(Requests.review);
    assert.ok(review.items.every(({ uri }) => uri === null || /\/(one|two)\//.test(uri)));
    assert.equal(await rig.ask(Requests.rollback, { root: root("one") }), null);
    assert.deepEqual(await inForce(), [null, adapter]);
    await rig.ask(Requests.rollback, { root: root("two") });
    assert.deepEqual(await inForce(), [null, null]);
  });

  it("refuses a folder that is none of the workspace, and an adapter that the folder does not have", async () => {
    const refused = async (method: string, params: unknown): Promise<string> => {
      const answer = await rig.ask<{ refused: boolean; message: string }>(method, params);
      assert.equal(answer.refused, true, JSON.stringify(answer));
      return answer.message;
    };
    assert.match(await refused(Requests.train, { ...LESSON, root: rig.uri("three") }), /three is no folder of this/);
    assert.match(await refused(Requests.activate, { adapter, root: root("one") }), /project.1 holds no adapter/);
  });
});
