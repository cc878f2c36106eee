/**
 * The rules of the house that a program can check, as one function from sources to sentences. It reads syntax trees, so
 * that a word in a comment or a string never counts. `architecture.test.ts` applies it to the tree and to bad snippets.
 */
import * as path from "node:path/posix";
import ts from "typescript";

export interface Source {
  /** Relative to the repository root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** What one file leans on: the modules it imports and the ambient names it uses. */
interface Leaning {
  /** Module as written, whether only types are taken, and what it resolves to inside the repository. */
  readonly imports: readonly { module: string; typesOnly: boolean; target: string }[];
  readonly globals: ReadonlySet<string>;
}

export const LONGEST_FILE = 400;
const FORBIDDEN_NAMES = /(^|\/)(utils?|helpers?|common|misc|manager)(\/|\.[a-z]+$)/i;
const LSP = /^vscode-(languageserver|languageclient|jsonrpc|uri)/;
/** The only module of Node that the engine may use: hashing is pure. */
const PURE_NODE_MODULES = new Set(["node:crypto"]);
/** Ambient names that bring the outside in: clock, chance, process, network. */
const OUTSIDE_NAMES = ["process", "Date", "performance", "fetch", "console"];

/** Every broken rule as a sentence that says what to do; an empty list is a clean house. */
export function brokenRules(sources: readonly Source[]): string[] {
  return sources.flatMap((source) => {
    const lines = source.text.split("\n").length - (source.text.endsWith("\n") ? 1 : 0);
    const form = [
      ...when(
        lines > LONGEST_FILE,
        `has ${lines} lines, the wall is ${LONGEST_FILE}: split it by what its parts know, not by length`,
      ),
      ...when(FORBIDDEN_NAMES.test(source.path), "has a name that says nothing: name it after what it knows"),
    ];
    const rules = /\.(ts|mts|mjs|js)$/.test(source.path) ? importRules(source) : [];
    return [...form, ...rules].map((sentence) => `${source.path} ${sentence}.`);
  });
}

function importRules(source: Source): string[] {
  const tree = ts.createSourceFile(source.path, source.text, ts.ScriptTarget.Latest, true);
  const leaning = leaningOf(source.path, tree);
  const room = source.path.split("/")[0] ?? "";
  const inEngine = source.path.startsWith("server/engine/");
  return [
    ...leaning.imports.flatMap((taken) => [
      ...when(
        taken.module === "vscode" && room !== "src" && !source.path.startsWith("test/editor/"),
        "imports vscode, which only src/ may: pass plain data in instead",
      ),
      ...when(
        taken.module === "onnxruntime-node" && room === "server" && source.path !== "server/engine/graph/runtime.ts",
        "imports onnxruntime-node, which only server/engine/graph/runtime.ts may: use what that file exports",
      ),
      ...roomRules(room, taken),
      ...(inEngine ? engineRules(taken) : []),
    ]),
    ...(inEngine ? [...leaning.globals].map((name) => outside(name)) : []),
    ...when(
      isOnlyReExports(tree),
      "only re-exports other files: import from the file that holds the thing, and delete this one",
    ),
  ];
}

function roomRules(room: string, { target, typesOnly }: Leaning["imports"][number]): string[] {
  return [
    ...when(
      room === "server" && (target.startsWith("src/") || target.startsWith("media/")),
      `imports ${target}: server/ never imports src/ or media/; move what both need to server/protocol.ts`,
    ),
    ...when(
      room === "src" && target.startsWith("server/") && target !== "server/protocol.ts",
      `imports ${target}: src/ may import server/protocol.ts only; ask the server by a message instead`,
    ),
    ...when(
      room === "media" && target !== "" && !target.startsWith("media/") && target !== "server/protocol.ts",
      `imports ${target}: media/ may import types of server/protocol.ts only`,
    ),
    ...when(
      room === "media" && target === "server/protocol.ts" && !typesOnly,
      "imports values of server/protocol.ts: media/ may import its types only; write `import type`",
    ),
  ];
}

function engineRules({ module, target }: Leaning["imports"][number]): string[] {
  const isNode = module.startsWith("node:") || NODE_MODULES.has(module.split("/")[0] ?? "");
  return [
    ...when(
      isNode && !PURE_NODE_MODULES.has(module),
      `imports ${module}: the engine knows no file system, process or clock; let the host read and pass the value in`,
    ),
    ...when(LSP.test(module), `imports ${module}: the engine knows no LSP; convert in server/lsp/`),
    ...when(
      target.startsWith("server/") && !target.startsWith("server/engine/"),
      `imports ${target}: the engine imports nothing of its hosts; move the type into the engine`,
    ),
  ];
}

const NODE_MODULES = new Set([
  "fs",
  "process",
  "os",
  "child_process",
  "worker_threads",
  "http",
  "https",
  "net",
  "path",
]);

function outside(name: string): string {
  const remedy = name === "Math.random" ? "pass a seeded generator in" : "pass the value or a callback in";
  return `uses ${name}: the engine gets seeds, time, signals and progress from its caller; ${remedy}`;
}

function leaningOf(file: string, tree: ts.SourceFile): Leaning {
  const imports: Leaning["imports"][number][] = [];
  const globals = new Set<string>();
  const take = (node: ts.Node | undefined, typesOnly: boolean): void => {
    if (node === undefined || !ts.isStringLiteralLike(node)) return;
    const target = node.text.startsWith(".") ? path.normalize(path.join(path.dirname(file), node.text)) : "";
    imports.push({ module: node.text, typesOnly, target });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) take(node.moduleSpecifier, importsTypesOnly(node));
    else if (ts.isExportDeclaration(node)) take(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) take(node.argument.literal, true);
    else if (ts.isCallExpression(node) && isLoad(node.expression)) take(node.arguments[0], false);
    else if (ts.isPropertyAccessExpression(node) && node.getText() === "Math.random") globals.add("Math.random");
    else if (ts.isIdentifier(node) && OUTSIDE_NAMES.includes(node.text) && isFreeUse(node)) globals.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return { imports, globals };
}

function importsTypesOnly(node: ts.ImportDeclaration): boolean {
  const clause = node.importClause;
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const bindings = clause.namedBindings;
  return (
    clause.name === undefined &&
    bindings !== undefined &&
    ts.isNamedImports(bindings) &&
    bindings.elements.every((element) => element.isTypeOnly)
  );
}

function isLoad(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === "require");
}

/** Whether the identifier reads an ambient value, rather than naming a property, a member, a type or a binding. */
function isFreeUse(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isTypeReferenceNode(parent) || ts.isQualifiedName(parent) || ts.isPropertySignature(parent)) return false;
  const names = "name" in parent && parent.name === node;
  return !names || ts.isShorthandPropertyAssignment(parent);
}

function isOnlyReExports(tree: ts.SourceFile): boolean {
  return (
    tree.statements.length > 0 &&
    tree.statements.every((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined)
  );
}

function when(broken: boolean, sentence: string): string[] {
  return broken ? [sentence] : [];
}
