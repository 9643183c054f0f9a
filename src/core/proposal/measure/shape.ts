import type { Facts } from "../facts.ts";
import { isJsonObject, type Json } from "../../base/json.ts";
import type { Payload } from "../payload.ts";
import { parseStrictJson } from "../../base/strict-json.ts";

/** Larger payloads are grouped by type alone: parsing them again costs more than a reviewer's queue gains. */
const MAX_SHAPED_BYTES = 256 * 1024;

/**
 * The type and the field names of the first record, without values: equal for payloads that a reviewer would call
 * the same kind of write.
 */
export function shapeOf(payload: Payload, { type }: Pick<Facts, "type">): readonly string[] {
  const kind = type ?? payload.kind;
  if (payload.kind !== "content" || payload.bytes.length > MAX_SHAPED_BYTES) return [kind];
  const text = new TextDecoder().decode(payload.bytes);
  switch (type) {
    case "json":
      return [kind, ...fieldsOf(text)];
    case "ndjson":
      return [kind, ...fieldsOf(firstLine(text))];
    case "csv":
      return [kind, firstLine(text)];
    default:
      return [kind];
  }
}

function firstLine(text: string): string {
  return text.trimStart().split(/[\r\n]/, 1)[0] ?? "";
}

function fieldsOf(text: string): readonly string[] {
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return [];
  const first: Json | undefined = Array.isArray(parsed.value) ? parsed.value[0] : parsed.value;
  return first !== undefined && isJsonObject(first) ? Object.keys(first).toSorted() : [];
}
