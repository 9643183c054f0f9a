import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64Url, toBase64Url } from "../../core/base64url.ts";
import { sha256Hex } from "../../core/digest.ts";
import type { Json } from "../../core/json.ts";
import type { Ports } from "../../ports.ts";

/** What the fields are for: those of one never pass for another's. */
type Purpose = "slack" | "a2h";

/** Ids, a digest and a time are far shorter; nothing longer is taken apart. */
const MAX_CHARACTERS = 1500;

/**
 * Fields that go out and come back, with a MAC over all of them: whoever sends them back got them from Gate. Nothing
 * in them is secret.
 */
export function signFields(ports: Pick<Ports, "token">, purpose: Purpose, fields: readonly Json[]): string {
  const text = toBase64Url(utf8ToBytes(JSON.stringify(fields)));
  return `${text}.${macText(ports.token("interaction", `${purpose}.${text}`))}`;
}

/** The fields, if Gate signed them for this; null for anything else. */
export function readFields(
  ports: Pick<Ports, "token" | "earlierTokens">,
  purpose: Purpose,
  signed: string,
): readonly Json[] | null {
  if (signed.length > MAX_CHARACTERS) return null;
  const [text, mac, ...rest] = signed.split(".");
  if (text === undefined || mac === undefined || rest.length > 0) return null;
  const bytes = fromBase64Url(text);
  if (bytes === null) return null;
  const subject = `${purpose}.${text}`;
  const macs = [ports.token("interaction", subject), ...ports.earlierTokens("interaction", subject)];
  // Digests are compared: how long it takes tells nothing about the right one.
  if (!macs.some((known) => sha256Hex(macText(known)) === sha256Hex(mac))) return null;
  // Only what Gate wrote itself gets here.
  return JSON.parse(new TextDecoder().decode(bytes)) as readonly Json[];
}

function macText(hex: string): string {
  return toBase64Url(hexToBytes(hex));
}
