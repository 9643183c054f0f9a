import type { Assurance } from "../core/assurance.ts";

/** What a mandate covers. Null leaves a field open; every field that is set must match. */
export interface MandateScope {
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

/** What a standing approval is about to be used for. */
export interface MandateUse {
  readonly intent: string;
  readonly destination: string;
  readonly policies: readonly string[];
  readonly agent: string;
  readonly principalId: string | null;
  readonly cents: number | null;
  readonly records: number | null;
}

interface Page {
  readonly after: string | null;
  readonly limit: number;
}

export interface Mandates {
  makeStanding(approval: StandingApproval, actor: string): Promise<void>;
  find(id: string): Promise<StandingApproval | Delegation | null>;
  listStanding(page: Page): Promise<readonly StandingApproval[]>;
  /** Those in force that match; oldest first. */
  matching(use: MandateUse, now: number): Promise<readonly StandingApproval[]>;
  /** Counts a use, unless that would go over a cap. The same intent counts once. */
  take(id: string, use: MandateUse, now: number): Promise<boolean>;
  /** Gives a use back that led to no vote. */
  giveBack(id: string, intent: string): Promise<void>;
  makeDelegation(delegation: Delegation, actor: string): Promise<void>;
  listDelegations(page: Page): Promise<readonly Delegation[]>;
  /** In force, from this person to that one, and covering the use. */
  delegated(from: string, to: string, use: MandateUse, now: number): Promise<Delegation | null>;
  /** False: it was revoked before. */
  revoke(id: string, actor: string, now: number): Promise<boolean>;
}
