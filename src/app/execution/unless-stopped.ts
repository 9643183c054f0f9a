import type { CurrentBindings, IntentCommand } from "../../core/intent/command.ts";
import type { IntentTerms } from "../../core/intent/state.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import { err, type Result } from "../../core/base/result.ts";
import type { CommandOutcome, Intent } from "../../ports/intents.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Ports } from "../../ports/ports.ts";
import { ifActive, ifActiveAgent } from "../identity/account.ts";
import { killSwitchFor } from "../kill-switches.ts";
import { recheckIntent, type RecheckPorts } from "../evaluation/recheck-intent.ts";
import type { OrderFailure } from "./order-failure.ts";

/**
 * Runs a step that lets a write leave Gate, unless a kill switch stops the intent before or after it, or its agent or
 * the caller is stopped meanwhile. The step waits for D1, maybe for seconds. An operator who got the confirmation of a
 * switch, a suspension or a rotation must see no order, claim or payload released after that, so the result is withheld;
 * what was recorded stays, and lapses.
 *
 * @param caller as the request began; its step is withheld too once its key was rotated
 */
export async function unlessStopped<T>(
  terms: IntentTerms,
  caller: Principal,
  ports: Pick<Ports, "switches" | "principals">,
  release: () => Promise<Result<T, OrderFailure>>,
): Promise<Result<T, OrderFailure>> {
  const stop = await killSwitchFor(ports, terms);
  if (stop !== null) return err({ kind: "stopped", stop });
  const released = await release();
  if (!released.ok) return released;
  const [late, agent, now] = await Promise.all([
    killSwitchFor(ports, terms),
    ports.principals.get(terms.agent),
    ports.principals.get(caller.id),
  ]);
  if (late !== null) return err({ kind: "stopped", stop: late });
  if (agent === null || now === null || now.keyEpoch !== caller.keyEpoch) return err({ kind: "unknown_key" });
  const active = [ifActiveAgent(agent), ifActive(now)].find(({ ok }) => !ok);
  return active === undefined || active.ok ? released : active;
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
