import { bytesToHex } from "@noble/hashes/utils.js";
import type { ProposalRequest } from "../proposal/request.ts";
import type { Decision } from "../policy/decision.ts";
import { digestOf } from "../base/digest.ts";
import type { Rules } from "../policy/evaluate.ts";
import { isProfileId, profileFieldsHash, profileProblems } from "../policy/rules/profiles.ts";
import type { Payload } from "../proposal/payload.ts";
import { excludedHandles } from "../identity/people.ts";
import type { Principal } from "../identity/principal.ts";
import type { HttpWrite } from "../outbound/http-write.ts";
import type { CurrentBindings } from "./command.ts";
import type { RequestIdentity } from "./request-identity.ts";
import { intentDigest, RECORD_VERSION } from "./intent-digest.ts";
import type { Instant, IntentTerms } from "./state.ts";
import type { Voter } from "../identity/voter.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The configuration hash of a destination that the registry does not name. */
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
  /** True: the agent's connection waits for the outcome and sends the write once it is approved. */
  readonly attended: boolean;
  /** See `IntentTerms.group`. */
  readonly group: string | null;
  /** See `IntentTerms.shapes`. */
  readonly shapes: readonly string[];
  /** Set when a reviewer edited an agent's proposal. */
  readonly edited: EditOrigin | null;
  /** When it was proposed. */
  readonly now: Instant;
  /** The deadline can't be later; absent: it is the policies'. */
  readonly decideByAtMost?: Instant;
}

/** The edit that created a successor. */
export interface EditOrigin {
  readonly predecessor: string;
  readonly editor: Voter;
  /** True: the predecessor's policies let an editor approve the successor. */
  readonly editorMayApprove: boolean;
  /** Handles excluded from the predecessor: they include earlier editors, who wrote part of this payload too. */
  readonly excluded: readonly string[];
}

/** Fixes, at proposal, everything that an approval binds, under one digest. */
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
    shapes,
    edited,
    now,
  } = input;
  const entry = rules.registry.destinations.get(request.destination);
  const { facts, policies, approval } = decision;
  const { payloadDigest, requestDigest, subjects } = identity;
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
    decideBy: Math.min(now + decision.expiryMinutes * MINUTE_MS, input.decideByAtMost ?? Infinity),
  };
  return {
    ...bound,
    policy: request.policy,
    runners: entry?.runners ?? [],
    claimRequired: entry?.claimRequired ?? false,
    proofRequired: entry?.proofRequired ?? false,
    idempotent: entry?.idempotent ?? false,
    sending: http === null ? null : sendingOf(http, bound.executor, input),
    ...(http?.credential !== undefined && { credential: http.credential }),
    ...(facts.type !== null && { payloadType: facts.type }),
    ...profileOf(request),
    recordVersion: RECORD_VERSION,
    digest: intentDigest({ ...bound, payloadName, facts, http, salt: bytesToHex(salt) }),
    requestDigest,
    subject: subjects[0],
    ...(subjects.length > 1 && { earlierSubjects: subjects.slice(1) }),
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
    shapes,
    eraseBy: decision.retentionDays === null ? null : now + decision.retentionDays * DAY_MS,
    excluded: excludedFrom(input),
    risk: decision.risk,
    records: facts.records.effective,
    valueCents: facts.valueUsdCents.measured ?? facts.valueUsdCents.declared,
    outcome: decision.outcome,
    reasonCode: decision.reasonCode,
  };
}

/** A profile that the metadata does not fit is blocked, and no part of the terms. */
function profileOf({ profile, metadata }: ProposalRequest): Pick<IntentTerms, "profile"> {
  if (profile === null || !isProfileId(profile) || profileProblems(profile, metadata).length > 0) return {};
  return { profile: { id: profile, fieldsHash: profileFieldsHash(profile, metadata) } };
}

/**
 * Without an injected credential the write needs the agent's, which Gate never stores, so it goes out on the agent's
 * connection. A write that policy approves while the agent waits goes out there too: an agent that gets an error may
 * repeat it as a new write, and a send by Gate as well would write twice.
 */
function sendingOf(
  { slot }: HttpWrite,
  executor: IntentTerms["executor"],
  { attended, decision }: IntentTermsInput,
): IntentTerms["sending"] {
  const needsAgentConnection =
    (slot === null && executor !== "gate") || (attended && decision.outcome === "approve");
  return needsAgentConnection ? "on_repeat" : "by_gate";
}

function excludedFrom({ proposer, decision, rules, edited }: IntentTermsInput): readonly string[] {
  const own = excludedHandles(proposer, decision.approval, rules.registry);
  if (edited === null) return own;
  return [...new Set([...own, ...edited.excluded, ...editorHandles(edited, decision)])];
}

/** An editor co-authored the proposal, so the ban on self-approval covers them unless both policies allow it. */
function editorHandles(edited: EditOrigin | null, { edit }: Decision): readonly string[] {
  if (edited === null || (edited.editorMayApprove && edit.editorMayApprove)) return [];
  return edited.editor.handles;
}

/** The intent's policies and destination entry as of now, to compare with those its approval binds. */
export function currentBindings(terms: IntentTerms, rules: Rules): CurrentBindings {
  const policies = terms.policies.map(({ id }) => {
    const now = rules.policy(id);
    return now === undefined || "broken" in now ? { id, hash: "" } : now.ref;
  });
  return {
    policies,
    configHash: rules.registry.destinations.get(terms.destination)?.configHash ?? UNREGISTERED,
  };
}
