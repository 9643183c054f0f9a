import { PHASES, type Phase } from "../../core/intent/phase.ts";
import type { IntentFilter } from "../../ports/intent-index.ts";

/** Binds a value and returns its placeholder. */
export type Place = (value: string | number) => string;

/** What a filter asks of each intent; null: nothing. */
export type Criteria = Pick<
  IntentFilter,
  "phases" | "agent" | "destinations" | "policy" | "person" | "day" | "group" | "since" | "until"
> & {
  /** The policy that is in force for it now, while it waits. */
  readonly waiting: string | null;
};

/** A filter's own; the policy of what waits is the one in force now. */
export function criteriaOf(filter: IntentFilter): Criteria {
  const { phases, agent, destinations, policy, person, day, group, since, until } = filter;
  const isWaiting = isPending(filter);
  const [waiting, ever] = isWaiting ? [policy, null] : [null, policy];
  return { phases, agent, destinations, policy: ever, waiting, person, day, group, since, until };
}

/** Are these the intents that wait, and no others? */
export function isPending({ phases }: Pick<Criteria, "phases">): boolean {
  return phases?.length === 1 && phases[0] === "pending_approval";
}

/** The conditions on a row of `intents`. */
export function conditionsOf(criteria: Criteria, place: Place): string[] {
  const { phases, destinations, agent, group, policy, waiting, person, day, since, until } = criteria;
  const wheres: string[] = [];
  if (phases !== null) wheres.push(phaseClause(phases));
  if (agent !== null) wheres.push(`agent_id = ${place(agent)}`);
  if (group !== null) wheres.push(`group_key = ${place(group)}`);
  if (destinations !== null) wheres.push(anyOf(destinations, place));
  if (waiting !== null) wheres.push(hasTag("waiting", waiting, place));
  if (policy !== null) wheres.push(hasTag("policy", policy, place));
  if (person !== null) wheres.push(hasTag("person", person, place));
  if (day !== null) {
    const [from, to] = spanOf(day);
    const isOfDay = `intents.created_at >= ${place(from)} AND intents.created_at < ${place(to)}`;
    wheres.push(`(${isOfDay} OR ${hasTag("day", day, place)})`);
  }
  if (since !== null) wheres.push(`intents.created_at >= ${place(since)}`);
  if (until !== null) wheres.push(`intents.created_at < ${place(until)}`);
  return wheres;
}

const DAY_MS = 24 * 60 * 60_000;

/** A UTC day in milliseconds: its start and the next one's. */
export function spanOf(day: string): readonly [number, number] {
  const start = Date.parse(day);
  return [start, start + DAY_MS];
}

function hasTag(kind: "waiting" | "policy" | "person" | "day", tag: string, place: Place): string {
  return `EXISTS (
    SELECT 1 FROM intent_tags AS tag
    WHERE tag.kind = '${kind}' AND tag.tag = ${place(tag)}
      AND tag.created_at = intents.created_at AND tag.intent_id = intents.id)`;
}

/** One parameter for all of a runner's destinations, because D1 binds at most 100. */
export function anyOf(destinations: readonly string[], place: Place): string {
  const [first = ""] = destinations;
  return destinations.length === 1
    ? `destination = ${place(first)}`
    : `destination IN (SELECT value FROM json_each(${place(JSON.stringify(destinations))}))`;
}

/**
 * Phases are literals and not parameters: SQLite uses the partial indexes over pending intents only where the statement
 * itself names that phase. They come from the closed list `PHASES`, never from a request, so nothing can be injected.
 */
function phaseClause(phases: readonly Phase[]): string {
  const known = PHASES.filter((phase) => phases.includes(phase));
  return `phase IN (${known.map((phase) => `'${phase}'`).join(", ")})`;
}
