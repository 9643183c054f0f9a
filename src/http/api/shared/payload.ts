import { z } from "zod";
import { canonicalJson } from "../../../core/base/json.ts";
import type { Payload } from "../../../core/proposal/payload.ts";
import { refuse } from "../../problem/problem.ts";

/** A name of one of the file types the contract knows, and nothing else: no space, no line break. */
const FILE_NAME = /^[\w.@+~/\\:-]{1,240}\.(csv|json|jsonl|ndjson|txt|pdf|xml|xlsx)$/i;

const DATA_URI = /^data:([\w.+-]+\/[\w.+-]+)?((?:;[\w.-]+=[^;,]*)*)(;base64)?,/i;

const fileName = z.string().min(1).max(255);

/** The members of a payload, the same in proposals and edits. */
export const PAYLOAD_FIELDS = {
  // Taken as it is: a schema that copies members would drop one called `__proto__`.
  payload: z
    .custom<string | object>(
      (value) => typeof value === "string" || (typeof value === "object" && value !== null),
      "a text, an object or a list",
    )
    .optional(),
  payload_name: fileName.optional(),
  payload_media_type: z.string().max(255).optional(),
  payload_encoding: z.enum(["base64", "utf-8"]).optional(),
  payload_reference: z
    .object({
      name: fileName,
      sha256: z
        .string()
        .regex(/^[0-9a-f]{64}$/i)
        .optional(),
      rows: z.number().int().min(0).max(1_000_000_000).optional(),
    })
    .optional(),
} as const;

export const PAYLOAD_ALIASES = {
  payload_name: ["payloadName"],
  payload_media_type: ["payloadMediaType"],
  payload_encoding: ["payloadEncoding"],
  payload_reference: ["payloadReference"],
  recordCount: ["record_count", "estimated_records", "estimatedRecords"],
  estimatedValueUsd: ["estimated_value_usd"],
} as const;

type PayloadFields = {
  readonly [Field in keyof typeof PAYLOAD_FIELDS]?: z.infer<(typeof PAYLOAD_FIELDS)[Field]>;
};

/**
 * The payload of a request body. A text that is only a file's name is a *reference*: Gate never reads a file of
 * the server for it, and rules treat it as unseen.
 */
export function payloadOf(fields: PayloadFields): Payload {
  const { payload, payload_reference: reference } = fields;
  if (reference !== undefined) {
    if (payload !== undefined) invalid("payload_reference: send this or `payload`, not both");
    const { name, sha256, rows } = reference;
    return { kind: "reference", name, sha256: sha256?.toLowerCase() ?? null, rows: rows ?? null };
  }
  if (payload === undefined) return { kind: "none" };
  const name = fields.payload_name === undefined ? null : baseName(fields.payload_name);
  const mediaType = fields.payload_media_type ?? null;
  if (typeof payload !== "string") {
    const bytes = new TextEncoder().encode(canonicalJson(payload));
    return { kind: "content", bytes, name, mediaType: mediaType ?? "application/json" };
  }
  if (fields.payload_encoding === "base64") {
    return { kind: "content", bytes: fromBase64(payload), name, mediaType };
  }
  if (name === null && mediaType === null) {
    if (FILE_NAME.test(payload)) return { kind: "reference", name: payload, sha256: null, rows: null };
    const uri = DATA_URI.exec(payload);
    if (uri !== null) {
      return fromDataUri(payload.slice(uri[0].length), uri[1] ?? "text/plain", uri[3] !== undefined);
    }
  }
  return { kind: "content", bytes: new TextEncoder().encode(payload), name, mediaType };
}

/** 413 for more bytes than this deployment accepts, after decoding. */
export function requirePayloadSize(payload: Payload, limit: number): void {
  if (payload.kind !== "content" || payload.bytes.length <= limit) return;
  refuse({
    status: 413,
    code: "payload_too_large",
    detail: `A payload is at most ${limit} bytes.`,
    more: { limit_bytes: limit },
  });
}

/** RFC 2397. */
function fromDataUri(data: string, mediaType: string, base64: boolean): Payload {
  if (base64) return { kind: "content", bytes: fromBase64(decodePercent(data)), name: null, mediaType };
  return { kind: "content", bytes: new TextEncoder().encode(decodePercent(data)), name: null, mediaType };
}

function decodePercent(data: string): string {
  try {
    return decodeURIComponent(data);
  } catch {
    // Clients of the contract put plain text behind `data:text/csv,`; a stray % is then just a %.
    return data;
  }
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return invalid("payload: not base64");
  }
}

function baseName(name: string): string {
  return name.split(/[/\\]/).at(-1) || invalid("payload_name: a file name");
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}
