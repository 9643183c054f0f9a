import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { clipped } from "../approvals/sanitize-text.ts";
import { exchange, objectIn, Unreachable } from "../exchange.ts";

/** Each credential may take fifteen seconds, and four are fetched at once. */
const TIMEOUT_MS = 120_000;

/** A credential is a few hundred bytes; more is no answer of Gate's. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** The server said no. */
export class Refused extends Error {
  override readonly name = "Refused";
}

/**
 * What became of each credential.
 *
 * @throws {Unreachable} {Refused}
 */
export async function checkedCredentials(server: URL, apiKey: string): Promise<readonly JsonObject[]> {
  const call = { method: "POST", apiKey, maxBytes: MAX_ANSWER_BYTES, timeoutMs: TIMEOUT_MS } as const;
  const { ok, status, bytes } = await exchange(server, "/v1/vault/check", call);
  if (status === 401) {
    throw new Unreachable(`${server.origin} does not know this key: give an admin's`);
  }
  const answer = objectIn(bytes);
  if (!ok) {
    const detail = answer === null ? null : textMember(answer, "detail");
    throw new Refused(detail === null ? `${server.origin} answered ${status}` : clipped(detail, 300));
  }
  const list = answer === null ? undefined : member(answer, "credentials");
  // What can't be read must not count as "all is well".
  if (!Array.isArray(list) || !list.every(isJsonObject)) {
    throw new Unreachable(`${server.origin} answered with something else: is it a Gate server?`);
  }
  return list;
}
