import { publicAddress } from "../core/base/public-address.ts";
import { err, ok, type Result } from "../core/base/result.ts";
import type { Outgoing, OutgoingAnswer, OutgoingProblem } from "../ports/notifications.ts";

/** Enough for every answer that is looked at; whoever sends more is not read to the end. */
const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Requests to others, by the platform's `fetch`. An answer is whatever came back, redirects included: following
 * one would carry headers to an address that nobody checked.
 */
export async function sendOutgoing(request: Outgoing): Promise<Result<OutgoingAnswer, OutgoingProblem>> {
  const { url, method, headers, body, timeoutMs, allowPrivate, maxAnswerBytes = MAX_ANSWER_BYTES } = request;
  const address = publicAddress(url, allowPrivate);
  if (!address.ok) return err("refused_address");
  const signal = AbortSignal.timeout(timeoutMs);
  const over = new Promise<null>((resolve) => signal.addEventListener("abort", () => resolve(null)));
  try {
    const sent = fetch(address.value.href, { method, headers, body, redirect: "manual", signal });
    const response = await Promise.race([sent, over]);
    if (response === null) {
      void sent.then((late) => late.body?.cancel()).catch(() => undefined);
      return err("timeout");
    }
    const { status, headers: answered } = response;
    return ok({ status, headers: answered, text: await beginningOf(response, over, maxAnswerBytes) });
  } catch {
    // What the platform says can quote the URL, and a URL can be a secret.
    return err(signal.aborted ? "timeout" : "unreachable");
  }
}

/** What came of the body in time: the status has been said, so an end that never comes changes nothing. */
async function beginningOf(response: Response, over: Promise<null>, maxBytes: number): Promise<string> {
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined;
  if (reader === undefined) return "";
  const decoder = new TextDecoder();
  let text = "";
  let left = maxBytes;
  try {
    while (left > 0) {
      const read = await Promise.race([reader.read(), over]);
      if (read === null || read.done) break;
      text += decoder.decode(read.value.subarray(0, left), { stream: true });
      left -= read.value.length;
    }
  } catch {
    // Broken off: what came is what there is.
  }
  void reader.cancel().catch(() => undefined);
  return text;
}
