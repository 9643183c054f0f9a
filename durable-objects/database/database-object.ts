import { DurableObject } from "cloudflare:workers";
import { applyMigrations, type Migration } from "./migrate.ts";
import { type Query, type QueryResult, runQueries } from "./run-queries.ts";

/** What the object answers: results in the order of the queries, or why none of them took effect. */
export type Answer = { readonly results: readonly QueryResult[] } | { readonly error: string };

interface Bindings {
  readonly MIGRATIONS: readonly Migration[];
}

/**
 * The database on one machine, in place of D1: one object, whose calls are transactions. The runtime sends an answer
 * only once what the call wrote is on the disk.
 */
export class DatabaseObject extends DurableObject<Bindings> {
  #isMigrated = false;

  query(queries: readonly Query[]): Answer {
    const { storage } = this.ctx;
    try {
      // At the first call, so that no query meets a database without its tables.
      if (!this.#isMigrated) applyMigrations(storage, this.env.MIGRATIONS);
      this.#isMigrated = true;
      return { results: runQueries(storage, queries) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }
}
