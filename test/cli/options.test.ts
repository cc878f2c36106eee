import assert from "node:assert/strict";
import { parseOptions, type ParsedOptions, suggestion } from "../../server/cli/options.ts";
import { InputError } from "../../server/engine/outcome.ts";

const TABLE = {
  format: { value: "text|json", says: "" },
  "fail-on": { value: "RULE", says: "", repeat: true },
  json: { says: "", short: "j" },
  rank: { value: "N", says: "" },
};
const parse = (...args: string[]): ParsedOptions => parseOptions(args, TABLE);
const refuses = (work: () => unknown, message: string): void => {
  assert.throws(work, (error) => error instanceof InputError && error.message === message);
};

describe("command line options", () => {
  it("read values, flags, repetitions and positionals in any order", () => {
    const options = parse("a.md", "--fail-on", "uncertain", "-j", "--format=json", "b.md", "--fail-on=problem");
    assert.deepEqual(options.positionals, ["a.md", "b.md"]);
    assert.deepEqual(options.all("fail-on"), ["uncertain", "problem"]);
    assert.equal(options.flag("json"), true);
    assert.equal(options.oneOf("format", ["text", "json"], "text"), "json");
  });

  it("take what follows -- as it stands", () => {
    assert.deepEqual(parse("--", "--format").positionals, ["--format"]);
  });

  it("fall back where nothing is said", () => {
    assert.equal(parse().oneOf("format", ["text", "json"], "text"), "text");
    assert.equal(parse().number("rank", 1), undefined);
    assert.equal(parse().flag("json"), false);
  });

  it("refuse what they do not know, with what is near", () => {
    refuses(() => parse("--fromat", "json"), "unknown option --fromat; did you mean --format?");
    refuses(() => parse("--constructor"), "unknown option --constructor");
    refuses(() => parse("-x"), "unknown option -x");
  });

  it("refuse a missing, a needless and a second value", () => {
    refuses(() => parse("--format"), "--format needs a value: --format text|json");
    refuses(() => parse("--format", "--json"), "--format needs a value: --format text|json");
    refuses(() => parse("--format="), "--format needs a value: --format text|json");
    refuses(() => parse("--json=yes"), '--json takes no value, found "yes"');
    refuses(() => parse("--format", "text", "--format", "json"), "--format is given twice; once is enough");
  });

  it("refuse values outside what is expected", () => {
    refuses(
      () => parse("--format", "jsn").oneOf("format", ["text", "json"], "text"),
      '--format is "jsn", expected one of: text, json; did you mean json?',
    );
    refuses(
      () => parse("--rank", "1.5").number("rank", 1, "whole"),
      '--rank is "1.5", expected a whole number of at least 1',
    );
    refuses(() => parse("--rank", "many").number("rank", 0), '--rank is "many", expected a number of at least 0');
    refuses(() => parse("--rank", "-3").number("rank", 0), '--rank is "-3", expected a number of at least 0');
    refuses(() => parse().required("format", "--format json"), "--format is missing, for example: --format json");
  });

  it("suggest only what is near", () => {
    assert.equal(suggestion("chekc", ["check", "classify"]), "; did you mean check?");
    assert.equal(suggestion("SC", ["SE", "none"]), "; did you mean SE?");
    assert.equal(suggestion("banana", ["check", "classify"]), "");
    assert.equal(suggestion("x", []), "");
  });
});
