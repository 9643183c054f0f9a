import type { ExecutionOrder } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { Connection } from "./connection.ts";
import { GateError } from "./gate-error.ts";
import { knownOptions, snakeMembers } from "./names.ts";
import type { ExecuteOptions, ExecutionOption, HeldOrderOption, ReportOptions } from "./options.ts";
import { executionPath, intentPath } from "./paths.ts";
import { namesIn } from "./option-names.ts";

const EXECUTE_OPTIONS = namesIn("intentId mode");
const HELD_ORDER_OPTIONS = namesIn("executionId executionToken");
const REPORT_OPTIONS = namesIn("executionId status result executedAt retryable proof executionToken");

/** The one-time order for an approved intent. A repeated call returns the same order until it ends. */
export async function execute(
  at: Connection,
  options: ExecuteOptions,
  call: CallOptions & { readonly attemptMs?: number } = {},
): Promise<ExecutionOrder> {
  const { intentId, ...body } = knownOptions(options, EXECUTE_OPTIONS);
  const path = `${intentPath({ intentId: String(intentId ?? "") })}/execute`;
  return orderIn(await at.send({ ...call, method: "POST", path, body, idempotencyKey: null }));
}

/** Claims an order: the point of no return, after which its holder writes. */
export async function claim(
  at: Connection,
  options: HeldOrderOption,
  call: CallOptions & { readonly attemptMs?: number } = {},
): Promise<ExecutionOrder> {
  return asWorker(at, "claim", options, call);
}

/** Extends a claim. */
export async function heartbeat(
  at: Connection,
  options: HeldOrderOption,
  call: CallOptions = {},
): Promise<ExecutionOrder> {
  return asWorker(at, "heartbeat", options, call);
}

/** Reports the outcome of an order, authenticated by the order's token instead of the agent's key. */
export async function report(
  at: Connection,
  options: ReportOptions,
  call: CallOptions & { readonly attemptMs?: number; readonly retries?: number } = {},
): Promise<ExecutionOrder> {
  const { executionId, executionToken, ...rest } = knownOptions(options, REPORT_OPTIONS);
  const path = executionPath({ executionId: String(executionId ?? "") });
  const body = snakeMembers(rest);
  const as = { key: await tokenOf(at, path, executionToken, call) };
  return orderIn(await at.send({ ...call, method: "POST", path: `${path}/report`, body, as }));
}

export async function getExecution(
  at: Connection,
  options: ExecutionOption,
  call: CallOptions = {},
): Promise<ExecutionOrder> {
  return orderIn(await at.send({ ...call, method: "GET", path: executionPath(options) }));
}

async function asWorker(
  at: Connection,
  verb: "claim" | "heartbeat",
  options: HeldOrderOption,
  call: CallOptions,
): Promise<ExecutionOrder> {
  const { executionId, executionToken } = knownOptions(options, HELD_ORDER_OPTIONS);
  const path = executionPath({ executionId: String(executionId ?? "") });
  const as = { key: await tokenOf(at, path, executionToken, call) };
  return orderIn(await at.send({ ...call, method: "POST", path: `${path}/${verb}`, body: {}, as }));
}

async function tokenOf(
  at: Connection,
  path: string,
  given: unknown,
  { signal, timeoutMs }: CallOptions,
): Promise<string> {
  if (typeof given === "string") return given;
  const limits = { ...(signal && { signal }), ...(timeoutMs !== undefined && { timeoutMs }) };
  const { execution_token: token } = await at.send({ ...limits, method: "GET", path });
  if (typeof token === "string") return token;
  throw new GateError("pass executionToken: this key can't read it", {
    code: "no_execution_token",
  });
}

function orderIn(answer: unknown): ExecutionOrder {
  return answer as ExecutionOrder;
}
