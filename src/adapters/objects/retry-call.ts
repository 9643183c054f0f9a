import { LEFT_MEMORY } from "../../ports/intents.ts";

/** Attempts of a call whose error says that another may succeed. */
const TRIES = 3;

/**
 * Calls an object. A stub that has thrown is broken, so every attempt must make a new one. Only for idempotent methods:
 * a proposal is recognised by its digest, a reservation by its intent, and a repeated command finds its effect in place
 * or is refused.
 */
export async function retryCall<T>(call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isRetryable(error) || tried >= TRIES) throw error;
    }
  }
}

/** The platform marks what it lost, and what it has too much of. */
function isRetryable(error: unknown): boolean {
  const { retryable, overloaded, message } = error as Partial<Record<string, unknown>>;
  return overloaded !== true && (retryable === true || String(message).includes(LEFT_MEMORY));
}
