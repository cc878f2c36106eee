/** Cancelled and outdated are outcomes, not errors. They are thrown here and caught in one place of each host. */

/** The run was cancelled by the one who asked for it, or a newer edit superseded it. */
export class Cancelled extends Error {
  constructor(what = "cancelled") {
    super(what);
    this.name = "Cancelled";
  }
}

/** Throws {@link Cancelled} when the signal was aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Cancelled();
}

/**
 * Input from outside (a file, a message, an option) that cannot be used. The message names the file or field,
 * the value found, what was expected, and what to do.
 */
export class InputError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InputError";
  }
}
