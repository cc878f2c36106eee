/** The README says what is there: settings, keys, commands, formats and folders, each compared with its source. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { RULES } from "../server/cli/check-rules.ts";
import { COMMANDS } from "../server/cli/command-line.ts";
import { formatOf } from "../server/engine/documents/read.ts";
import { BUILT_IN_TAXONOMY, NONE } from "../server/engine/taxonomy.ts";
import { DEFAULT_CONFIG, parseConfig } from "../server/store/config.ts";

const root = resolve(import.meta.dirname, "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

interface Manifest {
  scripts: Record<string, string>;
  contributes: {
    configuration: { properties: Record<string, { default: unknown }> }[];
    keybindings: { key: string; command: string }[];
  };
}
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

/** First and second cell of every row of the tables of a section. */
function rowsUnder(heading: string): [string, string][] {
  const section = readme.split(/^(?=##+ )/m).find((part) => part.startsWith(`## ${heading}\n`));
  assert.ok(section !== undefined, `README.md has no section "${heading}"`);
  const rows = section.split("\n").filter((line) => line.startsWith("| ") && !line.startsWith("| ---"));
  return rows
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map((cells) => [cells[1] ?? "", cells[2] ?? ""]);
}

describe("README.md", () => {
  it("lists every setting with its default, and no other", () => {
    const settings = manifest.contributes.configuration.flatMap(({ properties }) => Object.entries(properties));
    const shown = ([name, { default: value }]: [string, { default: unknown }]): string =>
      `${name} ${typeof value === "string" && value !== "" ? value : JSON.stringify(value)}`;
    const listed = rowsUnder("Settings").slice(1);
    assert.deepEqual(
      listed.map(([name, value]) => `${name.replaceAll("`", "")} ${value.replaceAll("`", "")}`),
      settings.map(shown),
      "bring the table under ## Settings in line with package.json",
    );
  });

  it("lists every key", () => {
    const keys = [...new Set(manifest.contributes.keybindings.map(({ key }) => key))].sort();
    const listed = rowsUnder("Label and teach").slice(1);
    assert.deepEqual(
      listed.map(([key]) => key.replaceAll("`", "").toLowerCase()).sort(),
      keys,
      "bring the table under ## Label and teach in line with the keybindings of package.json",
    );
  });

  it("names every command and every rule of the command line", () => {
    for (const { name } of COMMANDS) assert.match(readme, new RegExp(`^nfr-lens ${name} `, "m"));
    for (const [rule] of RULES) assert.ok(readme.includes(`\`${rule}\``), rule);
    for (const [, script] of readme.matchAll(/npm run ([a-z:]+)/g)) {
      assert.ok(script! in manifest.scripts, `npm run ${script}`);
    }
  });

  it("names the extensions that are read", () => {
    const extensions = [...readme.matchAll(/`(\.[a-z]+)`/g)].map(([, extension]) => extension!);
    assert.ok(extensions.length >= 6);
    for (const extension of extensions) assert.ok(formatOf(`a${extension}`) !== undefined, extension);
  });

  it("names every category", () => {
    for (const { code, name } of BUILT_IN_TAXONOMY) {
      const words =
        code === NONE ? /\*not a requirement\* \(`none`\)/ : new RegExp(`${name.toLowerCase()}\\s+\\(${code}\\)`);
      assert.match(readme, words);
    }
  });

  it("shows a configuration that is accepted as it stands, with every key", () => {
    const [, example = ""] = /```json\n(.*?)```/s.exec(readme) ?? [];
    assert.deepEqual(parseConfig(example, "README.md").problems, []);
    assert.deepEqual(Object.keys(JSON.parse(example) as object).sort(), Object.keys(DEFAULT_CONFIG).sort());
  });

  it("maps folders and links to files that exist", () => {
    const paths = rowsUnder("The map of the house").flatMap(([cell]) => /^`([a-z/]+\/)`$/.exec(cell)?.[1] ?? []);
    assert.ok(paths.length >= 10);
    const links = [...readme.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path!);
    for (const path of [...paths, ...links]) assert.ok(existsSync(join(root, path)), path);
  });
});
