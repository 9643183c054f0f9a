import { isYounger } from "../../src/core/base/age.ts";
import { logLine } from "../../src/core/base/log-line.ts";
import { LOG_NAME } from "../../src/adapters/d1/log-rows.ts";

/** The shortest time between two pokes of one isolate; the log stays awake for longer than that. */
const POKE_INTERVAL_MS = 20_000;

let pokedAt = Number.NEGATIVE_INFINITY;

/**
 * Pokes the log after ledger rows are in D1, at most once per isolate and 20 s. Never throws; callers hand it to
 * `waitUntil`, because a lost poke only delays sealing until the next one.
 */
export async function pokeLog(env: Pick<Env, "LOGS">): Promise<void> {
  const now = Date.now();
  if (isYounger(pokedAt, now, POKE_INTERVAL_MS)) return;
  pokedAt = now;
  try {
    await env.LOGS.getByName(LOG_NAME).poke();
  } catch (error) {
    console.error(logLine("log_wake_failed", { error: String(error) }));
  }
}
