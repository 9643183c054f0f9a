import { GateError } from "./gate-error.ts";

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

export interface Polled<Answer> {
  readonly answer: Answer;
  readonly decided: boolean;
  /** The intent that replaced this one; null: none did. */
  readonly successor: string | null;
}

export interface Waiting<Answer> {
  readonly intentId: string;
  readonly timeoutMs: number;
  readonly followEdits: boolean;
  readonly signal: AbortSignal | undefined;
  /** One long poll of `seconds`, aborted by `signal`. */
  poll(intentId: string, seconds: number, signal: AbortSignal): Promise<Polled<Answer>>;
}

/**
 * Polls until the intent is decided. Transient failures are retried with pauses; refusals are thrown.
 *
 * @throws {GateError} `timeout` when the time is over; the signal's reason when that aborts
 */
export async function waitUntilDecided<Answer>(waiting: Waiting<Answer>): Promise<Answer> {
  const { timeoutMs, signal, followEdits, poll } = waiting;
  const end = performance.now() + timeoutMs;
  const seen = new Set([waiting.intentId]);
  let id = waiting.intentId;
  let last: unknown;
  for (let pauses = 0; ;) {
    signal?.throwIfAborted();
    const left = Math.max(end - performance.now(), 0);
    const seconds = Math.min(Math.ceil(left / 1_000), POLL_SECONDS);
    const sent = performance.now();
    let retryAfter = 0;
    try {
      const limitMs = seconds * 1_000 + GRACE_MS;
      const polled = await poll(
        id,
        seconds,
        limited(seconds === 0 ? limitMs : Math.min(limitMs, left + LAST_GRACE_MS), signal),
      );
      const { answer, decided, successor } = polled;
      last = answer;
      if (decided) {
        if (!followEdits || successor === null || seen.has(successor)) return answer;
        id = successor;
        seen.add(successor);
        pauses = 0;
        continue;
      }
      // Undecided early: the server restarted, or too many clients wait. Without a pause this would become a busy loop.
      if (performance.now() - sent >= seconds * 500) {
        pauses = 0;
        if (left > seconds * 1_000) continue;
      }
    } catch (error) {
      signal?.throwIfAborted();
      if (!isTransient(error, id !== waiting.intentId)) throw error;
      last = error;
      retryAfter = Math.min(error.retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);
    }
    const rest = end - performance.now();
    if (rest <= 0) throw timedOut(id, timeoutMs, last);
    await pause(Math.min(Math.max(backoff(pauses), retryAfter), rest), signal);
    pauses += 1;
  }
}

/** Exponential, half of it random: a thousand agents that lost one server must not return at once (thundering herd). */
function backoff(pauses: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(pauses, 10), LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2);
}

function isTransient(error: unknown, isSuccessor: boolean): error is GateError {
  if (!(error instanceof GateError)) return false;
  const { status, code } = error;
  if (status === 0) return code === "network" || code === "timeout";
  // The predecessor names its successor before the successor exists.
  if (status === 404) return isSuccessor;
  return status === 408 || status === 425 || status === 429 || status >= 500;
}

function timedOut(id: string, timeoutMs: number, last: unknown): GateError {
  const why = last instanceof GateError ? `; the last call: ${last.message}` : "";
  return new GateError(`no decision on ${id} within ${timeoutMs} ms${why}`, {
    code: "timeout",
    body: last instanceof GateError ? last.body : last,
    ...(last instanceof GateError ? { cause: last } : {}),
  });
}

function limited(timeoutMs: number, signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(timeoutMs);
  return signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }, ms);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}
