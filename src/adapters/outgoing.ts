import { publicAddress } from "../core/base/public-address.ts";
import { err, ok, type Result } from "../core/base/result.ts";
import type { Outgoing, OutgoingAnswer, OutgoingProblem } from "../ports/notifications.ts";

/** Enough for every response that is read; the rest of a longer one is cancelled. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Requests to vaults, issuers, channels and webhooks, by the platform's `fetch`. A redirect is returned as the
 * response: following it would send headers to an unchecked address (SSRF).
 */
export async function sendOutgoing(request: Outgoing): Promise<Result<OutgoingAnswer, OutgoingProblem>> {
  const { url, method, headers, body, timeoutMs, allowPrivate, maxAnswerBytes = MAX_ANSWER_BYTES } = request;
  const address = publicAddress(url, allowPrivate);
  if (!address.ok) return err("refused_address");
  const signal = AbortSignal.timeout(timeoutMs);
  const timedOut = new Promise<null>((resolve) => signal.addEventListener("abort", () => resolve(null)));
  try {
    const sent = fetch(address.value.href, { method, headers, body, redirect: "manual", signal });
    const response = await Promise.race([sent, timedOut]);
    if (response === null) {
      void sent.then((late) => late.body?.cancel()).catch(() => undefined);
      return err("timeout");
    }
    const { status, headers: answered } = response;
    return ok({ status, headers: answered, text: await readHead(response, timedOut, maxAnswerBytes) });
  } catch {
    // The platform's error may quote the URL, and a webhook's URL is a secret.
    return err(signal.aborted ? "timeout" : "unreachable");
  }
}

/** The part of the body that arrives in time. The status is known by then, so a body that never ends is no failure. */
async function readHead(response: Response, timedOut: Promise<null>, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  try {
    while (left > 0) {
      const read = await Promise.race([reader.read(), timedOut]);
      if (read === null || read.done) break;
      text += decoder.decode(read.value.subarray(0, left), { stream: true });
      left -= read.value.length;
    }
  } catch {
    // The connection broke: return the part that arrived.
  }
  void reader.cancel().catch(() => undefined);
  return text;
}
