/** Categories and numbers in the words of the user's language. */
import * as l10n from "@vscode/l10n";
import type { ClassifiedStatement } from "../classified.ts";
import { type Category, NONE } from "../engine/taxonomy.ts";
import type { ShownCategory } from "../protocol.ts";

/** A category as shown. Names of the built-in taxonomy are translated; those of a project are its own words. */
export function shownCategory(category: Category): ShownCategory {
  return {
    code: category.code,
    name: l10n.t(category.name),
    iso25010: category.iso25010 === null ? null : l10n.t(category.iso25010),
    meaning: l10n.t(category.meaning),
  };
}

export type Categories = ReadonlyMap<string, ShownCategory>;

/** The name of a category; a code that the project's taxonomy lacks stands for itself. */
export function nameOf(categories: Categories, code: string): string {
  return categories.get(code)?.name ?? code;
}

/** `0.936` as `94 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** Whether a statement is shown as a requirement. */
export function isRequirement({ shown }: ClassifiedStatement): boolean {
  return shown.label !== NONE;
}

/** The category with how sure it is, and who says so, in a few words. */
export function verdict({ shown, label }: ClassifiedStatement, categories: Categories): string {
  const name = nameOf(categories, shown.label);
  if (label !== undefined) return l10n.t("{0} · labelled by {1}", name, label.author);
  const sure = percent(shown.confidence);
  return shown.uncertain ? l10n.t("Uncertain · {0} {1}", name, sure) : `${name} · ${sure}`;
}
