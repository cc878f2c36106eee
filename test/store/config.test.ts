import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT_IN_TAXONOMY } from "../../server/engine/taxonomy.ts";
import {
  CATEGORY_KEYS,
  CONFIG_KEYS,
  DEFAULT_CONFIG,
  isIgnored,
  isIncluded,
  parseConfig,
} from "../../server/store/config.ts";
import { readConfig } from "../../server/store/config-file.ts";

function check(value: unknown, expected: Partial<typeof DEFAULT_CONFIG>, messages: string[] = []): void {
  const { config, problems } = parseConfig(JSON.stringify(value), "config.json");
  assert.deepEqual(config, { ...DEFAULT_CONFIG, ...expected });
  assert.deepEqual(
    problems.map(({ message }) => message),
    messages.map((message) => `config.json: ${message}`),
  );
}

describe("the project's configuration", () => {
  it("is the default where the file is empty", () => check({ $schema: "x" }, {}));

  it("takes what is right", () =>
    check(
      { ignore: ["old/**"], include: ["docs/*.md"], threshold: 0.4 },
      { ignore: ["old/**"], include: ["docs/*.md"], threshold: 0.4 },
    ));

  it("names unknown keys", () =>
    check({ treshold: 0.4 }, {}, [
      "unknown key treshold; it is not used. Known keys: ignore, include, threshold, required, categories.",
    ]));

  it("names wrong types and keeps the rest", () =>
    check({ ignore: "old/**", include: ["a.md", 7, ""], threshold: 40 }, { include: ["a.md"] }, [
      'ignore is "old/**", expected a list of globs; it is not used.',
      'include.1 is 7, expected a glob such as "docs/archive/**"; it is not used.',
      'include.2 is "", expected a glob such as "docs/archive/**"; it is not used.',
      "threshold is 40, expected a number from 0 to 1, or null for the model's own threshold; it is not used.",
    ]));

  it("takes required categories that the project has, each once, and names the others", () => {
    check({ required: ["SE", "PE", "SE"] }, { required: ["SE", "PE"] });
    check({ required: "SE" }, {}, [
      'required is "SE", expected a list of category codes such as ["SE", "PE"]; it is not used.',
    ]);
    const codes = BUILT_IN_TAXONOMY.map(({ code }) => code).join(", ");
    check({ required: ["SE", "XX"] }, { required: ["SE"] }, [
      `required is ["XX"], expected codes of the project's categories (${codes}); it is not used.`,
    ]);
  });

  it("takes categories of the project, with `none` always among them", () => {
    const none = BUILT_IN_TAXONOMY.find(({ code }) => code === "none")!;
    const safety = { code: "SAF", name: "Safety", iso25010: "Safety", meaning: "It protects people." };
    const security = BUILT_IN_TAXONOMY.find(({ code }) => code === "SE")!;
    check({ categories: [safety, { code: "SE" }] }, { categories: [safety, security, none] });
  });

  it("names categories that cannot be used", () =>
    check(
      { categories: [{ code: "SE", colour: "red" }, { code: "SE" }, { name: "No code" }, 3, { code: "X", name: 1 }] },
      {
        categories: [
          BUILT_IN_TAXONOMY.find(({ code }) => code === "SE")!,
          { code: "X", name: "X", iso25010: null, meaning: "" },
          BUILT_IN_TAXONOMY.find(({ code }) => code === "none")!,
        ],
      },
      [
        "unknown key categories.0.colour; it is not used. Known keys: code, name, iso25010, meaning.",
        'categories.1.code is "SE", expected a code that no other category has; it is not used.',
        "categories.2.code is nothing, expected 1 to 24 letters, digits, - or _; it is not used.",
        "categories.3 is 3, expected an object with code, name; it is not used.",
        "categories.4.name is 1, expected text; it is not used.",
      ],
    ));

  it("falls back to the defaults where the file is no JSON object", () => {
    check([], {}, ["found [], expected an object; the default is used."]);
    const { config, problems } = parseConfig("{,}", "config.json");
    assert.equal(config, DEFAULT_CONFIG);
    assert.match(problems[0]?.message ?? "", /^config\.json: not valid JSON \(.+\); the defaults are used/);
  });

  it("ignores by glob, a folder's name meaning all of it", () => {
    const config = { ...DEFAULT_CONFIG, ignore: ["archive", "**/*.draft.md", "a/b/"], include: ["**/*.md"] };
    const cases: [string, boolean, boolean][] = [
      ["archive/2019/x.md", true, false],
      ["docs/x.draft.md", true, false],
      ["a/b/c.md", true, false],
      ["docs/archive/x.md", false, true],
      ["x.md", false, true],
      ["x.txt", false, false],
    ];
    for (const [path, ignored, included] of cases) {
      assert.equal(isIgnored(config, path), ignored, path);
      assert.equal(isIncluded(config, path), included, path);
    }
  });

  it("is described to editors by a schema that knows the same keys", () => {
    interface Schema {
      properties: Record<string, { items?: { properties?: object }; default?: unknown }>;
      additionalProperties: boolean;
    }
    const file = new URL("../../media/config.schema.json", import.meta.url);
    const schema = JSON.parse(readFileSync(file, "utf8")) as Schema;
    const advice = "media/config.schema.json and server/store/config.ts must name the same keys";
    assert.deepEqual(Object.keys(schema.properties), CONFIG_KEYS, advice);
    assert.deepEqual(Object.keys(schema.properties["categories"]?.items?.properties ?? {}), CATEGORY_KEYS, advice);
    assert.equal(schema.additionalProperties, false);
    for (const key of ["ignore", "include", "threshold", "required"] as const) {
      assert.deepEqual(schema.properties[key]?.default, DEFAULT_CONFIG[key], advice);
    }
  });
});

describe("the configuration file", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "nfr-lens-config-"));
    mkdirSync(join(root, ".nfr-lens"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it("may be absent", async () => {
    assert.deepEqual(await readConfig(root), { text: "", config: DEFAULT_CONFIG, problems: [] });
  });

  it("is read with a byte order mark", async () => {
    writeFileSync(join(root, ".nfr-lens", "config.json"), '\uFEFF{"threshold": 0.3}');
    assert.equal((await readConfig(root)).config.threshold, 0.3);
  });

  it("that cannot be read is named", async () => {
    mkdirSync(join(root, ".nfr-lens", "config.json"));
    const { config, problems } = await readConfig(root);
    assert.equal(config, DEFAULT_CONFIG);
    assert.match(
      problems[0]?.message ?? "",
      /^\.nfr-lens\/config\.json: cannot be read \(EISDIR.*\); the defaults are used\.$/,
    );
  });

  it("that is absurdly large is named", async () => {
    writeFileSync(join(root, ".nfr-lens", "config.json"), " ".repeat(1024 * 1024 + 1));
    assert.match((await readConfig(root)).problems[0]?.message ?? "", /1048577 bytes, expected at most 1048576/);
  });
});
