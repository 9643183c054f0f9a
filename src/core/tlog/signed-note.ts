import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { err, ok, type Result } from "../base/result.ts";
import { fromBase64, toBase64 } from "../base/base64.ts";

/*
 * C2SP signed-note v1.0.0, with Ed25519 (signature type 0x01) as the only algorithm. Signing and verifying are
 * parameters, because private keys stay with the adapter.
 */

/** A verifier's public key; `encodeVkey` gives its text form. */
export interface NoteKey {
  readonly name: string;
  /** 8 lower-case hexadecimal digits. */
  readonly id: string;
  /** 32 bytes, RFC 8032. */
  readonly publicKey: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  /** 8 lower-case hexadecimal digits; a hint at the key, not a proof of it. */
  readonly id: string;
  readonly signature: Uint8Array;
}

export interface SignedNote {
  /** The signed text, with its final line feed. */
  readonly text: string;
  /** At least one in a signed note. */
  readonly signatures: readonly NoteSignature[];
}

/**
 * `malformed`: not a signed note. `unsigned`: no signature by a known key. `forged`: a signature that names a known key
 * and does not verify.
 */
export type NoteProblem = "malformed" | "unsigned" | "forged";

/** Ed25519 over a message: 64 bytes. */
export type Sign = (message: Uint8Array) => Promise<Uint8Array>;
export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => Promise<boolean>;

const ED25519 = 0x01;
const KEY_BYTES = 32;
const ID_BYTES = 4;
const SIGNATURE_BYTES = 64;

/** The specification requires support for at least 16 and lets verifiers set a limit. */
const MAX_SIGNATURES = 64;

/** Room for `MAX_SIGNATURES` post-quantum signatures of nearly 5 kB each. */
const MAX_NOTE_CHARS = 512 * 1024;

const SIGNATURE_LINE = /^\u2014 (\S+) (\S+)$/u;

/** Key id: SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), the first four bytes, in hexadecimal. */
function keyId(name: string, publicKey: Uint8Array): string {
  const hash = sha256
    .create()
    .update(utf8ToBytes(`${name}\n`))
    .update(Uint8Array.of(ED25519))
    .update(publicKey);
  return bytesToHex(hash.digest().subarray(0, ID_BYTES));
}

/** @throws {RangeError} for a name with a blank or a plus, or a key that is not 32 bytes */
export function noteKey(name: string, publicKey: Uint8Array): NoteKey {
  if (!isKeyName(name)) throw new RangeError("invariant: a key's name has no blank and no plus");
  if (publicKey.length !== KEY_BYTES) throw new RangeError("invariant: an Ed25519 public key has 32 bytes");
  return { name, id: keyId(name, publicKey), publicKey };
}

/** `name+id+base64(0x01 ‖ public key)`: the published form of a key. */
export function encodeVkey({ name, id, publicKey }: NoteKey): string {
  return `${name}+${id}+${toBase64(Uint8Array.of(ED25519, ...publicKey))}`;
}

/** Null for any text but that of an Ed25519 key whose id matches its name and bytes. */
export function parseVkey(text: string): NoteKey | null {
  const [name = "", id = "", ...rest] = text.split("+");
  // Base64 contains the separator, so the rest is joined again.
  const bytes = fromBase64(rest.join("+"));
  if (bytes?.length !== 1 + KEY_BYTES || bytes[0] !== ED25519 || !isKeyName(name)) return null;
  const publicKey = bytes.subarray(1);
  return keyId(name, publicKey) === id ? { name, id, publicKey } : null;
}

/** Parses a note into text and signatures, without verifying any: the result is untrusted. */
export function parseNote(note: string): Result<SignedNote, "malformed"> {
  if (note.length > MAX_NOTE_CHARS || !isPlainText(note)) return err("malformed");
  // The text may contain empty lines; the last one separates it from the signatures.
  const separator = note.lastIndexOf("\n\n");
  if (separator < 1 || !note.endsWith("\n")) return err("malformed");
  const lines = note.slice(separator + 2, -1).split("\n");
  if (lines.length > MAX_SIGNATURES) return err("malformed");
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignature(line);
    if (signature === null) return err("malformed");
    signatures.push(signature);
  }
  return ok({ text: note.slice(0, separator + 1), signatures });
}

export function formatNote({ text, signatures }: SignedNote): string {
  const lines = signatures.map(({ name, id, signature }) => {
    const bytes = Uint8Array.of(...idBytes(id), ...signature);
    return `\u2014 ${name} ${toBase64(bytes)}\n`;
  });
  return `${text}\n${lines.join("")}`;
}

/**
 * Signs a text.
 *
 * @throws {RangeError} for a text that `parseNote` would refuse (empty, no final line feed, control characters), or a
 * signature that is not 64 bytes
 */
export async function signNote(text: string, key: NoteKey, sign: Sign): Promise<string> {
  if (!text.endsWith("\n") || !isPlainText(text)) {
    throw new RangeError("invariant: a note's text ends with a line feed and has no control characters");
  }
  const signature = await sign(utf8ToBytes(text));
  if (signature.length !== SIGNATURE_BYTES) {
    throw new RangeError("invariant: an Ed25519 signature has 64 bytes");
  }
  return formatNote({ text, signatures: [{ name: key.name, id: key.id, signature }] });
}

/**
 * Verifies a note against the known keys. Signatures by unknown keys are ignored, as the specification requires; one
 * that names a known key and does not verify makes the whole note `forged`.
 *
 * @returns the text and its verified signatures
 */
export async function openNote(
  note: string,
  keys: readonly NoteKey[],
  verify: Verify,
): Promise<Result<SignedNote, NoteProblem>> {
  const parsed = parseNote(note);
  if (!parsed.ok) return parsed;
  const { text, signatures } = parsed.value;
  const message = utf8ToBytes(text);
  const verified: NoteSignature[] = [];
  for (const claimed of signatures) {
    const key = keys.find(({ name, id }) => name === claimed.name && id === claimed.id);
    if (key === undefined) continue;
    const { signature } = claimed;
    if (signature.length !== SIGNATURE_BYTES) return err("forged");
    if (!(await verify(key.publicKey, message, signature))) return err("forged");
    verified.push(claimed);
  }
  return verified.length === 0 ? err("unsigned") : ok({ text, signatures: verified });
}

function parseSignature(line: string): NoteSignature | null {
  const [, name, encoded] = SIGNATURE_LINE.exec(line) ?? [];
  if (name === undefined || encoded === undefined || !isKeyName(name)) return null;
  const bytes = fromBase64(encoded);
  if (bytes === null || bytes.length <= ID_BYTES) return null;
  return { name, id: bytesToHex(bytes.subarray(0, ID_BYTES)), signature: bytes.subarray(ID_BYTES) };
}

function isKeyName(name: string): boolean {
  return name.isWellFormed() && /^[^\p{White_Space}\p{Cc}+]+$/u.test(name);
}

/** Well-formed, and without control characters (but line feeds), which two programs could display differently. */
function isPlainText(text: string): boolean {
  // eslint-disable-next-line no-control-regex -- the specification forbids exactly these
  return text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);
}

function idBytes(id: string): readonly number[] {
  return [0, 2, 4, 6].map((at) => Number.parseInt(id.slice(at, at + 2), 16));
}
