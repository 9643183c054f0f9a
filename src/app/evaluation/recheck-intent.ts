import { isStale } from "../../core/intent/approval.ts";
import { decisionOnRecheck, isRecheckable, recheckedBy } from "../../core/intent/recheck.ts";
import { recheckedTerms } from "../../core/intent/rechecked-terms.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import { decisionOnRequest } from "../../core/intent/sent-request.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Rules } from "../../core/policy/evaluate.ts";
import type { Decision } from "../../core/policy/decision.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import type { ProposalRequest } from "../../core/proposal/request.ts";
import { applyTemplate, type TemplatedProposal } from "../../core/proposal/request-template.ts";
import type { Intent, IntentRecord } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { evaluatorFor } from "./evaluator.ts";
import { likenessOf } from "./alike.ts";

export type RecheckPorts = Pick<Ports, "rules" | "principals" | "deriveToken" | "acceptedTokens" | "turns">;

type Evaluated = TemplatedProposal & { readonly decision: Decision };

/**
 * The state of an intent under the rules in force. Where they mean something else than those it was evaluated under, it
 * is evaluated again first: its approval, and votes so far, were for rules that apply no longer.
 *
 * @param state as read before; returned where nothing changed
 */
export async function recheckIntent(
  intent: Intent,
  state: IntentState,
  ports: RecheckPorts,
): Promise<IntentState> {
  if (!(await needsRecheck(state, ports))) return state;
  const [record, agent] = await Promise.all([intent.getRecord(), ports.principals.get(state.terms.agent)]);
  // Without the agent nobody can approve it, and without the payload nothing can be measured.
  if (record === null || record.case === null || agent === null) return state;
  // Another call was first.
  if (!(await needsRecheck(record.state, ports))) return record.state;
  const rules = await ports.rules.current();
  const { terms } = record.state;
  const { request, payload, decision } = await evaluateAgain(intent, record, agent, rules, ports);
  const next = recheckedTerms(terms, {
    request,
    payload,
    decision,
    proposer: agent,
    rules,
    salt: record.salt,
    ...likenessOf({ request, payload }, agent.id, decision, ports),
  });
  await ports.rules.storeTexts(next.policies.map(({ hash }) => hash).filter((hash) => hash !== ""));
  const rechecked = await intent.recheck({
    digest: terms.digest,
    terms: next,
    ...recheckedBy(decision),
    decision: JSON.stringify(decision),
  });
  // Refused: another call was first, or a person.
  return rechecked.ok ? rechecked.value.state : ((await intent.getState()) ?? state);
}

async function needsRecheck(state: IntentState, { rules }: RecheckPorts): Promise<boolean> {
  return isRecheckable(state.phase) && isStale(state, currentBindings(state.terms, await rules.current()));
}

/** The same proposal, with the counters of its first evaluation: it is counted already. */
export async function evaluateAgain(
  intent: Intent,
  record: IntentRecord,
  agent: Principal,
  rules: Rules,
  ports: RecheckPorts,
): Promise<Evaluated> {
  const { case: stored, state } = record;
  if (stored === null) throw new Error("invariant: an erased intent is not evaluated again");
  const first = JSON.parse(stored.decision) as Decision;
  const {
    key: _,
    http,
    ...rest
  } = JSON.parse(stored.request) as ProposalRequest & { readonly key: string | null };
  // Gate builds its own requests again, from the template in force.
  const proposed = { ...rest, ...(http !== undefined && http.fromTemplate !== true && { http }) };
  const payload = await payloadOf(intent, record, first);
  const entry = rules.registry.destinations.get(proposed.destination);
  const { request, payload: sent } = applyTemplate(proposed, payload, entry);
  const scope = { ...agent, environment: first.environment };
  const evaluated = (await evaluatorFor(rules, scope, request, sent, ports))(first.history);
  const decision = decisionOnRecheck(state, decisionOnRequest(evaluated, request.http, http, entry));
  return { request, payload: sent, decision };
}

/** The payload as it was proposed. */
async function payloadOf(
  intent: Intent,
  { case: stored, state }: IntentRecord,
  first: Decision,
): Promise<Payload> {
  const { kind, name, mediaType } = stored?.payload ?? { kind: "none", name: null, mediaType: null };
  switch (kind) {
    case "none":
      return { kind };
    case "reference":
      return {
        kind,
        name: name ?? "",
        sha256: state.terms.payloadDigest,
        rows: first.facts.records.declared,
      };
    case "content":
      return { kind, bytes: (await intent.payload()) ?? new Uint8Array(), name, mediaType };
  }
}
