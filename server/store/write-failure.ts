/** A write that the disk refused, in words a person can act on. */
import * as l10n from "@vscode/l10n";
import { InputError } from "../engine/outcome.ts";
import { errorCode, errorMessage } from "./wording.ts";

const REASONS: Readonly<Record<string, () => string>> = {
  EACCES: () => l10n.t("you may not write there"),
  EPERM: () => l10n.t("you may not write there"),
  EROFS: () => l10n.t("the file system is read-only"),
  ENOSPC: () => l10n.t("the disk is full"),
  EDQUOT: () => l10n.t("the disk is full"),
  ENOENT: () => l10n.t("its folder is gone"),
  EISDIR: () => l10n.t("a folder stands in its place"),
  ENOTDIR: () => l10n.t("a file stands in the place of a folder"),
  EEXIST: () => l10n.t("a file stands in the place of a folder"),
};

/** Why the system refused a write. */
export function writeReason(error: unknown): string {
  return REASONS[errorCode(error) ?? ""]?.() ?? errorMessage(error);
}

/** Something was not written; whatever stood there before still stands. */
export class WriteFailure extends InputError {
  constructor(path: string, cause: unknown) {
    super(l10n.t("{0} cannot be written: {1}.", path, writeReason(cause)), { cause });
    this.name = "WriteFailure";
  }
}
