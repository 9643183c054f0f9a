import type { Principal } from "../../core/identity/principal.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { Rules } from "../../core/policy/evaluate.ts";
import { mayReach } from "../authority.ts";

/**
 * Why an agent that runs its writes itself can't run this one; null: it can, or may not even propose it, which the
 * decision says. Before the proposal: Gate would send an approved write by itself, and the agent's function never run.
 */
export function executorElsewhere(
  proposer: Principal,
  destination: string,
  { registry }: Rules,
): Extract<Refusal, { reason: "wrong_executor" | "not_runner" | "proof_required" }> | null {
  const entry = registry.destinations.get(destination);
  if (entry === undefined || !mayReach(proposer, destination)) return null;
  const { executor, runners, proofRequired } = entry;
  if (executor !== null && executor !== "runner") return { reason: "wrong_executor", executor };
  if (runners.length > 0) return { reason: "not_runner" };
  // Its unsigned report would be refused once the write was made.
  return proofRequired ? { reason: "proof_required" } : null;
}
