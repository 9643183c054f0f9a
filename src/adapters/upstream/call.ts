import { publicAddress } from "../../core/base/public-address.ts";
import { isHeaderName, isHeaderValue } from "../../core/outbound/header-names.ts";
import type { OutboundRequest } from "../../core/outbound/inject.ts";
import { masksFor, type Masks } from "../../core/masking/masks.ts";
import { headerSecrets } from "../../core/outbound/header-secrets.ts";
import { injectCredential } from "../../core/outbound/inject-and-mask.ts";
import { ok, err, type Result } from "../../core/base/result.ts";
import type { CallFailure, CallUpstream, UpstreamAnswer, UpstreamCall } from "../../ports/upstream.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import { upstreamResponse } from "./response.ts";
import { inTime } from "./watched-body.ts";

type FetchSecret = (name: string) => Promise<Result<string, VaultFailure>>;

/** Calls upstreams by the platform's `fetch`. A credential lives as long as the call. */
export function callUpstream(fetchSecret: FetchSecret): CallUpstream {
  return async (call) => {
    if (!isAddress(call)) return unsent("refused_address", "not an address that Gate calls");
    const ready = await readied(call, fetchSecret);
    if (!ready.ok) return ready;
    if (!canBeSent(call, ready.value)) return unsent("unreachable", "not a request that can be sent");
    if (call.mayGo !== undefined && !(await call.mayGo())) return unsent("stopped", "it was stopped");
    return exchange(call, ready.value);
  };
}

function unsent(problem: CallFailure["problem"], detail: string): Result<never, CallFailure> {
  return err({ problem, detail, sent: false });
}

/** Where it leads is for its origin to say; a path or query may be longer than an address that somebody writes. */
function isAddress({ url, allowPrivate }: UpstreamCall): boolean {
  if (!URL.canParse(url)) return false;
  const { href, origin, username, password } = new URL(url);
  // What `fetch` would read otherwise than whoever decided on it is not sent.
  return href === url && username === "" && password === "" && publicAddress(origin, allowPrivate).ok;
}

interface Ready extends OutboundRequest {
  /** Null: nothing has to be masked. */
  readonly masks: Masks | null;
}

async function readied(call: UpstreamCall, fetchSecret: FetchSecret): Promise<Result<Ready, CallFailure>> {
  const { url, credential } = call;
  const headers = [...call.headers, ...call.own];
  if (credential === null) return ok({ url, headers, masks: ownMasks(call) });
  const secret = await fetchSecret(credential.name).catch(() => null);
  if (secret === null) return unsent("unavailable", "the credential can't be had");
  if (!secret.ok) return unsent(secret.error.problem, secret.error.detail);
  const sent = injectCredential({ url, headers }, credential.injection, secret.value);
  if (!sent.ok) return unsent(sent.error.problem, sent.error.detail);
  return ok({ ...sent.value.request, masks: sent.value.masks });
}

/** Of what is only passed on nothing is kept, and the agent knows what it sent. */
function ownMasks({ own, passesThrough }: UpstreamCall): Masks | null {
  const secrets = passesThrough ? [] : headerSecrets(own);
  const masks = masksFor(secrets);
  return secrets.length > 0 && masks.ok ? masks.value : null;
}

function isWithoutBody(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** Would `fetch` take it? What it refuses here was certainly not sent. */
function canBeSent({ method, body }: UpstreamCall, { url, headers }: Ready): boolean {
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

/** No bytes are no body: `fetch` says `Content-Length: 0` where a method has one, and refuses it where none does. */
function bodyToSend(body: UpstreamCall["body"]): UpstreamCall["body"] {
  return body instanceof Uint8Array && body.length === 0 ? null : body;
}

/**
 * Once it is on its way, nothing tells whether it arrived. The runtime says of a port where nobody listens what it
 * says of a connection that ended after the request was read, and it names neither a host that has no address nor
 * a handshake that failed; before all of them it has read the body.
 */
async function exchange(
  call: UpstreamCall,
  { url, headers, masks }: Ready,
): Promise<Result<UpstreamAnswer, CallFailure>> {
  const connection = new AbortController();
  const breakOff = () => connection.abort();
  const isRaw = call.passesThrough && masks === null;
  // A function of its own, so that what `fetch` throws at once is a promise's failure too.
  const send = async () =>
    fetch(url, {
      method: call.method,
      headers: linesOf(headers),
      body: bodyToSend(call.body),
      redirect: "manual",
      encodeResponseBody: isRaw ? "manual" : "automatic",
      signal: connection.signal,
      // Cloudflare's own cache keeps answers by their address, whoever asked for them. Writes aren't cached, and their
      // headers are as decided: this adds `Cache-Control` and `Pragma`.
      ...(isWithoutBody(call.method) && { cache: "no-store" }),
    });
  const sent = send();
  const answer = await inTime(sent, call.timeoutMs);
  if (!answer.ok) {
    breakOff();
    void sent.then((response) => response.body?.cancel()).catch(() => undefined);
    return err(answer.isLate ? late(call.timeoutMs) : BROKEN_OFF);
  }
  return upstreamResponse(answer.value, call, masks, breakOff);
}

const BROKEN_OFF: CallFailure = {
  problem: "broken_off",
  detail: "the connection failed or ended before an answer; whether the request arrived is not known",
  sent: true,
};

function late(timeoutMs: number): CallFailure {
  const detail = `no answer within ${timeoutMs / 1000} s; whether the request arrived is not known`;
  return { problem: "timeout", detail, sent: true };
}
