import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { sha256Hex } from "../../src/core/base/digest.ts";
import { keysInForce, type Secrets } from "../../src/core/base/key-derivation.ts";

/*
 * Each intent's erasable records are sealed under a key of its own. Node's ciphers and not WebCrypto, because they are
 * synchronous: a commit reads, handles and writes in one turn.
 */

/** NIST SP 800-38D: 96 random bits for each message, far fewer than 2^32 messages under one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const KEY_BYTES = 32;

/** An intent's own secrets as stored: encrypted under a key derived from the deployment's secret. */
export interface WrappedKey {
  /** Id of the wrapping key. */
  readonly kid: string;
  readonly sealed: Uint8Array;
}

/** One key for sealed records, one salt for commitments. Erasure destroys both together. */
export interface IntentSecrets {
  readonly dataKey: Uint8Array;
  readonly salt: Uint8Array;
}

/** The wrapping keys of all configured secrets, current and previous. */
export interface KeyRing {
  readonly current: { readonly kid: string; readonly key: Uint8Array };
  readonly all: ReadonlyMap<string, Uint8Array>;
}

const rings = new Map<string, KeyRing>();

export function keyRing(secrets: Secrets): KeyRing {
  const name = secrets.join("\n");
  const known = rings.get(name) ?? makeRing(secrets);
  rings.set(name, known);
  return known;
}

function makeRing(secrets: Secrets): KeyRing {
  const named = (key: Uint8Array) => ({ kid: sha256Hex(key).slice(0, 16), key });
  const [first, ...previous] = keysInForce(secrets, "payload-key");
  const current = named(first);
  const others = previous.map(named);
  return { current, all: new Map([...others, current].map(({ kid, key }) => [kid, key])) };
}

export function freshSecrets(salt: Uint8Array = randomBytes(KEY_BYTES)): IntentSecrets {
  return { dataKey: randomBytes(KEY_BYTES), salt };
}

export function wrap({ dataKey, salt }: IntentSecrets, { current }: KeyRing): WrappedKey {
  return { kid: current.kid, sealed: seal(current.key, "intent-key", Buffer.concat([dataKey, salt])) };
}

/** @throws {Error} when no key of the ring opens it: a secret is missing from `GATE_SECRET_PREVIOUS` */
export function unwrap({ kid, sealed }: WrappedKey, ring: KeyRing): IntentSecrets {
  const key = ring.all.get(kid);
  if (key === undefined) throw new Error(`key ${kid} is missing: add its secret to GATE_SECRET_PREVIOUS`);
  const both = open(key, "intent-key", sealed);
  return { dataKey: both.subarray(0, KEY_BYTES), salt: both.subarray(KEY_BYTES) };
}

/** AES-256-GCM. `name` is authenticated, so that an attacker with storage access can't swap two records. */
export function seal(key: Uint8Array, name: string, bytes: Uint8Array): Uint8Array {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  cipher.setAAD(Buffer.from(name));
  return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** @throws {Error} for anything but what was sealed with this key and name */
export function open(key: Uint8Array, name: string, sealed: Uint8Array): Uint8Array {
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, IV_BYTES));
  decipher.setAAD(Buffer.from(name));
  decipher.setAuthTag(sealed.subarray(end));
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, end)), decipher.final()]);
}
