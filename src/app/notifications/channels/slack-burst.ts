import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord } from "../../../ports/notifications.ts";
import { postOf } from "./slack-post.ts";

/** Requests that a room gets one below the other within a minute; what follows would push everything else away. */
const MAX_APART = 5;

const BURST_MS = 60_000;

/** Earlier deliveries that are looked at: enough to find what the burst has posted last. */
const LOOKED_AT = 50;

export interface Burst {
  /** The message that holds the burst's other requests as replies; null: nothing posted it yet. */
  readonly thread: string | null;
}

/**
 * The burst that a request is part of; null: it came with few others. Derived from what was planned for the same target
 * right before it, so that it says the same at every attempt.
 */
export async function burstOf(
  record: DeliveryRecord,
  { deliveries }: Pick<Ports, "deliveries">,
): Promise<Burst | null> {
  const before = await deliveries.log(record.target, { after: record.id, limit: LOOKED_AT });
  const requests = before.filter(({ kind, at }) => kind === "held" && at >= record.at - BURST_MS);
  if (requests.length < MAX_APART) return null;
  const threads = requests.map(({ receipt }) => postOf(receipt)?.thread ?? null);
  return { thread: threads.find((thread) => thread !== null) ?? null };
}
