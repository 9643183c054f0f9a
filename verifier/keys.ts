import type { Bundle, Jwk } from "./bundle.ts";
import { fromBase64Url, isEqual } from "./bytes.ts";
import { fails, holds, notShown, type Finding } from "./finding.ts";
import { readVkey, type LogKey } from "./tree-head.ts";

/** Public keys obtained from Gate beforehand, not from the evidence to be verified. */
export interface TrustedKeys {
  /** `name+id+base64`, as published; several after a key rotation. */
  readonly vkeys: readonly string[];
  /** Keys of `/.well-known/jwks.json`. A key that is also among `vkeys` need not be listed. */
  readonly jwks: readonly Jwk[];
  /** Public keys of runners that sign their reports: Ed25519, base64url. */
  readonly reporters?: readonly string[];
}

export interface VerificationKeys {
  readonly log: readonly LogKey[];
  readonly orders: readonly Jwk[];
}

/**
 * Keys that the bundle brings beside the trusted ones, of a log of the same name: after a rotation of the deployment's
 * secret they sign, and an auditor who pinned the key of before has to pin them too. A signature by one proves nothing; it
 * only shows which key is not pinned yet.
 */
export interface UnpinnedKeys extends VerificationKeys {
  readonly vkeys: readonly string[];
}

/**
 * Selects the keys to verify with. Without trusted keys it uses the bundle's own, which proves that the bundle is
 * consistent, and nothing about its origin.
 */
export function verificationKeys(
  { keys }: Bundle,
  trusted: TrustedKeys | null,
): { readonly known: VerificationKeys; readonly unpinned: UnpinnedKeys; readonly finding: Finding } {
  const name = "trusted_keys";
  if (trusted === null) {
    return {
      known: { log: keys.vkeys.map(readVkey).filter((key) => key !== null), orders: keys.jwks.keys },
      unpinned: { log: [], orders: [], vkeys: [] },
      finding: notShown(
        name,
        "No trusted key was given: the bundle is checked against its own keys. Give the log's key to prove its origin.",
      ),
    };
  }
  const log = trusted.vkeys.map(readVkey).filter((key) => key !== null);
  // Gate publishes its log key as a JWK as well; the key's bytes are trusted, whatever its `kid`.
  const sameAsLog = keys.jwks.keys.filter(({ x }) => {
    const bytes = fromBase64Url(x);
    return bytes !== null && log.some(({ publicKey }) => isEqual(publicKey, bytes));
  });
  const known = { log, orders: [...trusted.jwks, ...sameAsLog] };
  const unpinned = unpinnedOf(keys, log, known.orders);
  if (log.length < trusted.vkeys.length || log.length === 0) {
    return { known, unpinned, finding: fails(name, "A trusted key is not a vkey (`name+id+base64`).") };
  }
  const isForeign = keys.vkeys.some((vkey) => !trusted.vkeys.includes(vkey));
  const isForeignJwk = keys.jwks.keys.some(
    ({ kid, x }) => !known.orders.some((order) => order.kid === kid && order.x === x),
  );
  return {
    known,
    unpinned,
    finding:
      isForeign || isForeignJwk
        ? notShown(name, "The bundle contains keys that are not trusted; they were not used.")
        : holds(name, "Everything is checked against the trusted keys."),
  };
}

function unpinnedOf(
  { vkeys, jwks }: Bundle["keys"],
  log: readonly LogKey[],
  orders: readonly Jwk[],
): UnpinnedKeys {
  const isOfThisLog = ({ name, publicKey }: LogKey) =>
    log.some((key) => key.name === name) && !log.some((key) => isEqual(key.publicKey, publicKey));
  const own = vkeys.flatMap((vkey) => {
    const key = readVkey(vkey);
    return key !== null && isOfThisLog(key) ? [{ vkey, key }] : [];
  });
  return {
    log: own.map(({ key }) => key),
    vkeys: own.map(({ vkey }) => vkey),
    orders: jwks.keys.filter(({ kid, x }) => !orders.some((order) => order.kid === kid && order.x === x)),
  };
}
