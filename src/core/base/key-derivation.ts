import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { hmacHex } from "./digest.ts";

/**
 * Purposes of the keys that derive from the deployment's secret. A label is never reused for another purpose, and each
 * has its row in `docs/rotation.md`: what becomes of its values when the secret changes.
 */
export const KEY_LABELS = [
  "entry-mac",
  "execution-token",
  "delivery-token",
  "subject-token",
  "link-token",
  "interaction-token",
  "group-token",
  "shape-token",
  "credential-token",
  "webhook-secret",
  "mandate-reason",
  "sign-in",
  "signing-key",
  "payload-key",
  "idempotent-answer",
] as const;

export type KeyLabel = (typeof KEY_LABELS)[number];

/** The deployment's secrets: the current one first, then its predecessors, newest first. */
export type Secrets = readonly [string, ...string[]];

/** One purpose's keys under all secrets in force, the current secret's first. */
export type KeysInForce = readonly [Uint8Array, ...Uint8Array[]];

/**
 * The only way to a key, so that no caller can forget the earlier secrets: new values are made with the first key, and
 * looked up, opened and compared with all. A guard that looked values up under the current key alone would fail open
 * after every rotation.
 *
 * @throws {Error} for a secret that is too short or not base64; the message never quotes it
 */
export function keysInForce([current, ...previous]: Secrets, label: KeyLabel): KeysInForce {
  return [
    deriveKey(current, label, "GATE_SECRET"),
    ...previous.map((secret) => deriveKey(secret, label, "a secret in GATE_SECRET_PREVIOUS")),
  ];
}

/** HMACs of a text under all keys in force, hexadecimal: store or issue the first, look up and accept all. */
export function digestsInForce(
  [current, ...previous]: KeysInForce,
  text: string,
): readonly [string, ...string[]] {
  return [hmacHex(current, text), ...previous.map((key) => hmacHex(key, text))];
}

const KEY_BYTES = 32;

/**
 * HKDF-SHA256 (RFC 5869) with an empty salt and `gate/v1/<label>` as info.
 *
 * @param secret at least 32 bytes in base64 or base64url
 */
function deriveKey(secret: string, label: KeyLabel, where: string): Uint8Array {
  const name = `${label}\n${secret}`;
  let key = derived.get(name);
  if (key === undefined) {
    key = hkdf(sha256, secretBytes(secret, where), undefined, utf8ToBytes(`gate/v1/${label}`), KEY_BYTES);
    derived.set(name, key);
  }
  return key;
}

/** Cache of derived keys, because every new object needs one; bounded by labels times secrets. */
const derived = new Map<string, Uint8Array>();

function secretBytes(secret: string, where: string): Uint8Array {
  const text = secret.trim().replaceAll("-", "+").replaceAll("_", "/");
  const unpadded = text.replace(/={1,2}$/, "");
  const isPadded = text.length === unpadded.length || text.length % 4 === 0;
  if (!/^[A-Za-z0-9+/]+$/.test(unpadded) || unpadded.length % 4 === 1 || !isPadded) {
    throw new Error(`${where} is not base64 or base64url`);
  }
  const bytes = Uint8Array.from(atob(unpadded), (char) => char.charCodeAt(0));
  if (bytes.length < KEY_BYTES) throw new Error(`${where} must be at least 32 bytes, base64-encoded`);
  return bytes;
}

/** Reads the secrets from the deployment's variables. */
export function secretsOf(env: {
  readonly GATE_SECRET: string;
  /** Separated by commas. */
  readonly GATE_SECRET_PREVIOUS?: string | undefined;
}): Secrets {
  const previous = (env.GATE_SECRET_PREVIOUS ?? "").split(",").map((secret) => secret.trim());
  return [env.GATE_SECRET, ...previous.filter((secret) => secret !== "")];
}
