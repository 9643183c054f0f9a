import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { clipped } from "../approvals/sanitize-text.ts";
import { exchange, objectIn, Unreachable } from "../exchange.ts";

/** Each credential may take 15 s, and the server fetches four at a time. */
const TIMEOUT_MS = 120_000;

/** A result has a few hundred bytes for each credential: a larger response is not Gate's. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** The server refused the request. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/**
 * The result of fetching each credential.
 *
 * @throws {Unreachable} {Refused}
 */
export async function checkedCredentials(server: URL, apiKey: string): Promise<readonly JsonObject[]> {
  const call = { method: "POST", apiKey, maxBytes: MAX_ANSWER_BYTES, timeoutMs: TIMEOUT_MS } as const;
  const { ok, status, bytes } = await exchange(server, "/v1/vault/check", call);
  if (status === 401) {
    throw new Unreachable(`${server.origin} does not know this key: use an admin's key`);
  }
  const answer = objectIn(bytes);
  if (!ok) {
    const detail = answer === null ? null : textMember(answer, "detail");
    throw new Refused(detail === null ? `${server.origin} responded ${status}` : clipped(detail, 300));
  }
  const list = answer === null ? undefined : member(answer, "credentials");
  // An unreadable response must not count as success.
  if (!Array.isArray(list) || !list.every(isJsonObject)) {
    throw new Unreachable(`${server.origin} sent no list of credentials: is it a Gate server?`);
  }
  return list;
}
