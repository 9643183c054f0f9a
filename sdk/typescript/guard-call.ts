import { canonicalText } from "./canonical.ts";
import type { Connection } from "./connection.ts";
import { type Checked, requireKey } from "./guard-options.ts";
import { sha256Hex } from "./hex.ts";
import type { ProposeOptions } from "./options.ts";
import { jsonPayload } from "./payload.ts";
import { proposalBody } from "./proposal.ts";

/** One call of a guarded function, before anything is sent. */
export interface PreparedCall {
  readonly key: string;
  /** The body of its proposal. */
  readonly body: object;
  /** What the function gets. */
  readonly args: readonly unknown[];
}

/** The key of a call under `"arguments"`. @throws {GateOptionError} for arguments without a canonical form */
export async function argumentsKey(
  destination: string,
  action: string,
  args: readonly unknown[],
): Promise<string> {
  return `arguments:${await sha256Hex(canonicalText([destination, action, args], "arguments"))}`;
}

/** @throws {GateOptionError} */
export async function prepareCall(
  at: Connection,
  options: Checked,
  given: readonly unknown[],
): Promise<PreparedCall> {
  const { key, payload, recordCount, estimatedValueUsd, waitMs, signal, onThrow, ...rest } = options;
  // Before the first await: the caller may change them meanwhile.
  const text = payload === undefined || key === "arguments" ? argumentsText(given) : null;
  // What runs is what was approved, so the function gets a copy.
  const args = payload === undefined && text !== null ? (JSON.parse(text) as readonly unknown[]) : given;
  const call = args as readonly never[];
  const [chosen, content] = await Promise.all([
    typeof key === "function" ? key(...call) : key,
    typeof payload === "function" ? payload(...call) : payload,
  ]);
  const name =
    key === "arguments" && text !== null
      ? await argumentsKey(options.destination, options.action, JSON.parse(text) as readonly unknown[])
      : requireKey(chosen);
  const fields: Readonly<Record<string, unknown>> = {
    ...rest,
    recordCount: typeof recordCount === "function" ? recordCount(...call) : recordCount,
    estimatedValueUsd:
      typeof estimatedValueUsd === "function" ? estimatedValueUsd(...call) : estimatedValueUsd,
    payload: content,
    idempotencyKey: name,
  };
  const prepared = payload === undefined && text !== null ? jsonPayload(text, at) : undefined;
  const body = await proposalBody(fields as unknown as ProposeOptions, at, prepared);
  return { key: name, args, body: { ...body, executor: "proposer" } };
}

function argumentsText(given: readonly unknown[]): string {
  let { length } = given;
  while (length > 0 && given[length - 1] === undefined) length -= 1;
  return canonicalText(given.slice(0, length), "arguments");
}
