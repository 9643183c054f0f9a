import { logLine } from "../../src/core/base/log-line.ts";
import { LOG_NAME } from "../../src/adapters/d1/log-rows.ts";

/** An isolate tells the log at most this often that rows come in; the log stays awake for longer than that. */
const POKE_INTERVAL_MS = 20_000;

let pokedAt = Number.NEGATIVE_INFINITY;

/**
 * Tells the log that rows came in, after they are in D1. Costs one call per isolate and 20 s, never throws, and is
 * not worth waiting for: hand it to `waitUntil`. A lost one costs a delay, until whoever comes next.
 */
export async function pokeLog(env: Pick<Env, "LOGS">): Promise<void> {
  const now = Date.now();
  // A clock that was set back must not silence it.
  if (now >= pokedAt && now - pokedAt < POKE_INTERVAL_MS) return;
  pokedAt = now;
  try {
    await env.LOGS.getByName(LOG_NAME).poke();
  } catch (error) {
    console.error(logLine("log_wake_failed", { error: String(error) }));
  }
}
