import { GateOptionError } from "./gate-error.ts";
import { requireSize } from "./payload-size.ts";
import { jsonText } from "./json-text.ts";
import { base64 } from "./base64.ts";

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

export interface PayloadLimits {
  readonly maxPayloadBytes: number;
  /** Reads a local file; null where there is none of that name. Null: no text is taken for a file's name. */
  readonly readFile: ((name: string, maxBytes: number) => Promise<WirePayload | null>) | null;
}

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
 * @throws {GateOptionError}
 * @throws {GateError} `payload_too_large`, `unreadable_payload`
 */
export async function wirePayload(
  payload: PayloadInput | null | undefined,
  limits: PayloadLimits,
): Promise<WirePayload> {
  const { maxPayloadBytes: maxBytes, readFile } = limits;
  if (payload === undefined || payload === null) return {};
  if (payload instanceof Uint8Array) {
    requireSize(payload.byteLength, maxBytes);
    return { payload: base64(payload), payload_encoding: "base64" };
  }
  if (typeof payload === "object") return jsonPayload(jsonText(payload, "payload"), limits);
  if (typeof payload !== "string") {
    throw new GateOptionError("payload must be a string, bytes, or a JSON value");
  }
  if (payload.length > 0 && payload.length <= MAX_FILE_NAME_CHARS && !/[\r\n\0]/.test(payload)) {
    const file = readFile === null ? null : await readFile(payload, maxBytes);
    if (file !== null) return file;
    if (FILE_EXTENSION.test(payload)) return { payload_reference: { name: baseName(payload) } };
  }
  requireSize(new TextEncoder().encode(payload).byteLength, maxBytes);
  return { payload };
}

/** @throws {GateError} `payload_too_large` */
export function jsonPayload(
  text: string,
  { maxPayloadBytes }: Pick<PayloadLimits, "maxPayloadBytes">,
): WirePayload {
  requireSize(new TextEncoder().encode(text).byteLength, maxPayloadBytes);
  return { payload: text, payload_media_type: "application/json" };
}

function baseName(path: string): string {
  return path.split(/[/\\]/).at(-1) ?? path;
}
