/** Reads `.nfr-lens/config.json` of a workspace folder. */
import { open } from "node:fs/promises";
import { join } from "node:path";
import * as l10n from "@vscode/l10n";
import { DEFAULT_CONFIG, type ParsedConfig, parseConfig } from "./config.ts";
import { PROJECT_FOLDER } from "./label-log.ts";
import { errorCode, errorMessage } from "./wording.ts";

export const CONFIG_FILE = "config.json";
/** What holds where a folder has no configuration. */
export const NO_CONFIG: ParsedConfig = { text: "", config: DEFAULT_CONFIG, problems: [] };

const LIMIT = 1024 * 1024;

/** The configuration of the folder `root`; the defaults where it has none. Unreadable files are problems, not errors. */
export async function readConfig(root: string): Promise<ParsedConfig> {
  const name = `${PROJECT_FOLDER}/${CONFIG_FILE}`;
  const unusable = (message: string): ParsedConfig => ({
    text: "",
    config: DEFAULT_CONFIG,
    problems: [{ field: "", message: `${name}: ${message}` }],
  });
  try {
    const handle = await open(join(root, PROJECT_FOLDER, CONFIG_FILE));
    try {
      const { size } = await handle.stat();
      if (size > LIMIT) {
        return unusable(l10n.t("{0} bytes, expected at most {1}; the defaults are used.", size, LIMIT));
      }
      return parseConfig(await handle.readFile("utf8"), name);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return NO_CONFIG;
    return unusable(l10n.t("cannot be read ({0}); the defaults are used.", errorMessage(error)));
  }
}
