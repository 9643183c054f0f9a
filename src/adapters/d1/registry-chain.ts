import { canonicalJson } from "../../core/base/json.ts";
import { chain, EMPTY_HEAD, type Head } from "../../core/ledger/entry.ts";
import { INSERT_ENTRIES } from "./ledger.ts";

/** The chain of entries that belong to no intent: registrations, suspensions, key rotations, switches, webhooks. */
const REGISTRY = "registry";

/** Concurrent changes compete for the next sequence number: one wins, the others read the new head and try again. */
const TRIES = 16;

/** Longest random wait before a retry, per attempt so far: simultaneous retries would collide again. */
const BACKOFF_MS = 10;

export interface RegistryChain {
  /** Appends one entry to the registry's chain and executes the statements in the same transaction. */
  commit(
    event: string,
    actor: string,
    body: Readonly<Record<string, unknown>>,
    statements: readonly D1PreparedStatement[],
  ): Promise<void>;
}

export function registryChain(db: D1Database, macKey: () => Uint8Array): RegistryChain {
  return {
    async commit(event, actor, body, statements) {
      for (let tried = 1; ; tried += 1) {
        const head = await db
          .prepare(
            "SELECT seq, entry_hash AS hash FROM ledger WHERE intent_id = ?1 ORDER BY seq DESC LIMIT 1",
          )
          .bind(REGISTRY)
          .first<Head>();
        const draft = { event, actor, at: Date.now(), body: canonicalJson(body) };
        const entries = chain(REGISTRY, head ?? EMPTY_HEAD, [draft], macKey());
        try {
          await db.batch([db.prepare(INSERT_ENTRIES).bind(JSON.stringify(entries)), ...statements]);
          return;
        } catch (error) {
          if (tried >= TRIES || !String(error).includes("this place in the ledger is taken")) throw error;
          await scheduler.wait(Math.random() * BACKOFF_MS * tried);
        }
      }
    },
  };
}
