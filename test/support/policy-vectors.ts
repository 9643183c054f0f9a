import type { ProposalRequest } from "../../src/core/proposal/request.ts";
import { evaluateProposal } from "../../src/core/policy/evaluate.ts";
import type { AgentScope, Rules } from "../../src/core/policy/evaluate.ts";
import type { History } from "../../src/core/policy/history.ts";
import type { Payload } from "../../src/core/proposal/payload.ts";
import type { Policy } from "../../src/core/policy/policy.ts";
import { parsePolicy } from "../../src/config/policy/parse.ts";
import { EMPTY_LOCAL_REGISTRY, parseRegistry } from "../../src/config/registry/parse.ts";

/** One file of test/vectors/policies: rules as texts, inputs and what must be answered. See its README. */
export interface VectorFile {
  readonly policies: Readonly<Record<string, string>>;
  readonly registry: string | null;
  readonly cases: readonly VectorCase[];
}

export interface VectorCase {
  readonly agent: AgentScope;
  // oxlint-disable-next-line gate/banned-names -- The field's name in the recorded vectors.
  readonly ask: ProposalRequest;
  readonly payload: VectorPayload;
  readonly history: History | null;
  readonly expect: Expected;
}

export type VectorPayload =
  | { readonly kind: "none" }
  | { readonly kind: "reference"; readonly name: string }
  | { readonly kind: "content"; readonly base64: string; readonly name: string | null };

export interface Expected {
  readonly outcome: string;
  readonly reason_code: string;
  readonly remedy: string | null;
  readonly risk: number;
  readonly expiry_minutes: number;
  readonly held_by_content: boolean;
  /** `policy rule outcome`, in the order of evaluation. */
  readonly trace: readonly string[];
}

export function rulesOf({ policies, registry }: Pick<VectorFile, "policies" | "registry">): Rules {
  const known = new Map<string, Policy>();
  for (const [id, text] of Object.entries(policies)) {
    const parsed = parsePolicy(`${id}.yaml`, text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    known.set(id, parsed.value);
  }
  const parsed = registry === null ? null : parseRegistry("gate.yaml", registry, "allow");
  if (parsed?.ok === false) throw new Error(JSON.stringify(parsed.error));
  return { registry: parsed?.value ?? EMPTY_LOCAL_REGISTRY, policy: (id) => known.get(id) };
}

export function answerTo(
  rules: Rules,
  { agent, ask: request, payload, history }: Omit<VectorCase, "expect">,
): Expected {
  const decision = evaluateProposal(rules, agent, request, payloadOf(payload), history);
  return {
    outcome: decision.outcome,
    reason_code: decision.reasonCode,
    remedy: decision.remedy,
    risk: decision.risk.score,
    expiry_minutes: decision.expiryMinutes,
    held_by_content: decision.heldByContent,
    trace: decision.trace.map(({ policy, rule, outcome }) => `${policy} ${rule} ${outcome}`.trim()),
  };
}

function payloadOf(payload: VectorPayload): Payload {
  switch (payload.kind) {
    case "none":
      return payload;
    case "reference":
      return { kind: "reference", name: payload.name, sha256: null, rows: null };
    case "content":
      return {
        kind: "content",
        bytes: new Uint8Array(Buffer.from(payload.base64, "base64")),
        name: payload.name,
        mediaType: null,
      };
  }
}
