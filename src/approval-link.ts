import { hexToBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64Url, toBase64Url } from "./core/base64url.ts";
import { sha256Hex } from "./core/digest.ts";
import type { Ports } from "./ports.ts";

/** What a link in a message stands for. Everything in it is signed, and nothing in it is secret. */
export interface LinkClaims {
  readonly intent: string;
  /** The intent digest it was made for: a link decides that, or nothing. */
  readonly digest: string;
  /** The person it was sent to; null: sent where several people read, so that it only opens the case. */
  readonly person: string | null;
  /** Names the link: the intent's object lets each decide once. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const PREFIX = "alk_";

/** Ids, a digest and a time are far shorter; nothing longer is taken apart. */
const MAX_LINK_CHARACTERS = 2048;

/** The link's token: `alk_`, the claims, and a MAC over them under a key of its own. */
export function approvalLink(ports: Pick<Ports, "token">, claims: LinkClaims): string {
  const { intent, digest, person, id, expiresAt } = claims;
  const fields = toBase64Url(utf8ToBytes(JSON.stringify([intent, digest, person, id, expiresAt])));
  return `${PREFIX}${fields}.${macText(ports.token("link", fields))}`;
}

/** What a token says, if Gate made it; it may have expired or been used. Null for anything else. */
export function readLink(ports: Pick<Ports, "token" | "earlierTokens">, text: string): LinkClaims | null {
  if (!text.startsWith(PREFIX) || text.length > MAX_LINK_CHARACTERS) return null;
  const [fields, mac, ...rest] = text.slice(PREFIX.length).split(".");
  if (fields === undefined || mac === undefined || rest.length > 0) return null;
  const bytes = fromBase64Url(fields);
  if (bytes === null) return null;
  const macs = [ports.token("link", fields), ...ports.earlierTokens("link", fields)].map(macText);
  // Digests are compared: how long it takes tells nothing about the right one.
  if (!macs.some((known) => sha256Hex(known) === sha256Hex(mac))) return null;
  // Only what Gate wrote itself gets here.
  const [intent, digest, person, id, expiresAt] = JSON.parse(new TextDecoder().decode(bytes)) as [
    string,
    string,
    string | null,
    string,
    number,
  ];
  return { intent, digest, person, id, expiresAt };
}

/** Where the link leads; in the query, which invocation logs leave out. Null: nobody said where Gate is reached. */
export function linkUrl(ports: Pick<Ports, "token" | "settings">, claims: LinkClaims): string | null {
  const { publicUrl } = ports.settings;
  return publicUrl === null ? null : `${publicUrl}/case?link=${approvalLink(ports, claims)}`;
}

/** The case for those who are signed in. */
export function caseUrl(ports: Pick<Ports, "settings">, intentId: string): string | null {
  const { publicUrl } = ports.settings;
  return publicUrl === null ? null : `${publicUrl}/cases/${intentId}`;
}

function macText(hex: string): string {
  return toBase64Url(hexToBytes(hex));
}
