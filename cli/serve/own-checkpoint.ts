import { createPrivateKey, createPublicKey, type KeyObject, verify } from "node:crypto";
import { fromBase64Url } from "../../src/core/base/base64url.ts";
import { keysInForce, secretsOf } from "../../src/core/base/key-derivation.ts";
import { parseCheckpoint } from "../../src/core/tlog/checkpoint.ts";
import { type NoteKey, noteKey, openNote } from "../../src/core/tlog/signed-note.ts";
import type { Secrets } from "./secrets.ts";

/** RFC 8410: an Ed25519 private key in PKCS #8, and a public one in SPKI, before their 32 bytes. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

/**
 * The keys under which this deployment's log has signed: those of the secrets in force, and those that the folder
 * published.
 *
 * @param published base64url
 */
export function logKeys(
  { gateSecret, previousSecrets }: Pick<Secrets, "gateSecret" | "previousSecrets">,
  published: readonly string[],
  origin: string,
): readonly NoteKey[] {
  const secrets = secretsOf({ GATE_SECRET: gateSecret, GATE_SECRET_PREVIOUS: previousSecrets ?? undefined });
  const derived = keysInForce(secrets, "signing-key").map((seed) =>
    publicBytes(createPublicKey(privateKey(seed))),
  );
  return [...derived, ...published].flatMap((x) => fromBase64Url(x) ?? []).map((key) => noteKey(origin, key));
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
}

function publicBytes(key: KeyObject): string {
  return String(key.export({ format: "jwk" }).x);
}

/** True for a checkpoint of this log that one of the keys signed. */
export async function isOwnCheckpoint(
  note: string,
  keys: readonly NoteKey[],
  origin: string,
): Promise<boolean> {
  const opened = await openNote(note, keys, verifyEd25519);
  const parsed = opened.ok ? parseCheckpoint(opened.value.text) : null;
  return parsed !== null && parsed.ok && parsed.value.origin === origin;
}

async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  const key = createPublicKey({
    key: Buffer.concat([SPKI_PREFIX, publicKey]),
    format: "der",
    type: "spki",
  });
  return verify(null, message, key, signature);
}
