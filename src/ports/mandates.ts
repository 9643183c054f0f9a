import type { Delegation, MandateUse, StandingApproval } from "../core/intent/mandate.ts";
import type { Result } from "../core/base/result.ts";

interface Page {
  /** Id of the previous page's last item. */
  readonly after: string | null;
  readonly limit: number;
}

/** Standing approvals and delegations. */
export interface Mandates {
  createStandingApproval(
    approval: StandingApproval,
    actor: string,
  ): Promise<Result<void, "too_many_mandates">>;
  find(id: string): Promise<StandingApproval | Delegation | null>;
  /** Newest first. */
  listStanding(page: Page): Promise<readonly StandingApproval[]>;
  /** Active standing approvals that cover the use; oldest first. */
  matching(use: MandateUse, now: number): Promise<readonly StandingApproval[]>;
  /** Counts a use; false: a cap would be exceeded, or it is no longer active. The same intent counts once. */
  recordUse(id: string, use: MandateUse, now: number): Promise<boolean>;
  /** Returns a use that led to no vote. */
  returnUse(id: string, intent: string): Promise<void>;
  createDelegation(delegation: Delegation, actor: string): Promise<Result<void, "too_many_mandates">>;
  /** Newest first. */
  listDelegations(page: Page): Promise<readonly Delegation[]>;
  /** The active delegation with the strongest assurance, from this person to that one, that covers the use. */
  delegated(from: string, to: string, use: MandateUse, now: number): Promise<Delegation | null>;
  /** False: it was revoked before. The reason is kept sealed, and is no part of the ledger. */
  revoke(id: string, actor: string, reason: string | null, now: number): Promise<boolean>;
}
