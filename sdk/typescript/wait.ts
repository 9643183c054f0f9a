import type { Answer, WaitResult } from "./answers.ts";
import type { Connection } from "./connection.ts";
import { GateError, GateOptionError, GateUnavailableError } from "./gate-error.ts";
import { knownOptions } from "./names.ts";
import type { IntentOption, WaitOptions } from "./options.ts";
import { intentPath, requireId } from "./paths.ts";
import { pause } from "./pause.ts";
import { namesIn } from "./option-names.ts";

/** One long poll: shorter than the idle timeouts of usual proxies. */
const POLL_SECONDS = 30;

/** Extra time for a response beyond its poll's seconds; the second one for the last poll of the wait. */
const GRACE_MS = 10_000;
const LAST_GRACE_MS = 1_000;

/** Pauses after failures grow from the first to the longest, so that a decision is reported at most that much later. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;

/** The longest `Retry-After` that is obeyed: a proxy's larger default must not stall the wait. */
const LONGEST_RETRY_AFTER_MS = 60_000;

/** People decide within minutes or hours; a caller that waits longer sets `timeout`. */
const DEFAULT_WAIT_MS = 300_000;

const OPTIONS = namesIn("intentId timeout signal followEdits");

/**
 * Resolves once a person has decided, or the intent has expired: read `status`. The server holds each call open, so the
 * response comes with the decision. Transient failures are retried.
 *
 * @throws {GateError} `timeout` when no decision came in time; the signal's reason when that aborts
 */
export async function wait(
  at: Connection,
  intent: string | (IntentOption & WaitOptions),
  options: WaitOptions = {},
): Promise<WaitResult> {
  const named = typeof intent === "string" ? { intentId: intent } : intent;
  const given = { ...knownOptions(named, OPTIONS), ...knownOptions(options, OPTIONS) };
  const { timeout = DEFAULT_WAIT_MS, signal, followEdits = true } = given;
  if (typeof timeout !== "number" || !(timeout >= 0)) {
    throw new GateOptionError("timeout is a number of milliseconds");
  }
  const intentId = requireId(given.intentId, "intentId");
  return waitUntilDecided(at, intentId, timeout, followEdits === true, signal as AbortSignal | undefined);
}

async function waitUntilDecided(
  at: Connection,
  intentId: string,
  timeoutMs: number,
  followEdits: boolean,
  signal: AbortSignal | undefined,
): Promise<WaitResult> {
  const end = performance.now() + timeoutMs;
  const seen = new Set([intentId]);
  let id = intentId;
  let last: Answer | null = null;
  for (let pauses = 0; ;) {
    const sent = performance.now();
    const left = Math.max(end - sent, 0);
    const seconds = Math.min(Math.ceil(left / 1_000), POLL_SECONDS);
    let failure: GateError | null = null;
    try {
      const limitMs = seconds * 1_000 + GRACE_MS;
      const answer = await at.send({
        method: "GET",
        path: `${intentPath(id)}/wait?timeout=${seconds}`,
        retries: 0,
        timeoutMs: seconds === 0 ? limitMs : Math.min(limitMs, left + LAST_GRACE_MS),
        ...(signal && { signal }),
      });
      last = answer;
      if (answer["decided"] === true) {
        const { successor_id: successor } = answer;
        if (!followEdits || typeof successor !== "string" || seen.has(successor)) {
          return answer as unknown as WaitResult;
        }
        id = successor;
        seen.add(id);
        pauses = 0;
        continue;
      }
      // Undecided early: the server restarted, or too many clients wait. Without a pause this would become a busy loop.
      if (performance.now() - sent >= seconds * 500) {
        pauses = 0;
        if (left > seconds * 1_000) continue;
      }
    } catch (error) {
      if (!isTransient(error, id !== intentId)) throw error;
      failure = error;
    }
    const rest = end - performance.now();
    if (rest <= 0) throw timedOut(id, timeoutMs, last, failure);
    const retryAfter = Math.min(failure?.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
    await pause(Math.min(Math.max(backoff(pauses), retryAfter), rest), signal);
    pauses += 1;
  }
}

/** Exponential, half of it random: a thousand agents that lost one server must not return at once (thundering herd). */
function backoff(pauses: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(pauses, 10), LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}

function isTransient(error: unknown, isSuccessor: boolean): error is GateError {
  if (error instanceof GateUnavailableError) return error.code !== "not_json" || error.status >= 500;
  // The predecessor names its successor before the successor exists.
  return error instanceof GateError && error.status === 404 && isSuccessor;
}

function timedOut(id: string, timeoutMs: number, last: Answer | null, failure: GateError | null): GateError {
  const why = failure === null ? "" : `; the last call: ${failure.message}`;
  return new GateError(`no decision on ${id} within ${timeoutMs} ms${why}`, {
    code: "timeout",
    body: last ?? failure?.body,
    cause: failure ?? undefined,
  });
}
