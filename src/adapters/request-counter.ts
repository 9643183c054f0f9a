import { REQUEST_CLASSES, type RequestClass, type RequestLimits } from "../core/base/request-limits.ts";
import type { CountRequest } from "../ports/request-counter.ts";

/** The platform's counter, shared by all isolates of one Cloudflare location. */
interface SharedCounter {
  limit(options: { readonly key: string }): Promise<{ readonly success: boolean }>;
}

/**
 * The shared counter counts in shares of a limit: a call for each request would cost a tenth of a proposal, and its own
 * limit is fixed in wrangler.toml. Keep in step with `FLOOD` there.
 */
const SHARES = 30;

const MINUTE_MS = 60_000;

/** Bounds the memory of a class. Each has its own, so that an agent's many orders push out no key's count. */
const KEYS_KNOWN = 10_000;

interface Window {
  readonly endsAt: number;
  count: number;
  refused: boolean;
}

/**
 * Guards against floods, no quotas: exact within one isolate, approximate among the isolates of a location, separate in
 * each location. Exact quotas are a policy's `rate_limits`, which the agent's object counts.
 */
export function requestCounter(shared: SharedCounter, limits: RequestLimits): CountRequest {
  const counters = new Map(REQUEST_CLASSES.map((each) => [each, new Map<string, Window>()]));
  return async (requestClass, key) => {
    const now = Date.now();
    const window = windowOf(counters.get(requestClass) ?? new Map(), key, now);
    window.count += 1;
    const limit = limits[requestClass];
    if (window.count > limit) window.refused = true;
    else if (!window.refused && window.count % Math.ceil(limit / SHARES) === 0) {
      window.refused = !(await shared.limit({ key: sharedKey(requestClass, key) })).success;
    }
    return window.refused ? Math.max(window.endsAt - now, 0) : null;
  };
}

function sharedKey(requestClass: RequestClass, key: string): string {
  return `${requestClass} ${key}`;
}

function windowOf(windows: Map<string, Window>, key: string, now: number): Window {
  const known = windows.get(key);
  // A clock that was set back must not keep a window open for longer than a minute.
  if (known !== undefined && now < known.endsAt && known.endsAt - now <= MINUTE_MS) return known;
  windows.delete(key);
  const [oldest] = windows.keys();
  if (oldest !== undefined && windows.size >= KEYS_KNOWN) windows.delete(oldest);
  const opened = { endsAt: now + MINUTE_MS, count: 0, refused: false };
  windows.set(key, opened);
  return opened;
}
