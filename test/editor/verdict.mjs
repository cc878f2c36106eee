// The verdict on a run, the same for both drivers. The exit code of VS Code is
// not enough: it is 0 when the extension host was killed or called process.exit.
import { existsSync, readFileSync } from "node:fs";

/** Counts of one run; a run that ended without a complete, clean result counts as one failure more. */
export function verdict(code, resultFile) {
  const result = existsSync(resultFile) ? JSON.parse(readFileSync(resultFile, "utf8")) : undefined;
  const count = (state) => result?.results.filter((test) => test.state === state).length ?? 0;
  const passed = count("passed");
  const failedTests = count("failed");
  const ok = code === 0 && result?.failures === 0 && failedTests === 0 && passed > 0;
  return {
    ok,
    complete: result !== undefined,
    passed,
    failed: ok ? 0 : Math.max(failedTests, 1),
    skipped: count("pending"),
  };
}
