import { caseUrl, linkUrl } from "../../approvals/approval-link.ts";
import { sha256Hex } from "../../../core/base/digest.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Registry } from "../../../core/registry/registry.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord } from "../../../ports/notifications.ts";
import { statusText, caseSummary, type CaseSummary } from "../case-summary.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** A link into a case that waits without end is good for this long. */
const LONGEST_LINK_MS = 7 * 24 * 60 * 60_000;

/** What a message can say of a case, whatever place it goes to. */
export interface CaseMessage {
  readonly state: IntentState;
  readonly summary: CaseSummary;
  /** Where it stands, in a sentence. */
  readonly statusText: string;
  /** Where the case opens; null: nobody said where Gate is reached. */
  readonly link: string | null;
}

type About = Pick<DeliveryRecord, "id" | "person" | "at">;

/** @param about the delivery a link is made for; null: the case opens for who is signed in, and no link is spent */
export async function caseMessage(
  dossier: IntentRecord,
  about: About | null,
  ports: Pick<Ports, "principals" | "rules" | "deriveToken" | "settings">,
): Promise<CaseMessage> {
  const { state } = dossier;
  const [agent, { registry }] = await Promise.all([
    ports.principals.get(state.terms.agent),
    ports.rules.current(),
  ]);
  const names = await namesOf(state, registry, ports);
  return {
    state,
    summary: caseSummary(dossier, agent?.name ?? state.terms.agent),
    statusText: statusText(state, (person) => names.get(person) ?? person),
    link: linkInto(state, about, ports),
  };
}

/** What people call those who decided: by their entry in the registry, or as the operator named their key. */
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
 * A link decides once. Where several people read the same message and more than one of them has to decide, the first
 * would use it up for the others: they get the case's own address, and sign in.
 */
function linkInto(
  { terms, decideBy }: IntentState,
  about: About | null,
  ports: Pick<Ports, "deriveToken" | "settings">,
): string | null {
  const { require, rejections } = terms.approval;
  if (about === null || (about.person === null && (require > 1 || rejections > 1))) {
    return caseUrl(ports, terms.id);
  }
  return linkUrl(ports, {
    intent: terms.id,
    digest: terms.digest,
    person: about.person,
    id: linkId(about.id),
    expiresAt: decideBy ?? about.at + LONGEST_LINK_MS,
  });
}

/** The same for every attempt of a delivery, so that of two messages sent by mistake one link is left. */
function linkId(delivery: string): string {
  return sha256Hex(`link\n${delivery}`).slice(0, 32);
}
