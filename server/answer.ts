/**
 * The one funnel for whatever a handler ends in. Cancelled and outdated are outcomes and are never logged; input that
 * cannot be used is told to the one who sent it; everything else is a fault, logged with its stack and answered with
 * an error, and the server goes on.
 */
import { type CancellationToken, ErrorCodes, LSPErrorCodes, ResponseError } from "vscode-languageserver";
import { Cancelled, InputError } from "./engine/outcome.ts";
import type { Refusal } from "./protocol.ts";
import { errorMessage } from "./store/wording.ts";

export type Log = (message: string) => void;
type Work<T> = (signal: AbortSignal) => T | Promise<T>;

/** Answers an LSP request. */
export async function answer<T>(
  name: string,
  log: Log,
  token: CancellationToken,
  work: Work<T>,
): Promise<T | ResponseError> {
  try {
    return await work(signalOf(token));
  } catch (error) {
    if (error instanceof Cancelled) return new ResponseError(LSPErrorCodes.RequestCancelled, name);
    if (error instanceof InputError) return new ResponseError(ErrorCodes.InvalidParams, error.message);
    log(`${name}: ${stackOf(error)}`);
    return new ResponseError(ErrorCodes.InternalError, `${name}: ${errorMessage(error)}`);
  }
}

/** Answers one of our own requests: what cannot be done is a refusal with a message for the user. */
export async function answerOrRefuse<T>(
  name: string,
  log: Log,
  token: CancellationToken,
  work: Work<T>,
): Promise<T | Refusal | ResponseError> {
  return answer(name, log, token, async (signal) => {
    try {
      return await work(signal);
    } catch (error) {
      if (error instanceof InputError) return { refused: true, message: error.message };
      throw error;
    }
  });
}

/** Carries out a notification; nobody waits for an answer. */
export function notice(name: string, log: Log, work: () => unknown): void {
  // The promise only turns what `work` throws at once and what it rejects with into the same thing.
  new Promise((resolve) => resolve(work())).catch((error: unknown) => {
    if (!(error instanceof Cancelled)) log(`${name}: ${stackOf(error)}`);
  });
}

/** An AbortSignal that follows an LSP cancellation token. */
export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  else token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
