import type { Ports } from "../../ports/ports.ts";
import { readFields, signFields, type Signing } from "./signed-token.ts";

/** The claims of an approval link: signed, and not secret. */
export interface LinkClaims {
  readonly intent: string;
  /** The intent digest that the link was made for: a vote through it counts for no other. */
  readonly digest: string;
  /** The person it was sent to; null: sent to a channel that several people read, so that it only opens the case. */
  readonly person: string | null;
  /** Identifies the link: the intent's object accepts one vote through each. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  /** How often the person had left `gate.yaml` when it was made: it ends for good when they leave. Absent: never. */
  readonly departures?: number;
}

const PREFIX = "alk_";

/** Ids, a digest and a time are far shorter; a longer token is not parsed. */
const MAX_LINK_CHARACTERS = 2048;

const LINKS: Signing = { kind: "link", context: "", maxCharacters: MAX_LINK_CHARACTERS - PREFIX.length };

/** The link's token: `alk_`, the claims, and a MAC over them under a key of its own. */
export function approvalLink(ports: Pick<Ports, "deriveToken">, claims: LinkClaims): string {
  const { intent, digest, person, id, expiresAt, departures = 0 } = claims;
  const fields = [intent, digest, person, id, expiresAt, ...(departures === 0 ? [] : [departures])];
  return PREFIX + signFields(ports, LINKS, fields);
}

/** The claims of a token that Gate signed, which may have expired or been used; null for any other text. */
export function readLink(ports: Pick<Ports, "acceptedTokens">, text: string): LinkClaims | null {
  const fields = text.startsWith(PREFIX) ? readFields(ports, LINKS, text.slice(PREFIX.length)) : null;
  if (fields === null) return null;
  const [intent, digest, person, id, expiresAt, departures] = fields as readonly [
    string,
    string,
    string | null,
    string,
    number,
    number?,
  ];
  return { intent, digest, person, id, expiresAt, ...(departures !== undefined && { departures }) };
}

/** The case's URL with the token in its query, which invocation logs omit. Null without `GATE_PUBLIC_URL`. */
export function linkUrl(ports: Pick<Ports, "deriveToken" | "settings">, claims: LinkClaims): string | null {
  const { publicUrl } = ports.settings;
  return publicUrl === null ? null : `${publicUrl}/case?link=${approvalLink(ports, claims)}`;
}

/** The list of cases that wait, for signed-in people. Null without `GATE_PUBLIC_URL`. */
export function inboxUrl({ settings: { publicUrl } }: Pick<Ports, "settings">): string | null {
  return publicUrl === null ? null : `${publicUrl}/cases`;
}

/** The case page, for signed-in people. Null without `GATE_PUBLIC_URL`. */
export function caseUrl(ports: Pick<Ports, "settings">, intentId: string): string | null {
  const { publicUrl } = ports.settings;
  return publicUrl === null ? null : `${publicUrl}/cases/${intentId}`;
}
