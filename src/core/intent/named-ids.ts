import type { Entry } from "../ledger/entry.ts";
import type { EarlierIntents, SeenBefore } from "./earlier-intents.ts";
import { requestedApproval, type IntentRow } from "./read-model.ts";
import type { IntentState } from "./state.ts";

/** Ids of the principals and people that an intent's record names. */
export function idsIn(state: IntentState, entries: readonly Entry[]): readonly string[] {
  const { terms, votes, rejections, orders, decidedBy, endedBy } = state;
  const ids = [
    terms.agent,
    terms.editor,
    decidedBy,
    endedBy,
    ...terms.approval.people,
    ...votes.flatMap(({ person, acting, principal }) => [person, acting, principal]),
    ...rejections.flatMap(({ person, acting }) => [person, acting]),
    ...orders.flatMap(({ issuedTo, claim, report }) => [issuedTo, claim?.by, report?.by]),
    ...entries.flatMap(({ actor, body }) => [actor, ...idsInBody(body)]),
  ];
  return [...new Set(ids.filter((id) => typeof id === "string"))];
}

/** An intent that was decided again names in its entries who decided before. */
function idsInBody(body: string): readonly unknown[] {
  const { person, acting, by, to } = JSON.parse(body) as Readonly<Record<string, unknown>>;
  return [person, acting, by, to].flat();
}

export function idsInRows(rows: readonly IntentRow[]): readonly string[] {
  return rows.flatMap(({ agent_id: agent, decided_by: decidedBy, approval }) => [
    agent,
    ...(decidedBy === null ? [] : [decidedBy]),
    ...(requestedApproval(approval)?.people ?? []),
  ]);
}

export function idsInEarlier({ payload, shape, agent }: SeenBefore): readonly string[] {
  return [payload, shape, agent].flatMap((earlier) => (earlier === null ? [] : idsOf(earlier)));
}

function idsOf({ recent }: EarlierIntents): readonly string[] {
  return recent.flatMap(({ agent, decidedBy }) => (decidedBy === null ? [agent] : [agent, decidedBy]));
}
