/** Identifiers that people write in front of requirements: `REQ-12:`, `[NFR-3]`, `R1.2`, `**SVC-DEFRAMER-001**`. */

/** An identifier at the start of a text, and where the words after it begin. */
export interface WrittenId {
  readonly id: string;
  readonly after: number;
}

/** Letters, digits and inner separators with at least one digit: `REQ-12`, `cES1000`, `R1.2`, `SVC-DEFRAMER-001`. */
const TOKEN = String.raw`(?=[\p{L}\p{N}_./-]*\p{N})\p{L}[\p{L}\p{N}]*(?:[-_./][\p{L}\p{N}]+)*`;
/** Section-like numbers: `3.1.2`, `1.2`. */
const NUMBER = String.raw`\d{1,3}(?:\.\d{1,3})+`;
/** Words for "requirement" with a number after a space: `Requirement 12`, `FR #3`. */
const SPACED = String.raw`(?:req(?:uirement)?|n?fr|user story|story|uc|constraint|goal|rule)\.?\s?#?\d+(?:[.-]\d+)*`;
const SEPARATOR = String.raw`\s*(?::|\)|\||\t|[.](?=\s)|\s[-–—](?=\s)|[–—])\s*`;

const BRACKETED = new RegExp(String.raw`^\s*[[(<{【]\s*(${TOKEN}|${NUMBER}|${SPACED})\s*[\])>}】]\s*[:.–—-]?\s*`, "iu");
const SEPARATED = new RegExp(String.raw`^\s*(${TOKEN}|${NUMBER}|${SPACED})${SEPARATOR}`, "iu");
const SPACED_OFF = new RegExp(String.raw`^\s*(${TOKEN}|${NUMBER})\s+(?=["'“‘(<]?\p{Lu}|$)`, "u");
const WHOLE = new RegExp(String.raw`^(?:${TOKEN}|${NUMBER}|\d{1,5}|${SPACED})$`, "iu");

/** Standards, protocols and units that look like identifiers but are words of the sentence. */
const NOT_IDS =
  /^(?:iso|iec|ieee|rfc|tls|ssl|aes|rsa|sha|md|utf|ipv|http|usb|rs|covid|en|din|ansi|nist|fips|gpl|lgpl|itu|h|mp|web|wi|wcag|iec62443|do|mil|cc|eal|x|g|python|java|c|web|bluetooth|base|html|css|es|os)[-_.]?\d/iu;
/** Prefixes short enough to need no hyphen: `R12 The…`. */
const SHORT_PREFIX = /^(?:r|rq|req|fr|nfr|nf|f|sr|ur|qr|br|hr|pr|us|uc|sys|swr|ssr|rule)\.?\d/iu;
const UNIT = /^(?:[KMGT]?(?:bit|byte|bps|Hz|B|W|V|Volt|Watt)s?|Mbps|Gbps|Celsius|Euro|Dollars?)\b/u;

/**
 * The identifier in front of `text`, or undefined. `markupEnd` is where a leading emphasis, code span or link ends in
 * `text`: markup around exactly the identifier separates it as well as a colon would.
 */
export function leadingId(text: string, markupEnd?: number): WrittenId | undefined {
  const head = text.slice(0, 120);
  const clear = BRACKETED.exec(head) ?? SEPARATED.exec(head);
  if (clear !== null && !NOT_IDS.test(clear[1]!)) return { id: clear[1]!, after: clear[0].length };
  if (markupEnd !== undefined && markupEnd <= head.length) {
    const marked = head.slice(0, markupEnd).trim().replace(/[:.]$/u, "");
    if (WHOLE.test(marked) && !/^\d+$/u.test(marked)) {
      return { id: marked, after: markupEnd + /^\s*[:.–—-]?\s*/u.exec(head.slice(markupEnd))![0].length };
    }
  }
  const spaced = SPACED_OFF.exec(head);
  if (spaced === null || NOT_IDS.test(spaced[1]!)) return undefined;
  const id = spaced[1]!;
  const rest = head.slice(spaced[0].length);
  if (/^\d/u.test(id) && (UNIT.test(rest) || (id.split(".").length < 3 && !/^\p{Lu}[\p{Ll}\s]/u.test(rest))))
    return undefined;
  if (!/[-_.]/u.test(id) && !SHORT_PREFIX.test(id)) return undefined;
  return { id, after: spaced[0].length };
}

/** The identifier at the start of a heading. A bare number is the heading's own, not that of a requirement below it. */
export function headingId(text: string, markupEnd?: number): string | undefined {
  const id = leadingId(text, markupEnd)?.id;
  return id !== undefined && /\p{L}/u.test(id) ? id : undefined;
}

/** True where a line starts with an identifier that is set off clearly enough to begin a new statement. */
export function startsWithId(line: string): boolean {
  const head = line.slice(0, 120);
  const clear = BRACKETED.exec(head) ?? SEPARATED.exec(head);
  // "1.5)" or "(v2)" in running text, or a figure before a dash, must not cut a sentence: letters and digits are asked for.
  return clear !== null && /\p{L}/u.test(clear[1]!) && /[-_]|^\p{Lu}/u.test(clear[1]!) && !NOT_IDS.test(clear[1]!);
}

/** True where a whole cell or line is nothing but an identifier. */
export function isId(text: string): boolean {
  const bare = text.replace(/^[[(<{]\s*|\s*[\])>}]\s*$|\s*[:.]$/gu, "").trim();
  return bare.length <= 60 && WHOLE.test(bare) && !/^\d{4}-\d\d-\d\d$/u.test(bare);
}

/** The identifier without the brackets or the colon it was written with. */
export function bareId(text: string): string {
  return text.replace(/^[[(<{]\s*|\s*[\])>}]\s*$|\s*[:.]$/gu, "").trim();
}
