import { currentBindings } from "../../core/intent/terms.ts";
import { repeatHeader } from "../../core/intent/provider-idempotency.ts";
import { currentOrder, type IntentTerms } from "../../core/intent/state.ts";
import type { Header } from "../../core/outbound/header-names.ts";
import type { Destination, Upstream } from "../../core/registry/registry.ts";
import { isBoundCredential } from "./agent-credential.ts";
import { approvalBlocker, type VoteFailure } from "../approvals/decide-intent.ts";
import { approvalLapse, type RecountPorts } from "../approvals/recount.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import { approvedAgain } from "./unless-stopped.ts";
import { digestOfBytes } from "../digest-bytes.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Intent, SendPermit } from "../../ports/intents.ts";
import { readingLimitMs, recordNoResponse, recordResponse, unclaim, type SendResult } from "./record-send.ts";

/** Result of an attempt to send a write. `Failure`: see `InlineExecution`. */
export type ExecutionResult<Failure = never> =
  | SendResult
  /** The waiting agent's key was suspended or revoked meanwhile. */
  | { readonly kind: "unauthenticated"; readonly failure: Failure }
  | VoteFailure;

export type ExecutePorts = Pick<
  Ports,
  | "callUpstream"
  | "rules"
  | "switches"
  | "principals"
  | "settings"
  | "acceptedTokens"
  | "deriveToken"
  | "turns"
> &
  RecountPorts;

/** A write whose agent waits for the outcome. `Failure` is the door's own type, returned unchanged. */
export interface InlineExecution<Failure = never> {
  /** As the door has read them: an intent's terms never change, so the object is not read again. */
  readonly terms: IntentTerms;
  /** The agent's own credentials, where Gate injects none: forwarded, and never stored. */
  readonly agentCredentials: readonly Header[];
  /** The payload as it came with the request; null: the intent's object has it. */
  readonly body: Uint8Array | null;
  readonly reauthenticate: () => Promise<Result<void, Failure>>;
}

/** Share of the claim that is reserved for fetching the credential and committing the report. */
const SPARE_SHARE = 0.1;

/**
 * Sends an approved write, once. Kill switches, the proposer's status and the agent's key are read afresh; then
 * order and claim go on the ledger, before a credential is fetched or a byte leaves. Of concurrent calls one sends.
 */
export async function executeWrite<Failure = never>(
  intent: Intent,
  ports: ExecutePorts,
  inline: InlineExecution<Failure> | null = null,
): Promise<ExecutionResult<Failure>> {
  const terms = inline?.terms ?? (await intent.getState())?.terms;
  if (terms === undefined) return { kind: "refused", refusal: { reason: "not_found" } };
  const [blocker, rules, held, authenticated] = await Promise.all([
    approvalBlocker(terms, ports),
    ports.rules.current(),
    bodyOf(terms, inline?.body ?? null),
    inline === null ? ok(undefined) : inline.reauthenticate(),
  ]);
  if (!authenticated.ok) return { kind: "unauthenticated", failure: authenticated.error };
  if (blocker !== null) return blocker;
  if (!isBoundCredential(terms, inline?.agentCredentials ?? [], ports)) {
    return { kind: "refused", refusal: { reason: "credential_changed" } };
  }
  const lapse = await approvalLapseOf(intent, terms, ports);
  if (lapse !== null) return { kind: "refused", refusal: lapse };
  const begun = await intent.beginSend(currentBindings(terms, rules), crypto.randomUUID(), held !== null);
  if (!begun.ok) {
    const again = begun.error.reason === "approval_stale" ? await approvedAgain(intent, terms, ports) : null;
    if (again === null) return { kind: "refused", refusal: begun.error };
    return executeWrite(intent, ports, inline === null ? null : { ...inline, terms: again });
  }
  const sending = begun.value;
  const entry = rules.registry.destinations.get(terms.destination);
  const body = held ?? (await bodyOf(terms, sending.body));
  if (!entry?.upstream) {
    await unclaim(intent, sending);
    throw new Error("invariant: the destination of a claimed write has an upstream");
  }
  if (body === null && terms.payloadDigest !== null) {
    await unclaim(intent, sending);
    throw new Error("invariant: the payload of a claimed write has the approved digest");
  }
  const own = forwardsAgentCredentials(sending) ? (inline?.agentCredentials ?? []) : [];
  return sendClaimed(intent, sending, { entry, upstream: entry.upstream, body, own }, ports);
}

/** What policy approves at once has no votes, and its object is not read for them. */
async function approvalLapseOf(
  intent: Intent,
  { outcome }: IntentTerms,
  ports: RecountPorts,
): Promise<Refusal | null> {
  const state = outcome === "hold" ? await intent.getState() : null;
  return state === null ? null : approvalLapse(intent, state, ports);
}

/** Destination and content of a claimed write. */
interface Outbound {
  readonly entry: Destination;
  readonly upstream: Upstream;
  readonly body: Uint8Array | null;
  readonly own: readonly Header[];
}

/** Sends a claimed write and records the outcome; undoes the claim where certainly nothing was sent. */
async function sendClaimed(
  intent: Intent,
  sending: SendPermit,
  { entry, upstream, body, own }: Outbound,
  ports: ExecutePorts,
): Promise<ExecutionResult> {
  const { terms } = sending.state;
  const readingMs = readingLimitMs(ports.settings);
  const spareMs = ports.settings.timeLimits.claimMs * SPARE_SHARE;
  const leftMs = claimEnds(sending) - Date.now() - readingMs - spareMs;
  if (leftMs <= 0) {
    await unclaim(intent, sending);
    return { kind: "refused", refusal: { reason: "ledger_unavailable" } };
  }
  const timeoutMs = Math.min(upstream.timeoutMs, leftMs);
  // Checked again after the vault, which may be slow: an operator who got the confirmation of a kill switch must see
  // nothing sent after that.
  const last: { check: Result<VoteFailure | null, unknown> } = { check: ok(null) };
  const mayGo = async () => {
    last.check = await approvalBlocker(terms, ports).then(ok, err);
    const isInTime = Date.now() + timeoutMs + readingMs < claimEnds(sending);
    return isInTime && last.check.ok && last.check.value === null;
  };
  const called = await ports.callUpstream({
    method: sending.http.method,
    reader: null,
    url: sending.http.url,
    headers: sentHeaders(sending),
    agentCredentials: own,
    body,
    passesThrough: false,
    credential: entry.credential,
    timeoutMs,
    allowPrivate: upstream.allowPrivate,
    mayGo,
  });
  if (called.ok) return recordResponse(intent, sending, entry, called.value, ports);
  if (called.error.problem !== "stopped") return recordNoResponse(intent, sending, called.error);
  await unclaim(intent, sending);
  if (!last.check.ok) throw last.check.error;
  return last.check.value ?? { kind: "refused", refusal: { reason: "ledger_unavailable" } };
}

/** The bytes if they have the approved digest, else null: every body is hashed again before it is sent. */
async function bodyOf({ payloadDigest }: IntentTerms, bytes: Uint8Array | null): Promise<Uint8Array | null> {
  return bytes !== null && (await digestOfBytes(bytes)) === payloadDigest ? bytes : null;
}

/** When the claim ends: a later send could duplicate the write of a person or attempt that took it over. */
function claimEnds({ state }: SendPermit): number {
  return currentOrder(state)?.claim?.expiresAt ?? 0;
}

/** The approved headers, and the idempotency key by which the provider recognises a repeat. */
function sentHeaders({ http, state }: SendPermit): readonly Header[] {
  const repeat = repeatHeader(http, state.terms.id);
  return repeat === null ? http.headers : [...http.headers, repeat];
}

/**
 * The agent's credential is forwarded only where Gate injects none and the write is sent on the agent's own connection.
 * A queued send must not depend on which caller triggered it.
 */
function forwardsAgentCredentials({ http, state }: SendPermit): boolean {
  return http.slot === null && state.terms.sending === "on_repeat";
}
