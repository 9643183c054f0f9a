import { err, type Result } from "../base/result.ts";
import type { IntentCommand } from "./command.ts";
import type { IntentEvent } from "./event.ts";
import type { Refusal } from "./refusal.ts";
import type { IntentState } from "./state.ts";

/** The command of one type. */
export type Command<T extends IntentCommand["type"]> = Extract<IntentCommand, { type: T }>;

/** The events a command causes (none when its effect already holds), or the refusal. */
export type CommandResult = Result<readonly IntentEvent[], Refusal>;

export function wrongPhase(state: IntentState, command: IntentCommand): CommandResult {
  return err({ reason: "wrong_phase", command: command.type, phase: state.phase });
}
