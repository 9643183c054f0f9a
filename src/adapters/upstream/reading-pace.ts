/**
 * A reader's share of the time that relaying takes: bodies are masked at some 50 MB/s, and a reader of many long ones at
 * once would leave no time to anybody else.
 */
const BYTES_PER_SECOND = 16 * 1024 * 1024;

/** Relayed without a pause after a silence: most responses are shorter. */
const AT_ONCE_BYTES = 1024 * 1024;

/** Bounds the memory. A reader that is forgotten begins anew. */
const READERS_KNOWN = 10_000;

/** Waits until the reader may have the next bytes. */
export type Pace = (bytes: number) => Promise<void>;

/**
 * The pace of each reader in this isolate, shared by all its responses. Times and no locks, because the platform ends a
 * request whose client hung up wherever it waits.
 */
export function readingPaces(now: () => number = Date.now): (reader: string) => Pace {
  /** When each reader has used up its share, in milliseconds. */
  const usedUpAt = new Map<string, number>();
  return (reader) => async (bytes) => {
    const time = now();
    const atOnceMs = (AT_ONCE_BYTES / BYTES_PER_SECOND) * 1000;
    // A clock that was set back would else make the reader wait for as long.
    const known = Math.min(usedUpAt.get(reader) ?? 0, time + MAX_WAIT_MS);
    const usedUp = Math.max(known, time - atOnceMs) + (bytes / BYTES_PER_SECOND) * 1000;
    usedUpAt.delete(reader);
    usedUpAt.set(reader, usedUp);
    const [oldest] = usedUpAt.keys();
    if (usedUpAt.size > READERS_KNOWN && oldest !== undefined) usedUpAt.delete(oldest);
    if (usedUp <= time) return;
    await new Promise((resolve) => setTimeout(resolve, usedUp - time));
  };
}

/** Of a reader with thousands of responses at once, each moves on within this. */
const MAX_WAIT_MS = 60_000;
