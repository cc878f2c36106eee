/**
 * `classify --jsonl`: JSON lines in, the same lines out with a category each. Streams: memory does not grow with the
 * input, order is kept, and a slow reader slows the work down instead of filling a buffer.
 */
import { InputError, throwIfCancelled } from "../engine/outcome.ts";
import type { Classifier, Prediction } from "../engine/model/classifier.ts";
import type { Command } from "./command.ts";
import { type Line, lineBatches } from "./lines.ts";
import { projectRoot } from "./documents.ts";
import { MODEL_OPTIONS, ProjectModel } from "./model.ts";
import type { ParsedOptions } from "./options.ts";
import { complain, type ExitCode, FINDINGS, FINE, type Terminal, write } from "./terminal.ts";

export const classify: Command = {
  name: "classify",
  summary: "Classify statements given as JSON lines on standard input.",
  usage: "--jsonl [--adapter DIR|none] [--pack DIR] < IN > OUT",
  teaches: [
    'Each line of standard input is a JSON object with a "text". The same object comes back on standard output, in the',
    'same order, with an "nfr" object beside what it had:',
    '  {"text": "…", "nfr": {"label": "SE", "confidence": 0.94, "uncertain": false, "scores": {"F": 0.01, …},',
    '    "set": {"coverage": 0.9, "labels": ["SE"]}}}',
    "label is the most likely category, scores are calibrated probabilities of all categories and sum to 1, and",
    "uncertain says that the confidence is too low to rely on. set names the categories that hold the right one so often",
    "on statements of unseen projects, or is null where that was not measured. Lines that cannot be used are named by number on",
    "standard error and left out; the rest is processed and the exit code is 1.",
  ].join("\n"),
  options: {
    jsonl: { says: "Read and write JSON lines: one object a line. Required, so that other formats can follow." },
    ...MODEL_OPTIONS,
  },
  examples: [
    'echo \'{"text": "A search shall take at most two seconds."}\' | nfr-lens classify --jsonl',
    "nfr-lens classify --jsonl --adapter .nfr-lens/adapters/default/3 < requirements.jsonl > classified.jsonl",
  ],
  run: classifyLines,
};

/** Statements that go to the network together: enough to sort by length, few enough to answer soon. */
const BATCH = 256;

interface Row {
  /** The line as it came, without white space around it. */
  readonly source: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly text: string;
}

async function classifyLines(options: ParsedOptions, terminal: Terminal): Promise<ExitCode> {
  if (!options.flag("jsonl")) throw new InputError("say --jsonl: the input is one JSON object a line");
  const [extra] = options.positionals;
  if (extra !== undefined) {
    throw new InputError(`reads standard input, found "${extra}": write < ${extra}, or check ${extra} for documents`);
  }
  const opened = await ProjectModel.open(options, terminal);
  await opened.use(await projectRoot(terminal.cwd, terminal.cwd));
  const model = opened.classifier;
  let waiting: Row[] = [];
  let unusable = 0;
  const flush = async (): Promise<void> => {
    const rows = waiting;
    waiting = [];
    throwIfCancelled(terminal.signal);
    if (rows.length > 0) await write(terminal.stdout, await answer(model, rows, terminal.signal));
  };
  for await (const lines of lineBatches(terminal.stdin)) {
    for (const line of lines) {
      const row = readRow(line);
      if (row === undefined) continue;
      if ("problem" in row) {
        unusable += 1;
        complain(terminal, `line ${line.number}: ${row.problem}`);
      } else waiting.push(row);
      if (waiting.length >= BATCH) await flush();
    }
    // What came so far is answered now, unless more is already at the door.
    if (terminal.stdin.readableLength === 0) await flush();
  }
  await flush();
  if (unusable > 0) complain(terminal, `${unusable === 1 ? "1 line was" : `${unusable} lines were`} left out`);
  return unusable > 0 ? FINDINGS : FINE;
}

/** A row, what is wrong with the line, or undefined for a line of white space. */
function readRow(line: Line): Row | { problem: string } | undefined {
  if ("problem" in line) return { problem: `${line.problem}, expected a JSON object in UTF-8` };
  const source = line.text.trim();
  if (source === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch (error) {
    return { problem: `not valid JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: `found ${kindOf(value)}, expected an object such as {"text": "…"}` };
  }
  const object = value as Record<string, unknown>;
  const text = object["text"];
  if (typeof text === "string") return { source, value: object, text };
  return { problem: `"text" is ${text === undefined ? "missing" : kindOf(text)}, expected a string` };
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

async function answer(model: Classifier, rows: readonly Row[], signal: AbortSignal): Promise<string> {
  const predictions = await model.classify(
    rows.map((row) => row.text),
    { signal },
  );
  return rows.map((row, index) => withPrediction(row, predictions[index]!) + "\n").join("");
}

/** The line with `nfr` added at its end; all else stays letter by letter, so that no number loses a digit. */
function withPrediction(row: Row, { label, confidence, uncertain, scores, set }: Prediction): string {
  const nfr = { label, confidence, uncertain, scores, set };
  if (Object.hasOwn(row.value, "nfr")) return JSON.stringify({ ...row.value, nfr });
  return `${row.source.slice(0, -1).trimEnd()},"nfr":${JSON.stringify(nfr)}}`;
}
