import { env } from "cloudflare:workers";
import { approvalLink, type LinkClaims } from "../../../src/app/approvals/approval-link.ts";
import { portsOf } from "../../../src/env.ts";
import { admin, call, fresh } from "./gate.ts";

const HOUR_MS = 60 * 60_000;

/** The link that a message to this person would carry; null: to several. */
export async function linkTo(
  intent: string,
  person: string | null,
  more: Partial<LinkClaims> = {},
): Promise<string> {
  const ports = portsOf(env);
  const departures = person === null ? 0 : (await ports.roster.departuresOf(person)).times;
  const { body } = await call("GET", `/v1/intents/${intent}`, admin);
  return approvalLink(ports, {
    intent,
    digest: body.intent_digest,
    person,
    id: fresh("lnk"),
    expiresAt: Date.now() + HOUR_MS,
    departures,
    ...more,
  });
}
