import type { JsonObject } from "../../src/core/base/json.ts";
import { textMember } from "../../verifier/read-json.ts";
import { clipped } from "../approvals/sanitize-text.ts";
import { exchange, objectIn, Unreachable } from "../exchange.ts";

const TIMEOUT_MS = 30_000;

/** 500 switches are engaged at most, each a few hundred bytes: a larger response is not Gate's. */
const MAX_ANSWER_BYTES = 1024 * 1024;

/** The server refused the request. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/**
 * One call to the routes of kill switches.
 *
 * @throws {Unreachable} {Refused}
 */
export async function callSwitches(
  server: URL,
  apiKey: string,
  path: "/v1/switches" | "/v1/switches/lift",
  body?: JsonObject,
): Promise<JsonObject> {
  const method = body === undefined ? "GET" : "POST";
  const call = { method, apiKey, maxBytes: MAX_ANSWER_BYTES, timeoutMs: TIMEOUT_MS, body } as const;
  const { ok, status, bytes } = await exchange(server, path, call);
  const answer = objectIn(bytes);
  if (!ok) {
    const detail = answer === null ? null : textMember(answer, "detail");
    throw new Refused(detail === null ? `${server.origin} responded ${status}` : clipped(detail, 400));
  }
  if (answer !== null) return answer;
  throw new Unreachable(`${server.origin} responded with something other than JSON: is it a Gate server?`);
}
