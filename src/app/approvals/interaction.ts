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
  /** How often the person had left `gate.yaml` when they were asked: it ends for good when they leave. Absent: never. */
  readonly departures?: number;
}

const PREFIX = "gai_";

export function interactionId(ports: Pick<Ports, "deriveToken">, interaction: Interaction): string {
  const { provider, intent, digest, person, expiresAt, departures = 0 } = interaction;
  const fields = [provider, intent, digest, person, expiresAt, ...(departures === 0 ? [] : [departures])];
  return `${PREFIX}${signFields(ports, INTERACTIONS, fields)}`;
}

/** Null for a text that Gate did not sign. */
export function readInteraction(ports: Pick<Ports, "acceptedTokens">, id: string): Interaction | null {
  const fields = id.startsWith(PREFIX) ? readFields(ports, INTERACTIONS, id.slice(PREFIX.length)) : null;
  if (fields === null) return null;
  const [provider, intent, digest, person, expiresAt, departures] = fields as readonly [
    string,
    string,
    string,
    string,
    number,
    number?,
  ];
  return { provider, intent, digest, person, expiresAt, ...(departures !== undefined && { departures }) };
}

/** Id of the message that an answer responds to: the same for every attempt to send the request. */
export function messageId({
  provider,
  intent,
  digest,
  person,
}: Pick<Interaction, "provider" | "intent" | "digest" | "person">): string {
  return `msg_${sha256Hex(JSON.stringify([provider, intent, digest, person])).slice(0, 24)}`;
}
