import { logLine } from "../../src/core/base/log-line.ts";
import { DISPATCHER } from "../../src/ports/notifications.ts";

/** An isolate tells the dispatcher at most this often that rows came in: nobody notices a quarter of a second. */
const POKE_INTERVAL_MS = 250;

/** Who promised to poke has done so by now, or is gone. */
const PROMISE_MS = 2_000;

let pokedAt = Number.NEGATIVE_INFINITY;
let promisedAt = Number.NEGATIVE_INFINITY;

/**
 * Tells the dispatcher that rows came in, after they are in D1. The first of many says so at once; one of those that
 * follow says it for all of them a moment later. Never throws, and is not worth waiting for: hand it to `waitUntil`.
 * A lost one costs a delay, because the dispatcher looks again by itself.
 */
export async function pokeDispatcher(env: Pick<Env, "DISPATCH">): Promise<void> {
  const now = Date.now();
  // A clock that was set back must not silence it.
  if (now >= pokedAt && now - pokedAt < POKE_INTERVAL_MS) {
    if (now >= promisedAt && now - promisedAt < PROMISE_MS) return;
    promisedAt = now;
    await scheduler.wait(POKE_INTERVAL_MS - (now - pokedAt));
  }
  pokedAt = Date.now();
  promisedAt = Number.NEGATIVE_INFINITY;
  try {
    await env.DISPATCH.getByName(DISPATCHER).poke();
  } catch (error) {
    console.error(logLine("dispatcher_wake_failed", { error: String(error) }));
  }
}
