/** `adapters`: what a project has learnt, as folders: list, show, compare, export, import. */
import { basename, join, resolve } from "node:path";
import { carriedName, importAdapter } from "../engine/adapt/adapter.ts";
import type { AdapterManifest } from "../engine/adapt/manifest.ts";
import { InputError } from "../engine/outcome.ts";
import {
  activeAdapter,
  type AdapterName,
  folderOf,
  type ListedAdapter,
  listAdapters,
  readAdapterFiles,
  readAdapterFolder,
  writeAdapterFolder,
} from "../store/adapter-folder.ts";
import { PROJECT_FOLDER } from "../store/label-log.ts";
import { readPackFolder } from "../store/pack-folder.ts";
import type { Command } from "./command.ts";
import { packFolder } from "./model.ts";
import { type ParsedOptions, suggestion } from "./options.ts";
import { type ExitCode, FINE, type Terminal, write } from "./terminal.ts";

type Act = (options: ParsedOptions, terminal: Terminal, names: readonly string[]) => Promise<string>;

const ACTS: Readonly<Record<string, Act>> = { list, show, compare, export: exportTo, import: importFrom };

export const adapters: Command = {
  name: "adapters",
  summary: "List, show, compare, export and import the adapters of a project.",
  usage: "list | show ADAPTER | compare ADAPTER ADAPTER | export ADAPTER --to DIR | import DIR [--as NAME/VERSION]",
  teaches: [
    "An ADAPTER is NAME/VERSION as listed, or the path of its folder. Adapters are PEFT folders: what is exported can be",
    "read by PEFT, and a PEFT LoRA made for the same base can be imported. What does not fit is refused by name.",
  ].join("\n"),
  options: {
    project: { value: "DIR", says: `The folder that holds ${PROJECT_FOLDER}; the working folder by default.` },
    base: { value: "PACK", says: "The pack an imported adapter must fit; the bundled one by default." },
    to: { value: "DIR", says: "export: the new folder." },
    as: { value: "NAME/VERSION", says: "import: what to call it; the folder's name and version 1 by default." },
    "assume-base": { says: "import: take it that an adapter which does not name its base was made for this one." },
    json: { says: "Print JSON." },
  },
  examples: [
    "nfr-lens adapters list",
    "nfr-lens adapters compare default/1 default/2",
    "nfr-lens adapters export default/2 --to ../shared-adapter",
    "nfr-lens adapters import ../shared-adapter --as team/1",
  ],
  run: async (options, terminal) => {
    const [name, ...names] = options.positionals;
    const known = Object.keys(ACTS);
    if (name === undefined) throw new InputError(`say what to do: ${known.join(", ")}`);
    const act = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
    if (act === undefined) {
      throw new InputError(`"${name}" is not known, expected ${known.join(", ")}${suggestion(name, known)}`);
    }
    await write(terminal.stdout, await act(options, terminal, names));
    const exit: ExitCode = FINE;
    return exit;
  },
};

function rootOf(options: ParsedOptions, terminal: Terminal): string {
  return join(resolve(terminal.cwd, options.text("project") ?? "."), PROJECT_FOLDER, "adapters");
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2) + "\n";
}

async function list(options: ParsedOptions, terminal: Terminal, names: readonly string[]): Promise<string> {
  expectNames(names, 0, "adapters list");
  const root = rootOf(options, terminal);
  const [found, active] = [await listAdapters(root), await activeAdapter(root)];
  const isActive = (adapter: AdapterName): boolean =>
    active !== null && active.name === adapter.name && active.version === adapter.version;
  if (options.flag("json")) {
    return json(found.map((adapter) => ({ ...summaryOf(adapter), active: isActive(adapter) })));
  }
  if (found.length === 0) return `no adapters in ${root}\n`;
  return found.map((adapter) => `${isActive(adapter) ? "*" : " "} ${lineOf(adapter)}\n`).join("");
}

async function show(options: ParsedOptions, terminal: Terminal, names: readonly string[]): Promise<string> {
  expectNames(names, 1, "adapters show default/1");
  const adapter = await find(names[0]!, options, terminal);
  if (options.flag("json")) return json(summaryOf(adapter));
  const manifest = usable(adapter);
  return [
    lineOf(adapter),
    `  made        ${manifest.createdAt}`,
    `  for base    ${manifest.base.slice(0, 12)}`,
    `  categories  ${manifest.labels.join(", ")}`,
    `  labels      ${manifest.labelSet.rows}`,
    ...scores(manifest),
    `  folder      ${adapter.folder}`,
    "",
  ].join("\n");
}

async function compare(options: ParsedOptions, terminal: Terminal, names: readonly string[]): Promise<string> {
  expectNames(names, 2, "adapters compare default/1 default/2");
  const [first, second] = await Promise.all(names.map((name) => find(name, options, terminal)));
  if (options.flag("json")) return json({ first: summaryOf(first!), second: summaryOf(second!) });
  const [before, after] = [usable(first!), usable(second!)];
  const row = (name: string, of: (manifest: AdapterManifest) => string): string =>
    `  ${name.padEnd(14)}${of(before).padStart(14)}${of(after).padStart(14)}`;
  const score = (field: "weightedF1" | "macroF1" | "calibrationError") => (manifest: AdapterManifest) =>
    manifest.metrics === null ? "–" : points(manifest.metrics.after[field]);
  return [
    row("", ({ name, version }) => `${name}/${version}`),
    row("kind", ({ kind }) => kind),
    row("labels", ({ labelSet }) => String(labelSet.rows)),
    row("weighted F1", score("weightedF1")),
    row("macro F1", score("macroF1")),
    row("calibration", score("calibrationError")),
    before.labelSet.hash === after.labelSet.hash
      ? ""
      : "  Trained on different labels: their scores were measured on different statements.",
    before.base === after.base ? "" : "  Made for different bases.",
  ]
    .filter((line) => line !== "")
    .map((line) => line + "\n")
    .join("");
}

async function exportTo(options: ParsedOptions, terminal: Terminal, names: readonly string[]): Promise<string> {
  expectNames(names, 1, "adapters export default/1 --to DIR");
  const to = resolve(terminal.cwd, options.required("to", "--to ../shared-adapter"));
  const adapter = await find(names[0]!, options, terminal);
  await writeAdapterFolder(to, await readAdapterFiles(adapter.folder));
  return options.flag("json") ? json({ folder: to }) : `${adapter.name}/${adapter.version} is in ${to}\n`;
}

async function importFrom(options: ParsedOptions, terminal: Terminal, names: readonly string[]): Promise<string> {
  expectNames(names, 1, "adapters import DIR");
  const from = resolve(terminal.cwd, names[0]!);
  const found = await readAdapterFiles(from);
  const asked = options.text("as")?.split("/");
  const [name = "", version = "1"] = asked ?? [carriedName(found) ?? basename(from)];
  const folder = folderOf(rootOf(options, terminal), { name, version });
  const pack = await readPackFolder(packFolder(options.text("base"), terminal));
  const base = { config: pack.config, hash: pack.hash, labels: pack.head.labels };
  const createdAt = terminal.now().toISOString();
  const files = importAdapter(found, base, {
    name,
    version,
    createdAt,
    assumeBase: options.flag("assume-base"),
  });
  await writeAdapterFolder(folder, files);
  // Read back as any host will, so that what was imported is known to load.
  await readAdapterFolder(folder, base);
  return options.flag("json") ? json({ name, version, folder }) : `${name}/${version} is in ${folder}\n`;
}

function expectNames(names: readonly string[], count: number, example: string): void {
  if (names.length === count) return;
  throw new InputError(`found ${names.length} names, expected ${count}, for example: nfr-lens ${example}`);
}

/** `NAME/VERSION` of the project, or the path of a folder. */
async function find(word: string, options: ParsedOptions, terminal: Terminal): Promise<ListedAdapter> {
  const found = await listAdapters(rootOf(options, terminal));
  const named = found.find(({ name, version }) => `${name}/${version}` === word);
  if (named !== undefined) return named;
  const folder = resolve(terminal.cwd, word);
  const parent = await listAdapters(resolve(folder, "../.."));
  const there = parent.find((adapter) => resolve(adapter.folder) === folder);
  if (there !== undefined) return there;
  const known = found.map(({ name, version }) => `${name}/${version}`);
  const have = known.length === 0 ? "the project has no adapters" : `known are ${known.join(", ")}`;
  throw new InputError(`there is no adapter "${word}": ${have}${suggestion(word, known)}`);
}

function usable(adapter: ListedAdapter): AdapterManifest {
  if (adapter.manifest !== null) return adapter.manifest;
  throw new InputError(`${adapter.folder} cannot be used: ${adapter.problem ?? "it has no manifest"}`);
}

function summaryOf({ name, version, folder, bytes, manifest, problem }: ListedAdapter): Record<string, unknown> {
  return { name, version, folder, bytes, problem, manifest };
}

function lineOf({ name, version, bytes, manifest, problem }: ListedAdapter): string {
  const head = `${name}/${version}`.padEnd(24);
  if (manifest === null) return `${head} cannot be used: ${problem ?? ""}`;
  const score = manifest.metrics === null ? "imported" : `weighted F1 ${points(manifest.metrics.after.weightedF1)}`;
  return `${head} ${manifest.kind.padEnd(12)} ${score}, ${manifest.labelSet.rows} labels, ${(bytes / 1e6).toFixed(2)} MB`;
}

function scores({ metrics }: AdapterManifest): string[] {
  if (metrics === null) return ["  scores      none: it was imported"];
  const { before, after, gain } = metrics;
  return [
    `  weighted F1 ${points(before.weightedF1)} → ${points(after.weightedF1)}`,
    `  macro F1    ${points(before.macroF1)} → ${points(after.macroF1)}`,
    `  gain        ${points(gain.weightedF1)} points, 95 % interval ${points(gain.low)} to ${points(gain.high)}`,
  ];
}

function points(share: number): string {
  return (100 * share).toFixed(1);
}
