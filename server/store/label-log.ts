/**
 * The label log of one workspace folder: `.nfr-lens/labels.jsonl`, append-only. Every decision is one whole line,
 * written by one call in append mode and flushed, so that several windows may write at once and a crash can tear
 * nothing but the last line.
 */
import { open, readFile, realpath, stat, writeFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import * as l10n from "@vscode/l10n";
import { InputError } from "../engine/outcome.ts";
import { makeFolder, syncFolder } from "./atomic-write.ts";
import { type LabelRecord, normaliseText } from "./label.ts";
import { formatLabelLine, type LineProblem, parseLabelLines } from "./label-lines.ts";
import { errorCode } from "./wording.ts";
import { writeReason } from "./write-failure.ts";

export const PROJECT_FOLDER = ".nfr-lens";
export const LABEL_FILE = "labels.jsonl";

export class LabelLog {
  readonly path: string;
  readonly #root: string;
  /** Every usable record in the order of the file. */
  #records: LabelRecord[] = [];
  #problems: readonly LineProblem[] = [];
  /** The newest decision about each statement; null labels included. */
  #newest = new Map<string, LabelRecord>();
  /** The newest decisions with a label by normalised text, for statements whose key changed. */
  #byText = new Map<string, LabelRecord[]>();
  /** Documents that labels name and that do not exist any more. */
  #gone = new Set<string>();
  /** What the file looked like when it was read last; undefined where there was none. */
  #seen: string | undefined;
  /** Reads and writes of this process happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param root Absolute path of the workspace folder. */
  constructor(root: string) {
    this.#root = root;
    this.path = join(root, PROJECT_FOLDER, LABEL_FILE);
  }

  get records(): readonly LabelRecord[] {
    return this.#records;
  }

  /** Lines of the file that are not used, as of the last refresh. */
  get problems(): readonly LineProblem[] {
    return this.#problems;
  }

  /** The decisions in force, one for each statement; those taken back are left out. */
  inForce(): LabelRecord[] {
    return [...this.#newest.values()].filter((record) => record.label !== null);
  }

  /**
   * The decision in force about a statement: by key, else (its heading was renamed) by document and text, else (the
   * document was renamed) by text alone where the labelled document is gone. Undefined where nobody decided.
   */
  find(key: string, text: string, document: string): LabelRecord | undefined {
    const exact = this.#newest.get(key);
    if (exact !== undefined) return exact.label === null ? undefined : exact;
    if (this.#byText.size === 0) return undefined;
    const same = this.#byText.get(normaliseText(text));
    if (same === undefined) return undefined;
    return (
      same.find((record) => record.document === document) ?? same.find((record) => this.#gone.has(record.document))
    );
  }

  /** Whether a labelled document was there no more when the log was read. */
  isGone(document: string): boolean {
    return this.#gone.has(document);
  }

  /** Reads the file again if it changed since the last look. Returns whether it did. Throws InputError if unreadable. */
  refresh(): Promise<boolean> {
    return this.#inTurn(() => this.#refresh());
  }

  /**
   * Appends one decision and returns it as it was written: its time is made later than that of every known decision
   * about the statement, so that the clock of a colleague cannot overrule it. Throws InputError when nothing was saved.
   */
  append(record: LabelRecord): Promise<LabelRecord> {
    return this.#inTurn(async () => {
      const before = this.#newest.get(record.key);
      const late = before !== undefined && before.time >= record.time;
      const time = late ? new Date(Date.parse(before.time) + 1).toISOString() : record.time;
      const written = { ...record, time };
      try {
        await this.#write(formatLabelLine(written));
      } catch (error) {
        throw refusal(this.path, error);
      }
      await this.#refresh();
      return written;
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    // A failure belongs to the caller; whoever comes next starts afresh.
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #write(line: string): Promise<void> {
    const folder = dirname(this.path);
    const created = await this.#prepare(folder);
    const handle = await open(this.path, "a+");
    try {
      const { size } = await handle.stat();
      const bytes = Buffer.from((await endsLine(handle, size)) ? line : "\n" + line);
      const { bytesWritten } = await handle.write(bytes);
      if (bytesWritten < bytes.length) throw new Error(l10n.t("the disk took only a part of the line"));
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (created) await syncFolder(folder);
  }

  /** Makes the folder and tells git to keep both sides' lines. Refuses a log that a link leads out of the workspace. */
  async #prepare(folder: string): Promise<boolean> {
    const created = await makeFolder(folder);
    const root = await realpath(this.#root);
    for (const path of [folder, this.path]) {
      const real = await realpath(path).catch(() => (path === folder ? root : undefined));
      if (real !== undefined && relative(root, real).split(sep)[0] === "..") {
        throw new Error(l10n.t("it is a link that leads to {0}, outside of the workspace", real));
      }
    }
    await writeFile(join(folder, ".gitattributes"), `${LABEL_FILE} text eol=lf merge=union\n`, { flag: "wx" }).catch(
      (error: unknown) => {
        if (errorCode(error) !== "EEXIST") throw error;
      },
    );
    return created;
  }

  async #refresh(): Promise<boolean> {
    const look = await stat(this.path, { bigint: true }).catch((error: unknown) => {
      if (ABSENT.has(errorCode(error))) return undefined;
      throw refusal(this.path, error);
    });
    const seen = look && `${look.ino}:${look.size}:${look.mtimeNs}`;
    if (seen === this.#seen) return false;
    const bytes =
      look === undefined
        ? new Uint8Array()
        : await readFile(this.path).catch((error: unknown) => {
            throw refusal(this.path, error);
          });
    const { records, problems } = parseLabelLines(bytes, `${PROJECT_FOLDER}/${LABEL_FILE}`);
    this.#seen = seen;
    this.#records = records;
    this.#problems = problems;
    await this.#index();
    return true;
  }

  async #index(): Promise<void> {
    this.#newest = newestByKey(this.#records);
    this.#byText = new Map();
    for (const record of this.inForce()) {
      const text = normaliseText(record.text);
      this.#byText.set(text, [...(this.#byText.get(text) ?? []), record]);
    }
    const documents = [...new Set(this.#records.map((record) => record.document))];
    const exist = await Promise.all(documents.map((document) => exists(join(this.#root, document))));
    this.#gone = new Set(documents.filter((_, index) => exist[index] !== true));
  }
}

/** The newest decision about each statement by time; of equal times the later line. */
export function newestByKey(records: readonly LabelRecord[]): Map<string, LabelRecord> {
  const newest = new Map<string, LabelRecord>();
  for (const record of records) {
    const known = newest.get(record.key);
    if (known === undefined || known.time <= record.time) newest.set(record.key, record);
  }
  return newest;
}

async function endsLine(handle: Awaited<ReturnType<typeof open>>, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] === 0x0a;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** What a look at a file answers that is not there. */
const ABSENT: ReadonlySet<string | undefined> = new Set(["ENOENT", "ENOTDIR"]);

function refusal(path: string, error: unknown): InputError {
  if (error instanceof InputError) return error;
  const message = l10n.t("The label was not saved: {0}: {1}. Mend that, then decide again.", path, writeReason(error));
  return new InputError(message, { cause: error });
}
