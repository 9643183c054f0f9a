import { iso } from "../../../core/base/iso-time.ts";
import type { EarlierIntents, SeenBefore } from "../../../core/intent/earlier-intents.ts";
import type { Answer } from "../shared/answer.ts";
import type { SEEN_BEFORE } from "./seen-before-schema.ts";

export function seenBeforeView({ payload, shape, agent }: SeenBefore): Answer<typeof SEEN_BEFORE> {
  return { payload: earlierView(payload), shape: earlierView(shape), agent: earlierView(agent) };
}

function earlierView(earlier: EarlierIntents | null) {
  if (earlier === null) return null;
  const { count, isMore, byPhase, recent } = earlier;
  return {
    // This one counts too: 1 is the first run.
    nth: count + 1,
    earlier: count,
    more: isMore,
    states: Object.fromEntries(byPhase),
    latest: recent.map(({ id, agent, phase, reasonCode, decidedBy, createdAt, updatedAt }) => ({
      id,
      state: phase,
      sender_agent_id: agent,
      reason_code: reasonCode,
      decided_by: decidedBy,
      created_at: iso(createdAt),
      updated_at: iso(updatedAt),
    })),
  };
}
