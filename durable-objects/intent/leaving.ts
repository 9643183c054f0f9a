import { LEFT_MEMORY } from "../../src/ports/intents.ts";

/** From an alarm to the look whether the object is idle. */
const LOOK_MS = 500;

/** Replies that wait for the disk, or are on their way, have left by then. */
const REPLIES_MS = 50;

export interface Activity {
  /** Does a call wait, or an effect run? */
  readonly isBusy: boolean;
  /** How often the state was read; a call that came meanwhile shows in it. */
  readonly reads: number;
}

/**
 * On one machine, ends an object after an alarm that leaves it nothing to do: the runtime would keep it for ten seconds
 * more, with its database open and 0.3 MB. A call that arrives in between finds it ended, has done nothing, and is
 * repeated by `retryCall`. On Cloudflare the platform places and evicts objects.
 */
export function leaveWhenIdle(ctx: DurableObjectState, env: Env, activity: () => Activity): void {
  if (!("LEAVE_WHEN_IDLE" in env)) return;
  setTimeout(() => {
    const { isBusy, reads } = activity();
    if (!isBusy) ctx.waitUntil(leave(ctx, () => !activity().isBusy && activity().reads === reads));
  }, LOOK_MS);
}

async function leave(ctx: DurableObjectState, isIdle: () => boolean): Promise<void> {
  await ctx.storage.sync();
  await scheduler.wait(REPLIES_MS);
  if (isIdle()) ctx.abort(LEFT_MEMORY);
}
