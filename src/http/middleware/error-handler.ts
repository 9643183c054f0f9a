import { logLine } from "../../core/base/log-line.ts";
import { HTTPException } from "hono/http-exception";
import type { GateContext } from "./context.ts";
import { problemResponse, type Problem } from "../problem/problem.ts";

/** The response to an exception: a refusal as it was thrown, and 503 for an unexpected error. */
export function errorResponse(error: Error, c: GateContext): Response {
  return negotiated(responseTo(error, c), c);
}

/** Ranges of media types that include `application/problem+json` (RFC 9110 section 12.5.1). */
const PROBLEMS = /(?:^|[\s,])(?:\*\/\*|application\/(?:\*|problem\+json))(?:$|[\s,;])/i;

/**
 * A provider's SDK that asks for that provider's media type parses nothing but JSON by its plain name (Octokit), and
 * would print "Unknown error".
 */
function negotiated(response: Response, c: GateContext): Response {
  const accept = c.req.header("Accept");
  if (c.var.isProxied === true && accept !== undefined && !PROBLEMS.test(accept)) {
    response.headers.set("Content-Type", "application/json");
  }
  return response;
}

function responseTo(error: Error, c: GateContext): Response {
  if (error instanceof HTTPException && error.res !== undefined) return error.res;
  // Only the operator's log gets the error: its text would show a caller Gate's internals.
  console.error(logLine("unhandled_error", { error: error.stack ?? String(error) }));
  const { intent } = c.var;
  if (intent !== undefined) return problemResponse(outcomeUnknown(intent));
  const isRead = c.req.method === "GET" || c.req.method === "HEAD";
  return problemResponse({ ...UNAVAILABLE, detail: isRead ? READ_FAILED : EFFECT_UNKNOWN });
}

const READ_FAILED = "Gate failed to respond. Try again.";

/**
 * An exception can follow a commit, so that no sentence here may say that nothing happened: an agent that believes it
 * repeats the write.
 */
const EFFECT_UNKNOWN =
  "Gate failed to respond, and whether this request took effect is not known. Repeat it under the same idempotency key, or read the intent first.";

const UNAVAILABLE: Omit<Problem, "detail"> = {
  status: 503,
  code: "unavailable",
  headers: { "Retry-After": "5" },
};

/** Names the id of the write, because a repeat without it would be another write. */
function outcomeUnknown(intent: string): Problem {
  return {
    ...UNAVAILABLE,
    detail:
      "The outcome of this write is not known yet. Repeat the request with its id; it is not sent twice.",
    more: { intent_id: intent },
    headers: { ...UNAVAILABLE.headers, "X-Gate-Intent-Id": intent },
  };
}
