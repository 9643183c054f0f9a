import type { ProposalRequest } from "../../core/proposal/request.ts";
import { weaker } from "../../core/identity/assurance.ts";
import type { Decision } from "../../core/policy/decision.ts";
import { useOf } from "../../core/intent/mandate.ts";
import { personCalled, voterOf } from "../../core/identity/people.ts";
import { grantorOf, type GrantorPorts } from "./mandate-grantor.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Voter } from "../../core/identity/voter.ts";
import type { Intent } from "../../ports/intents.ts";

type DelegationPorts = Pick<Ports, "mandates"> & GrantorPorts;

/**
 * The voter under a delegation: the delegator's vote, cast by the delegate, with the exclusions of both and the weaker
 * assurance of the two. Null: no delegation in force between them covers this intent.
 *
 * @param onBehalfOf the delegator: a principal's id, a person's id, or an e-mail address of `gate.yaml`
 */
export async function delegatedVoter(
  intent: Intent,
  delegate: Voter,
  onBehalfOf: string,
  ports: DelegationPorts,
  now: number,
): Promise<Voter | null> {
  const [record, named, { registry }] = await Promise.all([
    intent.getRecord(),
    ports.principals.get(onBehalfOf),
    ports.rules.current(),
  ]);
  if (record === null) return null;
  const from = named === null ? personCalled(onBehalfOf, registry) : voterOf(named, "link", registry).person;

  const { case: content, state } = record;
  const request = content === null ? null : (JSON.parse(content.request) as ProposalRequest);
  const decision = content === null ? null : (JSON.parse(content.decision) as Decision);
  const use = useOf(state.terms, request?.principalId ?? null, decision?.facts ?? null);
  const delegation = await ports.mandates.delegated(from, delegate.acting, use, now);
  if (delegation === null) return null;

  const delegator = await grantorOf(delegation, ports);
  if (delegator === null) return null;
  return {
    principal: delegate.principal,
    person: delegator.person,
    acting: delegate.acting,
    handles: [...new Set([...delegator.handles, ...delegate.handles])],
    groups: delegator.groups,
    assurance: weaker(delegator.assurance, delegate.assurance),
    mandate: delegator.mandate,
  };
}
