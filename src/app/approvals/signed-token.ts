import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64Url, toBase64Url } from "../../core/base/base64url.ts";
import { sha256Hex } from "../../core/base/digest.ts";
import type { Json } from "../../core/base/json.ts";
import type { Ports, TokenKind } from "../../ports/ports.ts";

/** The purpose that fields are signed for: a token of one purpose is never accepted for another. */
export interface Signing {
  readonly kind: TokenKind;
  /** Separates purposes of one kind: the MAC's subject begins with it. */
  readonly context: string;
  /** A longer token is not parsed. */
  readonly maxCharacters: number;
}

/** Fields with a MAC over all of them, so that only Gate can make the token. The fields are not secret. */
export function signFields(
  ports: Pick<Ports, "deriveToken">,
  { kind, context }: Signing,
  fields: readonly Json[],
): string {
  const text = toBase64Url(utf8ToBytes(JSON.stringify(fields)));
  return `${text}.${macText(ports.deriveToken(kind, context + text))}`;
}

/** The fields, if Gate signed them for this purpose; null for any other text. */
export function readFields(
  ports: Pick<Ports, "acceptedTokens">,
  { kind, context, maxCharacters }: Signing,
  signed: string,
): readonly Json[] | null {
  if (signed.length > maxCharacters) return null;
  const [text, mac, ...rest] = signed.split(".");
  if (text === undefined || mac === undefined || rest.length > 0) return null;
  const bytes = fromBase64Url(text);
  if (bytes === null) return null;
  const macs = ports.acceptedTokens(kind, context + text).map(macText);
  // Comparing digests keeps the time independent of the right MAC (timing attack).
  if (!macs.some((known) => sha256Hex(known) === sha256Hex(mac))) return null;
  // The MAC is valid, so that Gate itself wrote this text.
  return JSON.parse(new TextDecoder().decode(bytes)) as readonly Json[];
}

function macText(hex: string): string {
  return toBase64Url(hexToBytes(hex));
}
