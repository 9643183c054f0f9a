import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from "jose";
import { isYounger } from "../../core/base/age.ts";
import type { TrustedIssuer } from "../../core/registry/registry.ts";
import type { IssuerDocuments } from "./issuer-documents.ts";

/** Bounds the memory: key sets of the registry's issuers, and of those it had before an edit. */
const MAX_KEY_SETS = 100;

/**
 * Refetches for unknown keys within this time, of one key set. An issuer may rotate its keys at any moment, also a second
 * after Gate fetched them; forged tokens with invented keys must not make Gate flood the issuer.
 */
const REFETCH_WINDOW_MS = 30_000;
const MAX_REFETCHES = 3;

export interface IssuerKeys {
  /** The key for a token's header (jose's interface). */
  readonly key: JWTVerifyGetKey;
  /**
   * Fetches the keys again, for a token that those in memory don't fit; false: too often already.
   *
   * @throws where they can't be fetched
   */
  refetch(): Promise<boolean>;
}

/** The published keys of issuers, fetched when needed and for ten minutes. */
export function issuerKeys(
  documents: IssuerDocuments,
): (issuer: TrustedIssuer) => Promise<IssuerKeys | null> {
  const keySets = new Map<string, IssuerKeys>();

  /** @returns null where the issuer's configuration can't be read */
  return async (issuer) => {
    const { allowPrivate } = issuer;
    const url = issuer.jwks ?? (await documents.configuration(issuer))?.jwks_uri;
    if (typeof url !== "string" || !URL.canParse(url)) return null;
    const name = JSON.stringify([url, allowPrivate]);
    const cached = keySets.get(name);
    if (cached !== undefined) return cached;
    const keySet = keysAt(new URL(url), allowPrivate, documents);
    if (keySets.size >= MAX_KEY_SETS) keySets.clear();
    keySets.set(name, keySet);
    return keySet;
  };
}

function keysAt(url: URL, allowPrivate: boolean, documents: IssuerDocuments): IssuerKeys {
  const keySet = createRemoteJWKSet(url, {
    [customFetch]: async (address: string) => {
      const found = await documents.json(address, allowPrivate);
      return found === null ? new Response(null, { status: 503 }) : Response.json(found);
    },
    // jose never refetches for an unknown key: `refetch` does, and says when it may not.
    cooldownDuration: Number.POSITIVE_INFINITY,
  });
  let refetchedAt: readonly number[] = [];
  let refetching: Promise<void> | null = null;
  return {
    key: keySet,
    async refetch() {
      if (refetching !== null) {
        await refetching;
        return true;
      }
      const now = Date.now();
      refetchedAt = refetchedAt.filter((at) => isYounger(at, now, REFETCH_WINDOW_MS));
      if (refetchedAt.length >= MAX_REFETCHES) return false;
      refetchedAt = [...refetchedAt, now];
      refetching = keySet.reload().finally(() => (refetching = null));
      await refetching;
      return true;
    },
  };
}

/** The key set was loaded, and holds no key that fits the token's header. */
export function isUnknownKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey;
}
