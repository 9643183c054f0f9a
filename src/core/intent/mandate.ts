import type { Assurance } from "../identity/assurance.ts";
import { listAllows } from "../registry/name-patterns.ts";
import type { Facts } from "../proposal/facts.ts";
import type { IntentTerms } from "./state.ts";
import { effectiveValueCents } from "../policy/risk.ts";

/** What their ids begin with. */
export const STANDING_ID_PREFIX = "stap_";
export const DELEGATION_ID_PREFIX = "deleg_";

/** What a mandate covers. Null leaves a field open; every field that is set must match. */
export interface MandateScope {
  /** An exact name, or `system.*`. */
  readonly destination: string | null;
  readonly policy: string | null;
  /** Principal id of the agent. */
  readonly agent: string | null;
  /** `principal_id` that the proposal names. */
  readonly principalId: string | null;
  /** US cents; an intent whose value is unknown never passes a cap. */
  readonly maxCents: number | null;
}

interface Mandate extends MandateScope {
  readonly id: string;
  /** Credential it was made with, and whose it was. */
  readonly principal: string;
  readonly person: string;
  /** How they had proved who they are. */
  readonly assurance: Assurance;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
}

/** One vote of its maker for each intent it matches, as long as it lasts. */
export interface StandingApproval extends Mandate {
  /** Never open: an approval of everything is no approval. */
  readonly destination: string;
  readonly maxRecords: number | null;
  /** US cents within any 24 hours. */
  readonly dailyCents: number | null;
  /** Null: as often as it lasts. */
  readonly uses: number | null;
  readonly used: number;
}

/** One person lets another give their vote. */
export interface Delegation extends Mandate {
  /** The person who may. */
  readonly delegate: string;
}

/** What a mandate is about to be used for. */
export interface MandateUse {
  readonly intent: string;
  readonly destination: string;
  /** All that are in force for it. */
  readonly policies: readonly string[];
  readonly agent: string;
  readonly principalId: string | null;
  /** Null: unknown. */
  readonly cents: number | null;
  readonly records: number | null;
}

/** An intent as mandates see it. `facts` are null once it was erased: nothing is known of it then. */
export function useOf(
  { id, destination, policies, agent }: Pick<IntentTerms, "id" | "destination" | "policies" | "agent">,
  principalId: string | null,
  facts: Facts | null,
): MandateUse {
  const seen = facts !== null && facts.payload !== "reference" ? facts : null;
  return {
    intent: id,
    destination,
    policies: policies.map((policy) => policy.id),
    agent,
    principalId,
    cents: seen !== null && isCounted(seen) ? effectiveValueCents(seen) : null,
    // Of what nobody can count (compressed, a PDF) there is the agent's word alone, and it opens no cap.
    records:
      seen === null || seen.records.uncertain || seen.records.measured === null
        ? null
        : seen.records.effective,
  };
}

/** False where some of the money could not be read: what was declared beside it says nothing about that. */
function isCounted({ money }: Facts): boolean {
  return money === "none" || money === "measured";
}

/** Does every field that the mandate sets match? Time, uses and daily caps are judged where they are kept. */
export function covers(
  scope: MandateScope & { readonly maxRecords?: number | null },
  use: MandateUse,
): boolean {
  const { destination, policy, agent, principalId, maxCents, maxRecords = null } = scope;
  if (destination !== null && !listAllows([destination], use.destination)) return false;
  if (policy !== null && !use.policies.includes(policy)) return false;
  if (agent !== null && agent !== use.agent) return false;
  if (principalId !== null && principalId !== use.principalId) return false;
  return isWithin(maxCents, use.cents) && isWithin(maxRecords, use.records);
}

/** Comparisons with NaN are false, and so is this: only a known number from 0 up to the cap passes it. */
function isWithin(cap: number | null, value: number | null): boolean {
  return cap === null || (value !== null && value >= 0 && value <= cap);
}

/** The destination fields that can match a name: itself, and `system.*` for everything it begins with. */
export function destinationsCovering(destination: string): readonly string[] {
  const dots = [...destination.matchAll(/\./g)].map(({ index }) => index);
  return [destination, ...dots.map((dot) => `${destination.slice(0, dot)}.*`)];
}
