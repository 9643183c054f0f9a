import { logLine } from "../../core/base/log-line.ts";
import { HTTPException } from "hono/http-exception";
import { sha256Hex } from "../../core/base/digest.ts";
import { canonicalJson, isJsonObject, type Json } from "../../core/base/json.ts";
import { parseStrictJson } from "../../core/base/strict-json.ts";
import { proposalBodyBytes, readBytes, SMALL_BODY_BYTES } from "./body.ts";
import type { GateContext } from "./context.ts";
import { redact, rehydrate } from "./stored-answer-secrets.ts";
import { refuse } from "../problem/problem.ts";
import type { StoredAnswer } from "../../ports/idempotency.ts";

/*
 * The Idempotency-Key header (draft-ietf-httpapi-idempotency-key-header-07): the same request under the same key
 * gets the same response. The intent's own `idempotency_key` is another key, which names a write for ever.
 */

/** A key is a name, not a document. */
const MAX_KEY_CHARACTERS = 255;

/** RFC 8941 section 3.3.3. */
const SF_STRING = /^"((?:[ !#-[\]-~]|\\["\\])*)"$/;

/** The bare word that most clients send instead: visible ASCII without the syntax of lists and parameters. */
const BARE = /^[!#-+\--:<-[\]-~]+$/;

/**
 * Refusals that left an entry on the ledger. No other refusal is stored: it had no effect, and with a row for each a
 * caller could fill the database by naming intents that don't exist.
 */
const RECORDED_REFUSALS = new Set(["duplicate_blocked", "intent_revoked"]);

const IN_FLIGHT_RETRY_SECONDS = "1";

/** Routes that take payloads; every other body is small. */
const PROPOSAL = /^\/v1\/(?:intents|propose|intents\/[^/]+\/edit)$/;

/** A longer response is not stored: a row of D1 is at most 2 MB, and no response to a POST comes near it. */
const MAX_STORED_CHARACTERS = 512 * 1024;

export interface IdempotentRequest {
  /** Owner of the key: a principal's id, or an order's where the caller has only its token. */
  readonly principal: string;
  /** The parsed body, where it was read already. */
  readonly body?: Json;
  /** False: the stored response no longer holds, so the request runs again, and is refused. */
  readonly holds?: (answer: { readonly status: number }) => Promise<boolean>;
}

/** The request's idempotency key; null: it has none. @throws 400 for an invalid header */
export function idempotencyKey(c: GateContext): string | null {
  const header = c.req.method === "POST" ? c.req.header("Idempotency-Key") : undefined;
  if (header === undefined) return null;
  const key =
    SF_STRING.exec(header)?.[1]?.replaceAll(/\\(["\\])/g, "$1") ?? (BARE.test(header) ? header : "");
  if (key.length > 0 && key.length <= MAX_KEY_CHARACTERS) return key;
  return refuse({
    status: 400,
    code: "invalid_idempotency_key",
    detail: `Idempotency-Key must be a quoted text or a bare word of visible ASCII, ${MAX_KEY_CHARACTERS} characters at most.`,
  });
}

/**
 * Runs a request once for its key. To be called after authentication and the check of the role: a stored response is
 * replayed to its own caller only.
 *
 * Running a request again after an attempt that crashed is safe: an intent's object either finds the effect in place or
 * refuses, and a proposal without a key of its own creates the intent that the first attempt would have created.
 */
export async function respondOnce(
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
        detail: "The first request under this key is still in progress.",
        headers: { "Retry-After": IN_FLIGHT_RETRY_SECONDS },
      });
    case "stored":
      return (await holds?.(begun.answer)) === false ? run() : replay(c, begun.answer);
    case "first":
      break;
  }

  const { attempt } = begun;
  c.set("place", { intent: attempt.intent, again: attempt.again });
  const response = await responseOf(run).catch(async (error: unknown) => {
    await attempt.release(false);
    throw error;
  });
  const outcome = c.var.hasNoEffect === true ? "undone" : await storableResponse(response);
  try {
    await (typeof outcome === "string" ? attempt.release(outcome === "undone") : attempt.store(outcome));
  } catch (error) {
    // The request took effect, so its response is returned. The key lapses, and a repeat finds the effect in place.
    console.error(logLine("answer_not_stored", { error: String(error) }));
  }
  return response;
}

/** The response, returned or thrown. */
async function responseOf(run: () => Promise<Response>): Promise<Response> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof HTTPException && error.res !== undefined) return error.res;
    throw error;
  }
}

/** The response as it is stored; `undone`: the request had no effect, `unknown`: it may have had one. */
async function storableResponse(response: Response): Promise<StoredAnswer | "undone" | "unknown"> {
  if (response.status >= 500) return "unknown";
  const isRefusal = response.status >= 400;
  const contentType = response.headers.get("Content-Type") ?? "";
  const text = contentType.includes("json") ? await response.clone().text() : "";
  if (text === "" || text.length > MAX_STORED_CHARACTERS) return isRefusal ? "undone" : "unknown";
  const body = JSON.parse(text) as Json;
  if (!isJsonObject(body)) return isRefusal ? "undone" : "unknown";
  if (isRefusal && !RECORDED_REFUSALS.has(String(body["code"]))) return "undone";
  return { status: response.status, contentType, ...redact(body) };
}

async function replay(c: GateContext, answer: StoredAnswer): Promise<Response> {
  const body = await rehydrate(c, answer);
  return new Response(JSON.stringify(body), {
    status: answer.status,
    headers: {
      "Content-Type": answer.contentType,
      "Cache-Control": "no-store",
      "Idempotency-Replayed": "true",
    },
  });
}

/** The body as canonical JSON, or the digest of one that is not JSON; the handler gets the same bytes. */
async function contentOf(c: GateContext): Promise<string> {
  const ports = c.env;
  const large = proposalBodyBytes(ports.settings.maxPayloadBytes);
  const limit = PROPOSAL.test(c.req.path) ? large : SMALL_BODY_BYTES;
  const bytes = await readBytes(c, limit);
  c.set("body", bytes);
  const text = new TextDecoder().decode(bytes).trim();
  const parsed = parseStrictJson(text === "" ? "{}" : text);
  return parsed.ok ? canonicalJson(parsed.value) : `sha-256=${sha256Hex(bytes)}`;
}
