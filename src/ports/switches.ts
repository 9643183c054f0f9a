import type { SwitchReason, SwitchTarget } from "../core/policy/kill-switch.ts";
import type { ReadAge } from "./principals.ts";
import type { Result } from "../core/base/result.ts";

/** A kill switch that is engaged. */
export interface EngagedSwitch extends SwitchTarget {
  /** 1 for the first time it was engaged; one more with every change. */
  readonly version: number;
  readonly reason: SwitchReason;
  /** Id in the operator's issue tracker. */
  readonly ticket: string | null;
  /** Id of the principal that engaged it. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Kill switches. A failed read throws: requests fail closed while switches are unknown. */
export interface Switches {
  /** All engaged switches. */
  engaged(age: ReadAge): Promise<readonly EngagedSwitch[]>;
  /** Engaging an engaged switch changes nothing. `actor` is the acting principal's id, for the ledger. */
  engage(
    wanted: SwitchTarget,
    why: Pick<EngagedSwitch, "reason" | "ticket">,
    actor: string,
  ): Promise<Result<{ readonly changed: boolean; readonly state: EngagedSwitch }, "too_many_switches">>;
  /** Lifting a switch that is not engaged changes nothing; version 0: it was never engaged. */
  lift(wanted: SwitchTarget, actor: string): Promise<{ readonly changed: boolean; readonly version: number }>;
}
