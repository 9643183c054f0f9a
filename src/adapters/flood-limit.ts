/** The platform's counter, shared by all isolates of one Cloudflare location. */
interface SharedCounter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/** Proposals of one agent in a minute, accepted or not. Keep in step with `FLOOD` in wrangler.toml. */
const PROPOSALS_A_MINUTE = 600;

/** Proposals that the shared counter counts as one: a call for each would cost a tenth of a proposal. */
const BATCH = 20;

const MINUTE_MS = 60_000;

/** Bounds the memory that many agents can take. */
const AGENTS_KNOWN = 10_000;

interface Window {
  readonly endsAt: number;
  count: number;
  refused: boolean;
}

/** This isolate's own count, exact for the requests it serves. */
const windows = new Map<string, Window>();

/**
 * A guard against floods, not a quota: exact within one isolate, approximate among the isolates of a location. Exact
 * quotas are a policy's `rate_limits`, which the agent's object counts.
 *
 * @returns false once an agent has proposed more than the limit within the minute
 */
export function floodLimit(shared: SharedCounter): (agent: string) => Promise<boolean> {
  return async (agent) => {
    const window = windowOf(agent, Date.now());
    window.count += 1;
    if (window.refused || window.count > PROPOSALS_A_MINUTE) return false;
    if (window.count % BATCH === 0) window.refused = !(await shared.limit({ key: agent })).success;
    return !window.refused;
  };
}

function windowOf(agent: string, now: number): Window {
  const known = windows.get(agent);
  if (known !== undefined && now < known.endsAt) return known;
  if (windows.size >= AGENTS_KNOWN) windows.clear();
  const opened = { endsAt: now + MINUTE_MS, count: 0, refused: false };
  windows.set(agent, opened);
  return opened;
}
