/** Finished measurements on disk, so that an interrupted table goes on where it stopped. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";

const ROOT = resolve(import.meta.dirname, "../../..");

export class Results {
  private readonly file: string;
  private readonly known = new Map<string, unknown>();
  private readonly made: string;

  /** `settings` are what all measurements share; others made with other settings or another program do not count. */
  constructor(folder: string, settings: unknown) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, "results.jsonl");
    this.made = createHash("sha256").update(JSON.stringify(settings)).update(sources()).digest("hex").slice(0, 16);
    if (!existsSync(this.file)) return;
    for (const line of readFileSync(this.file, "utf8").split("\n").filter(Boolean)) {
      const { made, key, value } = JSON.parse(line) as { made: string; key: string; value: unknown };
      if (made === this.made) this.known.set(key, value);
    }
  }

  /** The result of `script` with `argument`, run in a process of its own unless it is known already. */
  async of(key: string, script: string, argument: unknown): Promise<unknown> {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const run = ["--expose-gc", "--import", "tsx", script, "--measure", JSON.stringify(argument)];
    const { stdout } = await promisify(execFile)(process.execPath, run);
    const value: unknown = JSON.parse(stdout);
    appendFileSync(this.file, JSON.stringify({ made: this.made, key, value }) + "\n");
    this.known.set(key, value);
    return value;
  }
}

/** Everything that changes what a training does or costs. */
function sources(): string {
  return ["server/engine/adapt", "server/engine/graph", "server/engine/model"]
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
        .filter((name) => name.endsWith(".ts"))
        .sort()
        .map((name) => readFileSync(join(ROOT, folder, name), "utf8")),
    )
    .join("\n");
}
