import type { SwitchTarget } from "../core/policy/kill-switch.ts";
import { coversKnown, targetMeant } from "../core/policy/switch-coverage.ts";
import { UNKNOWN_HOSTS } from "../core/registry/registry.ts";
import type { Rules } from "../core/policy/evaluate.ts";
import type { Ports } from "../ports/ports.ts";

/** A switch that stops nothing Gate knows of: an operator in an incident would believe that it stops something. */
export interface StopsNothing {
  readonly scope: "agent" | "destination";
  /** The target that may have been meant; null: nothing is similar. */
  readonly meant: string | null;
}

type TargetPorts = Pick<Ports, "rules" | "principals" | "index">;

/** Null: the switch stops something known. */
export async function stopsNothing(
  { scope, target }: SwitchTarget,
  ports: TargetPorts,
): Promise<StopsNothing | null> {
  if (target === null) return null;
  if (scope === "agent") {
    if ((await ports.principals.get(target))?.role === "agent") return null;
    const named = await ports.principals.named(target);
    return { scope, meant: named?.role === "agent" ? named.id : null };
  }
  const known = await knownDestinations(ports);
  if (known.some((name) => coversKnown(target, name)) || (await ports.index.hasDestination(target))) {
    return null;
  }
  const meant = targetMeant(target, known);
  const system = `${target}.*`;
  const isSystem = meant !== system && !target.endsWith(".*") && (await ports.index.hasDestination(system));
  return { scope: "destination", meant: isSystem ? system : meant };
}

/** Names and patterns from every place that may name a destination. A new kind of destination is added here. */
async function knownDestinations({ rules }: TargetPorts): Promise<readonly string[]> {
  const [current, ids] = await Promise.all([rules.current(), rules.ids()]);
  const named = ids.flatMap((id) => namesIn(current, id));
  return [...current.registry.destinations.keys(), UNKNOWN_HOSTS, ...named];
}

function namesIn({ policy }: Rules, id: string): readonly string[] {
  const found = policy(id);
  if (found === undefined || "broken" in found) return [];
  return [found.base, ...found.environments.values()].flatMap(({ destinations }) => destinations.written);
}
