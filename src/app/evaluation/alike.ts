import { canonicalJson } from "../../core/base/json.ts";
import type { Decision } from "../../core/policy/decision.ts";
import { shapeOf } from "../../core/proposal/measure/shape.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import type { ProposalRequest } from "../../core/proposal/request.ts";

/** Hexadecimal: enough that no two groups or shapes of one deployment collide. */
const KEY_CHARACTERS = 24;

/** By which intents are found that a reviewer would call alike. */
export interface Likeness {
  /** See `IntentTerms.group`. */
  readonly group: string | null;
  /** See `IntentTerms.shapes`. */
  readonly shapes: readonly [string, ...string[]];
}

export function likenessOf(
  { request, payload }: { readonly request: ProposalRequest; readonly payload: Payload },
  agent: string,
  decision: Decision,
  { deriveToken, acceptedTokens }: Pick<Ports, "deriveToken" | "acceptedTokens">,
): Likeness {
  const { destination, action } = request;
  const shape = shapeOf(payload, decision.facts);
  const policies = decision.policies.map(({ id }) => id);
  const alike = canonicalJson([agent, destination, policies, decision.reasonCode, shape]);
  const [current, ...earlier] = acceptedTokens("shape", canonicalJson([agent, destination, action, shape]));
  return {
    group: decision.outcome === "hold" ? short(deriveToken("group", alike)) : null,
    shapes: [short(current), ...earlier.map(short)],
  };
}

function short(digest: string): string {
  return digest.slice(0, KEY_CHARACTERS);
}
