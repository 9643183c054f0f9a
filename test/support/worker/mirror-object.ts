import { type Answer, DatabaseObject } from "../../../durable-objects/database/database-object.ts";
import type { Query, QueryResult } from "../../../durable-objects/database/run-queries.ts";
import { copyDatabase } from "./copy-database.ts";

interface Bindings {
  readonly MIGRATIONS: [];
  /** The simulator of D1. */
  readonly SIMULATOR: D1Database & {
    query(request: {
      readonly queries: readonly Query[];
    }): Promise<{ readonly results: readonly QueryResult[] }>;
  };
}

/** Runs everything on the simulator as well, one call after the other, and fails where the two differ. */
export class MirrorObject extends DatabaseObject {
  readonly #simulator = (this.env as unknown as Bindings).SIMULATOR;
  #last: Promise<unknown> = this.#catchUp();

  mirror(queries: readonly Query[]): Promise<Answer> {
    const answer = this.#last.then(() => this.#run(queries));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  /** A test that aborts all objects aborts this one between its two halves, too. */
  async #catchUp(): Promise<void> {
    const { storage } = this.ctx;
    if (storage.kv.get("half") === true) await copyDatabase(storage.sql, this.#simulator);
    storage.kv.delete("half");
  }

  async #run(queries: readonly Query[]): Promise<Answer> {
    const { kv } = this.ctx.storage;
    kv.put("half", true);
    const own = super.query(queries);
    const other = await this.#simulated(queries);
    kv.delete("half");
    if (shown(own) === shown(other)) return own;
    console.error(
      "MIRROR",
      JSON.stringify({ queries, own: shown(own), other: shown(other) }).slice(0, 4_000),
    );
    return { error: "the object and the simulator of D1 answer differently" };
  }

  async #simulated(queries: readonly Query[]): Promise<Answer> {
    try {
      // As D1's client sends them without the flag: NaN as null, which the simulator's own RPC refuses.
      const sent = JSON.parse(JSON.stringify(queries)) as readonly Query[];
      const { results } = await this.#simulator.query({ queries: sent });
      return { results };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }
}

/** The clocks of the two may differ by a second. */
const TIME = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g;

function shown(answer: Answer): string {
  if ("error" in answer) return answer.error;
  const results = answer.results.map(({ data, meta }) => ({ data, changes: meta.changes }));
  return JSON.stringify(results).replaceAll(TIME, "time");
}
