import { hkdf } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";

/** Keys derived from the one deployment secret. A label is never reused for another purpose. */
export type KeyLabel =
  | "entry-mac"
  | "execution-token"
  | "delivery-token"
  | "subject-token"
  | "link-token"
  | "interaction-token"
  | "group-token"
  | "webhook-secret"
  | "sign-in"
  | "signing-key"
  | "payload-key"
  | "idempotent-answer";

const KEY_BYTES = 32;

/**
 * HKDF-SHA256 (RFC 5869) with an empty salt and `gate/v1/<label>` as info.
 *
 * @param secret `GATE_SECRET`: at least 32 bytes in base64 or base64url
 * @throws {Error} for a secret that is too short or not base64; the message never quotes it
 */
export function deriveKey(secret: string, label: KeyLabel): Uint8Array {
  const name = `${label}\n${secret}`;
  let key = derived.get(name);
  if (key === undefined) {
    key = hkdf(sha256, secretBytes(secret), undefined, utf8ToBytes(`gate/v1/${label}`), KEY_BYTES);
    derived.set(name, key);
  }
  return key;
}

/** Cache of derived keys, because every new object needs one; bounded by labels times secrets. */
const derived = new Map<string, Uint8Array>();

function secretBytes(secret: string): Uint8Array {
  const text = secret.trim().replaceAll("-", "+").replaceAll("_", "/");
  const unpadded = text.replace(/={1,2}$/, "");
  const isPadded = text.length === unpadded.length || text.length % 4 === 0;
  if (!/^[A-Za-z0-9+/]+$/.test(unpadded) || unpadded.length % 4 === 1 || !isPadded) {
    throw new Error("GATE_SECRET is not base64 or base64url");
  }
  const bytes = Uint8Array.from(atob(unpadded), (char) => char.charCodeAt(0));
  if (bytes.length < KEY_BYTES) throw new Error("GATE_SECRET must be at least 32 bytes, base64-encoded");
  return bytes;
}

/** The deployment's secrets: the current one first, then its predecessors, newest first. */
export function secretsOf(env: {
  readonly GATE_SECRET: string;
  /** Separated by commas. */
  readonly GATE_SECRET_PREVIOUS?: string | undefined;
}): readonly [string, ...string[]] {
  const previous = (env.GATE_SECRET_PREVIOUS ?? "").split(",").map((secret) => secret.trim());
  return [env.GATE_SECRET, ...previous.filter((secret) => secret !== "")];
}
