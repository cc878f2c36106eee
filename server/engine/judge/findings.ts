/**
 * What a requirements engineer should act on, beyond the category: a quality that nobody could measure, several
 * qualities in one statement, a category that contradicts its section, a category that a project must have and lacks.
 * Rules on words, after the criteria of ISO/IEC/IEEE 29148:2018 (singular, unambiguous, verifiable). A warning that is
 * wrong costs more trust than one that is missing, so each rule asks for evidence and stays silent in doubt.
 */
import { FUNCTIONAL, NONE } from "../taxonomy.ts";

/** A statement with its category. */
export interface CategorisedStatement {
  readonly text: string;
  /** Code of its category: the person's where there is one, else the model's. */
  readonly label: string;
  /** Calibrated probability of each category by code. */
  readonly scores: Readonly<Record<string, number>>;
  readonly heading: readonly string[];
}

export type FindingRule = "unmeasurable" | "severalQualities" | "contradictsHeading";

/** Something to act on. The words for the screen are the host's. */
export interface StatementFinding {
  readonly rule: FindingRule;
  /** What is missing or too much: the host has a sentence for each. */
  readonly reason:
    | "noNumber" // a demand on speed, ease or size without a number
    | "noPeriod" // an availability in percent that does not say of which time
    | "vagueWord" // a quality named by a word that means something else to everyone
    | "severalQualities"
    | "otherHeading";
  /** The words or categories it is about. */
  readonly about: readonly string[];
}

/** Every finding about a statement, at most one of each rule. */
export function findingsAbout(statement: CategorisedStatement): StatementFinding[] {
  const found = [unmeasurable(statement), severalQualities(statement), contradictsHeading(statement)];
  return found.filter((finding) => finding !== undefined);
}

/** Categories that `required` names and no statement has. */
export function missingCategories(labels: Iterable<string>, required: readonly string[]): string[] {
  const present = new Set(labels);
  return required.filter((code) => !present.has(code));
}

const DEMAND = /\b(?:shall|must|should|will|needs? to|ha(?:s|ve) to|is required to|are required to)\b/iu;
const NUMBER =
  /\d|\b(?:zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|sixty|hundred|thousand|million|half|twice|double|once|single)\b/iu;
/** What makes a demand checkable without a figure: a standard, an agreement, or something to compare with. */
const REFERENCE =
  /\b(?:WCAG|ISO|IEC|SL[AO]s?|compar(?:ed|able) (?:to|with)|as (?:fast|quick|many|much) as|no (?:slower|more|less|later|longer) than|(?:the )?same (?:\w+ ){1,3}as|unchanged|existing|not (?:\w+ )?(?:increase|degrade|affect|regress|impact|introduce)|real[- ]time|24\s*[/x×]\s*7|(?:defined|specified|given|listed|agreed|stated) (?:in|by))\b/iu;

/** Words that name a quality without saying how much of it, by category. */
const VAGUE: Readonly<Record<string, RegExp>> = {
  PE: /\b(?:fast|faster|quick|quickly|quicker|rapid|rapidly|speedy|speedily|efficient|efficiently|prompt|promptly|timely|responsive|(?:reasonable|acceptable|minimal|short|low|high|good|adequate|optimal|best|minimum|maximum) (?:\w+ ){0,2}(?:time|times|speed|performance|latency|throughput|delay|delays|overhead)|as (?:fast|quickly|soon) as possible|without (?:noticeable |undue |significant )?delays?|in a timely manner|well under load)\b/iu,
  A: /\b(?:high(?:ly)? availab\w+|always (?:be )?(?:available|accessible)|(?:available|accessible) at all times|(?:maximum|minimal|minimum|little) (?:uptime|downtime)|as (?:available|much) as possible|around the clock|most of the time)\b/iu,
  US: /\b(?:user[- ]friendly|easy|easily|easier|ease|intuitive|intuitively|simple|simply|straightforward|convenient|conveniently|comfortable|self[- ]explanatory|understandable|clear and concise|minimal (?:training|effort)|little (?:training|effort))\b/iu,
  LF: /\b(?:attractive|appealing|pleasant|pleasing|modern|nice|beautiful|professional(?:ly)?[- ]looking|good[- ]looking|elegant|eye-catching)\b/iu,
  SC: /\b(?:scalable|scale well|(?:large|high|growing|increasing|huge|sufficient) (?:numbers?|amounts?|volumes?) of|many (?:\w+ )?users|heavy load|future growth)\b/iu,
  MN: /\b(?:easy|easily|maintainable|modular|extensible|flexible|minimal effort|little effort|simple|well[- ]documented)\b/iu,
  FT: /\b(?:robust|reliable|reliably|gracefully|resilient|fault[- ]tolerant|stable)\b/iu,
  PO: /\b(?:portable|easily|easy|platform[- ]independent|various platforms|different platforms)\b/iu,
  SE: /\b(?:be (?:very |highly |fully |completely )?(?:secure|safe|well protected)|adequate(?:ly)? (?:security|protect\w+|secured)|appropriate (?:security|protection)|high(?:est)? (?:level of )?security|sufficiently secure|secure manner)\b/iu,
};
/** What availability and speed are, named without any figure. */
const MEASURE_NAMES: Readonly<Record<string, RegExp>> = {
  PE: /\b(?:response times?|latency|throughput|processing speed|loading times?|load times?)\b/iu,
  A: /\b(?:uptime|downtime|availability)\b/iu,
};
const PERIOD =
  /\b(?:per|each|every|a|an|over|during|of the|in any|within)\s+(?:\w+\s+){0,2}(?:hours?|days?|weeks?|months?|quarters?|years?|time)\b|\b(?:hourly|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?|hours?|24\s*[/x×]\s*7|time)\b/iu;

function unmeasurable({ text, label }: CategorisedStatement): StatementFinding | undefined {
  if (!DEMAND.test(text)) return undefined;
  if (label === "A" && /\d\s*(?:%|percent\b)/iu.test(text) && !PERIOD.test(text)) {
    return { rule: "unmeasurable", reason: "noPeriod", about: [/[\d.,]+\s*(?:%|percent)/iu.exec(text)?.[0] ?? "%"] };
  }
  if (NUMBER.test(text) || REFERENCE.test(text)) return undefined;
  const demanded = withoutAsides(text);
  const vague = VAGUE[label]?.exec(demanded)?.[0];
  const measure = MEASURE_NAMES[label]?.exec(demanded)?.[0];
  if (measure !== undefined) return { rule: "unmeasurable", reason: "noNumber", about: [vague ?? measure] };
  if (vague !== undefined) return { rule: "unmeasurable", reason: "vagueWord", about: [vague] };
  return undefined;
}

/** "If the latency rises, …" and "… to ensure reliability" demand nothing of latency and reliability themselves. */
function withoutAsides(text: string): string {
  return text.replace(
    /\b(?:if|when|whenever|while|where|unless|in case of|because|due to|depending on|in order to|so that|to (?:help )?(?:ensure|maintain|achieve|improve))\b[^,;.]*/giu,
    " … ",
  );
}

/** Words that demand a quality outright, by category; only such as are rarely used otherwise. */
const QUALITY_WORDS: readonly (readonly [code: string, word: string])[] = [
  ["PE", "fast|quick|responsive|efficient|performant|performance|response times?|throughput|latency"],
  ["SE", "secure|securely|security|confidential(?:ity)?|encrypted"],
  ["US", "user[- ]friendly|easy to (?:use|learn|understand)|intuitive|usable|usability|ease of use"],
  ["A", "highly available|always available|availability|uptime"],
  ["FT", "fault[- ]tolerant|reliable|reliability|robust|robustness|resilient"],
  ["MN", "maintainable|maintainability|easy to maintain|modular|extensible"],
  ["PO", "portable|portability|platform[- ]independent"],
  ["SC", "scalable|scalability"],
];

/** Two qualities of different categories, coordinated: "secure and easy to use", "performance, security". */
const COORDINATED = new RegExp(
  String.raw`\b(${all()})\b(?:\s+(?:and|or|as well as|but(?: also)?)\s+|\s*[,;&/]\s*(?:and\s+|but\s+)?)(?:(?:also|very|highly|be|more|both|to be)\s+){0,2}(${all()})\b`,
  "giu",
);

function severalQualities({ text, label }: CategorisedStatement): StatementFinding | undefined {
  if (label === FUNCTIONAL || label === NONE || !DEMAND.test(text)) return undefined;
  const about = new Map<string, string>();
  const demanded = withoutAsides(text);
  COORDINATED.lastIndex = 0;
  for (let match = COORDINATED.exec(demanded); match !== null; match = COORDINATED.exec(demanded)) {
    for (const word of [match[1]!, match[2]!]) about.set(categoryOf(word), word);
    // The second word may be the first of the next pair: "fast, secure and reliable".
    COORDINATED.lastIndex = match.index + match[0].length - match[2]!.length;
  }
  if (about.size < 2) return undefined;
  return { rule: "severalQualities", reason: "severalQualities", about: [...about.values()] };
}

function categoryOf(word: string): string {
  return QUALITY_WORDS.find(([, words]) => new RegExp(`^(?:${words})$`, "iu").test(word))?.[0] ?? word;
}

function all(): string {
  return QUALITY_WORDS.map(([, words]) => words).join("|");
}

/** Headings that leave no doubt what stands below. */
const HEADINGS: readonly (readonly [code: string, heading: RegExp])[] = [
  ["SE", /^(?:data |information |system |access )?security(?: and privacy)?$/iu],
  ["PE", /^(?:performance(?: efficiency)?|response times?|speed|latency)$/iu],
  ["US", /^(?:usability|ease of use|user friendliness|accessibility)$/iu],
  ["A", /^availability$/iu],
  ["FT", /^(?:fault[- ]tolerance|recoverability|robustness|reliability)$/iu],
  ["MN", /^(?:maintainability|supportability)$/iu],
  ["PO", /^portability$/iu],
  ["SC", /^scalability$/iu],
  ["LF", /^(?:look (?:and|&) feel|appearance)$/iu],
  ["L", /^(?:legal|legal constraints|compliance|regulatory compliance)$/iu],
];
/** The category must be this sure, and that of the heading this unlikely. */
const SURE = 0.8;
const UNLIKELY = 0.05;

function contradictsHeading({ label, scores, heading }: CategorisedStatement): StatementFinding | undefined {
  const last = heading.at(-1);
  if (last === undefined || label === NONE || label === FUNCTIONAL) return undefined;
  const words = last
    .replace(/^[\s\d.]+/u, "")
    .replace(/\s*(?:requirements?|constraints?|needs|aspects|goals)\s*$/iu, "")
    .trim();
  const expected = HEADINGS.find(([, pattern]) => pattern.test(words))?.[0];
  if (expected === undefined || expected === label) return undefined;
  if ((scores[label] ?? 0) < SURE || (scores[expected] ?? 0) > UNLIKELY) return undefined;
  return { rule: "contradictsHeading", reason: "otherHeading", about: [last, label] };
}
