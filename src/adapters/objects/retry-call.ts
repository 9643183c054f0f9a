/** Attempts of a call whose error the platform marks as retryable. */
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
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      if (retryable !== true || overloaded === true || tried >= TRIES) throw error;
    }
  }
}
