import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { member, textMember } from "../verifier/read-json.ts";
import { exchange, objectIn, Unreachable } from "./exchange.ts";
import { EXIT_FAILED, EXIT_USAGE } from "./io.ts";
import { clipped } from "./sanitize-text.ts";
import type { Connection } from "./server-and-key.ts";
import type { Subcommands } from "./subcommands.ts";
import { UsageError } from "./usage.ts";

const TIMEOUT_MS = 30_000;

/** A page of the longest list has about a hundred kilobytes: a larger response is not Gate's. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** The longest detail of a refusal that is worth a terminal's lines. */
const MAX_DETAIL_CHARS = 400;

/** The server refused the request: its status, code and detail. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

interface ApiRequest {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: JsonObject | undefined;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One call to a route of Gate, and the bytes of its response. The server is untrusted: responses are bounded.
 *
 * @throws {Unreachable} {Refused} {UsageError} for an unknown key
 */
export async function callForBytes(
  { server, apiKey, who }: Connection,
  path: string,
  { body, method, timeoutMs = TIMEOUT_MS, maxBytes = MAX_ANSWER_BYTES, signal }: ApiRequest = {},
): Promise<Uint8Array> {
  const call = {
    method: method ?? (body === undefined ? "GET" : "POST"),
    apiKey,
    maxBytes,
    timeoutMs,
    body,
    signal,
  } as const;
  const { ok, status, bytes } = await exchange(server, path, call);
  if (ok) return bytes;
  if (status === 401) {
    throw new UsageError(`${server.origin} does not know this key: put ${who} into GATE_API_KEY`);
  }
  const problem = objectIn(bytes);
  const detail = problem === null ? null : textMember(problem, "detail");
  const code = problem === null ? null : textMember(problem, "code");
  throw new Refused(
    status,
    code ?? `http_${status}`,
    detail === null ? `${server.origin} responded ${status}` : clipped(detail, MAX_DETAIL_CHARS),
  );
}

/** The same for a response that is a JSON object. @throws {Unreachable} {Refused} */
export async function callApi(
  connection: Connection,
  path: string,
  request?: ApiRequest,
): Promise<JsonObject> {
  const value = objectIn(await callForBytes(connection, path, request));
  if (value !== null) return value;
  throw new Unreachable(
    `${connection.server.origin} responded with something other than JSON: is it a Gate server?`,
  );
}

/** The objects of a list. @throws {Unreachable} for another response, which must not read as an empty list */
export function objectsOf(answer: JsonObject, name: string, { server }: Connection): readonly JsonObject[] {
  const list = member(answer, name);
  if (Array.isArray(list) && list.every(isJsonObject)) return list;
  throw new Unreachable(`${server.origin} sent no list of ${name}: is it a Gate server?`);
}

/** What a command that calls the server may meet: 1 refused, 2 wrong usage or no server. */
export const apiFailure: Subcommands["failure"] = (error) => {
  if (error instanceof Refused) return { message: error.message, code: EXIT_FAILED };
  const isExpected = error instanceof UsageError || error instanceof Unreachable;
  return isExpected ? { message: error.message, code: EXIT_USAGE } : null;
};
