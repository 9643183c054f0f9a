import { GateError } from "./gate-error.ts";
import { nodeParts } from "./runtime.ts";

/** What may be given as a payload. */
export type PayloadInput = string | Uint8Array | readonly unknown[] | { readonly [key: string]: unknown };

/** A payload as it goes over the wire. */
export type WirePayload =
  | Record<string, never>
  | {
      readonly payload: string;
      readonly payload_name?: string;
      readonly payload_media_type?: string;
      readonly payload_encoding?: "base64";
    }
  | { readonly payload_reference: { readonly name: string } };

/** What Gate itself takes by default; a larger payload would be refused after it was sent. */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/** Longer strings, and those with a line break, are text: no file system has such names. */
const MAX_FILE_NAME_CHARS = 4096;

/** What makes a string the name of a file even when there is no such file here. */
const FILE_EXTENSION = /\.(?:csv|json|txt|pdf|xml|xlsx|jsonl|ndjson)$/i;

/**
 * A string that names a file here is read and sent as content, so that Gate measures what will be written. One
 * that looks like a file's name and names none here goes as a reference, which Gate has not seen and treats so.
 *
 * @throws {GateError} `payload_too_large`, `unreadable_payload`, `invalid_option`
 */
export async function wirePayload(
  payload: PayloadInput | null | undefined,
  limits: { readonly readFiles: boolean; readonly maxBytes: number },
): Promise<WirePayload> {
  if (payload === undefined || payload === null) return {};
  if (payload instanceof Uint8Array) {
    requireSize(payload.byteLength, limits.maxBytes);
    return { payload: base64(payload), payload_encoding: "base64" };
  }
  if (typeof payload === "object") return jsonPayload(payload, limits.maxBytes);
  if (typeof payload !== "string") {
    throw new GateError("payload must be a string, bytes, or a JSON value", { code: "invalid_option" });
  }
  if (payload.length > 0 && payload.length <= MAX_FILE_NAME_CHARS && !/[\r\n\0]/.test(payload)) {
    const file = limits.readFiles ? await readLocalFile(payload, limits.maxBytes) : null;
    if (file !== null) return fileContent(file.bytes, file.name);
    if (FILE_EXTENSION.test(payload)) return { payload_reference: { name: baseName(payload) } };
  }
  requireSize(new TextEncoder().encode(payload).byteLength, limits.maxBytes);
  return { payload };
}

function jsonPayload(value: object, maxBytes: number): WirePayload {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new GateError("payload has no JSON form", { code: "invalid_option" });
  requireSize(new TextEncoder().encode(text).byteLength, maxBytes);
  return { payload: text, payload_media_type: "application/json" };
}

function fileContent(bytes: Uint8Array, name: string): WirePayload {
  try {
    // Exactly these bytes or none: a byte order mark stays, and what is no UTF-8 is not repaired.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { payload: text, payload_name: name };
  } catch {
    return { payload: base64(bytes), payload_name: name, payload_encoding: "base64" };
  }
}

async function readLocalFile(
  name: string,
  maxBytes: number,
): Promise<{ readonly bytes: Uint8Array; readonly name: string } | null> {
  const node = await nodeParts();
  if (node === null) return null;
  try {
    // Only a regular file: reading a pipe or a device could wait for ever.
    const stat = await node.fs.stat(name);
    if (!stat.isFile()) return null;
    requireSize(stat.size, maxBytes);
    const bytes = await node.fs.readFile(name);
    // It can have grown since it was looked at.
    requireSize(bytes.byteLength, maxBytes);
    return { bytes, name: node.path.basename(name) };
  } catch (error) {
    if (error instanceof GateError) throw error;
    const { code = "" } = error as { readonly code?: string };
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EINVAL", "ELOOP"].includes(code)) return null;
    // There, but not readable: sending its name instead would hide the content from the rules.
    throw new GateError(`can't read the payload file (${code})`, {
      code: "unreadable_payload",
      cause: error,
    });
  }
}

function requireSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new GateError(`the payload has ${bytes} bytes; at most ${maxBytes} are taken`, {
    code: "payload_too_large",
  });
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}

/** Larger pieces overflow the argument list of `fromCharCode`. */
const BASE64_CHUNK_BYTES = 0x8000;

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.byteLength; at += BASE64_CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + BASE64_CHUNK_BYTES));
  }
  return btoa(binary);
}
