import { canonicalJson } from "../../core/base/json.ts";
import { GATE } from "../../core/intent/event.ts";
import { inForceFor } from "../../core/intent/terms.ts";
import { repeatHeader } from "../../core/intent/order-claims.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import { currentOrder, undoneClaims, type IntentState, type Terms } from "../../core/intent/state.ts";
import type { Header } from "../../core/outbound/header-names.ts";
import { writeOutcome } from "../../core/outbound/write-outcome.ts";
import type { Destination } from "../../core/registry/registry.ts";
import { obstacleTo, type Undecided } from "../approvals/decide-intent.ts";
import { digestOfBytes } from "../proposals/govern.ts";
import { readBeginning } from "./read-head.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { CallFailure, UpstreamAnswer } from "../../ports/upstream.ts";
import type { Acted, Intent, KeptResponse, Sending } from "../../ports/intents.ts";

/** What became of a write that Gate was to send. */
export type CarriedOut =
  /** The upstream answered, whatever it said; `state` says what that makes of the write. */
  | {
      readonly kind: "answered";
      readonly state: IntentState;
      readonly response: KeptResponse;
      /** The answer's bytes beyond those that are kept. */
      readonly rest: ReadableStream<Uint8Array> | null;
    }
  /** Nothing was sent: the order stands, and it can be tried again. */
  | { readonly kind: "unsent"; readonly failure: CallFailure }
  /** It was sent, and no answer came: recorded as indeterminate. */
  | { readonly kind: "unknown"; readonly state: IntentState; readonly failure: CallFailure }
  | Undecided;

export type CarryPorts = Pick<Ports, "call" | "rules" | "switches" | "principals" | "settings">;

/** A write whose agent waits for what comes of it, and what came with its request. */
export interface Attended {
  /** They never change. */
  readonly terms: Terms;
  /** The agent's own credentials, where Gate has none: they are sent and kept nowhere. */
  readonly own: readonly Header[];
  /** The payload, unless a reviewer changed it; null: the request had none. */
  readonly body: Uint8Array | null;
  /** Throws what the agent is told when its key has been stopped meanwhile. */
  readonly admitAgain: () => Promise<void>;
}

/** An answer that is not whole by then is recorded as it is: the report has to come while the claim lasts. */
const MAX_READING_MS = 30_000;

/** Of the claim's five minutes, for fetching the credential and for committing what came of it. */
const SPARE_MS = 30_000;

/**
 * Sends an approved write, once. Who may not, or not any more, is looked at afresh; then it is ordered and claimed, on
 * the ledger, before a credential is fetched or a byte leaves. Of any number of calls at once one sends.
 */
export async function carryOut(
  intent: Intent,
  ports: CarryPorts,
  attended: Attended | null = null,
): Promise<CarriedOut> {
  const terms = attended?.terms ?? (await intent.look())?.terms;
  if (terms === undefined) return { kind: "refused", refusal: { reason: "not_found" } };
  const [obstacle, rules, held] = await Promise.all([
    obstacleTo(terms, ports),
    ports.rules.current(),
    bodyOf(terms, attended?.body ?? null),
    attended?.admitAgain(),
  ]);
  if (obstacle !== null) return obstacle;
  const begun = await intent.begin(inForceFor(terms, rules), crypto.randomUUID(), held !== null);
  if (!begun.ok) return { kind: "refused", refusal: begun.error };
  const sending = begun.value;
  const entry = rules.registry.destinations.get(terms.destination);
  const body = held ?? (await bodyOf(terms, sending.body));
  const leftMs = claimEnds(sending) - Date.now() - MAX_READING_MS - SPARE_MS;
  if (!entry?.upstream || leftMs <= 0) {
    await unclaim(intent, sending);
    if (entry?.upstream) return { kind: "refused", refusal: { reason: "ledger_unavailable" } };
    throw new Error("a destination whose configuration was checked has no upstream");
  }
  if (body === null && terms.payloadDigest !== null) {
    await unclaim(intent, sending);
    throw new Error("the payload that is kept is not the one that was approved");
  }
  // Once more: whoever was told that a switch is engaged must see nothing sent after it.
  const last: { look: Result<Undecided | null, unknown> } = { look: ok(null) };
  const timeoutMs = Math.min(entry.upstream.timeoutMs, leftMs);
  const mayGo = async () => {
    last.look = await obstacleTo(terms, ports).then(ok, err);
    const isInTime = Date.now() + timeoutMs + MAX_READING_MS < claimEnds(sending);
    return isInTime && last.look.ok && last.look.value === null;
  };
  const called = await ports.call({
    method: sending.http.method,
    url: sending.http.url,
    headers: sentHeaders(sending),
    own: isTheAgents(sending) ? (attended?.own ?? []) : [],
    body,
    passesThrough: false,
    credential: entry.credential,
    timeoutMs,
    allowPrivate: entry.upstream.allowPrivate,
    mayGo,
  });
  if (called.ok) return answered(intent, sending, entry, called.value, ports);
  if (called.error.problem === "stopped") {
    await unclaim(intent, sending);
    if (!last.look.ok) throw last.look.error;
    return last.look.value ?? { kind: "refused", refusal: { reason: "ledger_unavailable" } };
  }
  return unanswered(intent, sending, called.error);
}

/** These bytes, if they are the ones that were decided on: whatever is sent is hashed again before it leaves. */
async function bodyOf({ payloadDigest }: Terms, bytes: Uint8Array | null): Promise<Uint8Array | null> {
  return bytes !== null && (await digestOfBytes(bytes)) === payloadDigest ? bytes : null;
}

/** Once it is over nobody may send under it: a person, or another attempt, has the write by then. */
function claimEnds({ state }: Sending): number {
  return currentOrder(state)?.claim?.expiresAt ?? 0;
}

/** Nothing was sent: the order is free for the next attempt. */
function unclaim(intent: Intent, { state, order }: Sending): Promise<Result<Acted, Refusal>> {
  const held = currentOrder(state);
  return intent.act({ type: "unclaim", order, undone: held === undefined ? 0 : undoneClaims(held) });
}

/** As they were decided on, and the key by which the provider knows a repeat. */
function sentHeaders({ http, state }: Sending): readonly Header[] {
  const repeat = repeatHeader(http, state.terms.id);
  return repeat === null ? http.headers : [...http.headers, repeat];
}

/**
 * Does the agent's own credential go with it? Never beside one of Gate's; and sent later nobody would be there to add
 * it: what Gate sends by itself is the same whoever comes first.
 */
function isTheAgents({ http, state }: Sending): boolean {
  return http.slot === null && state.terms.sending === "on_repeat";
}

async function answered(
  intent: Intent,
  { state, order, http }: Sending,
  { idempotent }: Destination,
  answer: UpstreamAnswer,
  { settings }: CarryPorts,
): Promise<CarriedOut> {
  const { kept, isWhole, rest } = await readBeginning(answer.body, settings.maxResponseBytes, MAX_READING_MS);
  const { status, headers } = answer;
  const at = Date.now();
  const truncated = !isWhole || answer.withheld !== null;
  const response: KeptResponse = { status, headers, body: kept, truncated, at };
  const result = canonicalJson({
    http_status: status,
    response_bytes: kept.length,
    response_sha256: await digestOfBytes(kept),
    truncated,
    provider_reference: referenceIn(headers),
  });
  const said = writeOutcome(status, idempotent, mayHaveBeenSent(state), http.idempotencyHeader !== null);
  const report = { type: "report", order, by: GATE, executedAt: at, result, proof: null, ...said } as const;
  const finished = await intent.finish(report, response);
  if (finished.ok) return { kind: "answered", state: finished.value.state, response, rest };
  void rest?.cancel().catch(() => undefined);
  return { kind: "refused", refusal: finished.error };
}

/** May an order before this one have been carried out? */
function mayHaveBeenSent({ orders }: IntentState): boolean {
  return orders.slice(0, -1).some(({ claim, report }) => claim !== null && report?.outcome !== "failed");
}

async function unanswered(intent: Intent, sending: Sending, failure: CallFailure): Promise<CarriedOut> {
  const { order } = sending;
  if (!failure.sent) {
    const undone = await unclaim(intent, sending);
    return undone.ok ? { kind: "unsent", failure } : { kind: "refused", refusal: undone.error };
  }
  const result = canonicalJson({ problem: failure.problem });
  const finished = await intent.finish(
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

/** Headers in which providers name a request, for whoever asks them about it. */
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
