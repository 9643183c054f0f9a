import { listAllows } from "../registry/name-patterns.ts";

export const SWITCH_SCOPES = ["agent", "destination", "everything"] as const;

export type SwitchScope = (typeof SWITCH_SCOPES)[number];

/** Why an operator engaged a switch. Codes only, because the ledger and D1 hold no free text. */
export const SWITCH_REASONS = [
  "incident",
  "suspected_compromise",
  "wrong_behaviour",
  "upstream_outage",
  "maintenance",
  "drill",
  "other",
] as const;

export type SwitchReason = (typeof SWITCH_REASONS)[number];

/** What a switch stops: one agent by id, one destination or `system.*`, or everything. */
export interface SwitchTarget {
  readonly scope: SwitchScope;
  /** Null for `everything`, and only there. */
  readonly target: string | null;
}

/** The first of the engaged switches that stops this agent at this destination, the widest scope first; else null. */
export function matchingSwitch<Switch extends SwitchTarget>(
  engaged: readonly Switch[],
  agent: string,
  destination: string,
): Switch | null {
  // Nearly always there is none.
  if (engaged.length === 0) return null;
  const stops = ({ scope, target }: SwitchTarget): boolean => {
    switch (scope) {
      case "everything":
        return true;
      case "destination":
        return target !== null && listAllows([target], destination);
      case "agent":
        return target === agent;
    }
  };
  for (const scope of SWITCH_SCOPES.toReversed()) {
    const found = engaged.find((known) => known.scope === scope && stops(known));
    if (found !== undefined) return found;
  }
  return null;
}
