import { isJsonObject, type Json } from "../base/json.ts";
import { parseStrictJson } from "../base/strict-json.ts";
import { choosesOperation, lenientPairs } from "./operation-names.ts";

/* The body of a listed read (`POST …/search`), which may choose another operation than its path. */

/** Names of multipart fields, quoted or not; `filename` is none, and a superset does no harm. */
const FIELD_NAME = /name\*?\s*=\s*"?([^";\r\n]*)/gi;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** No server finds parameters in these; gRPC names its operation in the path, SPARQL an update in the type. */
const WITHOUT_PARAMETERS =
  /^(?:text\/plain|application\/(?:octet-stream|(?:x-)?ndjson|sparql-query|(?:x-)?protobuf|grpc(?:[+-].*)?))$/;

/**
 * Does the body choose an operation, or is it of a type that can't be looked into (XML: SOAP, XML-RPC)? Then the request
 * is a write.
 */
export function bodyChoosesOperation(contentType: string | null, bytes: Uint8Array): boolean {
  if (bytes.length === 0) return false;
  const [type = ""] = (contentType ?? "").toLowerCase().split(";", 1);
  const essence = type.trim();
  if (WITHOUT_PARAMETERS.test(essence)) return false;
  const text = isUtf8(contentType ?? "") ? textOf(bytes) : null;
  // Parsers disagree about bytes that are not UTF-8, and about other charsets.
  if (text === null) return true;
  if (essence === "application/json" || essence.endsWith("+json")) return jsonChooses(text);
  if (essence === "multipart/form-data") return multipartChooses(text);
  // Without a type, servers read a form.
  if (essence !== "" && essence !== "application/x-www-form-urlencoded") return true;
  return formChooses(text) || (/^\s*[[{]/.test(text) && jsonChooses(text));
}

/** RFC 9110 section 8.3.2; a parameter in another form (`charset*=`, twice) leaves it open. */
function isUtf8(contentType: string): boolean {
  const named = contentType.match(/charset/gi)?.length ?? 0;
  if (named === 0) return true;
  return named === 1 && /;\s*charset="?(?:utf-?8|us-ascii)"?\s*(?:;|$)/i.test(contentType);
}

function multipartChooses(text: string): boolean {
  if (/\b(?:mutation|subscription)\b/.test(text)) return true;
  // RFC 8187: `name*=UTF-8''_method`.
  return [...text.matchAll(FIELD_NAME)].some(([, name = ""]) => {
    return choosesOperation(name.slice(name.lastIndexOf("'") + 1), "DELETE");
  });
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

function formChooses(text: string): boolean {
  for (const [name, value] of lenientPairs(text)) if (choosesOperation(name, value)) return true;
  return false;
}

function jsonChooses(text: string): boolean {
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return true;
  // A list is a batch of requests to JSON-RPC and GraphQL, and ids to anything else.
  const requests = Array.isArray(parsed.value) ? (parsed.value as readonly Json[]) : [parsed.value];
  return requests.some((request) => isJsonObject(request) && membersChoose(request));
}

function membersChoose(request: Readonly<Record<string, Json>>): boolean {
  if ("jsonrpc" in request || Array.isArray(request["requests"]) || "batchRequests" in request) return true;
  return Object.entries(request).some(([name, value]) => {
    return choosesOperation(name, typeof value === "string" ? value : "");
  });
}
