import type { Ports } from "../../ports/ports.ts";
import { readFields, signFields, type Signing } from "./signed-token.ts";

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

const LINKS: Signing = { kind: "link", context: "", maxCharacters: MAX_LINK_CHARACTERS - PREFIX.length };

/** The link's token: `alk_`, the claims, and a MAC over them under a key of its own. */
export function approvalLink(ports: Pick<Ports, "token">, claims: LinkClaims): string {
  const { intent, digest, person, id, expiresAt } = claims;
  return PREFIX + signFields(ports, LINKS, [intent, digest, person, id, expiresAt]);
}

/** What a token says, if Gate made it; it may have expired or been used. Null for anything else. */
export function readLink(ports: Pick<Ports, "token" | "earlierTokens">, text: string): LinkClaims | null {
  const fields = text.startsWith(PREFIX) ? readFields(ports, LINKS, text.slice(PREFIX.length)) : null;
  if (fields === null) return null;
  const [intent, digest, person, id, expiresAt] = fields as readonly [
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
