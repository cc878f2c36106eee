/**
 * Synthetic statements for the first phase of a training with few labels: what each category of the taxonomy means,
 * said about the things the project talks about, in the patterns of EARS (Mavin et al. 2009) and in plain ones.
 * They warm an adapter up to the project's vocabulary; they never enter a judgement.
 */
import { Random } from "./random.ts";
import { mineVocabulary, type ProjectVocabulary } from "./vocabulary.ts";

export interface SyntheticStatement {
  readonly text: string;
  readonly label: string;
}

/**
 * What a statement of each built-in category demands, with slots {thing}, {things}, {actor}, {deed} and {n}. Each reads
 * on after "the system shall".
 */
const DEMANDS: Readonly<Record<string, readonly string[]>> = {
  F: [
    "let the {actor} {deed} the {thing}",
    "{deed} the {thing} and show it to the {actor}",
    "list all {things} of the {actor}",
    "send the {thing} to the {actor}",
    "calculate the total of all {things}",
    "store each {thing} with its date and author",
  ],
  A: [
    "be available {n} hours a day, every day of the week",
    "be up at least 99.{n} percent of each month",
    "allow the {actor} to reach the {thing} outside office hours",
    "be down for maintenance at most {n} hours a month",
  ],
  FT: [
    "keep every {thing} when the connection is lost",
    "recover from a crash within {n} minutes without losing a {thing}",
    "go on with reduced service when the {thing} cannot be reached",
    "detect a damaged {thing} and fall back to its last good copy",
  ],
  L: [
    "keep each {thing} as long as the law demands",
    "process every {thing} in accordance with the data protection regulation",
    "meet the licence terms of all third parties",
    "make each {thing} available to the statutory auditor",
  ],
  LF: [
    "show the {thing} in the colours of the company",
    "have a calm, modern appearance on the page of the {thing}",
    "use one font and one style of icons for all {things}",
    "place the logo above each {thing}",
  ],
  MN: [
    "let a developer add a new kind of {thing} within {n} days",
    "log enough about each {thing} to find a fault within {n} hours",
    "have automated tests for every {thing}",
    "keep the rules for the {thing} in one configuration file",
  ],
  O: [
    "run on the servers that the {actor} already has",
    "exchange each {thing} with the existing interfaces",
    "work in the browsers in use by the {actor}",
    "be installed at {n} sites without a visit",
  ],
  PE: [
    "{deed} a {thing} within {n} seconds",
    "show the {thing} to the {actor} in less than {n} seconds",
    "handle {n}00 {things} a minute",
    "use at most {n} percent of the memory for a {thing}",
  ],
  PO: [
    "be moved to another operating system within {n} days",
    "replace its database without a change to the {thing}",
    "run on other hardware without being compiled again",
    "be translated for the {actor} of another country",
  ],
  SC: [
    "serve {n}000 {actor} accounts without a new design",
    "grow to {n} times as many {things}",
    "add servers when the number of {things} doubles",
    "hold {n} million {things}",
  ],
  SE: [
    "let only an authorised {actor} {deed} the {thing}",
    "encrypt each {thing} in transit and at rest",
    "record who changed a {thing} and when",
    "lock the account of the {actor} after {n} failed attempts",
  ],
  US: [
    "let a new {actor} {deed} a {thing} after {n} minutes of training",
    "explain each error about a {thing} in words that the {actor} knows",
    "let the {actor} {deed} the {thing} with the keyboard alone",
    "offer help beside each {thing}",
  ],
};

/** Statements of the category `none`: they demand nothing. */
const BACKGROUND: readonly string[] = [
  "This section describes the {thing}.",
  "The {thing} was introduced last year.",
  "See the appendix for the {things} in use today.",
  "A {thing} is what the {actor} works with.",
  "Open question: who owns the {thing}?",
  "The {actor} said that the {thing} is known well.",
];

/** Patterns around a demand; {trigger} and {state} are filled first. */
const PATTERNS: readonly string[] = [
  "The system shall {demand}.",
  "The system must {demand}.",
  "The product should {demand}.",
  "The application will {demand}.",
  "When {trigger}, the system shall {demand}.",
  "While {state}, the system shall {demand}.",
  "If {trigger}, then the system shall {demand}.",
  "Where {state}, the system shall {demand}.",
  "It shall {demand}.",
  "We need it to {demand}.",
];
const TRIGGERS: readonly string[] = [
  "the {actor} opens a {thing}",
  "a {thing} arrives",
  "the {actor} asks for the {thing}",
  "a {thing} is changed",
];
const STATES: readonly string[] = [
  "a {thing} is open",
  "the {actor} is signed in",
  "several {things} are processed",
  "the {thing} is in use",
];

/** Statements of a category, so that rare ones weigh as much as common ones. */
const PER_CLASS = 24;

/** `PER_CLASS` statements of each class the generator knows; the project's own classes have none. Seeded. */
export function syntheticStatements(
  texts: readonly string[],
  classes: readonly string[],
  seed: number,
): SyntheticStatement[] {
  const vocabulary = mineVocabulary(texts);
  const random = Random.named(seed, "synthetic");
  const statements = new Map<string, string>();
  for (const label of classes) {
    const demands = label === "none" ? BACKGROUND : (DEMANDS[label] ?? []);
    for (let i = 0; i < PER_CLASS && demands.length > 0; i++) {
      const demand = demands[i % demands.length]!;
      const frame = label === "none" ? demand : random.pick(PATTERNS).replace("{demand}", demand);
      statements.set(fill(frame, vocabulary, random), label);
    }
  }
  return [...statements].map(([text, label]) => ({ text, label }));
}

function fill(frame: string, vocabulary: ProjectVocabulary, random: Random): string {
  const situated = frame
    .replace("{trigger}", () => random.pick(TRIGGERS))
    .replace("{state}", () => random.pick(STATES));
  const filled = situated.replace(/\{(actor|things?|deed|n)\}/gu, (_, slot: string) => {
    if (slot === "n") return String(2 + random.below(28));
    if (slot === "actor") return random.pick(vocabulary.actors);
    if (slot === "deed") return random.pick(vocabulary.deeds);
    const thing = random.pick(vocabulary.things);
    return slot === "thing" || thing.endsWith("s") ? thing : `${thing}s`;
  });
  return filled.replace(/\b([Aa]) (?=[aeiou])/gu, "$1n ");
}
