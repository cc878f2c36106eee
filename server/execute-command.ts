/** The commands of lenses and actions for clients that have none of their own: any LSP client can label. */
import * as l10n from "@vscode/l10n";
import type { MessageActionItem } from "vscode-languageserver";
import { InputError } from "./engine/outcome.ts";
import { type CommandName, ServerCommands } from "./lsp/commands.ts";
import { parseTarget } from "./messages.ts";
import type { LabelAction } from "./protocol.ts";
import { type Desk, ignore } from "./requests.ts";

/** Carries out `ServerCommands[name]`; arguments are `[uri, key, label?]`. What cannot be done is told to the user. */
export async function executeCommand(desk: Desk, command: string, args: readonly unknown[]): Promise<null> {
  const name = (Object.keys(ServerCommands) as CommandName[]).find((key) => ServerCommands[key] === command);
  if (name === undefined) throw new InputError(`${command} is no command of this server`);
  const [uri, key, label] = args;
  const target = parseTarget({ uri, key }, command);
  await desk.session.prepared();
  try {
    if (name === "ignore") {
      await desk.client.connection.workspace.applyEdit(await ignore(desk, target));
      return null;
    }
    const action = name === "change" ? await change(desk, target.uri, label) : { kind: name };
    if (action !== undefined) await desk.labelling.decide({ ...target, action });
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    desk.client.warn(error.message);
  }
  return null;
}

/** The category to change to: named in the command, or asked of the user by the one means every client has. */
async function change({ client }: Desk, uri: string, label: unknown): Promise<LabelAction | undefined> {
  if (typeof label === "string") return { kind: "change", label };
  const items = [...client.categories(uri).values()].map(({ code, name }) => ({ title: name, code }));
  const question = l10n.t("Which category?");
  const choice: MessageActionItem | null | undefined = await client.connection.window.showInformationMessage(
    question,
    ...items,
  );
  const chosen = items.find(({ title }) => title === choice?.title);
  return chosen && { kind: "change", label: chosen.code };
}
