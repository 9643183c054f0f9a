import type { Assurance } from "../identity/assurance.ts";
import { listAllows } from "../registry/name-patterns.ts";
import type { Facts } from "../proposal/facts.ts";
import type { IntentTerms } from "./state.ts";
import { effectiveValueCents } from "../policy/risk.ts";

/** Prefixes of their ids. */
export const STANDING_ID_PREFIX = "stap_";
export const DELEGATION_ID_PREFIX = "deleg_";

/** The first standing approval that gave a vote; null: none did. A delegation gives none by itself. */
export function standingApprovalIn(votes: readonly { readonly mandate: string | null }[]): string | null {
  return votes.find(({ mandate }) => mandate?.startsWith(STANDING_ID_PREFIX))?.mandate ?? null;
}

/** The intents a mandate covers. Null leaves a field open; every field that is set must match. */
export interface MandateScope {
  /** An exact name, or `system.*`. */
  readonly destination: string | null;
  readonly policy: string | null;
  /** Principal id of the agent. */
  readonly agent: string | null;
  /** The proposal's `principal_id`. */
  readonly principalId: string | null;
  /** US cents; an intent whose value is unknown never passes a cap. */
  readonly maxCents: number | null;
}

interface Mandate extends MandateScope {
  readonly id: string;
  /** The grantor's principal and person. */
  readonly principal: string;
  readonly person: string;
  /** The grantor's assurance when they created it. */
  readonly assurance: Assurance;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  /** Why, in the revoker's words; null: not revoked, or without a reason. */
  readonly revokedReason: string | null;
}

/** One vote of its grantor for each intent it covers, until it expires. */
export interface StandingApproval extends Mandate {
  /** Never open: an approval of every destination would disable review. */
  readonly destination: string;
  readonly maxRecords: number | null;
  /** US cents within any 24 hours. */
  readonly dailyCents: number | null;
  /** Null: no limit until it expires. */
  readonly uses: number | null;
  readonly used: number;
}

/** A person's permission for another person to give their vote. */
export interface Delegation extends Mandate {
  /** The person who may vote. */
  readonly delegate: string;
}

/** The intent that a mandate is about to be used for. */
export interface MandateUse {
  readonly intent: string;
  readonly destination: string;
  /** Ids of all applicable policies. */
  readonly policies: readonly string[];
  readonly agent: string;
  readonly principalId: string | null;
  /** Null: unknown. */
  readonly cents: number | null;
  readonly records: number | null;
}

/** An intent as mandates see it. `facts` are null once it was erased: its numbers are unknown then. */
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
    // Gate can't count a compressed payload or a PDF, and the agent's declared number passes no cap.
    records:
      seen === null || seen.records.uncertain || seen.records.measured === null
        ? null
        : seen.records.effective,
  };
}

/** False where Gate could not read some amount: the declared value proves nothing about that amount. */
function isCounted({ money }: Facts): boolean {
  return money === "none" || money === "measured";
}

/** Does every field that the mandate sets match? The store that counts uses checks expiry, uses and daily caps. */
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

/** Only a known number from 0 up to the cap passes; NaN fails both comparisons. */
function isWithin(cap: number | null, value: number | null): boolean {
  return cap === null || (value !== null && value >= 0 && value <= cap);
}

/** The destination fields that can match a name: the name itself, and `prefix.*` for each of its dotted prefixes. */
export function destinationsCovering(destination: string): readonly string[] {
  const dots = [...destination.matchAll(/\./g)].map(({ index }) => index);
  return [destination, ...dots.map((dot) => `${destination.slice(0, dot)}.*`)];
}
