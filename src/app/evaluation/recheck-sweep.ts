import { logLine } from "../../core/base/log-line.ts";
import type { Instant } from "../../core/intent/state.ts";
import type { Ports } from "../../ports/ports.ts";
import type { RecheckMessage } from "../../ports/recheck-sweeps.ts";
import { recheckIntent, type RecheckPorts } from "./recheck-intent.ts";
import { waitingIntents } from "./waiting-intents.ts";

/*
 * After the rules changed, everything that waits, or is approved and not ordered, is evaluated again: people learn of it
 * before they look. A case that is read, decided or due first is evaluated then; this walk finds nothing to do there.
 */

/** Intents a page, and pages a second: twenty cases a second. */
const PAGE = 20;
const PAGE_SECONDS = 1;

/** Proposals that were evaluated under the earlier rules reach D1 within this time. */
const START_SECONDS = 2;

/** A call that takes a page and ends without a word was cut off. */
const PAGE_LIMIT_MS = 60_000;

export type SweepPorts = RecheckPorts & Pick<Ports, "sweeps" | "index" | "intents">;

export interface SweepStatus {
  /** `started`: by this call. */
  readonly state: "started" | "running" | "done";
  readonly rules: string;
  /** Intents that it looked at so far. */
  readonly checked: number;
}

/** Begins a sweep where the rules changed since the last, and goes on with one that was cut off. */
export async function startSweep(ports: SweepPorts, now: Instant): Promise<SweepStatus> {
  const rules = await ports.rules.digest();
  const before = await ports.sweeps.read();
  if (before?.rules === rules) {
    const { cursor, checked, finishedAt, busyUntil } = before;
    if (finishedAt !== null) return { state: "done", rules, checked };
    if (busyUntil + PAGE_LIMIT_MS <= now) await ports.sweeps.enqueue({ type: "recheck", rules, cursor }, 0);
    return { state: "running", rules, checked };
  }
  if (!(await ports.sweeps.begin(rules, before, now))) return { state: "running", rules, checked: 0 };
  await ports.sweeps.enqueue({ type: "recheck", rules, cursor: "" }, START_SECONDS);
  return { state: "started", rules, checked: 0 };
}

/**
 * Does one page, and asks for the next. A message of other rules, of a page that is done, or that another call has does
 * nothing.
 */
export async function continueSweep(
  page: RecheckMessage,
  ports: SweepPorts,
  now: () => Instant,
): Promise<void> {
  const { rules, cursor } = page;
  if ((await ports.rules.digest()) !== rules) return;
  const begun = now();
  if (!(await ports.sweeps.take(page, begun, begun + PAGE_LIMIT_MS))) return;
  const waiting = await waitingIntents(cursor, PAGE, ports);
  const { ids, next } = waiting ?? { ids: [], next: null };
  // One after the other: several large payloads at once would not fit into an isolate.
  for (const id of ids) await recheckById(id, ports);
  const isCurrent = await ports.sweeps.advance(page, next, ids.length, now());
  if (isCurrent && next !== null) {
    await ports.sweeps.enqueue({ type: "recheck", rules, cursor: next }, PAGE_SECONDS);
  }
}

/** One case that can't be evaluated keeps no other from it: it is evaluated when it is read or decided. */
async function recheckById(id: string, ports: SweepPorts): Promise<void> {
  try {
    const intent = ports.intents.find(id);
    const state = (await intent?.getState()) ?? null;
    if (intent !== null && state !== null) await recheckIntent(intent, state, ports);
  } catch (error) {
    console.error(logLine("recheck_failed", { intent: id, error: String(error) }));
  }
}
