/** What a project talks about: actors, things and deeds mined from its own statements, most frequent first. */

/** Words for the slots of synthetic statements, in the wording of the project. */
export interface ProjectVocabulary {
  /** Who acts: `clerk`, `payment service`. */
  readonly actors: readonly string[];
  /** What is acted on: `invoice`, `patient record`. */
  readonly things: readonly string[];
  /** What is done, in the infinitive: `print`, `cancel`. */
  readonly deeds: readonly string[];
}

/** Used where a project has too few words of its own. */
const PLAIN: ProjectVocabulary = {
  actors: ["user", "administrator", "operator", "customer", "client application"],
  things: ["record", "report", "request", "order", "message", "document", "account"],
  deeds: ["create", "display", "edit", "delete", "export", "search", "approve"],
};

const MOST_WORDS = 60;
const FEWEST_WORDS = 4;
const LONGEST_PHRASE = 3;

const MODAL = /\b(?:shall|must|should|will|can|may)\b/u;
/** Words that end a noun phrase, and that are no deed although they follow a modal verb. */
const FUNCTION_WORDS = new Set(
  (
    "a about above after all allow also an and any are as at be been before being below between both but by can could did do does " +
    "down during each either every for from had has have he her his how if in into is it its least less may more most must no " +
    "nor not of off on one only or other our out over own per provide shall she should so some such support than that the their " +
    "them then there these they this those through to too under until up upon use used via was we were what when where which while " +
    "who will with within without would you your able ensure always never"
  ).split(" "),
);
/** Too general to say anything about a project. */
const EMPTY_NOUNS = new Set([
  "system",
  "product",
  "software",
  "application",
  "solution",
  "following",
  "use",
  "requirement",
]);

export function mineVocabulary(texts: readonly string[]): ProjectVocabulary {
  const [actors, things, deeds] = [new Map<string, number>(), new Map<string, number>(), new Map<string, number>()];
  for (const text of texts) {
    const words = text.toLowerCase().match(/[\p{L}][\p{L}-]*|[.,;:()]/gu) ?? [];
    const modal = words.findIndex((word) => MODAL.test(word));
    words.forEach((word, i) => {
      if (!/^(?:the|a|an|each|every|any|all)$/u.test(word)) return;
      const phrase = phraseFrom(words, i + 1);
      if (phrase === null) return;
      count(modal > i && MODAL.test(words[i + 1 + phrase.length] ?? "") ? actors : things, phrase.join(" "));
    });
    const deed = deedAfter(words, modal);
    if (deed !== null) count(deeds, deed);
  }
  return {
    actors: common(actors, PLAIN.actors),
    things: common(things, PLAIN.things),
    deeds: common(deeds, PLAIN.deeds),
  };
}

/** The nouns from `start` on: up to three words until a function word or a stop, or null. */
function phraseFrom(words: readonly string[], start: number): string[] | null {
  const phrase: string[] = [];
  for (const word of words.slice(start, start + LONGEST_PHRASE)) {
    if (FUNCTION_WORDS.has(word) || !/^\p{L}{3,}/u.test(word)) break;
    phrase.push(word);
  }
  const empty = phrase.length === 0 || (phrase.length === 1 && EMPTY_NOUNS.has(phrase[0]!));
  return empty ? null : phrase;
}

function deedAfter(words: readonly string[], modal: number): string | null {
  if (modal < 0) return null;
  const deed = words.slice(modal + 1, modal + 5).find((word) => !FUNCTION_WORDS.has(word));
  return deed !== undefined && /^\p{L}{3,}$/u.test(deed) && !/(?:ed|ly|ing)$/u.test(deed) ? deed : null;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** Most frequent first, ties in alphabetical order, filled up with plain words where a project has too few. */
function common(counts: ReadonlyMap<string, number>, plain: readonly string[]): string[] {
  const own = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([word]) => word);
  return own.length >= FEWEST_WORDS ? own.slice(0, MOST_WORDS) : [...new Set([...own, ...plain])];
}
