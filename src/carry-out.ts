import { canonicalJson } from "./core/json.ts";
import { GATE } from "./core/intent/event.ts";
import { inForceFor } from "./core/intent/terms.ts";
import { providerIdempotencyKey } from "./core/intent/order-claims.ts";
import type { IntentState } from "./core/intent/state.ts";
import type { Header } from "./core/proxy/header-names.ts";
import { outcomeOf } from "./core/proxy/outcome.ts";
import type { Destination } from "./core/registry.ts";
import { obstacleTo, type Undecided } from "./decide.ts";
import { digestOfBytes } from "./govern.ts";
import { readBeginning } from "./kept-answer.ts";
import type { Intent, KeptResponse, Ports, Sending } from "./ports.ts";
import type { CallFailure, UpstreamAnswer } from "./ports/upstream.ts";

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

export type CarryPorts = Pick<
  Ports,
  "call" | "rules" | "switches" | "principals" | "mandates" | "credentials" | "settings"
>;

/** A claim lasts five minutes: an answer that is not whole by then is recorded as it is. */
const MAX_READING_MS = 30_000;

/**
 * Sends an approved write, once. Who may not, or not any more, is looked at afresh; then it is ordered and claimed, on
 * the ledger, before a credential is fetched or a byte leaves. Of any number of calls at once one sends.
 *
 * @param own the agent's own credentials, where Gate has none: they are sent and kept nowhere
 */
export async function carryOut(
  intent: Intent,
  ports: CarryPorts,
  own: readonly Header[] = [],
): Promise<CarriedOut> {
  const before = await intent.look();
  if (before === null) return { kind: "refused", refusal: { reason: "not_found" } };
  const obstacle = await obstacleTo(before.terms, ports);
  if (obstacle !== null) return obstacle;
  const rules = await ports.rules.current();
  const begun = await intent.begin(inForceFor(before.terms, rules));
  if (!begun.ok) return { kind: "refused", refusal: begun.error };
  const sending = begun.value;
  // Once more: whoever was told that a switch is engaged must see nothing sent after it.
  const stopped = await obstacleTo(before.terms, ports);
  if (stopped !== null) {
    await intent.act({ type: "unclaim", order: sending.order });
    return stopped;
  }
  const entry = rules.registry.destinations.get(before.terms.destination);
  if (!entry?.upstream) throw new Error("a destination whose configuration was checked has no upstream");
  const called = await ports.call({
    method: sending.http.method,
    url: sending.http.url,
    headers: sentHeaders(sending, own),
    body: sending.body,
    passesThrough: false,
    credential: entry.credential,
    timeoutMs: entry.upstream.timeoutMs,
    allowPrivate: entry.upstream.allowPrivate,
  });
  if (called.ok) return answered(intent, sending, entry, called.value, ports);
  return unanswered(intent, sending, called.error);
}

/** As they were decided on, the key by which the provider knows a repeat, and the agent's own credentials. */
function sentHeaders({ http, state }: Sending, own: readonly Header[]): readonly Header[] {
  const { headers, idempotencyHeader: name } = http;
  const isSaid = name === null || headers.some(([header]) => header === name);
  return [...headers, ...(isSaid ? [] : [[name, providerIdempotencyKey(state.terms.id)] as const]), ...own];
}

async function answered(
  intent: Intent,
  { state, order }: Sending,
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
  const said = outcomeOf(status, idempotent, mayHaveBeenSent(state));
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

async function unanswered(intent: Intent, { order }: Sending, failure: CallFailure): Promise<CarriedOut> {
  if (!failure.sent) {
    const undone = await intent.act({ type: "unclaim", order });
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
