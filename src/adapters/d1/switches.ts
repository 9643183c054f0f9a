import { isYounger } from "../../core/base/age.ts";
import type { SwitchReason, SwitchScope, SwitchTarget } from "../../core/policy/kill-switch.ts";
import { err, ok } from "../../core/base/result.ts";
import { leasesEnd, MAX_AGE_MS } from "./read-lease.ts";
import { coalescedRead } from "./coalesced-read.ts";
import type { RegistryChain } from "./registry-chain.ts";
import type { EngagedSwitch, Switches } from "../../ports/switches.ts";

/** Attempts when several people change one switch at once: one is first, the others read its change. */
const TRIES = 8;

interface SwitchRow {
  scope: SwitchScope;
  target: string;
  engaged: number;
  version: number;
  reason: SwitchReason;
  ticket: string | null;
  actor: string;
  changed_at: number;
}

/** This isolate's last read, dropped with every change that it makes itself. */
let cached: { readonly engaged: readonly EngagedSwitch[]; readonly readAt: number } | null = null;

/** Number of this isolate's own changes: a read that began before one of them is not cached. */
let changes = 0;

function forget(): void {
  changes += 1;
  cached = null;
}

const ENGAGED = "SELECT * FROM switches WHERE engaged = 1 ORDER BY scope, target";

const ONE = "SELECT * FROM switches WHERE scope = ?1 AND target = ?2";

const INSERT = `
  INSERT INTO switches (scope, target, engaged, version, reason, ticket, actor, changed_at)
  VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7)`;

const ENGAGE = `
  UPDATE switches SET engaged = 1, version = ?3, reason = ?4, ticket = ?5, actor = ?6, changed_at = ?7
  WHERE scope = ?1 AND target = ?2`;

const LIFT = `
  UPDATE switches SET engaged = 0, version = ?3, actor = ?4, changed_at = ?5
  WHERE scope = ?1 AND target = ?2`;

/** @param chain records every change on the ledger, in the same transaction */
export function d1Switches(db: D1Database, chain: RegistryChain): Switches {
  const read = (target: SwitchTarget) =>
    db.prepare(ONE).bind(target.scope, columnOf(target)).first<SwitchRow>();

  return {
    async engaged(age) {
      if (cached !== null && isYounger(cached.readAt, Date.now(), MAX_AGE_MS[age])) return cached.engaged;
      // The age counts from the start of the read, whose result may lack later changes.
      const before = { at: Date.now(), changes };
      const engaged = (await coalescedRead<SwitchRow>(db, db.prepare(ENGAGED))).map(switchOf);
      if (before.changes === changes) cached = { engaged, readAt: before.at };
      return engaged;
    },

    async engage(wanted, { reason, ticket }, actor) {
      for (let tried = 1; ; tried += 1) {
        const known = await read(wanted);
        if (known?.engaged === 1) {
          // Whoever engaged it may have done so just now.
          await leasesEnd();
          return ok({ changed: false, state: switchOf(known) });
        }
        const version = (known?.version ?? 0) + 1;
        const at = Date.now();
        const statement = db
          .prepare(known === null ? INSERT : ENGAGE)
          .bind(wanted.scope, columnOf(wanted), version, reason, ticket, actor, at);
        const body = { ...wanted, version, reason, ticket };
        try {
          await chain.commit("switch_engaged", actor, body, [statement]);
        } catch (error) {
          if (String(error).includes("too many switches are engaged")) return err("too_many_switches");
          if (tried >= TRIES || !isRace(error)) throw error;
          continue;
        } finally {
          forget();
        }
        await leasesEnd();
        return ok({ changed: true, state: { ...wanted, version, reason, ticket, actor, since: at } });
      }
    },

    async lift(wanted, actor) {
      for (let tried = 1; ; tried += 1) {
        const known = await read(wanted);
        if (known?.engaged !== 1) return { changed: false, version: known?.version ?? 0 };
        const version = known.version + 1;
        const statement = db.prepare(LIFT).bind(wanted.scope, columnOf(wanted), version, actor, Date.now());
        try {
          await chain.commit("switch_lifted", actor, { ...wanted, version }, [statement]);
        } catch (error) {
          if (tried >= TRIES || !isRace(error)) throw error;
          continue;
        } finally {
          forget();
        }
        return { changed: true, version };
      }
    },
  };
}

function isRace(error: unknown): boolean {
  const text = String(error);
  return (
    text.includes("this switch was changed meanwhile") || text.includes("UNIQUE constraint failed: switches")
  );
}

function columnOf({ target }: SwitchTarget): string {
  return target ?? "";
}

function switchOf(row: SwitchRow): EngagedSwitch {
  return {
    scope: row.scope,
    target: row.scope === "everything" ? null : row.target,
    version: row.version,
    reason: row.reason,
    ticket: row.ticket,
    actor: row.actor,
    since: row.changed_at,
  };
}
