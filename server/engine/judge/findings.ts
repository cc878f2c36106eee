/**
 * What a requirements engineer should act on, beyond the category: a quality that nobody could measure, several
 * qualities in one statement, a category that contradicts its section, a category that a project must have and lacks.
 * Rules on words, after the criteria of ISO/IEC/IEEE 29148:2018 (singular, unambiguous, verifiable). A warning that is
 * wrong costs more trust than one that is missing: a word counts only where the statement demands it of the product
 * ("shall be easy to use", not "shall list easy tasks"), and what explains itself is left alone.
 */
import { FUNCTIONAL, NONE } from "../taxonomy.ts";

/** A statement with its category. */
export interface CategorisedStatement {
  readonly text: string;
  /** Code of its category: the person's where there is one, else the model's. */
  readonly label: string;
  /** Whether a person decided, or the model is above its threshold. A guess supports no finding about its category. */
  readonly sure: boolean;
  /** Calibrated probability of each category by code. */
  readonly scores: Readonly<Record<string, number>>;
  readonly heading: readonly string[];
}

export const FINDING_RULES = ["unmeasurable", "severalQualities", "contradictsHeading"] as const;
export type FindingRule = (typeof FINDING_RULES)[number];

/** Something to act on. The words for the screen are the host's. */
export interface StatementFinding {
  readonly rule: FindingRule;
  /** What is missing or too much: the host has a sentence for each. */
  readonly reason:
    | "vagueWord" // a quality named by a word that means something else to everyone
    | "noPeriod" // an availability in percent that does not say of which time
    | "severalQualities"
    | "otherHeading";
  /** The words, headings or categories it is about, as they stand in the text. */
  readonly about: readonly string[];
}

/** Every finding about a statement, at most one of each rule. */
export function findingsAbout(statement: CategorisedStatement): StatementFinding[] {
  const { sure, label } = statement;
  if (sure && (label === FUNCTIONAL || label === NONE)) return [];
  // Several qualities are what makes a model unsure, and the words alone show them.
  const found = sure
    ? [unmeasurable(statement), severalQualities(statement), contradictsHeading(statement)]
    : [severalQualities(statement)];
  return found.filter((finding) => finding !== undefined);
}

/** Categories that `required` names and no statement has. */
export function missingCategories(labels: Iterable<string>, required: readonly string[]): string[] {
  const present = new Set(labels);
  return required.filter((code) => !present.has(code));
}

/** "This will …" tells what follows; it demands nothing. */
const MODAL = String.raw`\b(?:shall|must|should|(?<!\b(?:this|that|it|these|which)\s)will|needs? to|ha(?:s|ve) to)\s+(?:(?:also|always|still|all|each|both|therefore)\s+)?`;
const DEMAND = new RegExp(MODAL, "iu");
const NUMBER =
  /\d|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|hundred|thousand|million|half|twice|double|once|single)\b/iu;
/** What makes a demand checkable without a figure: a standard, an agreement, or something to compare with. */
const REFERENCE =
  /\b(?:WCAG|ISO|IEC|SL[AO]s?|compar(?:ed|able) (?:to|with)|as (?:fast|quick|easy|many|much) (?:\w+ ){0,3}as(?! possible)|no (?:slower|more|less|later|longer) than|(?:the )?same (?:\w+ ){1,3}as|unchanged|existing|not (?:\w+ )?(?:increase|degrade|affect|regress|impact|introduce)|real[- ]time|24\s*[/x×]\s*7|(?:defined|specified|given|listed|agreed|stated) (?:in|by))\b/iu;
/** Behind a vague word: the statement says itself what it means by it. */
const EXPLAINED = String.raw`(?!\s*:)(?![^.;]*\b(?:by [\w-]+ing|using|through|via|so that|such that|such as|i\.?e\b|e\.?g\b|for example|including|according to|meaning|even if|ideally|against|,\s*\w+ing)\b)`;

/** Vague words of a category, by where they stand in the demand. */
interface VagueWords {
  /** Behind "shall be". */
  readonly being?: string;
  /** At the end of what the product shall do: "shall answer quickly". */
  readonly doing?: string;
  /** Behind "shall have" and its kin. */
  readonly having?: string;
  /** Behind "shall minimize" and its kin. */
  readonly minimized?: string;
}

const VAGUE: Readonly<Record<string, VagueWords>> = {
  PE: {
    being: "fast|quick|speedy|rapid|responsive|efficient|performant",
    doing: String.raw`(?:as )?(?:fast|quickly|rapidly|swiftly|promptly|efficiently)(?: as possible)?|as soon as possible|in a timely (?:manner|fashion)|(?:with)?in (?:an? )?(?:reasonable|acceptable|adequate|short) (?:amount of |period of )?time|without (?:noticeable|undue|significant|perceptible|unnecessary) delays?|with (?:minimal|low|little) (?:delays?|latency|overhead)`,
    having: String.raw`(?:acceptable|adequate|appropriate|reasonable|good|fast|quick|short|low|high|minimal|optimal|best|maximum) (?:\w+ )?(?:response times?|performance|latency|throughput|speed|loading times?|processing times?)`,
    minimized: "latency|response times?|loading times?|throughput|performance|delays?",
  },
  A: {
    being: "highly available|as available as possible",
    having: String.raw`(?:an? )?(?:high|maximum|good|best) (?:level of )?(?:availability|uptime)|(?:minimal|minimum|little) downtime`,
    minimized: "downtime|uptime|availability|outages",
  },
  US: {
    being: String.raw`(?:user[- ]friendly|easy to \w+|easy|easily \w+able|intuitive|simple|straightforward|convenient|comfortable|self[- ]explanatory|understandable)`,
    doing: "easily|intuitively|without (?:much|great) effort",
    having: String.raw`(?:good|high|easy|simple|intuitive|user[- ]friendly|convenient) (?:\w+ )?(?:usability|interfaces?|ui|gui|navigation|user experience|use)`,
  },
  LF: {
    being: String.raw`attractive|appealing|pleasant|pleasing|modern|nice|beautiful|elegant|eye-catching|(?:professional|good)[- ]looking`,
    having: String.raw`(?:attractive|appealing|pleasant|pleasing|modern|nice|beautiful|elegant|professional) (?:\w+ )?(?:look|looks|design|appearance|interface|layout|colou?rs?)`,
  },
  SC: {
    being: "scalable",
    having: String.raw`(?:large|high|growing|increasing|huge) (?:numbers?|amounts?|volumes?) of \w+|(?:high|good) scalability`,
  },
  MN: {
    being: String.raw`easy to (?:maintain|extend|change|modify|adapt|update|upgrade|test|debug)|easily (?:maintain|extend|extens|chang|modifi|adapt|updat|upgrad|test)\w+|maintainable|extensible`,
    having: "(?:easy|simple|good) (?:maintenance|maintainability|extension|extensibility)",
  },
  FT: {
    being: "robust|reliable|resilient|dependable|stable|fault[- ]tolerant",
    doing: "gracefully|reliably",
    having: "(?:high|good) (?:reliability|robustness|resilience|fault[- ]tolerance|stability)",
  },
  SE: {
    being: String.raw`(?:sufficiently |adequately |very )?(?:secure|well[- ]protected)`,
    doing: "in a secure manner",
    having: String.raw`(?:adequate|appropriate|sufficient|reasonable|high|strong|good) (?:level of )?(?:security|protection)`,
  },
};
const ADVERBS = String.raw`(?:(?:as|very|highly|reasonably|fully|quite|also|extremely|generally|visually|both|as well as)\s+)*`;
/** "shall be simple, fast and …": what stands before the word in the same row. */
const ROW = String.raw`(?:[\w-]+(?:,|,? and)\s+){0,3}`;
const HAVE = String.raw`(?:have|provide|offer|ensure|guarantee|maintain|achieve|deliver|support|handle|cope with|accommodate|serve)\s+(?:an?\s+|the\s+)?`;

/** Each finds the vague word as its first group. */
const DEMANDED: Readonly<Record<string, readonly RegExp[]>> = Object.fromEntries(
  Object.entries(VAGUE).map(([code, { being, doing, having, minimized }]) => {
    const behind = (way: string, words: string): RegExp =>
      new RegExp(String.raw`${MODAL}${way}(${words})(?![\w-])${EXPLAINED}`, "iu");
    return [
      code,
      [
        ...(being === undefined
          ? []
          : [
              behind(
                String.raw`(?:be|remain|stay|feel|look)\s+(?:always\s+)?${ROW}${code === "A" ? "" : ADVERBS}`,
                being,
              ),
            ]),
        ...(doing === undefined ? [] : [behind(String.raw`(?:[\w-]+\s+){1,8}?`, doing)]),
        ...(having === undefined ? [] : [behind(String.raw`(?:be able to\s+)?${HAVE}`, having)]),
        ...(minimized === undefined
          ? []
          : [behind(String.raw`(?=(?:mini|maxi|opti)mi[sz]e)`, String.raw`\w+mi[sz]e (?:\w+ ){0,2}(?:${minimized})`)]),
      ],
    ];
  }),
);
/** A share of something that is no time: "99 % of requests". */
const SHARE_OF_OTHER = /(?:%|percent)\s+of\s+(?!the\s+time|time|each|every|an?\b|all\s+(?:days|hours|months))/iu;
const PERIOD =
  /\b(?:per|each|every|a|an|over|during|of the|in any|within)\s+(?:\w+\s+){0,2}(?:hours?|days?|weeks?|months?|quarters?|years?|time)\b|\b(?:hourly|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?|hours?|24\s*[/x×]\s*7|time)\b/iu;

function unmeasurable({ text, label }: CategorisedStatement): StatementFinding | undefined {
  if (!DEMAND.test(text)) return undefined;
  if (label === "A" && /\d\s*(?:%|percent\b)/iu.test(text)) {
    if (PERIOD.test(text) || REFERENCE.test(text) || SHARE_OF_OTHER.test(text) || /\be\.?g\b/iu.test(text)) {
      return undefined;
    }
    return { rule: "unmeasurable", reason: "noPeriod", about: [/[\d.,]+\s*(?:%|percent)/iu.exec(text)?.[0] ?? "%"] };
  }
  if (NUMBER.test(text) || REFERENCE.test(text)) return undefined;
  const demanded = withoutAsides(text);
  for (const pattern of DEMANDED[label] ?? []) {
    const vague = pattern.exec(demanded)?.[1];
    if (vague !== undefined) return { rule: "unmeasurable", reason: "vagueWord", about: [vague] };
  }
  return undefined;
}

/** "If the latency rises, …" and "… to ensure reliability" demand nothing of latency and reliability themselves. */
function withoutAsides(text: string): string {
  return text.replace(
    /\b(?:if|when|whenever|while|where|unless|in case of|because|due to|depending on|in order to|to (?:help )?(?:ensure|maintain|achieve|improve))\b[^,;.]*/giu,
    " … ",
  );
}

/** Words that demand a quality outright, by category: adjectives behind "shall be", nouns behind "shall ensure". */
const QUALITIES: readonly (readonly [code: string, adjectives: string, nouns: string])[] = [
  ["PE", "fast|quick|responsive|efficient|performant", "performance|efficiency|speed"],
  ["SE", "secure", "security|confidentiality"],
  ["US", "user[- ]friendly|easy to (?:use|learn|understand|navigate)|intuitive|usable", "usability|ease of use"],
  ["A", "highly available|always available", "availability|uptime"],
  ["FT", "fault[- ]tolerant|reliable|robust|resilient", "reliability|robustness|resilience|fault[- ]tolerance"],
  ["MN", "maintainable|easy to (?:maintain|extend)|extensible", "maintainability|extensibility"],
  ["PO", "portable|platform[- ]independent", "portability"],
  ["SC", "scalable", "scalability"],
  ["LF", "attractive|appealing|good[- ]looking", ""],
];
const AND = String.raw`(?:\s*,\s*(?:and\s+|but\s+)?|\s+(?:and|as well as)\s+)`;
const STRENGTH = String.raw`(?:(?:also|very|highly|more|both|high|good|the)\s+)*`;
const adjectives = QUALITIES.map(([, words]) => words).join("|");
const nouns = QUALITIES.flatMap(([, , words]) => (words === "" ? [] : [words])).join("|");
const rowOf = (before: string, words: string): RegExp =>
  new RegExp(
    String.raw`${MODAL}${before}(?<row>${STRENGTH}(?:${words})(?:${AND}${STRENGTH}(?:${words}))+)(?![\w-])${EXPLAINED}`,
    "iu",
  );
/** Qualities in a row: "shall be secure and easy to use", "shall ensure performance, security and usability". */
const IN_A_ROW = [
  rowOf(String.raw`(?:be|remain)\s+`, adjectives),
  rowOf(String.raw`(?:ensure|provide|guarantee|offer|have|achieve|deliver)\s+`, nouns),
];

function severalQualities({ text }: CategorisedStatement): StatementFinding | undefined {
  if (!DEMAND.test(text)) return undefined;
  const demanded = withoutAsides(text);
  const row = IN_A_ROW.map((pattern) => pattern.exec(demanded)?.groups?.["row"]).find((found) => found !== undefined);
  if (row === undefined) return undefined;
  const about = new Map<string, string>();
  for (const [word] of row.matchAll(new RegExp(String.raw`\b(?:${adjectives}|${nouns})\b`, "giu"))) {
    about.set(categoryOf(word), word);
  }
  if (about.size < 2) return undefined;
  return { rule: "severalQualities", reason: "severalQualities", about: [...about.values()] };
}

/**
 * A statement that ends in a row of qualities as one sentence for each: "The portal shall be secure and fast." becomes
 * two. Undefined where more stands behind the row, or where the words may belong together.
 */
export function splitQualities(text: string): string[] | undefined {
  const row = IN_A_ROW.map((pattern) => pattern.exec(text)?.groups?.["row"]).find((found) => found !== undefined);
  if (row === undefined || /^both\b/iu.test(row)) return undefined;
  const start = text.lastIndexOf(row);
  const [before, after] = [text.slice(0, start), text.slice(start + row.length)];
  if (!/^\s*[.!]?$/u.test(after) || /[.!?;:]\s/u.test(before)) return undefined;
  return row.split(new RegExp(AND, "iu")).map((quality) => `${before}${quality}.`);
}

function categoryOf(word: string): string {
  const fits = (words: string): boolean => words !== "" && new RegExp(`^(?:${words})$`, "iu").test(word);
  return QUALITIES.find(([, some, others]) => fits(some) || fits(others))?.[0] ?? word;
}

/** Headings that leave no doubt what stands below. */
const HEADINGS: readonly (readonly [code: string, heading: RegExp])[] = [
  ["SE", /^(?:data |information |system |access )?security(?: and privacy)?$/iu],
  ["PE", /^(?:performance(?: efficiency)?|response times?|speed|latency)$/iu],
  ["US", /^(?:usability|ease of use|user friendliness)$/iu],
  ["A", /^availability$/iu],
  ["FT", /^(?:fault[- ]tolerance|recoverability|robustness|reliability)$/iu],
  ["MN", /^(?:maintainability|supportability)$/iu],
  ["PO", /^portability$/iu],
  ["SC", /^scalability$/iu],
  ["LF", /^(?:look (?:and|&) feel|appearance)$/iu],
  ["L", /^(?:legal|legal constraints|compliance|regulatory compliance)$/iu],
];
/** Categories that share their words: under the heading of one, the other is no contradiction. */
const NEIGHBOURS = ["A FT", "PE SC", "A SC", "US LF", "MN PO", "MN O", "PO O", "SE L", "A PE", "FT SE", "FT MN"];
/** The category must be this sure, and that of the heading this unlikely. */
const SURE = 0.9;
const UNLIKELY = 0.03;

function contradictsHeading({ label, scores, heading }: CategorisedStatement): StatementFinding | undefined {
  const last = heading.at(-1);
  if (last === undefined) return undefined;
  const words = last
    .replace(/^[\s\d.]+/u, "")
    .replace(/\s*(?:requirements?|constraints?|needs|aspects|goals)\s*$/iu, "")
    .trim();
  const expected = HEADINGS.find(([, pattern]) => pattern.test(words))?.[0];
  if (expected === undefined || expected === label) return undefined;
  if (NEIGHBOURS.includes(`${label} ${expected}`) || NEIGHBOURS.includes(`${expected} ${label}`)) return undefined;
  if ((scores[label] ?? 0) < SURE || (scores[expected] ?? 0) > UNLIKELY) return undefined;
  return { rule: "contradictsHeading", reason: "otherHeading", about: [last, label] };
}
