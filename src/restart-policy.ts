/** When a server that died is started again, and when it is not. */

/** Waits before the first, second, … restart, in milliseconds. */
export const RESTART_DELAYS: readonly number[] = [250, 1_000, 4_000, 15_000];

/** Crashes further apart than this do not belong together. */
const WINDOW_MS = 180_000;

export class RestartPolicy {
  private crashes: number[] = [];

  /** The wait before the next start in milliseconds, or null when the server is to stay down. */
  next(now: number): number | null {
    this.crashes = [...this.crashes.filter((time) => now - time < WINDOW_MS), now];
    return RESTART_DELAYS[this.crashes.length - 1] ?? null;
  }

  /** A person asked for a restart: start counting anew. */
  reset(): void {
    this.crashes = [];
  }
}
