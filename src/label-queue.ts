/** *Label Next*: one statement after the other, the one that teaches most first, one key each. */
import * as vscode from "vscode";
import type { Located } from "../server/protocol.ts";
import type { ReadyApp } from "./app.ts";
import { label, note, reveal, toRange } from "./labels.ts";
import { choiceItems, scoresOf, type ChoiceItem } from "./pick-category.ts";
import type { Target } from "./target.ts";

type Step =
  { kind: "label"; code: string } | { kind: "accept" } | { kind: "skip" } | { kind: "undo" } | { kind: "end" };

interface QueueItem extends vscode.QuickPickItem {
  keys: readonly string[];
  step: Step;
}

/** Walks the queue until nothing is left or the person leaves it; what the model is sure of comes last. */
export async function labelNext(app: ReadyApp): Promise<void> {
  const skipped: string[] = [];
  const labelled: Target[] = [];
  const list = new QueueList();
  const mark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
    isWholeLine: false,
  });
  try {
    let again: Located | null = null;
    for (;;) {
      const found: Located | null =
        again ?? (await app.ask("nextUncertain", { ...whereAmI(), skip: skipped, sure: true }));
      again = null;
      if (list.left) return;
      if (!found) {
        note(vscode.l10n.t("No requirement without a label is left. {0} labelled.", labelled.length));
        return;
      }
      const step = await askAbout(app, found, list, mark, labelled.length);
      if (step.kind === "end") return;
      again = await take(app, found, step, skipped, labelled);
    }
  } finally {
    mark.dispose();
    list.dispose();
  }
}

/** Carries a step out. Returns the statement to show next where the queue does not decide that. */
async function take(
  app: ReadyApp,
  found: Located,
  step: Exclude<Step, { kind: "end" }>,
  skipped: string[],
  labelled: Target[],
): Promise<Located | null> {
  const target = { uri: found.uri, key: found.statement.key };
  if (step.kind === "skip") {
    skipped.push(target.key);
    return null;
  }
  if (step.kind === "undo") {
    const last = labelled.pop();
    if (!last || !(await label(app, last, { kind: "undo" }, "queue"))) return found;
    const statement = app.documents.find(last.uri, last.key);
    return statement ? { uri: last.uri, statement, reason: vscode.l10n.t("Label taken back.") } : null;
  }
  const action =
    step.kind === "accept" ? ({ kind: "accept" } as const) : ({ kind: "change", label: step.code } as const);
  if (!(await label(app, target, action, "queue"))) return found;
  labelled.push(target);
  return null;
}

async function askAbout(
  app: ReadyApp,
  found: Located,
  list: QueueList,
  mark: vscode.TextEditorDecorationType,
  labelled: number,
): Promise<Step> {
  const editor = await reveal(found, { preserveFocus: true });
  editor.setDecorations(mark, [toRange(found.statement.range)]);
  const scores = await scoresOf(app, { uri: found.uri, key: found.statement.key });
  const items: QueueItem[] = choiceItems(app, scores).map((item) => withStep(item, found));
  items.push(
    { keys: ["."], step: { kind: "skip" }, label: `.  ${vscode.l10n.t("Skip this one")}`, alwaysShow: true },
    { keys: ["-"], step: { kind: "undo" }, label: `-  ${vscode.l10n.t("Undo the last label")}`, alwaysShow: true },
  );
  const step = await list.ask(items, vscode.l10n.t("{0} labelled · {1}", labelled, found.reason), found.statement.text);
  editor.setDecorations(mark, []);
  return step;
}

/** Taking the model's own category is an acceptance, and is written down as one. */
function withStep(item: ChoiceItem, found: Located): QueueItem {
  const { code } = item.choice.category;
  const step: Step = code === found.statement.predicted ? { kind: "accept" } : { kind: "label", code };
  return { ...item, keys: item.choice.keys, step };
}

/**
 * One list for the whole walk. It keeps the keyboard between two statements: were it closed and opened again, the key of
 * a fast typist would land in the document. Keys that come before the next statement is shown are dropped.
 */
class QueueList implements vscode.Disposable {
  /** Whether the person has gone. */
  left = false;
  readonly #pick = vscode.window.createQuickPick<QueueItem>();
  #answer: ((step: Step) => void) | null = null;

  constructor() {
    const pick = this.#pick;
    pick.matchOnDescription = true;
    pick.ignoreFocusOut = true;
    pick.busy = true;
    pick.onDidChangeValue((value) => {
      if (this.#answer === null) pick.value = "";
      else this.#take(pick.items.find((item) => item.keys.includes(value))?.step);
    });
    pick.onDidAccept(() => this.#take(pick.selectedItems[0]?.step));
    pick.onDidHide(() => {
      this.left = true;
      this.#take({ kind: "end" });
    });
    pick.show();
  }

  /** What is to be done with a statement. */
  ask(items: readonly QueueItem[], title: string, text: string): Promise<Step> {
    if (this.left) return Promise.resolve({ kind: "end" });
    const pick = this.#pick;
    pick.title = title;
    pick.placeholder = text;
    pick.value = "";
    pick.items = items;
    pick.busy = false;
    return new Promise((resolve) => (this.#answer = resolve));
  }

  dispose(): void {
    this.#pick.dispose();
  }

  #take(step: Step | undefined): void {
    if (step === undefined || this.#answer === null) return;
    this.#answer(step);
    this.#answer = null;
    this.#pick.busy = true;
    this.#pick.value = "";
  }
}

function whereAmI(): { uri?: string; offset?: number } {
  const editor = vscode.window.activeTextEditor;
  if (!editor) return {};
  return { uri: editor.document.uri.toString(), offset: editor.document.offsetAt(editor.selection.active) };
}
