import { bytesToHex } from "@noble/hashes/utils.js";
import type { ProposalRequest } from "../proposal/request.ts";
import type { Decision } from "../policy/decision.ts";
import { digestOf } from "../base/digest.ts";
import type { Rules } from "../policy/evaluate.ts";
import type { Payload } from "../proposal/payload.ts";
import { excludedHandles } from "../identity/people.ts";
import type { Principal } from "../identity/principal.ts";
import type { HttpWrite } from "../outbound/http-write.ts";
import type { CurrentBindings } from "./command.ts";
import type { RequestIdentity } from "./request-identity.ts";
import { intentDigest } from "./intent-digest.ts";
import type { Instant, IntentTerms } from "./state.ts";
import type { Voter } from "../identity/voter.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The configuration of a destination that the registry does not name. */
const UNREGISTERED = digestOf(null);

export interface IntentTermsInput {
  readonly id: string;
  readonly request: ProposalRequest;
  readonly payload: Payload;
  readonly identity: RequestIdentity;
  readonly decision: Decision;
  readonly proposer: Principal;
  readonly rules: Rules;
  readonly salt: Uint8Array;
  readonly keyed: boolean;
  readonly counted: boolean;
  /** True: whoever proposes waits for the answer and has it sent as soon as it is approved. */
  readonly attended: boolean;
  /** See `Terms.group`. */
  readonly group: string | null;
  /** Set when a reviewer changed what an agent proposed. */
  readonly edited: EditOrigin | null;
  readonly now: Instant;
}

/** Whose change of which intent another one is. */
export interface EditOrigin {
  readonly predecessor: string;
  readonly editor: Voter;
  /** True: the policy of the predecessor lets those who change it approve it as well. */
  readonly editorMayApprove: boolean;
  /** Handles of those who could not decide the predecessor: earlier editors among them wrote part of this, too. */
  readonly excluded: readonly string[];
}

/** Fixes, at proposal, everything an approval will be an approval of, and binds it in one digest. */
export function intentTerms(input: IntentTermsInput): IntentTerms {
  const {
    id,
    request,
    payload,
    identity,
    decision,
    proposer,
    rules,
    salt,
    keyed,
    counted,
    group,
    edited,
    now,
  } = input;
  const entry = rules.registry.destinations.get(request.destination);
  const { facts, policies, approval } = decision;
  const { payloadDigest, requestDigest, subject } = identity;
  const payloadName = payload.kind === "none" ? null : payload.name;
  const http = request.http ?? null;
  const bound = {
    id,
    agent: proposer.id,
    destination: request.destination,
    action: request.action,
    executor: decision.executor ?? entry?.executor ?? (http === null ? null : "forward"),
    payloadDigest,
    policies,
    configHash: entry?.configHash ?? UNREGISTERED,
    decideBy: now + decision.expiryMinutes * MINUTE_MS,
  };
  return {
    ...bound,
    policy: request.policy,
    runners: entry?.runners ?? [],
    claimRequired: entry?.claimRequired ?? false,
    proofRequired: entry?.proofRequired ?? false,
    idempotent: entry?.idempotent ?? false,
    sending: http === null ? null : sendingOf(http, bound.executor, input),
    digest: intentDigest({ ...bound, payloadName, facts, http, salt: bytesToHex(salt) }),
    requestDigest,
    subject,
    keyed,
    counted,
    createdAt: now,
    executionWindowMs: decision.executionWindowMinutes * MINUTE_MS,
    onNoResponse: decision.onNoResponse,
    heldByContent: decision.heldByContent,
    approval,
    escalate: decision.escalate,
    edit: decision.edit,
    predecessor: edited?.predecessor ?? null,
    editor: edited?.editor.acting ?? null,
    group,
    eraseBy: decision.retentionDays === null ? null : now + decision.retentionDays * DAY_MS,
    excluded: excludedFrom(input),
    risk: decision.risk,
    records: facts.records.effective,
    valueCents: facts.valueUsdCents.measured ?? facts.valueUsdCents.declared,
    outcome: decision.outcome,
    reasonCode: decision.reasonCode,
  };
}

/**
 * With no credential of its own Gate has to wait for the agent's: it is never kept. And what is approved while the agent
 * waits for the answer is the agent's to ask for: told that it failed it may make the same write anew, and Gate must not
 * make it as well.
 */
function sendingOf(
  { slot }: HttpWrite,
  executor: IntentTerms["executor"],
  { attended, decision }: IntentTermsInput,
): IntentTerms["sending"] {
  const isAgents = (slot === null && executor !== "gate") || (attended && decision.outcome === "approve");
  return isAgents ? "on_repeat" : "by_gate";
}

function excludedFrom({ proposer, decision, rules, edited }: IntentTermsInput): readonly string[] {
  const own = excludedHandles(proposer, decision.approval, rules.registry);
  if (edited === null) return own;
  return [...new Set([...own, ...edited.excluded, ...editorHandles(edited, decision)])];
}

/** Whoever changed the payload proposed it, and is as little their own approver as anybody. */
function editorHandles(edited: EditOrigin | null, { edit }: Decision): readonly string[] {
  if (edited === null || (edited.editorMayApprove && edit.editorMayApprove)) return [];
  return edited.editor.handles;
}

/** What is in force now for an intent: compared with what its approval was given under. */
export function currentBindings(terms: IntentTerms, rules: Rules): CurrentBindings {
  const policies = terms.policies.map(({ id }) => {
    const now = rules.policy(id);
    return { id, hash: now === undefined || "broken" in now ? "" : now.hash };
  });
  return {
    policies,
    configHash: rules.registry.destinations.get(terms.destination)?.configHash ?? UNREGISTERED,
  };
}
