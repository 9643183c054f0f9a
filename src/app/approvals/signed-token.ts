import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64Url, toBase64Url } from "../../core/base/base64url.ts";
import { sha256Hex } from "../../core/base/digest.ts";
import type { Json } from "../../core/base/json.ts";
import type { Ports, TokenKind } from "../../ports/ports.ts";

/** What fields are signed for: those of one never pass for another's. */
export interface Signing {
  readonly kind: TokenKind;
  /** Tells those of one kind apart: what their MAC's subject begins with. */
  readonly context: string;
  /** Nothing longer is taken apart. */
  readonly maxCharacters: number;
}

/**
 * Fields that go out and come back, with a MAC over all of them: whoever sends them back got them from Gate. Nothing
 * in them is secret.
 */
export function signFields(
  ports: Pick<Ports, "token">,
  { kind, context }: Signing,
  fields: readonly Json[],
): string {
  const text = toBase64Url(utf8ToBytes(JSON.stringify(fields)));
  return `${text}.${macText(ports.token(kind, context + text))}`;
}

/** The fields, if Gate signed them for this; null for anything else. */
export function readFields(
  ports: Pick<Ports, "token" | "earlierTokens">,
  { kind, context, maxCharacters }: Signing,
  signed: string,
): readonly Json[] | null {
  if (signed.length > maxCharacters) return null;
  const [text, mac, ...rest] = signed.split(".");
  if (text === undefined || mac === undefined || rest.length > 0) return null;
  const bytes = fromBase64Url(text);
  if (bytes === null) return null;
  const subject = context + text;
  const macs = [ports.token(kind, subject), ...ports.earlierTokens(kind, subject)].map(macText);
  // Digests are compared: how long it takes tells nothing about the right one.
  if (!macs.some((known) => sha256Hex(known) === sha256Hex(mac))) return null;
  // Only what Gate wrote itself gets here.
  return JSON.parse(new TextDecoder().decode(bytes)) as readonly Json[];
}

function macText(hex: string): string {
  return toBase64Url(hexToBytes(hex));
}
