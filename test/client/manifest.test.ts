/** The manifest, the code and the texts name the same things; each disagreement is told by a sentence. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { getL10nJson } from "@vscode/l10n-dev";
import { BUILT_IN_CODES, BUILT_IN_TAXONOMY } from "../../server/engine/taxonomy.ts";
import { COLOURED } from "../../src/categories.ts";
import { COMMANDS } from "../../src/command-table.ts";

const root = resolve(import.meta.dirname, "../..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const json = (path: string) => JSON.parse(read(path)) as Record<string, never>;

interface Item {
  command?: string;
  submenu?: string;
  when?: string;
}
interface Manifest {
  activationEvents: string[];
  icon: string;
  contributes: {
    commands: { command: string; title: string; category: string }[];
    configuration: { properties: Record<string, { order: number; scope: string; default: unknown }> }[];
    colors: { id: string; defaults: Record<string, string> }[];
    keybindings: {
      command: string;
      key: string;
      when: string;
      args?: { commands: (string | { command: string })[] };
    }[];
    menus: Record<string, Item[]>;
    views: Record<string, { id: string }[]>;
    viewsWelcome: { view: string; contents: string }[];
    walkthroughs: { steps: { completionEvents: string[]; media: Record<string, string> }[] }[];
  };
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
}
const manifest = json("package.json") as unknown as Manifest;
const { contributes } = manifest;
const settings = contributes.configuration.flatMap(({ properties }) => Object.entries(properties));

/** Words in pairs of percent signs in the manifest. */
const usedKeys = () => [...new Set([...read("package.json").matchAll(/"%([^%"]+)%"/g)].map(([, key]) => key!))].sort();

/** The strings the sources hand to a translator, as the tool that translators use finds them. */
async function spokenStrings(folder: string): Promise<string[]> {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const sources = files.filter((file) => file.endsWith(".ts")).map((file) => read(join(folder, file)));
  const found = await getL10nJson(sources.map((contents) => ({ extension: ".ts" as const, contents })));
  return Object.keys(found);
}

const placeholders = (text: string) => [...new Set(text.match(/\{\d+\}/g) ?? [])].sort();

describe("manifest", () => {
  it("lists exactly the commands of the table", () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), Object.keys(COMMANDS).sort());
  });

  it("names only its own commands in menus, keys, welcomes and the walkthrough", () => {
    const named = [
      ...Object.values(contributes.menus).flatMap((items) => items.flatMap(({ command }) => command ?? [])),
      ...contributes.keybindings.flatMap(({ command, args }) =>
        command === "runCommands"
          ? args!.commands.flatMap((step) => (typeof step === "string" ? [] : step.command))
          : command,
      ),
      ...[...read("package.nls.json").matchAll(/command:(nfrLens\.[A-Za-z.]+)/g)].map(([, command]) => command!),
      ...contributes.walkthroughs.flatMap(({ steps }) =>
        steps.flatMap(({ completionEvents }) => completionEvents.flatMap((e) => /^onCommand:(.*)/.exec(e)?.[1] ?? [])),
      ),
    ];
    const views = Object.values(contributes.views).flatMap((list) => list.map(({ id }) => `${id}.focus`));
    const known = new Set([...Object.keys(COMMANDS), ...views]);
    assert.deepEqual(
      named.filter((command) => !known.has(command)),
      [],
    );
  });

  it("binds every key under one prefix, each with a condition, none twice for the same place", () => {
    const seen = new Set<string>();
    for (const { command, key, when } of contributes.keybindings) {
      assert.match(key, /^ctrl\+alt\+j [a-z]$/, command);
      assert.ok(when, `${command}: a key without a condition is pressed everywhere`);
      const place = `${key} ${/focusedView/.test(when) ? "tree" : "editor"}`;
      assert.ok(!seen.has(place), `${place} is bound twice`);
      seen.add(place);
    }
  });

  it("has about a dozen settings, ordered, with a default and a scope, and the code reads each of them", () => {
    assert.ok(settings.length <= 15, `${settings.length} settings: every one is a decision left to the user`);
    for (const [name, { order, scope, default: value }] of settings) {
      assert.ok(order > 0 && scope && value !== undefined, name);
    }
    const readNames = [...read("src/settings.ts").matchAll(/\(\s*"([\w.]+)"\s*\)/g)].map(
      ([, name]) => `nfrLens.${name}`,
    );
    assert.deepEqual([...new Set(readNames)].sort(), settings.map(([name]) => name).sort());
  });

  it("keeps what a folder may not decide from folders that are not trusted", () => {
    const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
    const machine = settings.filter(([, { scope }]) => scope === "machine-overridable").map(([name]) => name);
    assert.deepEqual([...restrictedConfigurations].sort(), machine.sort());
  });

  it("colours every built-in category for all four kinds of theme", () => {
    assert.deepEqual(COLOURED, BUILT_IN_CODES);
    assert.deepEqual(
      contributes.colors.map(({ id }) => id),
      BUILT_IN_CODES.map((code) => `nfrLens.category.${code}`),
    );
    for (const { id, defaults } of contributes.colors) {
      assert.deepEqual(Object.keys(defaults), ["dark", "light", "highContrast", "highContrastLight"], id);
    }
  });

  it("is not activated by everything", () => {
    assert.deepEqual(manifest.activationEvents, [
      "onLanguage:markdown",
      "onLanguage:plaintext",
      "workspaceContains:.nfr-lens",
    ]);
  });

  it("names pictures and pages that exist", () => {
    const media = contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media));
    const files = media.flatMap((entry) => [entry["svg"], entry["markdown"]].filter((file) => file !== undefined));
    for (const file of [...files, manifest.icon]) assert.ok(existsSync(join(root, file)), file);
  });
});

describe("bundled models", () => {
  it("are there for every choice of the setting, and go into the package", () => {
    const [, chosen] = Object.entries(Object.fromEntries(settings)).find(([name]) => name === "nfrLens.model")!;
    const choices = (chosen as unknown as { enum: string[] }).enum;
    const folders = new Map(
      [...read("src/server.ts").matchAll(/(int\d): "(models\/[\w-]+)"/g)].map(([, a, b]) => [a!, b!]),
    );
    assert.deepEqual([...folders.keys()], choices);
    for (const [precision, folder] of folders) {
      assert.equal(json(`${folder}/nfr-lens.json`)["precision"], precision, folder);
      assert.ok(read(".vscodeignore").split("\n").includes(`!${folder}/**`), `.vscodeignore leaves ${folder} out`);
    }
  });
});

describe("texts", () => {
  it("has every key of the manifest in English and Japanese, and no other", () => {
    for (const file of ["package.nls.json", "package.nls.ja.json"]) {
      assert.deepEqual(Object.keys(json(file)).sort(), usedKeys(), file);
    }
  });

  it("has every string of client and server in English and Japanese, and no other", async function () {
    this.timeout(240_000);
    const categories = BUILT_IN_TAXONOMY.flatMap(({ name, iso25010, meaning }) => [name, iso25010 ?? name, meaning]);
    const found = [...(await spokenStrings("src")), ...(await spokenStrings("server")), ...categories];
    const spoken = [...new Set(found)].sort();
    const advice = "add what is missing to l10n/bundle.l10n.json and l10n/bundle.l10n.ja.json, remove what nobody says";
    for (const file of ["l10n/bundle.l10n.json", "l10n/bundle.l10n.ja.json"]) {
      assert.deepEqual(Object.keys(json(file)).sort(), spoken, `${file}: ${advice}`);
    }
  });

  it("keeps placeholders and links in translation", () => {
    for (const file of ["package.nls", "l10n/bundle.l10n"]) {
      const english = json(`${file}.json`) as Record<string, string>;
      const japanese = json(`${file}.ja.json`) as Record<string, string>;
      for (const [key, text] of Object.entries(english)) {
        assert.deepEqual(placeholders(japanese[key] ?? ""), placeholders(text), `${file}.ja.json: ${key}`);
        assert.deepEqual(
          japanese[key]?.match(/command:[\w.]+/g),
          text.match(/command:[\w.]+/g),
          `${file}.ja.json: ${key}`,
        );
      }
    }
  });
});
