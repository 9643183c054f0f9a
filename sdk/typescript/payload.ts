import { GateError } from "./gate-error.ts";
import { jsonText } from "./json-text.ts";
import { nodeParts } from "./runtime.ts";

/** A payload: text, a file's name, bytes, or a JSON value. */
export type PayloadInput = string | Uint8Array | readonly unknown[] | { readonly [key: string]: unknown };

/** A payload's members in the request body. */
export type WirePayload =
  | Record<string, never>
  | {
      readonly payload: string;
      readonly payload_name?: string;
      readonly payload_media_type?: string;
      readonly payload_encoding?: "base64";
    }
  | { readonly payload_reference: { readonly name: string } };

/** The server's default limit: it would refuse a larger payload only after the upload. */
export const MAX_PAYLOAD_BYTES = 10 * 1024 * 1024;

/** Longer strings (`PATH_MAX`), and those with a line break, are text: hardly any file has such a path. */
const MAX_FILE_NAME_CHARS = 4096;

/** Marks a string as a file's name even when the file does not exist here. */
const FILE_EXTENSION = /\.(?:csv|json|txt|pdf|xml|xlsx|jsonl|ndjson)$/i;

/**
 * Reads a string that names a local file and sends the content, so that Gate measures the bytes to be written. A string
 * that only looks like a file's name is sent as a reference, which Gate treats as unseen.
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
  const text = jsonText(value, "payload");
  requireSize(new TextEncoder().encode(text).byteLength, maxBytes);
  return { payload: text, payload_media_type: "application/json" };
}

function fileContent(bytes: Uint8Array, name: string): WirePayload {
  try {
    // Lossless: the byte order mark stays, and invalid UTF-8 goes as base64 instead of being repaired.
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
    // Regular files only: a read from a pipe or device can block forever.
    const stat = await node.fs.stat(name);
    if (!stat.isFile()) return null;
    requireSize(stat.size, maxBytes);
    const bytes = await node.fs.readFile(name);
    // The file can have grown since `stat`.
    requireSize(bytes.byteLength, maxBytes);
    return { bytes, name: node.path.basename(name) };
  } catch (error) {
    if (error instanceof GateError) throw error;
    const { code = "" } = error as { readonly code?: string };
    if (["ENOENT", "ENOTDIR", "ENAMETOOLONG", "EINVAL", "ELOOP"].includes(code)) return null;
    // The file exists but is unreadable: sending its name as a reference would hide the content from the policies.
    throw new GateError(`can't read the payload file (${code})`, {
      code: "unreadable_payload",
      cause: error,
    });
  }
}

function requireSize(bytes: number, maxBytes: number): void {
  if (bytes <= maxBytes) return;
  throw new GateError(`the payload has ${bytes} bytes; the limit is ${maxBytes} (maxPayloadBytes)`, {
    code: "payload_too_large",
  });
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}

/** Larger chunks overflow the argument list of `fromCharCode`. */
const BASE64_CHUNK_BYTES = 0x8000;

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.byteLength; at += BASE64_CHUNK_BYTES) {
    binary += String.fromCharCode(...bytes.subarray(at, at + BASE64_CHUNK_BYTES));
  }
  return btoa(binary);
}
