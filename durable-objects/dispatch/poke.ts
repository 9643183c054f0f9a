import { isYounger } from "../../src/core/base/age.ts";
import { isSilent, noteSilence } from "./audience.ts";
import { logLine } from "../../src/core/base/log-line.ts";
import { DISPATCHER } from "../../src/ports/notifications.ts";

/** The shortest time between two pokes of one isolate; people don't notice a quarter of a second. */
const POKE_INTERVAL_MS = 250;

/** A call that waits to poke has done so by now, or the platform ended it. */
const SCHEDULED_POKE_MS = 2_000;

let pokedAt = Number.NEGATIVE_INFINITY;
let scheduledAt = Number.NEGATIVE_INFINITY;

/**
 * Pokes the dispatcher after ledger rows are in D1. The first call of a burst pokes at once; one later call pokes on
 * behalf of the others when the interval ends. Where nobody is to be notified, it asks again after some seconds. Never
 * throws; callers hand it to `waitUntil`, because a lost poke only costs a delay: the dispatcher polls too.
 */
export async function pokeDispatcher(env: Pick<Env, "DISPATCH">): Promise<void> {
  const now = Date.now();
  if (isSilent(now)) return;
  if (isYounger(pokedAt, now, POKE_INTERVAL_MS)) {
    if (isYounger(scheduledAt, now, SCHEDULED_POKE_MS)) return;
    scheduledAt = now;
    await scheduler.wait(POKE_INTERVAL_MS - (now - pokedAt));
  }
  pokedAt = Date.now();
  scheduledAt = Number.NEGATIVE_INFINITY;
  try {
    const hasAudience = await env.DISPATCH.getByName(DISPATCHER).poke();
    if (hasAudience === false) noteSilence(pokedAt);
  } catch (error) {
    console.error(logLine("dispatcher_wake_failed", { error: String(error) }));
  }
}
