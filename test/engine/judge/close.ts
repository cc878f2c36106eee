import assert from "node:assert/strict";

/** Equal up to a tolerance. */
export function close(found: number, expected: number, tolerance = 1e-9): void {
  assert.ok(Math.abs(found - expected) <= tolerance, `found ${found}, expected ${expected} ± ${tolerance}`);
}
