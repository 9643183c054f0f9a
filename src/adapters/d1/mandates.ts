import { ASSURANCE_RANK } from "../../core/identity/assurance.ts";
import {
  covers,
  destinationsCovering,
  type Delegation,
  type StandingApproval,
} from "../../core/intent/mandate.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Mandates } from "../../ports/mandates.ts";
import {
  delegationOf,
  type DelegationRow,
  grantColumns,
  ledgerBodyOf,
  type MandateRow,
  standingOf,
  type StandingRow,
} from "./mandate-rows.ts";
import { coalescedRead } from "./coalesced-read.ts";
import type { KeysInForce } from "../../core/base/key-derivation.ts";
import { openJson, sealJson } from "./sealed-json.ts";
import { leasesEnd } from "./read-lease.ts";
import type { RegistryChain } from "./registry-chain.ts";

/** The window of "daily" caps: any 24 hours, not a calendar day. */
const DAY_MS = 24 * 60 * 60_000;

const INSERT_STANDING = `
  INSERT INTO standing_approvals (id, destination, policy, agent, principal_id, max_cents, max_records, daily_cents,
    uses, principal, person, assurance, created_at, expires_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)`;

const INSERT_DELEGATION = `
  INSERT INTO delegations (id, delegate, destination, policy, agent, principal_id, max_cents, principal, person,
    assurance, created_at, expires_at)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`;

const FIND_STANDING = "SELECT * FROM standing_approvals WHERE id = ?1";

const FIND_DELEGATION = "SELECT * FROM delegations WHERE id = ?1";

const LIST_STANDING = `
  SELECT * FROM standing_approvals
  WHERE n < CASE WHEN ?1 IS NULL THEN ${Number.MAX_SAFE_INTEGER} ELSE (SELECT n FROM standing_approvals WHERE id = ?1) END
  ORDER BY n DESC LIMIT ?2`;

const LIST_DELEGATIONS = `
  SELECT * FROM delegations
  WHERE n < CASE WHEN ?1 IS NULL THEN ${Number.MAX_SAFE_INTEGER} ELSE (SELECT n FROM delegations WHERE id = ?1) END
  ORDER BY n DESC LIMIT ?2`;

/** @internal Exported for the test of its query plan. */
export const MATCHING = `
  SELECT * FROM standing_approvals
  WHERE destination IN (SELECT value FROM json_each(?1)) AND revoked_at IS NULL AND expires_at > ?2
    AND (uses IS NULL OR used < uses)
  ORDER BY n`;

const DELEGATED = `
  SELECT * FROM delegations
  WHERE person = ?1 AND delegate = ?2 AND revoked_at IS NULL AND expires_at > ?3 ORDER BY n`;

// One statement checks and counts, so that concurrent uses can't exceed a cap together. An unknown value makes the sum
// NULL, which is under no cap. The table refuses negative values, which would free room under the cap.
const TAKE = `
  INSERT INTO standing_uses (mandate, intent, cents, at)
  SELECT id, ?2, ?3, ?4 FROM standing_approvals
  WHERE id = ?1 AND revoked_at IS NULL AND expires_at > ?4
    AND (uses IS NULL OR used < uses)
    AND (daily_cents IS NULL OR ?3 + COALESCE(
      (SELECT SUM(cents) FROM standing_uses WHERE mandate = ?1 AND at > ?4 - ${DAY_MS}), 0) <= daily_cents)
  ON CONFLICT DO NOTHING`;

const TAKEN = `
  SELECT 1 FROM standing_uses JOIN standing_approvals ON id = mandate
  WHERE mandate = ?1 AND intent = ?2 AND revoked_at IS NULL AND expires_at > ?3`;

const GIVE_BACK = "DELETE FROM standing_uses WHERE mandate = ?1 AND intent = ?2";

const REVOKE_STANDING = "UPDATE standing_approvals SET revoked_at = ?2, revoked_reason = ?3 WHERE id = ?1";

const REVOKE_DELEGATION = "UPDATE delegations SET revoked_at = ?2, revoked_reason = ?3 WHERE id = ?1";

/** Associated data, so that a write to D1 can't give a mandate the reason of another. */
function reasonName(id: string): string {
  return `revoked-reason:${id}`;
}

/** Without the reason where no secret in force opens it. */
async function openedReason<T extends StandingApproval | Delegation>(
  mandate: T,
  sealed: string | null,
  name: string,
  keys: KeysInForce,
): Promise<T> {
  if (sealed === null) return mandate;
  for (const key of keys) {
    const revokedReason = await openJson<string>(sealed, key, name);
    if (revokedReason !== null) return { ...mandate, revokedReason };
  }
  return mandate;
}

/** Whoever revoked it may have done so just now. */
async function revokedBefore(): Promise<false> {
  await leasesEnd();
  return false;
}

/**
 * @param chain records created and revoked mandates on the ledger, in the same transaction
 * @param sealKeys encrypt why one was revoked; a text encrypted under an earlier one stays readable
 */
export function d1Mandates(db: D1Database, chain: RegistryChain, sealKeys: () => KeysInForce): Mandates {
  const withReason = <T extends StandingApproval | Delegation>(
    mandate: T,
    { id, revoked_reason: sealed }: MandateRow,
  ): Promise<T> => openedReason(mandate, sealed, reasonName(id), sealKeys());

  async function make(
    event: string,
    actor: string,
    body: Readonly<Record<string, unknown>>,
    insert: D1PreparedStatement,
  ): Promise<Result<void, "too_many_mandates">> {
    try {
      await chain.commit(event, actor, body, [insert]);
    } catch (error) {
      if (String(error).includes("too many mandates are in force")) return err("too_many_mandates");
      throw error;
    }
    return ok(undefined);
  }

  async function find(id: string): Promise<StandingApproval | Delegation | null> {
    const standing = await db.prepare(FIND_STANDING).bind(id).first<StandingRow>();
    if (standing !== null) return standingOf(standing);
    const delegation = await db.prepare(FIND_DELEGATION).bind(id).first<DelegationRow>();
    return delegation === null ? null : delegationOf(delegation);
  }

  return {
    find,

    async createStandingApproval(approval, actor) {
      const { id, destination, maxRecords, dailyCents, uses } = approval;
      const insert = db
        .prepare(INSERT_STANDING)
        .bind(
          id,
          destination,
          approval.policy,
          approval.agent,
          approval.principalId,
          approval.maxCents,
          maxRecords,
          dailyCents,
          uses,
          ...grantColumns(approval),
        );
      const body = { ...ledgerBodyOf(approval), max_records: maxRecords, daily_cents: dailyCents, uses };
      return make("standing_approval_created", actor, body, insert);
    },

    async listStanding({ after, limit }) {
      const { results } = await db.prepare(LIST_STANDING).bind(after, limit).all<StandingRow>();
      return Promise.all(results.map((row) => withReason(standingOf(row), row)));
    },

    async matching(use, now) {
      const destinations = JSON.stringify(destinationsCovering(use.destination));
      const rows = await coalescedRead<StandingRow>(db, db.prepare(MATCHING).bind(destinations, now));
      return rows.map(standingOf).filter((approval) => covers(approval, use));
    },

    async recordUse(id, use, now) {
      const [, taken] = await db.batch([
        db.prepare(TAKE).bind(id, use.intent, use.cents, now),
        db.prepare(TAKEN).bind(id, use.intent, now),
      ]);
      return taken?.results.length === 1;
    },

    async returnUse(id, intent) {
      await db.prepare(GIVE_BACK).bind(id, intent).run();
    },

    async createDelegation(delegation, actor) {
      const { id, delegate, destination, policy, agent, principalId, maxCents } = delegation;
      const insert = db
        .prepare(INSERT_DELEGATION)
        .bind(id, delegate, destination, policy, agent, principalId, maxCents, ...grantColumns(delegation));
      return make("delegation_created", actor, { ...ledgerBodyOf(delegation), delegate }, insert);
    },

    async listDelegations({ after, limit }) {
      const { results } = await db.prepare(LIST_DELEGATIONS).bind(after, limit).all<DelegationRow>();
      return Promise.all(results.map((row) => withReason(delegationOf(row), row)));
    },

    async delegated(from, to, use, now) {
      const { results } = await db.prepare(DELEGATED).bind(from, to, now).all<DelegationRow>();
      const covering = results.map(delegationOf).filter((delegation) => covers(delegation, use));
      const [strongest] = covering.toSorted(
        (a, b) => ASSURANCE_RANK[b.assurance] - ASSURANCE_RANK[a.assurance],
      );
      return strongest ?? null;
    },

    async revoke(id, actor, reason, now) {
      const mandate = await find(id);
      if (mandate === null) return false;
      if (mandate.revokedAt !== null) return revokedBefore();
      const isDelegation = "delegate" in mandate;
      const sealed = reason === null ? null : await sealJson(reason, sealKeys()[0], reasonName(id));
      const statement = db.prepare(isDelegation ? REVOKE_DELEGATION : REVOKE_STANDING).bind(id, now, sealed);
      const event = isDelegation ? "delegation_revoked" : "standing_approval_revoked";
      try {
        await chain.commit(event, actor, { mandate: id }, [statement]);
      } catch (error) {
        if (String(error).includes("this mandate was revoked before")) return revokedBefore();
        throw error;
      }
      // A vote under it may be on its way from D1 to the intent's object.
      await leasesEnd();
      return true;
    },
  };
}
