/**
 * Property tests draw the same documents in every run, so that a commit passes or fails and never both. To look for
 * more: NFR_LENS_SEED=random NFR_LENS_RUNS=20000 npx mocha test/engine/documents/*.test.ts
 */
import fc from "fast-check";

const asked = process.env["NFR_LENS_SEED"] ?? "20261122";
if (asked !== "random") fc.configureGlobal({ seed: Number(asked) });

/** How many documents a property is tried on, unless it says otherwise. */
export const runs = Number(process.env["NFR_LENS_RUNS"] ?? 100);
