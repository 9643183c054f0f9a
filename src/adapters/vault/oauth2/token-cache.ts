import { isYounger } from "../../../core/base/age.ts";
import { err, ok, type Result } from "../../../core/base/result.ts";
import type { VaultFailure } from "../../../ports/vault.ts";
import type { IssuedToken } from "./token-response.ts";

/** A request that takes its token now reaches the upstream within this. */
const MAX_MARGIN_MS = 60_000;

/** Of a lifetime of a few minutes, a minute would be much. */
const MARGIN_SHARE = 0.1;

/**
 * After this a waiting caller asks the provider itself. A request that was cancelled never answers: its caller hung up,
 * and the platform ends what it began.
 */
const FOLLOW_MS = 5_000;

/**
 * How often a 401 ends a token early. An upstream may answer 401 for another reason, such as a missing permission: an
 * agent that repeats such a call must not have Gate sign in each time, which providers limit.
 */
const DISCARD_MS = 10_000;

/** For this long a failure answers every call: agents that repeat must not send a wrong secret for each. */
const FAILURE_MS = 1_000;

export interface CachedToken {
  readonly token: IssuedToken;
  /** True: it was issued for an earlier call. */
  readonly isReused: boolean;
}

type Issued = Result<IssuedToken, VaultFailure>;

interface Entry {
  /** Digest of the configuration and the secrets: with others, the token is another. */
  readonly key: string;
  token: IssuedToken | null;
  pending: Promise<Issued> | null;
  /** The latest request failed; null: it did not. */
  failure: { readonly at: number; readonly error: VaultFailure } | null;
  /** When a 401 last ended a token; null: never. */
  discardedAt: number | null;
}

/** Access tokens in memory, one for each credential, until shortly before they end. They are written nowhere. */
export class TokenCache {
  readonly #entries = new Map<string, Entry>();

  /** The token in memory, or a new one. Callers that ask at once share one request. */
  async get(
    name: string,
    key: string,
    now: () => number,
    issue: () => Promise<Issued>,
  ): Promise<Result<CachedToken, VaultFailure>> {
    const entry = this.#entryOf(name, key);
    for (;;) {
      const { token, pending, failure } = entry;
      if (token !== null && isUsable(token, now())) return ok({ token, isReused: true });
      if (pending === null && failure !== null && isYounger(failure.at, now(), FAILURE_MS)) {
        return err(failure.error);
      }
      const shared = pending === null ? null : await within(pending, FOLLOW_MS);
      // The first of those who waited in vain asks anew, and the others wait for it.
      if (shared === null && entry.pending !== pending) continue;
      const issued = shared ?? (await this.#begin(entry, now, issue));
      return issued.ok ? ok({ token: issued.value, isReused: false }) : issued;
    }
  }

  /**
   * Forgets a token that its upstream refused; a newer one stays.
   *
   * @returns whether the next call has another token
   */
  discard(name: string, accessToken: string, now: number): boolean {
    const entry = this.#entries.get(name);
    if (entry?.token?.accessToken !== accessToken) return true;
    if (entry.discardedAt !== null && isYounger(entry.discardedAt, now, DISCARD_MS)) return false;
    entry.token = null;
    entry.discardedAt = now;
    return true;
  }

  #entryOf(name: string, key: string): Entry {
    const known = this.#entries.get(name);
    if (known?.key === key) return known;
    const entry: Entry = { key, token: null, pending: null, failure: null, discardedAt: null };
    this.#entries.set(name, entry);
    return entry;
  }

  #begin(entry: Entry, now: () => number, issue: () => Promise<Issued>): Promise<Issued> {
    const pending = issue().then((issued) => {
      if (issued.ok) entry.token = issued.value;
      entry.failure = issued.ok ? null : { at: now(), error: issued.error };
      return issued;
    });
    entry.pending = pending;
    const clear = () => {
      if (entry.pending === pending) entry.pending = null;
    };
    pending.then(clear, clear);
    return pending;
  }
}

function isUsable({ requestedAt, lifetimeMs }: IssuedToken, now: number): boolean {
  const margin = Math.min(MAX_MARGIN_MS, lifetimeMs * MARGIN_SHARE);
  return isYounger(requestedAt, now, lifetimeMs - margin);
}

/** Null: nothing came in this time. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
