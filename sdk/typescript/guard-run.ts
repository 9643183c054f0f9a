import type { ExecutionOrder } from "./answers.ts";
import type { Connection } from "./connection.ts";
import { claim, heartbeat, report } from "./executions.ts";
import { GateError } from "./gate-error.ts";
import { GateIndeterminateError } from "./guard-errors.ts";
import { type Checked, OUTCOMES, type ThrownOutcome } from "./guard-options.ts";
import { isOmitted, OMITTED } from "./guard-state.ts";
import { jsonText } from "./json-text.ts";

/** As the server's limit of a result. */
const MAX_RESULT_BYTES = 64 * 1024;

const MAX_MESSAGE_CHARS = 1_000;

/** A small request that hangs for so long is lost, and asked again under its idempotency key. */
export const ATTEMPT_MS = 10_000;

/** The write was made: the report of it is worth more patience than other calls. */
const REPORT_MS = 30_000;

/** A claimed order: its holder may write. */
export interface Claim {
  readonly executionId: string;
  readonly executionToken: string;
  /** How long it is valid without a heartbeat. */
  readonly claimMs: number;
  readonly about: { readonly intentId: string; readonly endpoint: string };
}

/**
 * Claims an order, for one caller of all that have it.
 *
 * @throws {GateError} `already_claimed`: another call has it
 */
export async function claimOrder(at: Connection, order: ExecutionOrder): Promise<Claim> {
  const held = { executionId: order.executionId, executionToken: String(order.execution_token) };
  const about = { intentId: order.intent_id, endpoint: at.endpoint };
  const sentAt = Date.now();
  const { claimed_at: from, claim_expires_at: to } = await claim(at, held, { attemptMs: ATTEMPT_MS });
  const claimMs = Date.parse(to ?? "") - Date.parse(from ?? "");
  if (Date.now() - sentAt < claimMs) return { ...held, about, claimMs };
  // The process slept meanwhile, and somebody may have resolved the outcome by now.
  const message = "the claim lapsed: nothing ran";
  throw new GateIndeterminateError(message, { ...about, code: "indeterminate" });
}

/** Runs the function once, and reports. @throws what the function throws */
export async function runClaimed(
  at: Connection,
  held: Claim,
  options: Checked,
  run: () => unknown,
): Promise<unknown> {
  const stop = keepClaim(at, held);
  try {
    const value = await outcomeOf(at, held, options, run);
    await reported(at, held, { status: "succeeded", ...resultOf(value) }).catch((error: unknown) => {
      const message = "the function ran, and Gate took no report";
      throw new GateIndeterminateError(message, {
        ...held.about,
        code: "report_failed",
        cause: error,
        more: { value },
      });
    });
    return value;
  } finally {
    stop();
  }
}

async function outcomeOf(
  at: Connection,
  held: Claim,
  { onThrow }: Checked,
  run: () => unknown,
): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    const outcome = thrownOutcome(error, onThrow);
    const status = outcome === "indeterminate" ? outcome : "failed";
    const retryable = outcome === "retryable";
    // The function's own error says more than that its report was lost, after which the claim lapses.
    await reported(at, held, { status, retryable, result: { error: shown(error) } }).catch(() => undefined);
    throw error;
  }
}

/** A request that was aborted may have arrived. */
const UNKNOWN: ReadonlySet<unknown> = new Set(["AbortError", "TimeoutError"]);

/** What cannot be told, because telling it throws, is unknown. */
function thrownOutcome(error: unknown, onThrow: Checked["onThrow"]): ThrownOutcome {
  try {
    const byName = UNKNOWN.has(nameOf(error)) ? "indeterminate" : "failed";
    if (typeof onThrow !== "function") return onThrow ?? byName;
    const outcome: unknown = onThrow(error);
    if (OUTCOMES.includes(outcome)) return outcome as ThrownOutcome;
  } catch {
    // The function's own error is the one to throw on.
  }
  return "indeterminate";
}

/** By its members: an error of another realm, or a DOMException of an older one, is no `Error` here. */
function nameOf(error: unknown): string {
  const { name } = Object(error) as { readonly name?: unknown };
  return typeof name === "string" ? name : typeof error;
}

function shown(error: unknown): object {
  try {
    const { message = error } = Object(error) as { readonly message?: unknown };
    // The server refuses lone surrogates, and a report must not fail for a text.
    const text = String(message)
      .slice(0, MAX_MESSAGE_CHARS)
      .replace(/\p{Cs}/gu, "\uFFFD");
    return { name: nameOf(error), message: text };
  } catch {
    return { name: typeof error, message: "" };
  }
}

/** The result as it is sent: its JSON, or why there is none. */
function resultOf(value: unknown): { readonly result?: unknown } {
  if (value === undefined || value === null) return {};
  try {
    const text = jsonText({ value }, "result");
    if (!Object.hasOwn(JSON.parse(text) as object, "value")) return omitted("not_json");
    const isTooLarge = new TextEncoder().encode(text).byteLength - '{"value":}'.length > MAX_RESULT_BYTES;
    return isTooLarge ? omitted("too_large") : { result: value };
  } catch {
    return omitted("not_json");
  }
}

function omitted(why: "not_json" | "too_large"): { readonly result: object } {
  return { result: { [OMITTED]: { result_omitted: why } } };
}

/** Reports until Gate answers; that it has the report already is an answer to a repeat. */
async function reported(
  at: Connection,
  held: Claim,
  outcome: { status: "succeeded" | "failed" | "indeterminate"; retryable?: boolean; result?: unknown },
): Promise<void> {
  const patience = { timeoutMs: REPORT_MS, attemptMs: ATTEMPT_MS, retries: Infinity };
  try {
    await report(at, { ...workerOf(held), ...outcome }, patience);
  } catch (error) {
    if (error instanceof GateError && error.code === "already_reported") return;
    // Its text has what the server's parser refuses: the outcome matters more.
    const isRefused = error instanceof GateError && (error.status === 400 || error.status === 413);
    if (isRefused && outcome.result !== undefined && !isOmitted(outcome.result)) {
      return reported(at, held, { ...outcome, ...omitted("not_json") });
    }
    throw error;
  }
}

/** Extends the claim while the function runs. @returns ends that */
function keepClaim(at: Connection, held: Claim): () => void {
  const everyMs = held.claimMs / 3;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const next = () => {
    timer = setTimeout(() => {
      void heartbeat(at, workerOf(held), { timeoutMs: everyMs })
        .catch(() => undefined)
        .finally(() => isOver || next());
    }, everyMs);
  };
  next();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}

function workerOf({ executionId, executionToken }: Claim) {
  return { executionId, executionToken };
}
