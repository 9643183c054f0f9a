import { publicAddress } from "../../core/base/public-address.ts";
import { isHeaderName, isHeaderValue } from "../../core/outbound/header-names.ts";
import type { OutboundRequest } from "../../core/outbound/inject.ts";
import { masksFor, type Masks } from "../../core/masking/masks.ts";
import { headerSecrets } from "../../core/outbound/header-secrets.ts";
import { injectCredential } from "../../core/outbound/inject-and-mask.ts";
import { ok, err, type Result } from "../../core/base/result.ts";
import type { CallFailure, CallUpstream, UpstreamAnswer, UpstreamCall } from "../../ports/upstream.ts";
import type { FetchCredential, FetchedCredential } from "../../ports/vault.ts";
import { type Pace, readingPaces } from "./reading-pace.ts";
import { upstreamResponse } from "./response.ts";
import { inTime } from "./watched-body.ts";

/** RFC 9110 section 15.5.2: the credential is missing, wrong or over, and the request was not applied. */
const UNAUTHORIZED = 401;

/** Calls upstreams by the platform's `fetch`. A credential exists only for the duration of its call. */
export function callUpstream(fetchCredential: FetchCredential): CallUpstream {
  const paceOf = readingPaces();

  async function attempt(call: UpstreamCall): Promise<Attempt> {
    if (!isAddress(call)) {
      return unsent(
        "refused_address",
        "the upstream's URL is refused: it is not public https, or not in its normal form",
      );
    }
    const ready = await prepare(call, fetchCredential);
    if (!ready.ok) return ready;
    if (!isSendable(call, ready.value)) {
      return unsent("unreachable", "the method, a header or the body can't be sent over HTTP");
    }
    if (call.mayGo !== undefined && !(await call.mayGo())) {
      return unsent("stopped", "the send was stopped before the request left");
    }
    const answer = await exchange(call, ready.value, call.reader === null ? UNPACED : paceOf(call.reader));
    const { credential } = ready.value;
    if (!answer.ok || answer.value.status !== UNAUTHORIZED || credential === null) return answer;
    const isReplaced = credential.discard();
    return ok({ ...answer.value, refusedToken: credential.isReused && isReplaced });
  }

  return async (call) => {
    const first = await attempt(call);
    const isOver = first.ok && first.value.refusedToken === true;
    if (!isOver || call.isRepeatable !== true || call.body instanceof ReadableStream) return first;
    void first.value.body?.cancel().catch(() => undefined);
    return attempt(call);
  };
}

const UNPACED: Pace = async () => undefined;

type Attempt = Result<UpstreamAnswer, CallFailure>;

function unsent(problem: CallFailure["problem"], detail: string): Result<never, CallFailure> {
  return err({ problem, source: "request", detail, sent: false });
}

function noCredential(problem: CallFailure["problem"], detail: string): Result<never, CallFailure> {
  return err({ problem, source: "credential", detail, sent: false });
}

/** Only the origin decides whether an address is public; the path may be longer than `publicAddress` allows a URL. */
function isAddress({ url, allowPrivate }: UpstreamCall): boolean {
  if (!URL.canParse(url)) return false;
  const { href, origin, username, password } = new URL(url);
  // Refuse URLs that fetch() would normalise to something other than what was approved (parser differential).
  return href === url && username === "" && password === "" && publicAddress(origin, allowPrivate).ok;
}

interface PreparedCall extends OutboundRequest {
  /** Null: nothing has to be masked. */
  readonly masks: Masks | null;
  /** Null: Gate has none for this upstream. */
  readonly credential: FetchedCredential | null;
}

async function prepare(
  call: UpstreamCall,
  fetchCredential: FetchCredential,
): Promise<Result<PreparedCall, CallFailure>> {
  const { url, credential } = call;
  const headers = [...call.headers, ...call.agentCredentials];
  if (credential === null) return ok({ url, headers, masks: ownMasks(call), credential: null });
  const fetched = await fetchCredential(credential.name).catch(() => null);
  if (fetched === null) return noCredential("unavailable", "the credential could not be fetched");
  if (!fetched.ok) return noCredential(fetched.error.problem, fetched.error.detail);
  const { secret, alsoMasked } = fetched.value;
  const injected = injectCredential({ url, headers }, credential.injection, secret, alsoMasked);
  if (!injected.ok) return noCredential(injected.error.problem, injected.error.detail);
  const { request, masks } = injected.value;
  return ok({ ...request, masks, credential: fetched.value });
}

/**
 * The agent's own credentials are masked only in a response that Gate stores: in a relayed one the agent may see them.
 */
function ownMasks({ agentCredentials, passesThrough }: UpstreamCall): Masks | null {
  const secrets = passesThrough ? [] : headerSecrets(agentCredentials);
  const masks = masksFor(secrets);
  return secrets.length > 0 && masks.ok ? masks.value : null;
}

function isWithoutBody(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Whether `fetch` accepts the request. Checked here, because a refusal here proves that no byte was sent. */
function isSendable({ method, body }: UpstreamCall, { url, headers }: PreparedCall): boolean {
  if (isWithoutBody(method) && bodyToSend(body) !== null) return false;
  if (!headers.every(([name, value]) => isHeaderName(name) && isHeaderValue(value))) return false;
  try {
    return new Request(url, { method, headers: linesOf(headers) }).url === url;
  } catch {
    return false;
  }
}

function linesOf(headers: OutboundRequest["headers"]): [string, string][] {
  return headers.map(([name, value]) => [name, value]);
}

/**
 * An empty body is sent as none: `fetch` adds `Content-Length: 0` where the method has a body, and refuses one for GET.
 */
function bodyToSend(body: UpstreamCall["body"]): UpstreamCall["body"] {
  return body instanceof Uint8Array && body.length === 0 ? null : body;
}

/**
 * A failure after this point counts as sent. The runtime reports a refused connection, an unresolvable host and a
 * failed TLS handshake like a connection that closed after the request was read, and in each case it has consumed the
 * body.
 */
async function exchange(
  call: UpstreamCall,
  { url, headers, masks }: PreparedCall,
  pace: Pace,
): Promise<Result<UpstreamAnswer, CallFailure>> {
  const connection = new AbortController();
  const breakOff = () => connection.abort();
  const isRaw = call.passesThrough && masks === null;
  // Async, so that a synchronous throw of `fetch` becomes a rejection as well.
  const send = async () =>
    fetch(url, {
      method: call.method,
      headers: linesOf(headers),
      body: bodyToSend(call.body),
      redirect: "manual",
      encodeResponseBody: isRaw ? "manual" : "automatic",
      signal: connection.signal,
      // Cloudflare's cache is keyed by URL: one agent's response could be served to another. Not for writes, which are
      // never cached and whose headers were approved: this adds `Cache-Control` and `Pragma`.
      ...(isWithoutBody(call.method) && { cache: "no-store" }),
    });
  const sent = send();
  const answer = await inTime(sent, call.timeoutMs);
  if (!answer.ok) {
    breakOff();
    void sent.then((response) => response.body?.cancel()).catch(() => undefined);
    return err(answer.isLate ? late(call.timeoutMs) : BROKEN_OFF);
  }
  return upstreamResponse(answer.value, call, masks, breakOff, pace);
}

const BROKEN_OFF: CallFailure = {
  problem: "broken_off",
  source: "exchange",
  detail: "the connection failed or ended before a response; whether the request arrived is not known",
  sent: true,
};

function late(timeoutMs: number): CallFailure {
  const detail = `no response within ${timeoutMs / 1000} s; whether the request arrived is not known`;
  return { problem: "timeout", source: "exchange", detail, sent: true };
}
