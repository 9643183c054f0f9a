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

/** What a door makes of whatever came in through it. */
export interface ProposalInput {
  readonly request: ProposalRequest;
  readonly payload: Payload;
  /** The business key: one intent per agent and key, for ever. */
  readonly key: string | null;
  /** See `Proposal.attended`. */
  readonly attended?: boolean;
  /** Without a key: the id of the unused intent it is made in, where a repeat must meet its first attempt. */
  readonly place?: string | null;
  /** Set when a reviewer changed what an agent proposed: the editor is the proposer, the agent carries it out. */
  readonly edited?: EditOrigin;
}

export type Governed =
  | { readonly kind: "decided"; readonly state: IntentState; readonly decision: Decision }
  /**
   * The key was used before, or a policy knows the payload: the id and state are the first intent's. The state is
   * null when the first is only now being made.
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

/** Hexadecimal: enough that no two kinds of intent of one deployment meet. */
const GROUP_CHARACTERS = 24;

const MINUTE_MS = 60_000;
const NO_BYTES = new Uint8Array();

/**
 * The one use case: an agent asks, policy decides, the intent's object makes it true. Every door calls this and
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
  const made = withTemplate(input, rules);
  const { request, payload } = made;
  const place = input.place ?? null;
  const unkeyed = () => (place === null ? null : ports.intents.find(place)) ?? ports.intents.create();
  const intent = key === null ? unkeyed() : ports.intents.forKey(proposer.id, key);
  // Of what was asked: a repeat is the same whatever the registry makes of it meanwhile.
  const identity = await identify(input, ports);
  const { decision, counted } = await evaluate(made, identity, scope, rules, ports, intent, now);

  // A change that somebody made is recorded where they were told it would be, whatever came before it.
  const isRepeat = decision.reasonCode === "duplicate_blocked" && input.edited === undefined;
  const first = isRepeat ? decision.history?.duplicateOf : null;
  if (first) {
    const state = (await ports.intents.find(first.intentId)?.repeated(proposer.id)) ?? null;
    if (state !== null) return { kind: "duplicate", id: first.intentId, state };
    // The first is counted and not yet made: this attempt is recorded as a blocked intent of its own.
  }

  await ports.rules.keep(decision.policies.map(({ hash }) => hash));
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
      group: groupOf(made, proposer, decision, ports),
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

/** The same decision with nothing recorded and nothing counted. */
export async function rehearse(
  input: ProposalInput,
  proposer: Principal,
  ports: GovernPorts,
  now: number,
): Promise<Decision> {
  const [rules, scope] = await Promise.all([ports.rules.current(), scopeOf(proposer, input.request, ports)]);
  const { request, payload } = withTemplate(input, rules);
  const decideWith = proposalEvaluator(rules, scope, request, payload);
  const bare = decideWith(null);
  const need = needOf(bare, rules, scope, request);
  if (need === null) return bare;
  const reservation = reservationOf("", bare, input, await identify(input, ports), now);
  return decideWith(await ports.counters.of(proposer.id).peek(reservation, need));
}

/** With the request that Gate makes of it itself, where the destination says how. */
function withTemplate(input: ProposalInput, { registry }: Rules): ProposalInput {
  const { request, payload } = input;
  const entry = registry.destinations.get(request.destination);
  return entry?.execute ? { ...input, ...applyTemplate(request, payload, entry) } : input;
}

/** What a request is known again by. */
export async function identify(
  { request, payload }: Pick<ProposalInput, "request" | "payload">,
  { deriveToken }: Pick<GovernPorts, "deriveToken">,
): Promise<RequestIdentity> {
  const digest = payload.kind === "content" ? await digestOfBytes(payload.bytes) : null;
  return requestIdentity(request, payload, digest, (text) => deriveToken("subject", text));
}

/** Names what a held intent has in common with others that a person could decide together. */
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

/** From here on the platform hashes many times faster than code does, and below it costs a turn for nothing. */
const PLATFORM_HASH_BYTES = 64 * 1024;

/** SHA-256, lower-case hexadecimal. */
export async function digestOfBytes(bytes: Uint8Array): Promise<string> {
  if (bytes.length < PLATFORM_HASH_BYTES) return sha256Hex(bytes);
  return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}

/** What the agent may do now: its own scope, and the kill switch that stops it at this destination. */
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
 * Decides, with the agent's counters where a policy asks for them. The intent is counted before it is decided,
 * in the same turn as the counters are read, so that of many at once none is decided on a number that is old.
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
  const decideWith = proposalEvaluator(rules, scope, request, payload);
  const bare = decideWith(null);
  const need = needOf(bare, rules, scope, request);
  // A key that was used before is answered by its intent, whatever would be decided now, and counts nothing.
  if (need === null || (key !== null && (await intent.getState()) !== null)) {
    return { decision: bare, counted: false };
  }

  const counters = ports.counters.of(scope.id);
  const counts = need.windows.length > 0 || need.duplicateWithinMs !== null;
  const reservation = reservationOf(intent.id, bare, input, identity, now);
  const history = counts ? await counters.reserve(reservation, need) : await counters.peek(reservation, need);
  const decision = decideWith(history);
  const counted = counts && decision.outcome !== "block";
  if (counts && !counted) await counters.release(intent.id);
  return { decision, counted };
}

/** Nothing is asked of the counters for what is blocked without them, nor where no policy counts. */
function needOf(
  bare: Decision,
  rules: Rules,
  scope: AgentScope,
  request: ProposalRequest,
): HistoryNeed | null {
  switch (bare.outcome) {
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
  bare: Decision,
  { request, edited }: ProposalInput,
  identity: RequestIdentity,
  now: number,
): Reservation {
  return {
    intent: id,
    destination: request.destination,
    subject: identity.subject,
    records: bare.facts.records.effective ?? 0,
    cents: effectiveValueCents(bare.facts) ?? 0,
    policies: [...bare.policies, ...bare.shadow.map(({ policy }) => policy)].map(({ id: policy }) => policy),
    replaces: edited?.predecessor ?? null,
    lapsesAt: now + (bare.expiryMinutes + bare.executionWindowMinutes) * MINUTE_MS,
  };
}
