/** Memory of this process in megabytes, as the command line reports it. */
import { readFileSync } from "node:fs";

const MB = 1024 ** 2;

/** Resident memory now. */
export function memoryMb(): number {
  return process.memoryUsage.rss() / MB;
}

/**
 * The most resident memory so far. On Linux it is read from the process's own statistics, because `maxRSS` of a child
 * begins with what its parent had when it was started.
 */
export function peakMemoryMb(): number {
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"));
    if (line !== null) return Number(line[1]) / 1024;
  } catch {
    // No such file outside Linux.
  }
  return process.resourceUsage().maxRSS / 1024;
}

/** Frees what is no longer used, where the process was started with `--expose-gc`. */
export function collectGarbage(): void {
  globalThis.gc?.();
}
