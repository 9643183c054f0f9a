import { logLine } from "../../core/base/log-line.ts";
import { HTTPException } from "hono/http-exception";
import { sha256Hex } from "../../core/base/digest.ts";
import { canonicalJson, isJsonObject, type Json } from "../../core/base/json.ts";
import { parseStrictJson } from "../../core/base/strict-json.ts";
import { proposalBodyBytes, readBytes, SMALL_BODY_BYTES } from "./body.ts";
import type { GateContext } from "./context.ts";
import { restore, withhold } from "./stored-answer-secrets.ts";
import { refuse } from "../problem/problem.ts";
import type { StoredAnswer } from "../../ports/idempotency.ts";

/*
 * The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07): the same request under the same key
 * gets the same answer. Beside the intent's own `idempotency_key`, which names a write for ever.
 */

/** A key is a name, not a document. */
const MAX_KEY_CHARACTERS = 255;

/** RFC 8941 section 3.3.3. */
const SF_STRING = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;

/** What most clients send instead: visible ASCII without what would make it a list or give it parameters. */
const BARE = /^[!#-+\--:<-[\]-~]+$/;

/** "Come back later" is no answer: a key that kept it would keep its caller out for a day. */
const PASSING_CODES = new Set(["too_many_proposals", "kill_switch_engaged", "log_stopped"]);

const IN_FLIGHT_RETRY_SECONDS = "1";

/** Where payloads come in; every other body is small. */
const PROPOSAL = /^\/v1\/(?:intents|propose|intents\/[^/]+\/edit)$/;

/** An answer over this is not kept: a row of D1 is at most 2 MB, and no answer to a POST comes near it. */
const MAX_STORED_CHARACTERS = 512 * 1024;

export interface IdempotentRequest {
  /** Whose key it is: a principal's id, or an order's where its token is all the caller has. */
  readonly principal: string;
  /** The parsed body, where it was read already. */
  readonly body?: Json;
  /** False: what was answered to this no longer holds, so the request is carried out, and refused, anew. */
  readonly holds?: (answer: { readonly status: number }) => boolean;
}

/** Does this request ask to be answered once? Null: it does not. @throws the 400 of a header that is no key */
export function idempotencyKey(c: GateContext): string | null {
  const header = c.req.method === "POST" ? c.req.header("Idempotency-Key") : undefined;
  if (header === undefined) return null;
  const key =
    SF_STRING.exec(header)?.[1]?.replaceAll(/\\(["\\])/g, "$1") ?? (BARE.test(header) ? header : "");
  if (key.length > 0 && key.length <= MAX_KEY_CHARACTERS) return key;
  return refuse({
    status: 400,
    code: "invalid_idempotency_key",
    detail: `Idempotency-Key: one text in quotes, or visible ASCII without them, ${MAX_KEY_CHARACTERS} characters at most.`,
  });
}

/**
 * Carries a request out once for its key. To be called when the caller is known and allowed to ask: an answer is
 * replayed to nobody else.
 *
 * Running a request again after an attempt that died is safe: an intent's object either finds the effect in place
 * or refuses, and a proposal without a key of its own is made in the intent the first attempt would have made.
 */
export async function answerOnce(
  c: GateContext,
  key: string,
  { principal, body, holds }: IdempotentRequest,
  run: () => Promise<Response>,
): Promise<Response> {
  const ports = c.env;
  const content = body === undefined ? await contentOf(c) : canonicalJson(body);
  const { pathname, search } = new URL(c.req.url);
  const subject = canonicalJson([c.req.method, pathname + search, content]);
  const begun = await ports.idempotency.begin({ principal, key, subject, intent: ports.intents.create().id });
  switch (begun.kind) {
    case "reused":
      return refuse({
        status: 422,
        code: "idempotency_key_reused",
        detail: "This key was used for another request.",
      });
    case "in_flight":
      return refuse({
        status: 409,
        code: "idempotency_in_flight",
        detail: "The first request under this key is still being answered.",
        headers: { "Retry-After": IN_FLIGHT_RETRY_SECONDS },
      });
    case "kept":
      return holds?.(begun.answer) === false ? run() : replay(c, begun.answer);
    case "first":
      break;
  }

  const { attempt } = begun;
  c.set("place", { intent: attempt.intent, again: attempt.again });
  const response = await answered(run).catch(async (error: unknown) => {
    await attempt.release(false);
    throw error;
  });
  const outcome = await keepable(response);
  try {
    await (typeof outcome === "string" ? attempt.release(outcome === "undone") : attempt.store(outcome));
  } catch (error) {
    // What was asked is done, and its caller is told so. The key lapses, and a repeat finds it done.
    console.error(logLine("answer_not_stored", { error: String(error) }));
  }
  return response;
}

/** The answer, whether it was returned or thrown. */
async function answered(run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof HTTPException && error.res !== undefined) return error.res;
    throw error;
  }
}

/** What is kept of an answer; `undone`: nothing happened, `unknown`: something may have. */
async function keepable(response: Response): Promise<StoredAnswer | "undone" | "unknown"> {
  if (response.status >= 500) return "unknown";
  const contentType = response.headers.get("Content-Type") ?? "";
  const text = contentType.includes("json") ? await response.clone().text() : "";
  if (text === "" || text.length > MAX_STORED_CHARACTERS) return "unknown";
  const body = JSON.parse(text) as Json;
  if (!isJsonObject(body)) return "unknown";
  if (typeof body["code"] === "string" && PASSING_CODES.has(body["code"])) return "undone";
  return { status: response.status, contentType, ...withhold(body) };
}

async function replay(c: GateContext, answer: StoredAnswer): Promise<Response> {
  const body = await restore(c, answer);
  return new Response(JSON.stringify(body), {
    status: answer.status,
    headers: {
      "Content-Type": answer.contentType,
      "Cache-Control": "no-store",
      "Idempotency-Replayed": "true",
    },
  });
}

/** The body in one spelling, put back for the handler to read; of what is no JSON, its digest. */
async function contentOf(c: GateContext): Promise<string> {
  const ports = c.env;
  const large = proposalBodyBytes(ports.settings.maxPayloadBytes);
  const limit = PROPOSAL.test(c.req.path) ? large : SMALL_BODY_BYTES;
  const bytes = await readBytes(c, limit);
  const { url, method, headers } = c.req.raw;
  c.req.raw = new Request(url, { method, headers, body: bytes.slice().buffer });
  const text = new TextDecoder().decode(bytes).trim();
  const parsed = parseStrictJson(text === "" ? "{}" : text);
  return parsed.ok ? canonicalJson(parsed.value) : `sha-256=${sha256Hex(bytes)}`;
}
