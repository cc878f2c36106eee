import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../server/cli/command-line.ts";
import { nfrLens, root } from "./run.ts";

describe("the command line", () => {
  it("shows help that names every command and ends with 0", async () => {
    for (const ask of ["--help", "-h", "help"]) {
      const { code, out, err } = await nfrLens([ask]);
      assert.deepEqual([code, err], [0, ""]);
      for (const { name, summary } of COMMANDS) assert.ok(out.includes(`\n  ${name.padEnd(8)}  ${summary}\n`), name);
    }
  });

  it("teaches each command with its options and examples, also behind wrong arguments", async () => {
    for (const command of COMMANDS) {
      const asked = [
        ["help", command.name],
        [command.name, "--help"],
        [command.name, "--nonsense", "-h"],
      ];
      for (const args of asked) {
        const { code, out } = await nfrLens(args);
        assert.equal(code, 0, args.join(" "));
        for (const option of Object.keys(command.options)) assert.ok(out.includes(`--${option}`), option);
        for (const example of command.examples) assert.ok(out.includes(`  ${example}\n`));
        assert.ok(command.examples.length > 0);
        assert.ok(
          out.split("\n").every((line) => line.length <= 130),
          "no line is too long for a terminal",
        );
      }
    }
  });

  it("shows help on standard error and ends with 2 when nothing is said", async () => {
    const { code, out, err } = await nfrLens([]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(err, /Usage: nfr-lens COMMAND/);
  });

  it("names its version", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    const { code, out } = await nfrLens(["--version"]);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^nfr-lens ${version.replaceAll(".", "\\.")}\n(model|no bundled model)`));
  });

  it("suggests what was meant", async () => {
    const cases: [string[], RegExp][] = [
      [["chekc"], /unknown command chekc; did you mean check\?/],
      [["--vresion"], /unknown option --vresion; did you mean --version\?/],
      [["help", "clasify"], /unknown command clasify; did you mean classify\?/],
      [["adapters"], /adapters: say what to do: list, show, compare, export, import/],
      [["adapters", "lst"], /"lst" is not known, expected list, .*; did you mean list\?/],
      [["constructor"], /unknown command constructor/],
    ];
    for (const [args, message] of cases) {
      const { code, out, err } = await nfrLens(args);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(err, message);
    }
  });
});
