/** Which qualities a set of documents speaks of, where, and which it is silent about. */
import { FUNCTIONAL, isQuality, NONE } from "./categories.ts";
import type { ShownCategory, ShownDocument, ShownStatement } from "../server/protocol.ts";

export interface Section {
  name: string;
  uri: string;
  /** Requirements by category, and the first one of each to go to. */
  counts: Map<string, { count: number; first: ShownStatement }>;
  requirements: number;
  uncertain: number;
}

export interface Coverage {
  documents: (Section & { sections: Section[] })[];
  totals: Map<string, number>;
  requirements: number;
  quality: number;
  uncertain: number;
  labelled: number;
  /** Quality categories that no document has. */
  missing: string[];
  /** Sections with requirements, none of them about a quality. */
  silent: Section[];
}

/** Counts requirements by category per document and section; uncertain ones are counted apart. */
export function coverage(documents: readonly ShownDocument[], categories: readonly ShownCategory[]): Coverage {
  const result: Coverage = {
    documents: documents.map((document) => ({
      ...section(document.uri, document.uri, document.statements),
      sections: sectionsOf(document),
    })),
    totals: new Map(),
    requirements: 0,
    quality: 0,
    uncertain: 0,
    labelled: documents.flatMap(({ statements }) => statements).filter(({ source }) => source === "person").length,
    missing: [],
    silent: [],
  };
  for (const document of result.documents) {
    result.requirements += document.requirements;
    result.uncertain += document.uncertain;
    for (const [code, { count }] of document.counts) {
      result.totals.set(code, (result.totals.get(code) ?? 0) + count);
      if (isQuality(code)) result.quality += count;
    }
    result.silent.push(...document.sections.filter(onlyFunctional));
  }
  const codes = categories.map(({ code }) => code).filter(isQuality);
  result.missing = result.requirements > 0 ? codes.filter((code) => !result.totals.has(code)) : [];
  return result;
}

function onlyFunctional(section: Section): boolean {
  // With uncertain ones among them nobody can say.
  const functional = section.counts.get(FUNCTIONAL)?.count ?? 0;
  return functional > 1 && functional === section.requirements && section.uncertain === 0;
}

function sectionsOf(document: ShownDocument): Section[] {
  const depth = commonHeadings(document.statements);
  const groups = new Map<string, ShownStatement[]>();
  for (const statement of document.statements) {
    const name = statement.heading[depth] ?? statement.heading.at(-1) ?? "";
    groups.set(name, [...(groups.get(name) ?? []), statement]);
  }
  return [...groups]
    .map(([name, statements]) => section(name, document.uri, statements))
    .filter(({ requirements, uncertain }) => requirements + uncertain > 0);
}

/** How many headings all statements share from the top, such as the title: sections begin below those. */
function commonHeadings(statements: readonly ShownStatement[]): number {
  const paths = statements.map(({ heading }) => heading).filter((heading) => heading.length > 1);
  const [first = []] = paths;
  let depth = 0;
  while (depth + 1 < first.length && paths.every((path) => path[depth] === first[depth])) depth += 1;
  return depth;
}

function section(name: string, uri: string, statements: readonly ShownStatement[]): Section {
  const result: Section = { name, uri, counts: new Map(), requirements: 0, uncertain: 0 };
  for (const statement of statements) {
    if (statement.label === NONE) continue;
    if (statement.uncertain) {
      result.uncertain += 1;
      continue;
    }
    result.requirements += 1;
    const there = result.counts.get(statement.label);
    if (there) there.count += 1;
    else result.counts.set(statement.label, { count: 1, first: statement });
  }
  return result;
}
