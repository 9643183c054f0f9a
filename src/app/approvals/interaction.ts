import { sha256Hex } from "../../core/base/digest.ts";
import type { Ports } from "../../ports/ports.ts";
import { readFields, signFields, type Signing } from "./signed-token.ts";

/** Ids, a digest and a time are far shorter; a longer text is not parsed. */
const INTERACTIONS: Signing = { kind: "interaction", context: "a2h.", maxCharacters: 1500 };

/** An approval request to one person through a provider. An answer carries its id, and counts for it alone. */
export interface Interaction {
  /** The channel's id in the registry. */
  readonly provider: string;
  readonly intent: string;
  readonly digest: string;
  readonly person: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

const PREFIX = "gai_";

export function interactionId(ports: Pick<Ports, "deriveToken">, interaction: Interaction): string {
  const { provider, intent, digest, person, expiresAt } = interaction;
  return `${PREFIX}${signFields(ports, INTERACTIONS, [provider, intent, digest, person, expiresAt])}`;
}

/** Null for a text that Gate did not sign. */
export function readInteraction(ports: Pick<Ports, "acceptedTokens">, id: string): Interaction | null {
  const fields = id.startsWith(PREFIX) ? readFields(ports, INTERACTIONS, id.slice(PREFIX.length)) : null;
  if (fields === null) return null;
  const [provider, intent, digest, person, expiresAt] = fields as readonly [
    string,
    string,
    string,
    string,
    number,
  ];
  return { provider, intent, digest, person, expiresAt };
}

/** Id of the message that an answer responds to: the same for every attempt to send the request. */
export function messageId({ provider, intent, digest, person }: Interaction): string {
  return `msg_${sha256Hex(JSON.stringify([provider, intent, digest, person])).slice(0, 24)}`;
}
