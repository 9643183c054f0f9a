import { canonicalJson } from "../../core/base/json.ts";
import { GATE } from "../../core/intent/event.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import { repeatHeader } from "../../core/intent/order-claims.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import { currentOrder, undoneClaims, type IntentState, type IntentTerms } from "../../core/intent/state.ts";
import type { Header } from "../../core/outbound/header-names.ts";
import { writeOutcome } from "../../core/outbound/write-outcome.ts";
import type { Destination, Upstream } from "../../core/registry/registry.ts";
import { approvalBlocker, type VoteFailure } from "../approvals/decide-intent.ts";
import { digestOfBytes } from "../proposals/govern.ts";
import { readUpTo } from "./read-head.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { CallFailure, UpstreamAnswer } from "../../ports/upstream.ts";
import type { CommandOutcome, Intent, StoredResponse, SendPermit } from "../../ports/intents.ts";

/** Result of an attempt to send a write. `Failure`: see `InlineExecution`. */
export type ExecutionResult<Failure = never> =
  /** The upstream responded, with any status; `state` is the intent's state after the report. */
  | {
      readonly kind: "answered";
      readonly state: IntentState;
      readonly response: StoredResponse;
      /** The response's bytes beyond the stored ones. */
      readonly rest: ReadableStream<Uint8Array> | null;
    }
  /** Nothing was sent: the order remains valid for another attempt. */
  | { readonly kind: "unsent"; readonly failure: CallFailure }
  /** The write was sent, and no response arrived: recorded as indeterminate. */
  | { readonly kind: "unknown"; readonly state: IntentState; readonly failure: CallFailure }
  /** The waiting agent's key was suspended or revoked meanwhile. */
  | { readonly kind: "unauthenticated"; readonly failure: Failure }
  | VoteFailure;

export type ExecutePorts = Pick<Ports, "callUpstream" | "rules" | "switches" | "principals" | "settings">;

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

/** A response that takes longer is recorded as truncated: the report has to be committed while the claim lasts. */
const MAX_READING_MS = 30_000;

/** Reserved of the claim's five minutes for fetching the credential and committing the report. */
const SPARE_MS = 30_000;

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
  const begun = await intent.beginSend(currentBindings(terms, rules), crypto.randomUUID(), held !== null);
  if (!begun.ok) return { kind: "refused", refusal: begun.error };
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
  const leftMs = claimEnds(sending) - Date.now() - MAX_READING_MS - SPARE_MS;
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
    const isInTime = Date.now() + timeoutMs + MAX_READING_MS < claimEnds(sending);
    return isInTime && last.check.ok && last.check.value === null;
  };
  const called = await ports.callUpstream({
    method: sending.http.method,
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
  if (called.ok) return answered(intent, sending, entry, called.value, ports);
  if (called.error.problem !== "stopped") return unanswered(intent, sending, called.error);
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

/** Undoes a claim under which nothing was sent, so that the next attempt may use the order. */
function unclaim(intent: Intent, { state, order }: SendPermit): Promise<Result<CommandOutcome, Refusal>> {
  const held = currentOrder(state);
  return intent.handle({ type: "unclaim", order, undone: held === undefined ? 0 : undoneClaims(held) });
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

async function answered(
  intent: Intent,
  { state, order, http }: SendPermit,
  { idempotent }: Destination,
  answer: UpstreamAnswer,
  { settings }: ExecutePorts,
): Promise<ExecutionResult> {
  const { head, isWhole, rest } = await readUpTo(answer.body, settings.maxResponseBytes, MAX_READING_MS);
  const { status, headers } = answer;
  const at = Date.now();
  const truncated = !isWhole || answer.withheld !== null;
  const response: StoredResponse = { status, headers, body: head, truncated, at };
  const result = canonicalJson({
    http_status: status,
    response_bytes: head.length,
    response_sha256: await digestOfBytes(head),
    truncated,
    provider_reference: referenceIn(headers),
  });
  const outcome = writeOutcome(status, idempotent, mayHaveBeenSent(state), http.idempotencyHeader !== null);
  const report = {
    type: "report",
    order,
    by: GATE,
    executedAt: at,
    result,
    proof: null,
    ...outcome,
  } as const;
  const finished = await intent.finishSend(report, response);
  if (finished.ok) return { kind: "answered", state: finished.value.state, response, rest };
  void rest?.cancel().catch(() => undefined);
  return { kind: "refused", refusal: finished.error };
}

/** True where an earlier order may have led to the write. */
function mayHaveBeenSent({ orders }: IntentState): boolean {
  return orders.slice(0, -1).some(({ claim, report }) => claim !== null && report?.outcome !== "failed");
}

async function unanswered(
  intent: Intent,
  sending: SendPermit,
  failure: CallFailure,
): Promise<ExecutionResult> {
  const { order } = sending;
  if (!failure.sent) {
    const undone = await unclaim(intent, sending);
    return undone.ok ? { kind: "unsent", failure } : { kind: "refused", refusal: undone.error };
  }
  const result = canonicalJson({ problem: failure.problem });
  const finished = await intent.finishSend(
    {
      type: "report",
      order,
      by: GATE,
      outcome: "indeterminate",
      retryable: false,
      executedAt: null,
      result,
      proof: null,
    },
    null,
  );
  if (!finished.ok) return { kind: "refused", refusal: finished.error };
  return { kind: "unknown", state: finished.value.state, failure };
}

/** Response headers with the provider's id of the request, which its support needs from an operator. */
const REFERENCES = [
  "request-id",
  "x-request-id",
  "x-github-request-id",
  "x-slack-req-id",
  "x-hubspot-correlation-id",
  "x-zendesk-request-id",
  "twilio-request-id",
  "x-amzn-requestid",
  "x-correlation-id",
] as const;

function referenceIn(headers: readonly Header[]): string | null {
  for (const name of REFERENCES) {
    const value = headers.find(([header]) => header === name)?.[1];
    if (value !== undefined) return value.slice(0, 200);
  }
  return null;
}
