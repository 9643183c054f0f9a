import type { CurrentBindings, IntentCommand } from "../../core/intent/command.ts";
import type { IntentTerms } from "../../core/intent/state.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import { err, type Result } from "../../core/base/result.ts";
import type { CommandOutcome, Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { killSwitchFor } from "../kill-switches.ts";
import type { OrderFailure } from "./order-failure.ts";

/**
 * Runs a step that lets a write leave Gate, unless a kill switch stops the intent before or after it. An operator who
 * got the confirmation of a switch must see no order, claim or payload released after that, so a switch engaged while
 * the step was committed withholds its result; what was recorded stays, and lapses.
 */
export async function unlessStopped<T>(
  terms: IntentTerms,
  ports: Pick<Ports, "switches">,
  release: () => Promise<Result<T, OrderFailure>>,
): Promise<Result<T, OrderFailure>> {
  const stop = await killSwitchFor(ports, terms);
  if (stop !== null) return err({ kind: "stopped", stop });
  const released = await release();
  if (!released.ok) return released;
  const late = await killSwitchFor(ports, terms);
  return late === null ? released : err({ kind: "stopped", stop: late });
}

/** Has the object handle a command that holds only while policies and destination are those of the approval. */
export async function actUnderCurrentBindings(
  intent: Intent,
  terms: IntentTerms,
  ports: Pick<Ports, "rules">,
  command: (bindings: CurrentBindings) => IntentCommand,
): Promise<Result<CommandOutcome, OrderFailure>> {
  return refusedOr(await intent.handle(command(currentBindings(terms, await ports.rules.current()))));
}

/** The object's refusal as a failure of the use case. */
export function refusedOr(
  acted: Awaited<ReturnType<Intent["handle"]>>,
): Result<CommandOutcome, OrderFailure> {
  return acted.ok ? acted : err({ kind: "refused", refusal: acted.error });
}
