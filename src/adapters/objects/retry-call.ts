/** How often a call is made that the platform says can be made again. */
const TRIES = 3;

/**
 * Calls an object. A stub that has thrown is broken, so every try must make a new one. Only for methods that may
 * be repeated: a proposal is known by its digest, a reservation by its intent, and a command either finds its
 * effect in place or is refused.
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
