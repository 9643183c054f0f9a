import type { IntentRow } from "../core/intent/read-model.ts";
import type { IntentIndex } from "../ports.ts";

export function d1IntentIndex(db: D1Database): IntentIndex {
  return {
    async list(filter) {
      const wheres: string[] = [];
      const values: (string | number)[] = [];
      const where = (clause: (place: string) => string, ...bound: readonly (string | number)[]) => {
        const places = bound.map((value) => `?${values.push(value)}`);
        wheres.push(clause(places.join(", ")));
      };
      if (filter.phases !== null) {
        if (filter.phases.length === 0) return [];
        where((places) => `phase IN (${places})`, ...filter.phases);
      }
      if (filter.agent !== null) where((place) => `agent_id = ${place}`, filter.agent);
      if (filter.destination !== null) where((place) => `destination = ${place}`, filter.destination);
      if (filter.policy !== null) where((place) => `policy_id = ${place}`, filter.policy);
      if (filter.since !== null) where((place) => `created_at >= ${place}`, filter.since);
      if (filter.until !== null) where((place) => `created_at < ${place}`, filter.until);
      if (filter.after !== null) {
        const { createdAt, id } = filter.after;
        where((places) => `(created_at, id) < (${places})`, createdAt, id);
      }
      const clause = wheres.length === 0 ? "" : `WHERE ${wheres.join(" AND ")}`;
      const { results } = await db
        .prepare(
          `SELECT * FROM intents ${clause} ORDER BY created_at DESC, id DESC LIMIT ?${values.push(filter.limit)}`,
        )
        .bind(...values)
        .all<IntentRow>();
      return results;
    },

    async countByPhase(agent) {
      const { results } = await db
        .prepare("SELECT phase, COUNT(*) AS count FROM intents WHERE ?1 IS NULL OR agent_id = ?1 GROUP BY phase")
        .bind(agent)
        .all<{ phase: string; count: number }>();
      return new Map(results.map(({ phase, count }) => [phase, count]));
    },
  };
}
