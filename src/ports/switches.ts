import type { SwitchReason, SwitchTarget } from "../core/policy/kill-switch.ts";
import type { Result } from "../core/base/result.ts";

/** A kill switch that is engaged. */
export interface EngagedSwitch extends SwitchTarget {
  /** 1 for the first time it was engaged; one more with every change. */
  readonly version: number;
  readonly reason: SwitchReason;
  /** A number in somebody's tracker. */
  readonly ticket: string | null;
  /** Id of the principal who threw it. */
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Kill switches. Whatever can't be read throws: nothing is let through on a guess. */
export interface Switches {
  /** All that are engaged. `cached` may be up to 10 s old: only for proposals, which lead to nothing by themselves. */
  engaged(age: "fresh" | "cached"): Promise<readonly EngagedSwitch[]>;
  /** What is engaged already stays as it is. `actor` is who did it, for the ledger. */
  engage(
    wanted: SwitchTarget,
    why: Pick<EngagedSwitch, "reason" | "ticket">,
    actor: string,
  ): Promise<Result<{ readonly changed: boolean; readonly state: EngagedSwitch }, "too_many_switches">>;
  /** Lifting what is not engaged changes nothing; version 0 was never engaged. */
  lift(wanted: SwitchTarget, actor: string): Promise<{ readonly changed: boolean; readonly version: number }>;
}
