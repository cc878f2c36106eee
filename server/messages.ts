/** Parameters of our own messages, parsed at the door: whoever talks to the server may send anything. */
import * as l10n from "@vscode/l10n";
import { InputError } from "./engine/outcome.ts";
import { ADAPTER_KINDS } from "./engine/adapt/options.ts";
import type {
  AdapterName,
  IgnoreParams,
  LabelAction,
  LabelParams,
  NextUncertainParams,
  TrainParams,
} from "./protocol.ts";
import { shown } from "./store/wording.ts";

type Row = Record<string, unknown>;

export function asRow(value: unknown, message: string): Row {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Row;
  throw new InputError(`${message}: parameters are ${shown(value)}, expected an object`);
}

export function text(row: Row, field: string, message: string): string {
  const value = row[field];
  if (typeof value === "string" && value !== "") return value;
  throw new InputError(`${message}: ${field} is ${shown(value)}, expected text`);
}

export function optionalText(row: Row, field: string, message: string): string | undefined {
  return row[field] === undefined ? undefined : text(row, field, message);
}

/** Where a statement is: its document and its key. */
export function parseTarget(value: unknown, message: string): IgnoreParams {
  const row = asRow(value, message);
  return { uri: text(row, "uri", message), key: text(row, "key", message) };
}

const ORIGINS = ["document", "queue", "blind", "review"] as const;

export function parseLabelParams(value: unknown, message: string): LabelParams {
  const row = asRow(value, message);
  const origin = row["origin"] ?? "document";
  const known = ORIGINS.find((name) => name === origin);
  if (known === undefined) {
    throw new InputError(`${message}: origin is ${shown(origin)}, expected one of ${ORIGINS.join(", ")}`);
  }
  return { ...parseTarget(value, message), action: parseAction(row["action"], message), origin: known };
}

function parseAction(value: unknown, message: string): LabelAction {
  const row = asRow(value, `${message}: action`);
  const { kind } = row;
  if (kind === "accept" || kind === "reject" || kind === "undo") return { kind };
  if (kind === "change") return { kind, label: text(row, "label", `${message}: action`) };
  throw new InputError(`${message}: action.kind is ${shown(kind)}, expected accept, change, reject or undo`);
}

export function parseNextUncertainParams(value: unknown, message: string): NextUncertainParams {
  const row = asRow(value ?? {}, message);
  const { offset = 0, skip = [], sure = false } = row;
  if (typeof offset !== "number") throw new InputError(`${message}: offset is ${shown(offset)}, expected a number`);
  if (!Array.isArray(skip) || !skip.every((key): key is string => typeof key === "string")) {
    throw new InputError(`${message}: skip is ${shown(skip)}, expected a list of keys`);
  }
  if (typeof sure !== "boolean") throw new InputError(`${message}: sure is ${shown(sure)}, expected true or false`);
  const uri = optionalText(row, "uri", message);
  return { ...(uri === undefined ? {} : { uri }), offset, skip, sure };
}

/** Which workspace folder is meant; undefined for the first one. */
export function parseRoot(value: unknown, message: string): string | undefined {
  return optionalText(asRow(value ?? {}, message), "root", message);
}

/** Names an adapter. */
export function parseAdapter(value: unknown, message: string): NonNullable<AdapterName> {
  const row = asRow(value, message);
  return { name: text(row, "name", message), version: text(row, "version", message) };
}

/** Names an adapter, or with null the base alone. */
export function parseAdapterName(value: unknown, message: string): AdapterName {
  return value === null ? null : parseAdapter(value, message);
}

/** What a person chose about a training. The trainer checks the values against each other. */
export function parseTrainParams(value: unknown, message: string): TrainParams {
  const row = asRow(value ?? {}, message);
  const kind = row["kind"] === undefined ? undefined : ADAPTER_KINDS.find((known) => known === row["kind"]);
  if (kind === "full") {
    throw new InputError(
      l10n.t(
        "A full fine-tuning is a model of its own, not an adapter that can be activated. Choose another kind, or use the command line: nfr-lens train --kind full, then nfr-lens pack.",
      ),
    );
  }
  if (kind === undefined && row["kind"] !== undefined) {
    throw new InputError(`${message}: kind is ${shown(row["kind"])}, expected one of ${ADAPTER_KINDS.join(", ")}`);
  }
  const number = (field: string): number | undefined => {
    const found = row[field];
    if (found === undefined || (typeof found === "number" && Number.isFinite(found) && found >= 0)) return found;
    throw new InputError(`${message}: ${field} is ${shown(found)}, expected a number from 0`);
  };
  const chosen = {
    root: optionalText(row, "root", message),
    kind,
    rank: number("rank"),
    layers: optionalText(row, "layers", message),
    epochs: number("epochs"),
    seed: number("seed"),
    searchMinutes: number("searchMinutes"),
  };
  return Object.fromEntries(Object.entries(chosen).filter(([, found]) => found !== undefined));
}
