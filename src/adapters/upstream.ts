import { publicAddress } from "../core/net/public-address.ts";
import { inject } from "../core/proxy/inject.ts";
import { masksFor, type Masks } from "../core/proxy/masks.ts";
import { answeredHeaders, answeredStatusText, decodingOf, mayHaveContent } from "../core/proxy/response.ts";
import { err, ok, type Result } from "../core/result.ts";
import type { CallFailure, CallUpstream, UpstreamAnswer, UpstreamCall } from "../ports/upstream.ts";
import type { VaultFailure } from "../ports/vault.ts";
import { maskedBody } from "./masking.ts";

/** Calls upstreams by the platform's `fetch`. A credential lives as long as the call. */
export function callUpstream(
  fetchSecret: (name: string) => Promise<Result<string, VaultFailure>>,
): CallUpstream {
  return async (call) => {
    if (!publicAddress(call.url, call.allowPrivate).ok) {
      return unsent("refused_address", "not an address to call");
    }
    return send(call, fetchSecret);
  };
}

function unsent(problem: CallFailure["problem"], detail: string): Result<never, CallFailure> {
  return err({ problem, detail, sent: false });
}

async function send(
  call: UpstreamCall,
  fetchSecret: (name: string) => Promise<Result<string, VaultFailure>>,
): Promise<Result<UpstreamAnswer, CallFailure>> {
  let request = { url: call.url, headers: call.headers };
  let masks: Masks | null = null;
  if (call.credential !== null) {
    const secret = await fetchSecret(call.credential.name);
    if (!secret.ok) return unsent(secret.error.problem, secret.error.detail);
    const injected = inject(request, call.credential.injection, secret.value);
    if (!injected.ok) return unsent(injected.error, "the credential can't be put in");
    const made = masksFor(injected.value.secrets);
    if (!made.ok) return unsent(made.error, "the credential can't be masked");
    masks = made.value;
    request = injected.value.request;
  }
  const response = await fetch(request.url, {
    method: call.method,
    headers: request.headers.map(([name, value]): [string, string] => [name, value]),
    body: call.body,
    redirect: "manual",
    signal: AbortSignal.timeout(call.timeoutMs),
  });
  const headers = [...response.headers];
  const decoding = masks === null ? null : decodingOf(response.status, headers);
  const has = mayHaveContent(call.method, response.status) ? response.body : null;
  return ok({
    status: response.status,
    statusText: answeredStatusText(response.statusText, masks),
    headers: answeredHeaders(headers, masks),
    body: has === null || masks === null || decoding?.ok !== true ? has : maskedBody(has, masks),
    withheld: null,
  });
}
