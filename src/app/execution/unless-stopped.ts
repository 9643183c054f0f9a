import type { CurrentBindings, IntentCommand } from "../../core/intent/command.ts";
import type { IntentTerms } from "../../core/intent/state.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import { err, type Result } from "../../core/base/result.ts";
import type { CommandOutcome, Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { killSwitchFor } from "../kill-switches.ts";
import { recheckIntent, type RecheckPorts } from "../evaluation/recheck-intent.ts";
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
  ports: RecheckPorts,
  command: (bindings: CurrentBindings) => IntentCommand,
): Promise<Result<CommandOutcome, OrderFailure>> {
  const act = async (under: IntentTerms) =>
    intent.handle(command(currentBindings(under, await ports.rules.current())));
  const acted = await act(terms);
  if (acted.ok || acted.error.reason !== "approval_stale") return refusedOr(acted);
  const now = await approvedAgain(intent, terms, ports);
  return refusedOr(now === null ? acted : await act(now));
}

/**
 * Evaluates an intent whose rules changed since its approval. The new terms where policy approves it again; null: a
 * person decides anew, or nobody can.
 */
export async function approvedAgain(
  intent: Intent,
  { digest }: IntentTerms,
  ports: RecheckPorts,
): Promise<IntentTerms | null> {
  const before = await intent.getState();
  const state = before === null ? null : await recheckIntent(intent, before, ports);
  return state?.phase === "approved" && state.terms.digest !== digest ? state.terms : null;
}

/** The object's refusal as a failure of the use case. */
export function refusedOr(
  acted: Awaited<ReturnType<Intent["handle"]>>,
): Result<CommandOutcome, OrderFailure> {
  return acted.ok ? acted : err({ kind: "refused", refusal: acted.error });
}
