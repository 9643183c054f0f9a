import type { Ports } from "../../../ports/ports.ts";
import { readFields, signFields, type Signing } from "../../approvals/signed-token.ts";

/** Two ids and a digest are far shorter; longer input is refused before parsing. */
const BUTTONS: Signing = { kind: "interaction", context: "slack.", maxCharacters: 1500 };

/** A Slack button's value: a vote on exactly this digest, from this channel of the registry. */
export interface SlackReference {
  readonly channel: string;
  readonly intent: string;
  readonly digest: string;
}

export function slackReference(ports: Pick<Ports, "deriveToken">, reference: SlackReference): string {
  const { channel, intent, digest } = reference;
  return signFields(ports, BUTTONS, [channel, intent, digest]);
}

/** Null for a value that Gate did not sign. */
export function readSlackReference(
  ports: Pick<Ports, "acceptedTokens">,
  signed: string,
): SlackReference | null {
  const fields = readFields(ports, BUTTONS, signed);
  if (fields === null) return null;
  const [channel, intent, digest] = fields as readonly [string, string, string];
  return { channel, intent, digest };
}
