import type { Delegation, MandateUse, StandingApproval } from "../core/intent/mandate.ts";
import type { Result } from "../core/base/result.ts";

interface Page {
  /** Id of the last one of the page before. */
  readonly after: string | null;
  readonly limit: number;
}

/** What people laid down beforehand: standing approvals and delegations. */
export interface Mandates {
  makeStanding(approval: StandingApproval, actor: string): Promise<Result<void, "too_many_mandates">>;
  find(id: string): Promise<StandingApproval | Delegation | null>;
  /** Newest first. */
  listStanding(page: Page): Promise<readonly StandingApproval[]>;
  /** Those in force that match; oldest first. */
  matching(use: MandateUse, now: number): Promise<readonly StandingApproval[]>;
  /** Counts a use, unless that would go over a cap. The same intent counts once. */
  take(id: string, use: MandateUse, now: number): Promise<boolean>;
  /** Gives a use back that led to no vote. */
  giveBack(id: string, intent: string): Promise<void>;
  makeDelegation(delegation: Delegation, actor: string): Promise<Result<void, "too_many_mandates">>;
  /** Newest first. */
  listDelegations(page: Page): Promise<readonly Delegation[]>;
  /** In force, from this person to that one, and covering the use: the one with the strongest assurance. */
  delegated(from: string, to: string, use: MandateUse, now: number): Promise<Delegation | null>;
  /** False: it was revoked before. */
  revoke(id: string, actor: string, now: number): Promise<boolean>;
}
