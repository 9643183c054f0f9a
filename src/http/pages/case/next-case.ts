import { html } from "hono/html";
import type { Voter } from "../../../core/identity/voter.ts";
import { eligibility } from "../../../core/intent/approval.ts";
import { deadlineOf, type IntentRow } from "../../../core/intent/read-model.ts";
import { describedRow } from "../../../core/presentation/described.ts";
import { writeTitle } from "../../../core/presentation/sentence.ts";
import { shortSpan } from "../../../core/presentation/times.ts";
import { voterQueue } from "../../../app/approvals/voter-queue.ts";
import type { GateContext } from "../../middleware/context.ts";
import type { Markup } from "../page.ts";
import { ANY_INTENT } from "../../../ports/intent-index.ts";
import { partsMarkup } from "../text.ts";

/** Cases that are looked at for one that this person has not answered. */
const LOOKED_AT = 5;

/** The case that this person should look at next: the one due first; null: none waits for them. */
export async function nextCase(c: GateContext, voter: Voter, current: string): Promise<IntentRow | null> {
  const { rows } = await voterQueue(
    voter,
    { ...ANY_INTENT, phases: ["pending_approval"], order: "soonest", limit: LOOKED_AT },
    c.env,
  );
  for (const row of rows) {
    if (row.id === current) continue;
    const state = (await c.env.intents.find(row.id)?.getState()) ?? null;
    if (state === null || state.phase !== "pending_approval" || eligibility(state, voter) !== null) continue;
    const isAnswered = [...state.votes, ...state.rejections].some(({ person, acting }) =>
      [person, acting].includes(voter.person),
    );
    if (!isAnswered) return row;
  }
  return null;
}

export function nextCaseLink(row: IntentRow | null, now: number): Markup {
  if (row === null) return html`<p class="next"><a class="button" href="/cases">To the inbox</a></p>`;
  const at = deadlineOf(row);
  const left = at === null || at <= now ? "" : `, ${shortSpan(at - now)} left`;
  return html`<p class="next">
    <a class="button primary" href="/cases/${row.id}">Next case</a>
    <span class="dim">${partsMarkup(writeTitle(describedRow(row, row.agent_id)))}${left}</span>
  </p>`;
}
