import { caseUrl, linkUrl } from "../../approvals/approval-link.ts";
import { sha256Hex } from "../../../core/base/digest.ts";
import { endForApprovers } from "../../../core/intent/hold-end.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Registry } from "../../../core/registry/registry.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord } from "../../../ports/notifications.ts";
import { caseSummary, type CaseSummary } from "../case-summary.ts";
import { statusText } from "../status-text.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** The content of a message about a case, for every channel. */
export interface CaseMessage {
  readonly state: IntentState;
  readonly summary: CaseSummary;
  /** The intent's status as one sentence. */
  readonly statusText: string;
  /** URL of the case; null: GATE_PUBLIC_URL is not set. */
  readonly link: string | null;
}

type LinkTarget = Pick<DeliveryRecord, "id" | "person">;

/** @param delivery the delivery to create a link for; null: the plain URL of the case, which requires sign-in */
export async function caseMessage(
  intentRecord: IntentRecord,
  delivery: LinkTarget | null,
  ports: Pick<Ports, "principals" | "rules" | "roster" | "deriveToken" | "settings">,
): Promise<CaseMessage> {
  const { state } = intentRecord;
  const [agent, { registry }] = await Promise.all([
    ports.principals.get(state.terms.agent),
    ports.rules.current(),
  ]);
  const names = await namesOf(state, registry, ports);
  return {
    state,
    summary: caseSummary(intentRecord, agent?.name ?? state.terms.agent),
    statusText: statusText(state, (person) => names.get(person) ?? person),
    link: await linkFor(state, delivery, ports),
  };
}

/** The voters' names: from their entry in the registry, else from their principal. */
async function namesOf(
  state: IntentState,
  registry: Registry,
  ports: Pick<Ports, "principals">,
): Promise<ReadonlyMap<string, string>> {
  const persons = new Set(state.votes.map(({ person }) => person));
  if (state.decidedBy !== null) persons.add(state.decidedBy);
  const named = await Promise.all(
    [...persons].map(async (person) => {
      const name = registry.people.get(person)?.name ?? (await ports.principals.get(person))?.name;
      return name === undefined ? [] : [[person, name] as const];
    }),
  );
  return new Map([["policy", "policy"], ["timeout", "the policy's time limit"], ...named.flat()]);
}

/**
 * A link works once. In a shared message for an intent that needs several votes, the first voter would use it up, so
 * that message has the case's plain URL, which requires sign-in.
 */
async function linkFor(
  state: IntentState,
  delivery: LinkTarget | null,
  ports: Pick<Ports, "deriveToken" | "settings" | "roster">,
): Promise<string | null> {
  const { terms } = state;
  const { require, rejections } = terms.approval;
  if (delivery === null || (delivery.person === null && (require > 1 || rejections > 1))) {
    return caseUrl(ports, terms.id);
  }
  return linkUrl(ports, {
    intent: terms.id,
    digest: terms.digest,
    person: delivery.person,
    id: linkId(delivery.id),
    expiresAt: endForApprovers(state, Date.now()),
    departures: delivery.person === null ? 0 : (await ports.roster.departuresOf(delivery.person)).times,
  });
}

/** The same for every attempt of a delivery, so that a duplicate message does not carry a second vote. */
function linkId(delivery: string): string {
  return sha256Hex(`link\n${delivery}`).slice(0, 32);
}
