import { isJsonObject, type JsonObject } from "../../src/core/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { clipped } from "../approvals/visible.ts";
import { errorText } from "../io.ts";

/** Each credential may take fifteen seconds, and four are fetched at once. */
const TIMEOUT_MS = 120_000;

/** A credential is a few hundred bytes; more is no answer of Gate's. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/** Nothing could be asked: no server there, no key it knows. */
export class Unreachable extends Error {
  override readonly name = "Unreachable";
}

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
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await fetch(`${server.href.replace(/\/$/, "")}/v1/vault/check`, {
      method: "POST",
      headers: { authorization: `Bearer ${apiKey}`, accept: "application/json" },
      // A redirect would carry the key to wherever it points.
      redirect: "error",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    bytes = await bounded(response);
  } catch (error) {
    if (error instanceof Unreachable) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Unreachable(`${server.origin} can't be asked: ${errorText(cause)}`);
  }
  if (response.status === 401) {
    throw new Unreachable(`${server.origin} does not know this key: give an admin's`);
  }
  const answer = parsed(bytes);
  if (!response.ok) {
    const said = answer === null ? null : textMember(answer, "detail");
    throw new Refused(said === null ? `${server.origin} answered ${response.status}` : clipped(said, 300));
  }
  const list = answer === null ? undefined : member(answer, "credentials");
  // What can't be read must not count as "all is well".
  if (!Array.isArray(list) || !list.every(isJsonObject)) {
    throw new Unreachable(`${server.origin} answered with something else: is it a Gate server?`);
  }
  return list;
}

async function bounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += (chunk as Uint8Array).length;
    if (length > MAX_ANSWER_BYTES) throw new Unreachable("the server's answer is larger than any should be");
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks);
}

function parsed(bytes: Uint8Array): JsonObject | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}
