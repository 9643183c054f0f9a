import type { Bundle, Jwk } from "./bundle.ts";
import { fromBase64Url, isEqual } from "./bytes.ts";
import { fails, holds, notShown, type Finding } from "./finding.ts";
import { readVkey, type LogKey } from "./tree-head.ts";

/** Public keys got from Gate beforehand, not from the evidence they are to check. */
export interface TrustedKeys {
  /** `name+id+base64`, as published; more than one after a change of keys. */
  readonly vkeys: readonly string[];
  /** Keys of `/.well-known/jwks.json`. A key that is also among `vkeys` need not be listed. */
  readonly jwks: readonly Jwk[];
  /** Public keys of workers that sign their reports: Ed25519, base64url. */
  readonly reporters?: readonly string[];
}

export interface KeysInHand {
  readonly log: readonly LogKey[];
  readonly orders: readonly Jwk[];
}

/**
 * Which keys to verify with. Without trusted ones the bundle's own are taken: then it is shown to be of one
 * piece, and nothing is shown about who made it.
 */
export function keysInHand(
  { keys }: Bundle,
  trusted: TrustedKeys | null,
): { readonly inHand: KeysInHand; readonly finding: Finding } {
  const name = "trusted_keys";
  if (trusted === null) {
    return {
      inHand: { log: keys.vkeys.map(readVkey).filter((key) => key !== null), orders: keys.jwks.keys },
      finding: notShown(
        name,
        "No trusted key was given: the bundle is checked against the keys it brings along.",
      ),
    };
  }
  const log = trusted.vkeys.map(readVkey).filter((key) => key !== null);
  // Gate lists its log's key as a JWK as well; under whatever name, it is the key that is trusted.
  const sameAsLog = keys.jwks.keys.filter(({ x }) => {
    const bytes = fromBase64Url(x);
    return bytes !== null && log.some(({ publicKey }) => isEqual(publicKey, bytes));
  });
  const inHand = { log, orders: [...trusted.jwks, ...sameAsLog] };
  if (log.length < trusted.vkeys.length || log.length === 0) {
    return { inHand, finding: fails(name, "A key that was given as trusted is not a vkey.") };
  }
  const isForeign = keys.vkeys.some((vkey) => !trusted.vkeys.includes(vkey));
  const isForeignJwk = keys.jwks.keys.some(
    ({ kid, x }) => !inHand.orders.some((known) => known.kid === kid && known.x === x),
  );
  return {
    inHand,
    finding:
      isForeign || isForeignJwk
        ? notShown(
            name,
            "The bundle brings keys along that are not among the trusted ones; they were not used.",
          )
        : holds(name, "Everything is checked against keys that were trusted beforehand."),
  };
}
