/** The language that a process speaks to its person; a child process speaks that of its parent. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as l10n from "@vscode/l10n";

let spoken: string | null = null;

/** The translations of a locale, or of its main language, in the installation; null for English, which needs none. */
export function translationsOf(home: string, locale: string): string | null {
  const names = [locale, locale.split("-")[0] ?? locale].map((name) => `bundle.l10n.${name.toLowerCase()}.json`);
  return names.map((name) => join(home, "l10n", name)).find((path) => existsSync(path)) ?? null;
}

/** Speaks with these translations from now on. */
export function speak(translations: string | null): void {
  spoken = translations;
  l10n.config({ contents: translations === null ? {} : readFileSync(translations, "utf8") });
}

/** The file of the translations in use, for a child process. */
export function spokenTranslations(): string | null {
  return spoken;
}
