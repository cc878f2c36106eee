/**
 * Commands that lenses and actions name. Our own client carries them out itself (`ClientCommands`); for any other
 * client the server offers commands of its own, under other names, so that nothing is registered twice.
 */
import * as l10n from "@vscode/l10n";
import type { Command } from "vscode-languageserver";
import { ClientCommands } from "../protocol.ts";

/** What a command does; arguments are `[uri, key, label?]`. */
export type CommandName = keyof typeof ClientCommands;

export const ServerCommands: Readonly<Record<CommandName, string>> = {
  accept: "nfrLens.server.accept",
  change: "nfrLens.server.change",
  reject: "nfrLens.server.reject",
  ignore: "nfrLens.server.ignore",
  undo: "nfrLens.server.undo",
};

/** Makes the command `name` for the statement `key` of `uri`. */
export type MakeCommand = (name: CommandName, title: string, uri: string, key: string, label?: string) => Command;

export function commandsFor(ownClient: boolean): MakeCommand {
  const ids = ownClient ? ClientCommands : ServerCommands;
  return (name, title, uri, key, label) => ({
    title,
    command: ids[name],
    arguments: label === undefined ? [uri, key] : [uri, key, label],
  });
}

/** Titles that lenses, actions and messages share. */
export const titles = {
  accept: () => l10n.t("Accept"),
  change: () => l10n.t("Change…"),
  undo: () => l10n.t("Undo"),
};
