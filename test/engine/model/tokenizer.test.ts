import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { readTokenizer } from "../../../server/engine/model/tokenizer.ts";
import { InputError } from "../../../server/engine/outcome.ts";
import { storedOutputs, storedRows, tinyCheckpoint } from "./tiny.ts";

const TINY = new TextDecoder().decode(tinyCheckpoint().tokenizer);
const NETWORK = { vocabularySize: 200, maximumPositions: 64 };
const open = (content: string): ReturnType<typeof readTokenizer> => readTokenizer(content, "tokenizer.json", NETWORK);
const edited = (change: (json: Record<string, Record<string, unknown>>) => void): string => {
  const json = JSON.parse(TINY) as Record<string, Record<string, unknown>>;
  change(json);
  return JSON.stringify(json);
};

describe("tokenizer", () => {
  it("gives the ids that PyTorch was fed", () => {
    const tokenizer = open(TINY);
    const { texts } = storedOutputs();
    assert.deepEqual(
      texts.map((text) => tokenizer.encode(text)),
      storedRows(storedOutputs()),
    );
  });

  const bundled = join("models", "base", "tokenizer.json");
  it("gives the ids of the training recipe for the bundled pack", function () {
    if (!existsSync(bundled)) this.skip();
    const tokenizer = readTokenizer(readFileSync(bundled, "utf8"), bundled, {
      vocabularySize: 16_000,
      maximumPositions: 128,
    });
    const golden = JSON.parse(readFileSync(join("test", "fixtures", "tokenizer-golden.json"), "utf8")) as {
      text: string;
      ids: number[];
    }[];
    for (const { text, ids } of golden) assert.deepEqual([...tokenizer.encode(text)], ids, text);
  });

  it("reads the WordPiece tokenizers of published BERTs", () => {
    const words = [
      "[PAD]",
      "[UNK]",
      "[CLS]",
      "[SEP]",
      "the",
      "log",
      "##in",
      "page",
      "##s",
      "must",
      "load",
      ",",
      ".",
      "e",
    ];
    const special = (content: string): object => ({
      id: words.indexOf(content),
      content,
      special: true,
      normalized: false,
    });
    const piece = (id: string): object => ({ SpecialToken: { id, type_id: 0 } });
    const tokens = ["[CLS]", "[SEP]"].map((id) => [id, { id, ids: [words.indexOf(id)], tokens: [id] }]);
    const published = {
      version: "1.0",
      added_tokens: words.slice(0, 4).map(special),
      normalizer: {
        type: "BertNormalizer",
        clean_text: true,
        handle_chinese_chars: true,
        strip_accents: null,
        lowercase: true,
      },
      pre_tokenizer: { type: "BertPreTokenizer" },
      post_processor: {
        type: "TemplateProcessing",
        single: [piece("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, piece("[SEP]")],
        pair: [],
        special_tokens: Object.fromEntries(tokens) as object,
      },
      decoder: { type: "WordPiece", prefix: "##", cleanup: true },
      model: {
        type: "WordPiece",
        unk_token: "[UNK]",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      },
    };
    const tokenizer = open(JSON.stringify(published));
    const ids = tokenizer.encode("The Login pages must load, é! the");
    assert.deepEqual([...ids], [2, 4, 5, 6, 7, 8, 9, 10, 11, 13, 1, 4, 3]);
  });

  it("cuts at the end, keeps [SEP], and leaves room for virtual tokens", () => {
    const tokenizer = open(TINY);
    const [full] = [tokenizer.encode("the system ".repeat(100))];
    assert.equal(full.length, 64);
    const short = tokenizer.encode("the");
    assert.equal(full.at(-1), short.at(-1));
    const tight = tokenizer.encode("the system ".repeat(100), 10);
    assert.deepEqual([...tight.slice(0, -1)], [...full.slice(0, 53)]);
    assert.equal(tight.at(-1), full.at(-1));
  });

  it("answers quickly on a megabyte without a space", () => {
    const started = performance.now();
    assert.equal(open(TINY).encode("x".repeat(1_000_000)).length, 64);
    assert.ok(performance.now() - started < 5000);
  });

  it("turns any text into known ids", () => {
    const tokenizer = open(TINY);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        const ids = tokenizer.encode(text);
        assert.ok(ids.length >= 2 && ids.length <= 64 && ids.every((id) => id >= 0 && id < 200));
      }),
    );
  });

  const hostile: [string, string, RegExp][] = [
    ["no JSON", "[", /not valid JSON/],
    ["no model", "{}", /model is missing; expected an object/],
    ["an unknown kind", edited((json) => (json["model"]!["type"] = "Magic")), /model.type is "Magic"/],
    [
      "a vocabulary of another network",
      edited(
        (json) =>
          (json["model"]!["vocab"] = [
            ...(json["model"]!["vocab"] as unknown[]),
            ...Array.from({ length: 50 }, (_, i) => [`zz${i}`, -9]),
          ]),
      ),
      /ids go up to \d+, but the network has 200 word vectors/,
    ],
    ["a vocabulary that is none", edited((json) => (json["model"]!["vocab"] = 5)), /no tokenizer this program can use/],
    [
      "an unknown normalizer",
      edited((json) => (json["normalizer"] = { type: "Magic" })),
      /no tokenizer this program can use/,
    ],
    [
      "no post-processor",
      edited((json) => (json["post_processor"] = { type: "Magic" })),
      /no tokenizer this program can use/,
    ],
    [
      "a boundary of two characters",
      edited((json) => (json["pre_tokenizer"]!["replacement"] = "__")),
      /pre_tokenizer.replacement is "__"/,
    ],
  ];
  for (const [what, content, message] of hostile) {
    it(`refuses ${what}`, () => {
      assert.throws(
        () => open(content),
        (error: unknown) => {
          assert.ok(error instanceof InputError, String(error));
          assert.match(error.message, message);
          return true;
        },
      );
    });
  }

  it("throws nothing but InputError on random JSON", () => {
    fc.assert(
      fc.property(fc.json(), fc.jsonValue(), (whole, part) => {
        for (const content of [
          whole,
          edited((json) => (json["model"] = part as Record<string, unknown>)),
          edited((json) => (json["post_processor"] = part as Record<string, unknown>)),
        ]) {
          try {
            open(content);
          } catch (error) {
            assert.ok(error instanceof InputError, String(error));
          }
        }
      }),
    );
  });
});
