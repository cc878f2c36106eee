/**
 * `.nfr-lens/config.json`: what a project decides for everybody who works on it. The same parser serves editor,
 * command line and CI. Pure: the disk is read in `config-file.ts`. `media/config.schema.json` says the same to
 * editors; a test compares the two.
 */
import * as l10n from "@vscode/l10n";
import picomatch from "picomatch";
import { BUILT_IN_TAXONOMY, type Category, NONE } from "../engine/taxonomy.ts";
import { errorMessage, shown } from "./wording.ts";

/** Complete: what the file leaves out has its default. */
export interface ProjectConfig {
  /** Globs of documents that are never read, relative to the workspace folder, with forward slashes. */
  readonly ignore: readonly string[];
  /** Globs of the documents a scan reads; empty for every document in a known format. */
  readonly include: readonly string[];
  /** Confidence below which an answer is "uncertain", 0 to 1; null takes the model's calibrated threshold. */
  readonly threshold: number | null;
  /** Codes of categories that the documents must speak of; what is missing is reported. */
  readonly required: readonly string[];
  /** The categories of this project, `none` among them. */
  readonly categories: readonly Category[];
}

export const DEFAULT_CONFIG: ProjectConfig = {
  ignore: [],
  include: [],
  threshold: null,
  required: [],
  categories: BUILT_IN_TAXONOMY,
};

/** A value that is not used; the default, or the rest of the list, is. */
export interface ConfigProblem {
  /** Dotted path of the field, empty for the whole file. */
  readonly field: string;
  readonly message: string;
}

export interface ParsedConfig {
  /** The text that was parsed, empty where there was none: problems are shown in it. */
  readonly text: string;
  readonly config: ProjectConfig;
  readonly problems: readonly ConfigProblem[];
}

type Report = (field: string, message: string) => void;

/** Parses the file's text. `file` is only used in messages. Never throws: each problem is named, defaults are kept. */
export function parseConfig(text: string, file: string): ParsedConfig {
  const problems: ConfigProblem[] = [];
  const report: Report = (field, message) => problems.push({ field, message: `${file}: ${message}` });
  const value = parseObject(text, report);
  if (value === undefined) return { text, config: DEFAULT_CONFIG, problems };
  for (const key of Object.keys(value)) {
    if (!CONFIG_KEYS.includes(key)) {
      const known = Object.keys(PARSERS).join(", ");
      report(key, l10n.t("unknown key {0}; it is not used. Known keys: {1}.", key, known));
    }
  }
  const read = <K extends keyof ProjectConfig>(key: K): ProjectConfig[K] => {
    const found = Object.hasOwn(value, key) ? PARSERS[key](value[key], key, report) : undefined;
    return found ?? DEFAULT_CONFIG[key];
  };
  const config: ProjectConfig = {
    ignore: read("ignore"),
    include: read("include"),
    threshold: read("threshold"),
    required: read("required"),
    categories: read("categories"),
  };
  const unknown = config.required.filter((code) => !config.categories.some((category) => category.code === code));
  if (unknown.length > 0) {
    const codes = config.categories.map(({ code }) => code).join(", ");
    expected(report, "required", unknown, l10n.t("codes of the project's categories ({0})", codes));
    return {
      text,
      config: { ...config, required: config.required.filter((code) => !unknown.includes(code)) },
      problems,
    };
  }
  return { text, config, problems };
}

/** The keys of the file, for the test that compares them with the schema. `$schema` is for editors. */
export const CONFIG_KEYS: readonly string[] = ["$schema", ...Object.keys(DEFAULT_CONFIG)];

/** Whether a document is ignored by the project. `path` is relative to the workspace folder, with forward slashes. */
export function isIgnored(config: ProjectConfig, path: string): boolean {
  return matches(config.ignore, path);
}

/** Whether a scan reads a document. */
export function isIncluded(config: ProjectConfig, path: string): boolean {
  return !isIgnored(config, path) && (config.include.length === 0 || matches(config.include, path));
}

const matchers = new WeakMap<readonly string[], (path: string) => boolean>();

function matches(globs: readonly string[], path: string): boolean {
  if (globs.length === 0) return false;
  let match = matchers.get(globs);
  if (match === undefined) {
    // A glob that names a folder means everything in it, as in .gitignore.
    const whole = globs.flatMap((glob) => [glob, `${glob.replace(/\/$/, "")}/**`]);
    match = picomatch(whole, { dot: true, nocase: process.platform === "win32" });
    matchers.set(globs, match);
  }
  return match(path);
}

type Parser<K extends keyof ProjectConfig> = (value: unknown, field: K, report: Report) => ProjectConfig[K] | undefined;

const PARSERS: { readonly [K in keyof ProjectConfig]: Parser<K> } = {
  ignore: parseGlobs,
  include: parseGlobs,
  threshold: (value, field, report) => {
    if (value === null || (typeof value === "number" && value >= 0 && value <= 1)) return value;
    expected(report, field, value, l10n.t("a number from 0 to 1, or null for the model's own threshold"));
    return undefined;
  },
  required: parseCodes,
  categories: parseCategories,
};

function parseObject(text: string, report: Report): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    report("", l10n.t("not valid JSON ({0}); the defaults are used until it is mended.", errorMessage(error)));
    return undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  expected(report, "", value, l10n.t("an object"));
  return undefined;
}

/** Longer globs take picomatch exponential time and no project needs them. */
const GLOB_LIMIT = 1000;

function parseGlobs(value: unknown, field: string, report: Report): readonly string[] | undefined {
  if (!Array.isArray(value)) {
    expected(report, field, value, l10n.t("a list of globs"));
    return undefined;
  }
  return value.filter((glob: unknown, index): glob is string => {
    if (typeof glob === "string" && glob.trim() !== "" && glob.length <= GLOB_LIMIT) return true;
    expected(report, `${field}.${index}`, glob, l10n.t("a glob such as {0}", '"docs/archive/**"'));
    return false;
  });
}

function parseCodes(value: unknown, field: string, report: Report): readonly string[] | undefined {
  if (Array.isArray(value) && value.every((code) => typeof code === "string")) return [...new Set(value)];
  expected(report, field, value, l10n.t("a list of category codes such as {0}", '["SE", "PE"]'));
  return undefined;
}

function parseCategories(value: unknown, field: string, report: Report): readonly Category[] | undefined {
  if (!Array.isArray(value) || value.length === 0) {
    expected(report, field, value, l10n.t("a list of categories"));
    return undefined;
  }
  const categories: Category[] = [];
  for (const [index, entry] of value.entries()) {
    const category = parseCategory(entry, `${field}.${index}`, report);
    if (category === undefined) continue;
    if (categories.some(({ code }) => code === category.code)) {
      expected(report, `${field}.${index}.code`, category.code, l10n.t("a code that no other category has"));
    } else categories.push(category);
  }
  if (categories.length === 0) return undefined;
  const none = BUILT_IN_TAXONOMY.filter(({ code }) => code === NONE);
  return categories.some(({ code }) => code === NONE) ? categories : [...categories, ...none];
}

/** What a project may say of a category, and what it must be; `iso25010` and `meaning` may be left out. */
export const CATEGORY_KEYS: readonly (keyof Category)[] = ["code", "name", "iso25010", "meaning"];
const CODE = /^[\p{L}\p{N}][\p{L}\p{N}_-]{0,23}$/u;

function parseCategory(value: unknown, field: string, report: Report): Category | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    expected(report, field, value, l10n.t("an object with {0}", "code, name"));
    return undefined;
  }
  const row = value as Record<string, unknown>;
  for (const key of Object.keys(row)) {
    if (CATEGORY_KEYS.some((known) => known === key)) continue;
    const known = CATEGORY_KEYS.join(", ");
    const path = `${field}.${key}`;
    report(path, l10n.t("unknown key {0}; it is not used. Known keys: {1}.", path, known));
  }
  const { code } = row;
  if (typeof code !== "string" || !CODE.test(code)) {
    expected(report, `${field}.code`, code, l10n.t("1 to 24 letters, digits, - or _"));
    return undefined;
  }
  const builtIn = BUILT_IN_TAXONOMY.find((category) => category.code === code);
  const words = <D extends string | null>(key: keyof Category, otherwise: D): string | D => {
    const found = row[key];
    if (found === undefined) return otherwise;
    if (typeof found === "string" || found === otherwise) return found as string | D;
    expected(report, `${field}.${key}`, found, l10n.t("text"));
    return otherwise;
  };
  return {
    code,
    name: words("name", builtIn?.name ?? code),
    iso25010: words("iso25010", builtIn?.iso25010 ?? null),
    meaning: words("meaning", builtIn?.meaning ?? ""),
  };
}

function expected(report: Report, field: string, found: unknown, wanted: string): void {
  if (field === "") report(field, l10n.t("found {0}, expected {1}; the default is used.", shown(found), wanted));
  else report(field, l10n.t("{0} is {1}, expected {2}; it is not used.", field, shown(found), wanted));
}
