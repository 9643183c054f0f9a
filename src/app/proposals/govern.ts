import { bytesToHex } from "@noble/hashes/utils.js";
import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { Decision } from "../../core/policy/decision.ts";
import { sha256Hex } from "../../core/base/digest.ts";
import {
  proposalEvaluator,
  historyNeeded,
  historyNeededToHold,
  type AgentScope,
  type Rules,
} from "../../core/policy/evaluate.ts";
import type { HistoryNeed } from "../../core/policy/history.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { requestIdentity, type RequestIdentity } from "../../core/intent/request-identity.ts";
import { intentTerms, type EditOrigin } from "../../core/intent/terms.ts";
import { shapeOf } from "../../core/proposal/measure/shape.ts";
import { canonicalJson } from "../../core/base/json.ts";
import { matchingSwitch } from "../../core/policy/kill-switch.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import type { Principal } from "../../core/identity/principal.ts";
import { applyTemplate } from "../../core/proposal/request-template.ts";
import { effectiveValueCents } from "../../core/policy/risk.ts";
import { useOf } from "../../core/intent/mandate.ts";
import type { Ports } from "../../ports/ports.ts";
import { applyStandingApprovals } from "../approvals/standing-approvals.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Reservation } from "../../ports/counters.ts";

/** A proposal as a door has parsed it. */
export interface ProposalInput {
  readonly request: ProposalRequest;
  readonly payload: Payload;
  /** The business key: one intent per agent and key, for ever. */
  readonly key: string | null;
  /** See `Proposal.attended`. */
  readonly attended?: boolean;
  /** Without a key: the id of the intent to create, so that a repeated request meets its first attempt. */
  readonly place?: string | null;
  /** Set for a reviewer's edit: the editor counts as the proposer, and the agent executes. */
  readonly edited?: EditOrigin;
}

export type Governed =
  | { readonly kind: "decided"; readonly state: IntentState; readonly decision: Decision }
  /**
   * The key was used before, or a policy recognised the payload: id and state are the first intent's. The state is
   * null while the first is still being created.
   */
  | { readonly kind: "duplicate"; readonly id: string; readonly state: IntentState | null }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export type GovernPorts = Pick<
  Ports,
  | "intents"
  | "rules"
  | "counters"
  | "switches"
  | "deriveToken"
  | "principals"
  | "mandates"
  | "linkedIdentities"
  | "settings"
>;

const SALT_BYTES = 32;

/** Hexadecimal: enough that no two groups of one deployment collide. */
const GROUP_CHARACTERS = 24;

const MINUTE_MS = 60_000;
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
  const templated = withTemplate(input, rules);
  const { request, payload } = templated;
  const place = input.place ?? null;
  const unkeyed = () => (place === null ? null : ports.intents.find(place)) ?? ports.intents.create();
  const intent = key === null ? unkeyed() : ports.intents.forKey(proposer.id, key);
  // Identified without the template: a repeat must be recognised even if the registry changed in between.
  const identity = await identify(input, ports);
  const { decision, counted } = await evaluate(templated, identity, scope, rules, ports, intent, now);

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
      group: groupOf(templated, proposer, decision, ports),
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
  return { kind: "decided", state: await applyStandingApprovals(intent, state, use, ports, now), decision };
}

/** Evaluates a proposal without recording or counting it. */
export async function rehearse(
  input: ProposalInput,
  proposer: Principal,
  ports: GovernPorts,
  now: number,
): Promise<Decision> {
  const [rules, scope] = await Promise.all([ports.rules.current(), scopeOf(proposer, input.request, ports)]);
  const { request, payload } = withTemplate(input, rules);
  const evaluateWith = proposalEvaluator(rules, scope, request, payload);
  const withoutHistory = evaluateWith(null);
  const need = needOf(withoutHistory, rules, scope, request);
  if (need === null) return withoutHistory;
  const reservation = reservationOf("", withoutHistory, input, await identify(input, ports), now);
  return evaluateWith(await ports.counters.of(proposer.id).peek(reservation, need));
}

/** The input with the HTTP request that Gate builds from the destination's template, if it has one. */
function withTemplate(input: ProposalInput, { registry }: Rules): ProposalInput {
  const { request, payload } = input;
  const entry = registry.destinations.get(request.destination);
  return entry?.execute ? { ...input, ...applyTemplate(request, payload, entry) } : input;
}

/** The digests by which Gate recognises a repeated request and a repeated payload. */
export async function identify(
  { request, payload }: Pick<ProposalInput, "request" | "payload">,
  { deriveToken }: Pick<GovernPorts, "deriveToken">,
): Promise<RequestIdentity> {
  const digest = payload.kind === "content" ? await digestOfBytes(payload.bytes) : null;
  return requestIdentity(request, payload, digest, (text) => deriveToken("subject", text));
}

/** Key of the group of similar held intents that a person may decide together; null: not held. */
function groupOf(
  { request, payload }: ProposalInput,
  proposer: Principal,
  decision: Decision,
  ports: GovernPorts,
) {
  if (decision.outcome !== "hold") return null;
  const policies = decision.policies.map(({ id }) => id);
  const alike = [
    proposer.id,
    request.destination,
    policies,
    decision.reasonCode,
    shapeOf(payload, decision.facts),
  ];
  return ports.deriveToken("group", canonicalJson(alike)).slice(0, GROUP_CHARACTERS);
}

/** From this size on Web Crypto hashes many times faster than JavaScript; below, awaiting it only costs time. */
const PLATFORM_HASH_BYTES = 64 * 1024;

/** SHA-256, lower-case hexadecimal. */
export async function digestOfBytes(bytes: Uint8Array): Promise<string> {
  if (bytes.length < PLATFORM_HASH_BYTES) return sha256Hex(bytes);
  return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}

/** The agent's own scope, with the kill switch that stops it at this destination now. */
async function scopeOf(
  proposer: Principal,
  request: ProposalRequest,
  { switches }: GovernPorts,
): Promise<AgentScope> {
  const stop = matchingSwitch(await switches.engaged("cached"), proposer.id, request.destination);
  return stop === null ? proposer : { ...proposer, stop };
}

interface Evaluated {
  readonly decision: Decision;
  /** True: the agent's counters hold a reservation for the intent. */
  readonly counted: boolean;
}

/**
 * Evaluates with the agent's counters where a policy needs them. The counters are read and the intent is counted in one
 * turn, so that concurrent proposals can't all pass on the same stale count (race).
 */
async function evaluate(
  input: ProposalInput,
  identity: RequestIdentity,
  scope: AgentScope,
  rules: Rules,
  ports: GovernPorts,
  intent: Intent,
  now: number,
): Promise<Evaluated> {
  const { request, payload, key } = input;
  const evaluateWith = proposalEvaluator(rules, scope, request, payload);
  const withoutHistory = evaluateWith(null);
  const need = needOf(withoutHistory, rules, scope, request);
  // A key that was used before returns its intent, whatever the policies say now, and counts nothing.
  if (need === null || (key !== null && (await intent.getState()) !== null)) {
    return { decision: withoutHistory, counted: false };
  }

  const counters = ports.counters.of(scope.id);
  const counts = need.windows.length > 0 || need.duplicateWithinMs !== null;
  const reservation = reservationOf(intent.id, withoutHistory, input, identity, now);
  const history = counts ? await counters.reserve(reservation, need) : await counters.peek(reservation, need);
  const decision = evaluateWith(history);
  const counted = counts && decision.outcome !== "block";
  if (counts && !counted) await counters.release(intent.id);
  return { decision, counted };
}

/** The history that the policies need; null: the proposal is blocked without it, or no policy counts. */
function needOf(
  withoutHistory: Decision,
  rules: Rules,
  scope: AgentScope,
  request: ProposalRequest,
): HistoryNeed | null {
  switch (withoutHistory.outcome) {
    case "block":
      return null;
    case "hold":
      return historyNeededToHold(rules, scope, request);
    case "approve":
      return historyNeeded(rules, scope, request);
  }
}

function reservationOf(
  id: string,
  withoutHistory: Decision,
  { request, edited }: ProposalInput,
  identity: RequestIdentity,
  now: number,
): Reservation {
  return {
    intent: id,
    destination: request.destination,
    subject: identity.subject,
    records: withoutHistory.facts.records.effective ?? 0,
    cents: effectiveValueCents(withoutHistory.facts) ?? 0,
    policies: [...withoutHistory.policies, ...withoutHistory.shadow.map(({ policy }) => policy)].map(
      ({ id: policy }) => policy,
    ),
    replaces: edited?.predecessor ?? null,
    lapsesAt: now + (withoutHistory.expiryMinutes + withoutHistory.executionWindowMinutes) * MINUTE_MS,
  };
}
