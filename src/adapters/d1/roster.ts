import { logLine } from "../../core/base/log-line.ts";
import { coalescedRead } from "./coalesced-read.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Roster } from "../../ports/roster.ts";

type Observed = Pick<Registry, "people" | "signIn">;

export interface D1Roster extends Roster {
  /**
   * Records who was taken out of these rules and who was put back, before the rules are used; D1's trigger ends the
   * sessions of those who left. Reads D1 only where the rules name others than this isolate saw last.
   */
  observe(registry: Observed): Promise<void>;
}

/** What an isolate saw before is known, whatever D1 lost. */
const KNOWN = `
  INSERT INTO roster (kind, name, present, departures)
  SELECT value ->> 0, value ->> 1, 1, 0 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`;

// `IN` reads the list once, into an index: a search through it for each row would be quadratic in the people.
const LEFT = `
  UPDATE roster SET present = 0, departures = departures + 1, left_at = ?2
  WHERE present = 1 AND (kind, name) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1))`;

const CAME = `
  INSERT INTO roster (kind, name, present, departures)
  SELECT value ->> 0, value ->> 1, 1, 0 FROM json_each(?1) WHERE true
  ON CONFLICT DO UPDATE SET present = 1 WHERE present = 0`;

const IS_CURRENT = `
  SELECT NOT EXISTS (SELECT 1 FROM roster WHERE present = 1 AND (kind, name) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?1)))
    AND NOT EXISTS (SELECT 1 FROM json_each(?1) WHERE NOT EXISTS (
      SELECT 1 FROM roster WHERE kind = value ->> 0 AND name = value ->> 1 AND present = 1)) AS is_current`;

export function d1Roster(db: D1Database): D1Roster {
  let last: Observed | null = null;
  let recorded = "[]";
  let recording: { readonly names: string; readonly done: Promise<void> } | null = null;

  async function record(names: string): Promise<void> {
    // Read before write: while D1 is read-only, rules that name the same people are used all the same.
    const isCurrent = await db.prepare(IS_CURRENT).bind(names).first<number>("is_current");
    if (recorded !== "[]" || isCurrent !== 1) {
      await db.batch([
        db.prepare(KNOWN).bind(recorded),
        db.prepare(LEFT).bind(names, Date.now()),
        db.prepare(CAME).bind(names),
      ]);
    }
    recorded = names;
  }

  return {
    async observe(registry) {
      if (registry === last) return;
      const names = namesIn(registry);
      if (names !== recorded) {
        if (recording?.names !== names) recording = { names, done: record(names) };
        const { done } = recording;
        try {
          await done;
        } catch (error) {
          // What the roster ends is read from the same D1. The next call tries again.
          console.error(logLine("roster_not_recorded", { error: String(error) }));
          return;
        } finally {
          if (recording?.done === done) recording = null;
        }
      }
      last = registry;
    },

    async departuresOf(person) {
      const [row] = await coalescedRead<{ departures: number; left_at: number | null }>(
        db,
        db.prepare("SELECT departures, left_at FROM roster WHERE kind = 'person' AND name = ?1").bind(person),
      );
      return { times: row?.departures ?? 0, lastAt: row?.left_at ?? null };
    },
  };
}

function namesIn({ people, signIn }: Observed): string {
  return JSON.stringify([
    ...[...people.keys()].map((id) => ["person", id]),
    ...signIn.oidc.map(({ issuer }) => ["issuer", issuer]),
  ]);
}
