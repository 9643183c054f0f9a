import type { Answer } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { Connection } from "./connection.ts";
import { execute } from "./executions.ts";
import { GateError } from "./gate-error.ts";
import { prepareCall, type PreparedCall } from "./guard-call.ts";
import { GateDuplicateError } from "./guard-errors.ts";
import { type Checked, guardOptions, type GuardOptions } from "./guard-options.ts";
import { ATTEMPT_MS, type Claim, claimOrder, runClaimed } from "./guard-run.ts";
import { refusalOf, storedResult } from "./guard-state.ts";
import { getIntent } from "./reads.ts";
import { wait } from "./wait.ts";

export type { GuardOptions, ThrownOutcome } from "./guard-options.ts";

/** The governed function: it takes what the function takes, and resolves with what that returns. */
export type Guarded<Args extends readonly unknown[], Result> = (...args: Args) => Promise<Awaited<Result>>;

/** How often the state is read again because an order was refused for a reason that the state explains. */
const MAX_ROUNDS = 3;

/** Refusals of an order or a claim after which the intent's state says more. */
const STATE_CHANGED: ReadonlySet<string> = new Set([
  "approval_lapsed",
  "approval_stale",
  "blocked_by_rules",
  "intent_expired",
  "order_expired",
  "order_superseded",
  "wrong_state",
]);

/**
 * Turns a function into one that runs only after Gate allowed the call, once for each key (docs/guard.md).
 *
 * @throws {GateOptionError} for wrong options, at once; the governed function throws one for arguments that no key or
 *   payload can be made of
 */
export function guard<Args extends readonly unknown[], Result>(
  at: Connection,
  fn: (...args: Args) => Result,
  options: GuardOptions<Args>,
): Guarded<Args, Result> {
  const checked = guardOptions(fn, options);
  return async function (this: unknown, ...given: Args): Promise<Awaited<Result>> {
    const call = await prepareCall(at, checked, given);
    const run = () => fn.apply(this, [...call.args] as unknown as [...Args]);
    return (await govern(at, checked, call, run)) as Awaited<Result>;
  };
}

async function govern(
  at: Connection,
  options: Checked,
  call: PreparedCall,
  run: () => unknown,
): Promise<unknown> {
  const limits = options.signal === undefined ? {} : { signal: options.signal };
  const first = await proposed(at, call, limits);
  const { id } = first;
  let { answer } = first;
  for (let round = 1; ; round += 1) {
    if (answer["state"] === "pending_approval" && options.waitMs > 0) {
      answer = await decided(at, id, answer, options.waitMs, limits);
    }
    const { state } = answer;
    if (state === "succeeded") return storedResult(at, id);
    if (state !== "approved" && state !== "scheduled" && state !== "failed") throw refusalOf(at, id, answer);
    let held: Claim;
    try {
      const order = await execute(at, { intentId: id }, { ...limits, attemptMs: ATTEMPT_MS });
      limits.signal?.throwIfAborted();
      held = await claimOrder(at, order);
    } catch (error) {
      const code = error instanceof GateError ? error.code : "";
      if (code === "already_claimed") throw refusalOf(at, id, { ...answer, state: "claimed" });
      // Gate grants a failed write another attempt only where its report allowed one.
      if (state === "failed" && NO_ATTEMPT.has(code)) return storedResult(at, id);
      if (!STATE_CHANGED.has(code) || round >= MAX_ROUNDS) throw error;
      answer = await getIntent(at, id, limits);
      continue;
    }
    return runClaimed(at, held, options, run);
  }
}

const NO_ATTEMPT: ReadonlySet<string> = new Set(["wrong_state", "attempts_exhausted"]);

/** Proposes the call; a repeat gets the state of the intent that the first call made. */
async function proposed(
  at: Connection,
  { key, body }: PreparedCall,
  limits: CallOptions,
): Promise<{ readonly id: string; readonly answer: Answer }> {
  // Without an Idempotency-Key header: its own key lets a repeat go on from the same intent.
  const request = { ...limits, method: "POST", path: "/v1/intents", body, idempotencyKey: null } as const;
  const answer = await at.send(request).catch((error: unknown) => {
    throw refusedProposal(error);
  });
  const id = String(answer["intentId"]);
  if (answer["status"] !== "duplicate_blocked") return { id, answer };
  const existing = await getIntent(at, id, limits);
  if (existing["idempotency_key"] === key || existing["erased_at"] !== null) return { id, answer: existing };
  throw new GateDuplicateError("a policy recognised the payload of another write", {
    code: "duplicate_blocked",
    body: answer,
    intentId: id,
    endpoint: at.endpoint,
  });
}

/** The state once a person decided. @throws {GatePendingError} when nobody did in time */
async function decided(
  at: Connection,
  id: string,
  answer: Answer,
  timeout: number,
  limits: CallOptions,
): Promise<Answer> {
  try {
    return await wait(at, id, { ...limits, timeout, followEdits: false });
  } catch (error) {
    if (!(error instanceof GateError) || error.code !== "timeout") throw error;
    throw error.cause ?? refusalOf(at, id, answer);
  }
}

function refusedProposal(error: unknown): unknown {
  if (!(error instanceof GateError) || error.code !== "idempotency_key_reused") return error;
  const { message, status, code, body } = error;
  return new GateDuplicateError(message, { status, code, body });
}
