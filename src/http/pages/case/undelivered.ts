import { logLine } from "../../../core/base/log-line.ts";
import type { DeliveryRecord } from "../../../ports/notifications.ts";
import type { GateContext } from "../../middleware/context.ts";

/** Failed deliveries of these intents. Null: they can't be read, and the page is shown without them. */
export async function undeliveredOf(
  c: GateContext,
  intents: readonly string[],
): Promise<readonly DeliveryRecord[] | null> {
  const ports = c.env;
  try {
    const deliveries = await ports.deliveries.ofIntents(intents);
    return deliveries.filter(({ state, lastProblem }) => {
      return state === "failed" || (state === "pending" && lastProblem !== null);
    });
  } catch (error) {
    console.error(logLine("deliveries_unreadable", { error: String(error) }));
    return null;
  }
}
