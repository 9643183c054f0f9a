import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { fromBase64Url, fromUtf8, utf8 } from "./bytes.ts";
import { member, readJson, textMember } from "./read-json.ts";

/** A parsed compact JWS (RFC 7515), not yet verified. */
export interface Jws {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  /** 64 bytes. */
  readonly signature: Uint8Array;
  readonly message: Uint8Array;
}

/**
 * Parses an Ed25519 JWS of exactly this type. RFC 8725: the verifier fixes algorithm and type, never the token, and
 * refuses critical extensions (`crit`), because it knows none.
 */
export function readJws(text: string, type: string): Jws | null {
  const [head = "", body = "", mark = "", ...more] = text.split(".");
  const header = objectOf(head);
  const claims = objectOf(body);
  const signature = fromBase64Url(mark);
  if (header === null || claims === null || signature?.length !== 64 || more.length > 0) return null;
  const alg = textMember(header, "alg");
  if (alg !== "EdDSA" && alg !== "Ed25519") return null;
  if (textMember(header, "typ") !== type || member(header, "crit") !== undefined) return null;
  return { header, claims, signature, message: utf8(`${head}.${body}`) };
}

function objectOf(part: string): JsonObject | null {
  const bytes = fromBase64Url(part);
  const text = bytes && fromUtf8(bytes);
  const value = text === null ? null : readJson(text);
  return isJsonObject(value) ? value : null;
}
