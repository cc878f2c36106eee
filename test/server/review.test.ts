import assert from "node:assert/strict";
import { type Located, Requests, type Review, type ShownDocument } from "../../server/protocol.ts";
import { type LabelRecord, statementKey } from "../../server/store/label.ts";
import { formatLabelLine } from "../../server/store/label-lines.ts";
import { Rig } from "./rig.ts";

const SPEC =
  "It shall log in.\n\nPerhaps users undo.\n\nPerhaps users redo it.\n\nIt shall print.\n\nPlain background text.\n";

function record(text: string, label: string | null, more: Partial<LabelRecord> = {}): LabelRecord {
  const document = more.document ?? "spec.md";
  return {
    v: 1,
    key: statementKey(text, document, []),
    text,
    label,
    document,
    heading: [],
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

function log(...records: LabelRecord[]): Record<string, string> {
  return { "spec.md": SPEC, ".nfr-lens/labels.jsonl": records.map(formatLabelLine).join("") };
}

describe("what to label next", () => {
  let rig: Rig;
  afterEach(() => rig.stop());
  const next = (params: object = {}): Promise<Located | null> => rig.ask(Requests.nextUncertain, params);

  it("begins with typical statements, one after the other, until nothing uncertain is left", async () => {
    rig = await Rig.start({ files: { "spec.md": SPEC, "other.md": "Perhaps a third.\n" } });
    await rig.open("spec.md", SPEC);
    await rig.ask(Requests.scan);
    const walked: string[] = [];
    const skip: string[] = [];
    for (let found = await next(); found !== null; found = await next({ skip })) {
      walked.push(found.statement.text);
      skip.push(found.statement.key);
      assert.match(found.reason, /^Typical of many statements: a good first label\. (Usability 41|Functional 70) %\?$/);
    }
    assert.deepEqual([...walked].sort(), [
      "It shall print.",
      "Perhaps a third.",
      "Perhaps users redo it.",
      "Perhaps users undo.",
    ]);
  });

  it("goes on with what the model is sure of when asked to, and says so", async () => {
    rig = await Rig.start({ files: { "spec.md": SPEC } });
    const { statements } = await rig.open("spec.md", SPEC);
    const skip: string[] = [];
    for (let found = await next(); found !== null; found = await next({ skip })) skip.push(found.statement.key);
    const sure = await next({ skip, sure: true });
    assert.match(sure!.reason, /^The model is sure of all that is left: .+ %\. Is it right\?$/);
    assert.ok(!skip.includes(sure!.statement.key));
    assert.equal(await next({ skip: statements.map(({ key }) => key), sure: true }), null);
  });

  it("weighs how unsure the model is against how few labels a category has", async () => {
    const labels = Array.from({ length: 12 }, (_, index) => record(`It shall print page ${index}.`, "F"));
    rig = await Rig.start({ files: log(...labels) });
    await rig.open("spec.md", SPEC);
    const found = await next();
    assert.match(found!.statement.text, /^Perhaps users/);
    assert.match(found!.reason, /Usability 41 %/);
  });

  it("stays behind the cursor's place among equals, and never offers what is labelled", async () => {
    const text = "Perhaps users undo.\n\nPerhaps users undo it.\n\nPerhaps users undo them.\n";
    const labels = Array.from({ length: 6 }, (_, index) => record(`It shall print page ${index}.`, "F"));
    rig = await Rig.start({ files: log(...labels) });
    const { statements } = await rig.open("spec.md", text);
    const seen = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const found = await next({ uri: rig.uri("spec.md"), offset: statements[1]!.start });
      assert.equal(seen.has(found!.statement.key), false);
      seen.add(found!.statement.key);
      await rig.label("spec.md", found!.statement, { kind: "accept" });
    }
    assert.equal(await next(), null);
  });
});

describe("the review of labels", () => {
  let rig: Rig;
  afterEach(() => rig.stop());
  const review = (): Promise<Review> => rig.ask(Requests.review);
  const open = async (): Promise<ShownDocument> => rig.open("spec.md", SPEC);

  it("queues what authors disagree about, until somebody settles it in review", async () => {
    const labels = [
      record("It shall log in.", "SE"),
      record("It shall log in.", "US", { author: "Bob", time: "2026-01-02T00:00:00.000Z" }),
      record("It shall print.", "F"),
      record("It shall print.", "F", { author: "Bob", time: "2026-01-02T00:00:00.000Z" }),
    ];
    rig = await Rig.start({ files: log(...labels) });
    const { statements } = await open();
    const { items, agreement } = await review();
    assert.deepEqual(
      items.filter(({ kind }) => kind === "conflict"),
      [
        {
          kind: "conflict",
          uri: rig.uri("spec.md"),
          key: statements[0]!.key,
          text: "It shall log in.",
          labels: [
            { label: "SE", author: "Ada" },
            { label: "US", author: "Bob" },
          ],
          suggested: null,
          reason: "2 people gave different labels.",
        },
      ],
    );
    // Ada says SE and F, Bob US and F: one of two agrees; chance alone gives a quarter.
    assert.deepEqual({ ...agreement, kappa: 0 }, { kappa: 0, method: "Cohen", statements: 2, authors: 2 });
    assert.ok(Math.abs(agreement!.kappa - 1 / 3) < 1e-9);
    const target = { uri: rig.uri("spec.md"), key: statements[0]!.key };
    await rig.ask(Requests.label, { ...target, action: { kind: "change", label: "SE" }, origin: "review" });
    assert.deepEqual((await review()).items, []);
  });

  it("forgets a conflict whose author took the label back", async () => {
    const later = { author: "Bob", time: "2026-01-02T00:00:00.000Z" };
    const takenBack = { author: "Bob", time: "2026-01-03T00:00:00.000Z" };
    const text = "It shall log in.";
    rig = await Rig.start({ files: log(record(text, "SE"), record(text, "US", later), record(text, null, takenBack)) });
    await open();
    assert.deepEqual(
      (await review()).items.filter(({ kind }) => kind === "conflict"),
      [],
    );
  });

  it("suspects labels that the model contradicts", async () => {
    const labels = [
      record("It shall log in.", "LF"),
      ...["now", "here", "soon"].map((word) => record(`Users log in ${word}.`, "SE")),
      ...["boxes", "letters"].map((word) => record(`It is blue with ${word}.`, "LF")),
    ];
    rig = await Rig.start({ files: log(...labels) });
    await open();
    const { items } = await review();
    assert.deepEqual(
      items.map(({ kind, text, suggested, reason }) => [kind, text, suggested, reason]),
      [["suspect", "It shall log in.", "SE", "The model, which did not learn from this label, says Security 94 %."]],
    );
  });

  it("repeats a few of one's own old labels blind, and measures how often they are given again", async () => {
    const labels = Array.from({ length: 24 }, (_, index) =>
      record(`It shall print page ${index}.`, "F", { time: `2026-01-01T00:00:${String(index + 10)}.000Z` }),
    );
    const text = labels.map((label) => label.text).join("\n\n");
    rig = await Rig.start({ files: { ...log(...labels), "spec.md": text } });
    await rig.open("spec.md", text);
    const blind = (await review()).items.filter(({ kind }) => kind === "blind");
    assert.deepEqual(
      blind.map((item) => [item.text, item.labels, item.suggested]),
      [0, 1, 2].map((index) => [`It shall print page ${index}.`, [], null]),
    );
    const again = (index: number, label: string): Promise<unknown> =>
      rig.ask(Requests.label, {
        uri: blind[index]!.uri,
        key: blind[index]!.key,
        action: { kind: "change", label },
        origin: "blind",
      });
    await again(0, "F");
    await again(1, "O");
    const { items, selfAgreement } = await review();
    assert.deepEqual(selfAgreement, [{ author: "Ada", agreed: 1, repeated: 2 }]);
    assert.equal(items.find(({ kind }) => kind === "blind")?.text, "It shall print page 2.");
  });

  it("names the place of labels whose document is closed or gone", async () => {
    const bob = { author: "Bob", time: "2026-01-02T00:00:00.000Z" };
    const elsewhere = (document: string): LabelRecord[] => [
      record("It shall stop.", "SE", { document }),
      record("It shall stop.", "F", { ...bob, document }),
    ];
    rig = await Rig.start({ files: { ...log(...elsewhere("closed.md"), ...elsewhere("gone.md")), "closed.md": "" } });
    const { items } = await review();
    assert.deepEqual(
      items.filter(({ kind }) => kind === "conflict").map(({ uri }) => uri),
      [rig.uri("closed.md"), null],
    );
  });
});
