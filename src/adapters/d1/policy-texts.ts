import type { Rules } from "../../core/policy/evaluate.ts";
import type { D1Roster } from "./roster.ts";
import type { RuleBook } from "../../ports/rules.ts";

/** Compiled rules, with the texts they were compiled from. */
interface CompiledRules extends Rules {
  readonly ids: readonly string[];
  readonly digest: string;
  readonly texts: ReadonlyMap<string, { readonly id: string; readonly text: string }>;
}

/** Hashes whose text D1 is known to have. */
const stored = new Set<string>();

/**
 * @param source the current rules, possibly from a cache of its own
 * @param candidate compiles rules that are not in force
 * @param roster records whom they name, before they are used
 */
export function ruleBook(
  db: D1Database,
  source: () => Promise<CompiledRules>,
  candidate: RuleBook["candidate"],
  roster: Pick<D1Roster, "observe">,
): RuleBook {
  async function observed(): Promise<CompiledRules> {
    const rules = await source();
    await roster.observe(rules.registry);
    return rules;
  }

  return {
    current: observed,

    candidate,

    // Observed too: the local server asks for an evaluation after each edit, also where no other request comes.
    async digest() {
      return (await observed()).digest;
    },

    async ids() {
      return (await source()).ids;
    },
    async text(hash) {
      return db
        .prepare("SELECT id, text FROM policy_texts WHERE hash = ?1")
        .bind(hash)
        .first<{ id: string; text: string }>();
    },
    async storeTexts(hashes) {
      const unseen = hashes.filter((hash) => !stored.has(hash));
      if (unseen.length === 0) return;
      // Read before write: while D1 is read-only, a new isolate can still evaluate by texts that are stored.
      const { results } = await db
        .prepare("SELECT hash FROM policy_texts WHERE hash IN (SELECT value FROM json_each(?1))")
        .bind(JSON.stringify(unseen))
        .all<{ hash: string }>();
      for (const { hash } of results) stored.add(hash);
      const missing = unseen.filter((hash) => !stored.has(hash));
      const { texts } = await source();
      const statements = missing.flatMap((hash) => {
        const found = texts.get(hash);
        if (found === undefined) return [];
        return db
          .prepare(
            "INSERT INTO policy_texts (hash, id, text, first_used_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
          )
          .bind(hash, found.id, found.text, Date.now());
      });
      if (statements.length > 0) await db.batch(statements);
      for (const hash of missing) stored.add(hash);
    },
  };
}
