import type { IntentTerms } from "../core/intent/state.ts";
import { matchingSwitch } from "../core/policy/kill-switch.ts";
import type { Ports } from "../ports/ports.ts";

/** The kill switch that stops this intent now, read afresh; null: none does. */
export async function killSwitchFor(
  ports: Pick<Ports, "switches">,
  { agent, destination }: Pick<IntentTerms, "agent" | "destination">,
) {
  return matchingSwitch(await ports.switches.engaged("fresh"), agent, destination);
}
