/** A pack on disk made of the tiny random checkpoint: the real engine, small enough for every test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePack, type MakePackOptions } from "../../server/engine/model/make-pack.ts";
import { writePackFolder } from "../../server/store/pack-folder.ts";
import { OPTIONS, tinyCheckpoint } from "../engine/model/tiny.ts";

export interface TinyPack {
  readonly folder: string;
  remove(): void;
}

export async function tinyPackFolder(options: Partial<MakePackOptions> = {}): Promise<TinyPack> {
  const above = mkdtempSync(join(tmpdir(), "nfr-lens-pack-"));
  const folder = join(above, "pack");
  const { files } = await makePack(tinyCheckpoint(), { ...OPTIONS, ...options });
  await writePackFolder(folder, files);
  return { folder, remove: () => rmSync(above, { recursive: true }) };
}
