import { bytesToHex } from "@noble/hashes/utils.js";
import type { Ask } from "./core/ask.ts";
import type { Decision } from "./core/decision.ts";
import { digestOf, sha256Hex } from "./core/digest.ts";
import { decideIntent, type Rules } from "./core/evaluate/decide-intent.ts";
import { intentDigest } from "./core/intent/intent-digest.ts";
import type { Refusal } from "./core/intent/refusal.ts";
import type { IntentState, Terms } from "./core/intent/state.ts";
import type { Payload } from "./core/payload.ts";
import { excludedHandles } from "./core/people.ts";
import type { Principal } from "./core/principal.ts";
import type { Ports } from "./ports.ts";

/** What a door makes of whatever came in through it. */
export interface GovernRequest {
  readonly ask: Ask;
  readonly payload: Payload;
  /** The business key: one intent per agent and key, for ever. */
  readonly key: string | null;
}

export type Governed =
  | { readonly kind: "decided"; readonly state: IntentState; readonly decision: Decision }
  /** The key was used before; the state is the first intent's. */
  | { readonly kind: "duplicate"; readonly state: IntentState }
  | { readonly kind: "refused"; readonly refusal: Refusal };

const SALT_BYTES = 32;
const MINUTE_MS = 60_000;
const NO_BYTES = new Uint8Array();

/**
 * The one use case: an agent asks, policy decides, the intent's object makes it true. Every door calls this and
 * has no rules of its own.
 */
export async function govern(
  { ask, payload, key }: GovernRequest,
  proposer: Principal,
  ports: Pick<Ports, "intents" | "rules">,
  now: number,
): Promise<Governed> {
  const rules = await ports.rules.current();
  const decision = decideIntent(rules, proposer, ask, payload, null);
  await ports.rules.keep(decision.policies.map(({ hash }) => hash));

  const intent = key === null ? ports.intents.fresh() : ports.intents.keyed(proposer.id, key);
  const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
  const keyed = key !== null;
  const terms = termsOf({ id: intent.id, ask, payload, decision, proposer, rules, salt, keyed, now });
  const reply = await intent.propose({
    terms,
    salt,
    ask: JSON.stringify({ ...ask, key }),
    decision: JSON.stringify(decision),
    payload: {
      kind: payload.kind,
      bytes: payload.kind === "content" ? payload.bytes : NO_BYTES,
      name: payload.kind === "none" ? null : payload.name,
      mediaType: payload.kind === "content" ? payload.mediaType : null,
    },
  });
  if (!reply.ok) return { kind: "refused", refusal: reply.error };
  const { repeated, state } = reply.value;
  return repeated ? { kind: "duplicate", state } : { kind: "decided", state, decision };
}

/** The same decision with nothing recorded. */
export async function rehearse(
  { ask, payload }: GovernRequest,
  proposer: Principal,
  ports: Pick<Ports, "rules">,
): Promise<Decision> {
  return decideIntent(await ports.rules.current(), proposer, ask, payload, null);
}

interface TermsInput {
  readonly id: string;
  readonly ask: Ask;
  readonly decision: Decision;
  readonly proposer: Principal;
  readonly rules: Rules;
  readonly payload: Payload;
  readonly salt: Uint8Array;
  readonly keyed: boolean;
  readonly now: number;
}

function termsOf({ id, ask, payload, decision, proposer, rules, salt, keyed, now }: TermsInput): Terms {
  const entry = rules.registry.destinations.get(ask.destination);
  const { facts, policies, approval } = decision;
  const bound = {
    id,
    agent: proposer.id,
    destination: ask.destination,
    action: ask.action,
    executor: decision.executor ?? entry?.executor ?? null,
    payloadDigest: digestOfPayload(payload),
    payloadName: payload.kind === "none" ? null : payload.name,
    policies,
    configHash: entry?.configHash ?? UNREGISTERED,
    decideBy: now + decision.expiryMinutes * MINUTE_MS,
  };
  const { payloadName: _, ...stored } = bound;
  return {
    ...stored,
    policy: ask.policy,
    runners: entry?.runners ?? [],
    claimRequired: entry?.claimRequired ?? false,
    idempotent: entry?.idempotent ?? false,
    digest: intentDigest({ ...bound, facts, salt: bytesToHex(salt) }),
    requestDigest: digestOf({ ask, payload: [payload.kind, bound.payloadName, bound.payloadDigest] }),
    keyed,
    createdAt: now,
    executionWindowMs: decision.executionWindowMinutes * MINUTE_MS,
    onNoResponse: decision.onNoResponse,
    heldByContent: decision.heldByContent,
    approval,
    excluded: excludedHandles(proposer, approval, rules.registry),
    risk: decision.risk,
    records: facts.records.effective,
    valueCents: facts.valueUsdCents.measured ?? facts.valueUsdCents.declared,
    outcome: decision.outcome,
    reasonCode: decision.reasonCode,
  };
}

/** The configuration of a destination that the registry does not name. */
const UNREGISTERED = digestOf(null);

/** What is in force now for an intent: compared with what its approval was given under. */
export function inForceFor(terms: Terms, rules: Rules) {
  const policies = terms.policies.map(({ id }) => {
    const now = rules.policy(id);
    return { id, hash: now === undefined || "broken" in now ? "" : now.hash };
  });
  return {
    policies,
    configHash: rules.registry.destinations.get(terms.destination)?.configHash ?? UNREGISTERED,
  };
}

function digestOfPayload(payload: Payload): string | null {
  switch (payload.kind) {
    case "none":
      return null;
    case "content":
      return sha256Hex(payload.bytes);
    case "reference":
      return payload.sha256;
  }
}
