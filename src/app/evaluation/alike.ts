import { canonicalJson } from "../../core/base/json.ts";
import type { Decision } from "../../core/policy/decision.ts";
import { shapeOf } from "../../core/proposal/measure/shape.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import type { ProposalRequest } from "../../core/proposal/request.ts";

/** Hexadecimal: enough that no two groups of one deployment collide. */
const GROUP_CHARACTERS = 24;

/** Key of the group of similar held intents that a person may decide together; null: not held. */
export function groupOf(
  { request, payload }: { readonly request: ProposalRequest; readonly payload: Payload },
  agent: string,
  decision: Decision,
  ports: Pick<Ports, "deriveToken">,
): string | null {
  if (decision.outcome !== "hold") return null;
  const policies = decision.policies.map(({ id }) => id);
  const alike = [agent, request.destination, policies, decision.reasonCode, shapeOf(payload, decision.facts)];
  return ports.deriveToken("group", canonicalJson(alike)).slice(0, GROUP_CHARACTERS);
}
