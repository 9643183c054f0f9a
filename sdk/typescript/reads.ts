import type { Answer, Intent, UpstreamResponse, WriteResult } from "./answers.ts";
import type { CallOptions } from "./call-options.ts";
import type { Connection } from "./connection.ts";
import type { IntentOption } from "./options.ts";
import { intentPath } from "./paths.ts";
import { upstreamResponse } from "./response.ts";

type Named = string | IntentOption;

/** A record of an intent: `audit`, `decision`, `evidence`. */
export async function readOf(
  at: Connection,
  intent: Named,
  part: string,
  call: CallOptions = {},
): Promise<Answer> {
  return at.send({ ...call, method: "GET", path: `${intentPath(intent)}${part}` });
}

/** The intent in full, with its ledger in `auditTrail`. */
export async function getIntent(at: Connection, intent: Named, call?: CallOptions): Promise<Intent> {
  return (await readOf(at, intent, "", call)) as unknown as Intent;
}

/**
 * What the worker reported of the agent's own write.
 *
 * @throws {GateError} `no_result`: there is none (yet); the message says why
 */
export async function result(at: Connection, intent: Named, call?: CallOptions): Promise<WriteResult> {
  return (await readOf(at, intent, "/result", call)) as unknown as WriteResult;
}

/**
 * The upstream's response to a write that Gate sent.
 *
 * @throws {GateError} `no_response`: there is none (yet); the message says why
 */
export async function response(at: Connection, intent: Named, call?: CallOptions): Promise<UpstreamResponse> {
  return upstreamResponse(await readOf(at, intent, "/response?format=json", call));
}
