import { logLine } from "../../core/base/log-line.ts";
import { HTTPException } from "hono/http-exception";
import type { GateContext } from "./context.ts";
import { problemResponse, type Problem } from "../problem/problem.ts";

/** The response to an exception: a refusal as it was thrown, and 503 for an unexpected error. */
export function errorResponse(error: Error, c: GateContext): Response {
  if (error instanceof HTTPException && error.res !== undefined) return error.res;
  // Only the operator's log gets the error: its text would show a caller Gate's internals.
  console.error(logLine("unhandled_error", { error: error.stack ?? String(error) }));
  const { intent } = c.var;
  return problemResponse(intent === undefined ? UNAVAILABLE : outcomeUnknown(intent));
}

const UNAVAILABLE: Problem = {
  status: 503,
  code: "unavailable",
  detail: "Gate failed to respond; nothing was approved or sent. Try again.",
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
