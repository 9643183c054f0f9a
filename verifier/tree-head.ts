import { sha256 } from "@noble/hashes/sha2.js";
import { fromBase64, fromHex, isEqual, utf8 } from "./bytes.ts";
import type { VerifyEd25519 } from "./ed25519.ts";

/*
 * Signed tree heads: C2SP signed-note v1.0.0 around tlog-checkpoint v1.0.0, Ed25519 only.
 */

export interface TreeHead {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
}

export interface LogKey {
  readonly name: string;
  readonly id: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Result of verifying a tree head; `signer` is the name of the known key that signed it. */
export type Opened =
  | { readonly state: "signed"; readonly head: TreeHead; readonly signer: string }
  | { readonly state: "malformed" }
  /** No known key signed; a known key's signature does not verify; the runtime can't verify Ed25519. */
  | { readonly state: "unsigned" | "forged" | "unchecked"; readonly head: TreeHead };

const MAX_SIGNATURES = 64;
// eslint-disable-next-line no-control-regex -- signed notes forbid exactly these
const CONTROLS = /[\u0000-\u0009\u000b-\u001f]/;

/** `name+id+base64(0x01 ‖ key)`; null for anything else. */
export function readVkey(vkey: string): LogKey | null {
  const match = /^([^+\p{White_Space}\p{Cc}]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/u.exec(vkey);
  const [, name, id, encoded] = match ?? [];
  const bytes = fromBase64(encoded ?? "");
  if (name === undefined || id === undefined || bytes?.length !== 33 || bytes[0] !== 1) return null;
  const named = fromHex(id);
  const idOf = sha256(Uint8Array.of(...utf8(name), 0x0a, ...bytes)).subarray(0, 4);
  return isEqual(idOf, named) ? { name, id: named, publicKey: bytes.subarray(1) } : null;
}

export async function openTreeHead(
  note: string,
  keys: readonly LogKey[],
  verify: VerifyEd25519,
): Promise<Opened> {
  const read = readNote(note);
  if (read === null) return { state: "malformed" };
  const { head, message, signatures } = read;
  let signer: string | null = null;
  for (const { name, id, bytes } of signatures) {
    const key = keys.find((known) => known.name === name && isEqual(known.id, id));
    if (key === undefined) continue;
    const verified = bytes.length === 64 ? await verify(key.publicKey, message, bytes) : false;
    if (verified === null) return { state: "unchecked", head };
    // C2SP signed-note: an invalid signature that names a known key invalidates the note.
    if (!verified) return { state: "forged", head };
    signer = name;
  }
  return signer === null ? { state: "unsigned", head } : { state: "signed", head, signer };
}

interface Signature {
  readonly name: string;
  readonly id: Uint8Array;
  readonly bytes: Uint8Array;
}

function readNote(note: string): {
  readonly head: TreeHead;
  readonly message: Uint8Array;
  readonly signatures: readonly Signature[];
} | null {
  if (!note.isWellFormed() || CONTROLS.test(note)) return null;
  // A tree head has no empty lines, so the only empty line separates it from the signatures.
  const [text, rest, ...more] = note.split("\n\n");
  if (text === undefined || rest === undefined || more.length > 0 || !rest.endsWith("\n")) return null;
  const lines = rest.slice(0, -1).split("\n");
  const signatures = lines.slice(0, MAX_SIGNATURES).map(readSignature);
  const [origin, size, root, ...extra] = text.split("\n");
  const head = readHead(origin, size, root);
  if (head === null || extra.length > 0 || lines.length > MAX_SIGNATURES) return null;
  const known = signatures.filter((signature) => signature !== null);
  return known.length === signatures.length ? { head, message: utf8(`${text}\n`), signatures: known } : null;
}

function readHead(origin = "", size = "", encoded = ""): TreeHead | null {
  const root = fromBase64(encoded);
  if (origin === "" || /\p{Cc}/u.test(origin) || root?.length !== 32) return null;
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size))) return null;
  return { origin, size: Number(size), root };
}

function readSignature(line: string): Signature | null {
  const [, name, encoded] = /^\u2014 ([^+\p{White_Space}\p{Cc}]+) ([A-Za-z0-9+/=]+)$/u.exec(line) ?? [];
  const bytes = fromBase64(encoded ?? "");
  if (name === undefined || bytes === null || bytes.length < 5) return null;
  return { name, id: bytes.subarray(0, 4), bytes: bytes.subarray(4) };
}
