import type { Decision } from "../../core/policy/decision.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { intentTerms } from "../../core/intent/terms.ts";
import type { AgentScope } from "../../core/policy/evaluate.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { AuthFailure } from "../identity/authenticate.ts";
import { confirmProposer } from "./confirm-proposer.ts";
import { useOf } from "../../core/intent/mandate.ts";
import { applyStandingApprovals } from "../approvals/standing-approvals.ts";
import { likenessOf } from "../evaluation/alike.ts";
import { executorElsewhere } from "./executor-elsewhere.ts";
import { evaluateCounted, scopeOf, unmetDemand, withTemplate } from "./evaluate-proposal.ts";
import { identify, type GovernPorts, type ProposalInput } from "./proposal-input.ts";

export type Governed =
  | { readonly kind: "decided"; readonly state: IntentState; readonly decision: Decision }
  /**
   * The key was used before, or a policy recognised the payload: id and state are the first intent's. The state is
   * null while the first is still being created.
   */
  | { readonly kind: "duplicate"; readonly id: string; readonly state: IntentState | null }
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** The proposer's key was suspended, revoked or rotated a moment ago. */
  | { readonly kind: "unauthenticated"; readonly failure: AuthFailure };

const SALT_BYTES = 32;

const NO_BYTES = new Uint8Array();

/**
 * Evaluates an agent's proposal and records it in the intent's object. Every door that takes proposals calls this, and
 * has no rules of its own.
 */
export async function govern(
  input: ProposalInput,
  proposer: Principal,
  ports: GovernPorts,
  now: number,
): Promise<Governed> {
  const { key } = input;
  const [rules, scope] = await Promise.all([ports.rules.current(), scopeOf(proposer, input.request, ports)]);
  const elsewhere =
    input.isRunByProposer === true ? executorElsewhere(proposer, input.request.destination, rules) : null;
  if (elsewhere !== null) return { kind: "refused", refusal: elsewhere };
  const templated = withTemplate(input, rules);
  const { request, payload } = templated;
  const place = input.place ?? null;
  const unkeyed = () => (place === null ? null : ports.intents.find(place)) ?? ports.intents.create();
  const intent = key === null ? unkeyed() : ports.intents.forKey(proposer.id, key);
  // Identified without the template: a repeat must be recognised even if the registry changed in between.
  const identity = await identify(input, ports);
  const evaluateFor = (agent: AgentScope) =>
    evaluateCounted(templated, identity, agent, rules, ports, intent, now);
  const cached = await evaluateFor(scope);
  const proposed = { input: templated, intent: intent.id, decision: cached.decision, proposer, scope };
  const release = async () => {
    if (cached.counted) await ports.counters.of(proposer.id).release(intent.id);
  };
  const confirmed = await confirmProposer(proposed, ports, now).catch(async (error: unknown) => {
    // Nothing was proposed yet: while D1 is down, an agent that tries again must not use up its limits.
    await release();
    throw error;
  });
  if (!confirmed.ok || confirmed.value.scope.stop !== scope.stop) await release();
  if (!confirmed.ok) return { kind: "unauthenticated", failure: confirmed.error };
  const { scope: current, standing } = confirmed.value;
  const { decision, counted } = current.stop === scope.stop ? cached : await evaluateFor(current);

  const unmet = await unmetDemand(templated, decision, rules, intent);
  if (unmet !== null) {
    if (counted) await ports.counters.of(proposer.id).release(intent.id);
    return { kind: "refused", refusal: unmet };
  }

  // A reviewer's edit is always recorded under the successor's id, which its predecessor already names.
  const isRepeat = decision.reasonCode === "duplicate_blocked" && input.edited === undefined;
  const first = isRepeat ? decision.history?.duplicateOf : null;
  if (first) {
    const state = (await ports.intents.find(first.intentId)?.repeated(proposer.id)) ?? null;
    if (state !== null) return { kind: "duplicate", id: first.intentId, state };
    // The first is counted and not yet created: this attempt is recorded as a blocked intent of its own.
  }

  await ports.rules.storeTexts(decision.policies.map(({ hash }) => hash));
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const keyed = key !== null;
  const reply = await intent.propose({
    terms: intentTerms({
      id: intent.id,
      request,
      payload,
      identity,
      decision,
      proposer,
      rules,
      salt,
      keyed,
      counted,
      attended: input.attended ?? false,
      ...likenessOf(templated, proposer.id, decision, ports),
      edited: input.edited ?? null,
      now,
    }),
    salt,
    request: JSON.stringify({ ...request, key }),
    decision: JSON.stringify(decision),
    payload: {
      kind: payload.kind,
      bytes: payload.kind === "content" ? payload.bytes : NO_BYTES,
      name: payload.kind === "none" ? null : payload.name,
      mediaType: payload.kind === "content" ? payload.mediaType : null,
    },
    attended: input.attended ?? false,
  });
  if (!reply.ok) return { kind: "refused", refusal: reply.error };
  const { repeated, state } = reply.value;
  if (repeated) return { kind: "duplicate", id: intent.id, state };
  if (first) return { kind: "duplicate", id: first.intentId, state: null };
  const use = useOf(state.terms, request.principalId, decision.facts);
  const approved = await applyStandingApprovals(intent, state, standing, use, ports, now);
  return { kind: "decided", state: approved, decision };
}
