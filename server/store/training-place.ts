/**
 * The place where a training will put its adapter, taken before the training begins: what would stop the last step
 * (something lies there, nothing may be written there, another window makes the same) stops the first.
 */
import { lstat, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as l10n from "@vscode/l10n";
import { InputError } from "../engine/outcome.ts";
import { makeFolder } from "./atomic-write.ts";
import { WriteFailure } from "./write-failure.ts";
import { errorCode } from "./wording.ts";
import { isGone, sweepLeftovers, writerMark } from "./writers.ts";

/**
 * Takes `folder`, which must not exist, for this process; returns what gives it back. Leftovers of killed trainings
 * beside it are removed. @throws InputError when it is taken, WriteFailure when the disk refuses
 */
export async function takePlace(folder: string): Promise<() => Promise<void>> {
  if (await isThere(folder)) {
    throw new InputError(l10n.t("{0} exists already. Choose a new folder for the adapter.", folder));
  }
  const parent = dirname(folder);
  try {
    await makeFolder(parent);
  } catch (error) {
    throw new WriteFailure(parent, error);
  }
  await sweepLeftovers(parent);
  const claim = join(parent, `.${basename(folder)}.training`);
  await write(claim, folder);
  return () => rm(claim, { force: true }).catch(() => undefined);
}

async function write(claim: string, folder: string): Promise<void> {
  try {
    await writeFile(claim, writerMark(), { flag: "wx" });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") {
      // A full disk makes the file and refuses its content.
      await rm(claim, { force: true }).catch(() => undefined);
      throw new WriteFailure(folder, error);
    }
    const holder = await readFile(claim, "utf8").catch(() => "");
    if (holder !== "" && !isGone(holder)) {
      throw new InputError(
        l10n.t(
          "Another training makes {0} at this moment. Wait for it, or choose another folder. If there is none, delete {1}.",
          folder,
          claim,
        ),
        { cause: error },
      );
    }
    await rm(claim, { force: true }).catch((cause: unknown) => {
      throw new WriteFailure(folder, cause);
    });
    await write(claim, folder);
  }
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
