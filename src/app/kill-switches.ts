import type { Terms } from "../core/intent/state.ts";
import { stoppedBy } from "../core/policy/kill-switch.ts";
import type { Ports } from "../ports/ports.ts";

/** The kill switch that stops this intent now, read afresh; null: none does. */
export async function stopOf(
  ports: Pick<Ports, "switches">,
  { agent, destination }: Pick<Terms, "agent" | "destination">,
) {
  return stoppedBy(await ports.switches.engaged("fresh"), agent, destination);
}
