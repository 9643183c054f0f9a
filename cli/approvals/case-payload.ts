import { createHash } from "node:crypto";
import type { JsonObject } from "../../src/core/base/json.ts";
import { textMember } from "../../verifier/read-json.ts";
import { Refused } from "../api.ts";
import { clipped, quotedLines } from "../sanitize-text.ts";
import { count } from "../format.ts";

/** The payload's bytes and digest, or why they can't be shown. */
export type CasePayload =
  | { readonly bytes: Uint8Array; readonly sha256: string }
  | { readonly missing: string };

/** Characters read for each line of a preview: a long line need not be wrapped to its end. */
const PREVIEW_LINE_CHARS = 1_000;

/** Bytes shown of a payload that is not text. */
const HEX_BYTES = 256;

export function payloadOf(answered: Uint8Array | Refused): CasePayload {
  if (answered instanceof Refused) return { missing: answered.message };
  return { bytes: answered, sha256: createHash("sha256").update(answered).digest("hex") };
}

/** False: the payload that the server sent does not have the intent's digest. */
export function isIntact(payload: CasePayload, view: JsonObject): boolean {
  return "missing" in payload || payload.sha256 === textMember(view, "payload_hash");
}

export function payloadWords(view: JsonObject, payload: CasePayload): string {
  const kind = textMember(view, "payload_kind") ?? "unknown";
  const name = textMember(view, "payload_name");
  const type = textMember(view, "payload_type");
  const named = name === null ? "" : `${clipped(name, 80)}, `;
  if (kind === "none") return "none";
  if (kind === "reference") return `${named}a reference: Gate has not seen the content`;
  if ("missing" in payload) return `${named}not shown: ${clipped(payload.missing, 200)}`;
  const words = `${named}${type === null ? "" : `${clipped(type, 40)}, `}${count(payload.bytes.length)} bytes`;
  return isIntact(payload, view)
    ? words
    : `${words}: DIGEST MISMATCH, these are not the intent's bytes (sha256 ${payload.sha256})`;
}

/** The payload's lines, each after a bar; at most `most` of them, null: all. */
export function payloadLines(
  payload: CasePayload,
  columns: number | null,
  most: number | null,
): readonly string[] {
  if ("missing" in payload) return [];
  const { bytes } = payload;
  const content = textOf(bytes);
  if (content === null) return hexLines(bytes);
  if (most === null) return quotedLines(content, columns);
  const beginning = content.slice(0, most * PREVIEW_LINE_CHARS);
  const lines = quotedLines(beginning, columns);
  if (lines.length <= most && beginning.length === content.length) return lines;
  return [...lines.slice(0, most), `    … (${count(bytes.length)} bytes in all)`];
}

export function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

function hexLines(bytes: Uint8Array): readonly string[] {
  const hex = Buffer.from(bytes.subarray(0, HEX_BYTES)).toString("hex");
  const rows = hex.match(/.{1,64}/g) ?? [];
  const rest = bytes.length - HEX_BYTES;
  return [
    ...rows.map((row) => `  | ${row}`),
    ...(rest > 0 ? [`    ${count(rest)} more bytes; not text`] : []),
  ];
}
