import type { CallOptions } from "./call-options.ts";
import type { Connection } from "./connection.ts";
import type { ProposeOptions } from "./options.ts";
import { proposalBody } from "./proposal.ts";
import type { ProposeResult } from "./answers.ts";

/** Proposes a write. `blocked` and `duplicate_blocked` resolve like any other verdict. */
export async function propose(
  at: Connection,
  options: ProposeOptions,
  call: CallOptions = {},
): Promise<ProposeResult> {
  const body = await proposalBody(options, at);
  return (await at.send({ ...call, method: "POST", path: "/v1/intents", body })) as unknown as ProposeResult;
}

/** Evaluates a proposal without creating an intent. */
export async function check(
  at: Connection,
  options: ProposeOptions,
  call: CallOptions = {},
): Promise<ProposeResult> {
  const body = await proposalBody(options, at);
  const path = "/v1/intents?dry_run=true";
  return (await at.send({
    ...call,
    method: "POST",
    path,
    body,
    idempotencyKey: null,
  })) as unknown as ProposeResult;
}
