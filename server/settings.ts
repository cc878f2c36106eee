/** What a client sends about itself, parsed once at the door: messages from outside may hold anything. */
import { isAbsolute } from "node:path";
import { DEFAULT_FINDINGS } from "./findings.ts";
import type { FindingSettings, InitializationOptions, ServerSettings } from "./protocol.ts";
import { shown } from "./store/wording.ts";

/** What a client gets that sends nothing: any LSP client may start this server. */
export const DEFAULT_SETTINGS: ServerSettings = {
  codeLens: true,
  inlayHints: false,
  diagnostics: true,
  findings: DEFAULT_FINDINGS,
  minimumConfidence: 0,
  maximumDiagnostics: 200,
  debounceMs: 250,
  threads: 0,
  author: "",
};

/** VS Code drops problems of a file beyond 1,000 without a word. */
const MOST_DIAGNOSTICS = 999;

export interface Start extends InitializationOptions {
  readonly changes: boolean;
  /** Whether the client is our own, which carries out `ClientCommands` itself. */
  readonly ownClient: boolean;
}

/**
 * Parses `initializationOptions`. Missing or wrong values take the default and wrong ones are reported: a server that
 * refuses to start over a setting helps nobody. Only our own client sends a complete set.
 */
export function parseStart(value: unknown, defaults: { pack: string; locale: string }, report: Report): Start {
  const row = asObject(value, "initializationOptions", report);
  const field = <T>(name: string, fits: (found: unknown) => found is T, expected: string, otherwise: T): T =>
    readField(row, `initializationOptions.${name}`, name, fits, expected, otherwise, report);
  return {
    pack: field("pack", isFolder, "the absolute path of a folder", defaults.pack),
    locale: field("locale", isLocale, "a language tag", defaults.locale),
    // A client that cannot ask the user starts the server only where the user configured it to. One that can, but
    // sends nonsense, gets the safe side.
    trusted: field("trusted", isBoolean, "true or false", row["trusted"] === undefined),
    changes: field("changes", isBoolean, "true or false", false),
    settings: parseSettings(row["settings"], DEFAULT_SETTINGS, report),
    ownClient: row["settings"] !== undefined,
  };
}

type Report = (message: string) => void;

/** Parses settings; what is missing or wrong keeps its value in `current`. */
export function parseSettings(value: unknown, current: ServerSettings, report: Report): ServerSettings {
  const row = asObject(value, "settings", report);
  const field = <K extends keyof ServerSettings>(
    name: K,
    fits: (found: unknown) => found is ServerSettings[K],
    expected: string,
  ): ServerSettings[K] => readField(row, `settings.${name}`, name, fits, expected, current[name], report);
  return {
    codeLens: field("codeLens", isBoolean, "true or false"),
    inlayHints: field("inlayHints", isBoolean, "true or false"),
    diagnostics: field("diagnostics", isBoolean, "true or false"),
    findings: parseFindings(row["findings"], current.findings, report),
    minimumConfidence: field("minimumConfidence", isNumber(0, 1), "a number from 0 to 1"),
    maximumDiagnostics: field(
      "maximumDiagnostics",
      isWhole(1, MOST_DIAGNOSTICS),
      `a whole number from 1 to ${MOST_DIAGNOSTICS}`,
    ),
    debounceMs: field("debounceMs", isNumber(0, 10_000), "milliseconds from 0 to 10000"),
    threads: field("threads", isWhole(0, 256), "a whole number from 0 to 256"),
    author: field("author", isText, "a name of at most 200 characters"),
  };
}

function parseFindings(value: unknown, current: FindingSettings, report: Report): FindingSettings {
  const row = asObject(value, "settings.findings", report);
  const field = (name: keyof FindingSettings): boolean =>
    readField(row, `settings.findings.${name}`, name, isBoolean, "true or false", current[name], report);
  return {
    unmeasurable: field("unmeasurable"),
    severalQualities: field("severalQualities"),
    contradictsHeading: field("contradictsHeading"),
  };
}

function asObject(value: unknown, name: string, report: Report): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  if (value !== undefined && value !== null) report(`${name} is ${shown(value)}, expected an object`);
  return {};
}

function readField<T>(
  row: Record<string, unknown>,
  path: string,
  name: string,
  fits: (found: unknown) => found is T,
  expected: string,
  otherwise: T,
  report: Report,
): T {
  const found = row[name];
  if (found === undefined) return otherwise;
  if (fits(found)) return found;
  report(`${path} is ${shown(found)}, expected ${expected}; ${shown(otherwise)} is used`);
  return otherwise;
}

const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isText = (value: unknown): value is string => typeof value === "string" && value.length <= 200;
const isFolder = (value: unknown): value is string => typeof value === "string" && isAbsolute(value);
const isLocale = (value: unknown): value is string => typeof value === "string" && /^[A-Za-z0-9-]{1,35}$/.test(value);
const isNumber =
  (low: number, high: number) =>
  (value: unknown): value is number =>
    typeof value === "number" && value >= low && value <= high;
const isWhole =
  (low: number, high: number) =>
  (value: unknown): value is number =>
    Number.isInteger(value) && (value as number) >= low && (value as number) <= high;
