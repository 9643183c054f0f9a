import type { Facts } from "../facts.ts";
import { isJsonObject, type Json } from "../../base/json.ts";
import type { Payload } from "../payload.ts";
import { parseStrictJson } from "../../base/strict-json.ts";

/** Larger payloads are alike by type alone: reading them again is not worth a line in a queue. */
const MAX_SHAPED_BYTES = 256 * 1024;

/**
 * What two payloads have in common that a person would call the same kind of write: type, and the names of the
 * fields of the first record. No values.
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
