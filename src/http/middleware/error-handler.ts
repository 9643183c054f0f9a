import { logLine } from "../../core/base/log-line.ts";
import { HTTPException } from "hono/http-exception";
import type { GateContext } from "./context.ts";
import { problemResponse, type Problem } from "../problem/problem.ts";

/** What was thrown while a request was answered: a refusal on its way out, or something that nobody foresaw. */
export function answerUnhandled(error: Error, c: GateContext): Response {
  if (error instanceof HTTPException && error.res !== undefined) return error.res;
  // The caller learns nothing of the inside; whoever operates Gate finds the rest in the log.
  console.error(logLine("unhandled_error", { error: error.stack ?? String(error) }));
  const { intent } = c.var;
  return problemResponse(intent === undefined ? NOTHING_DONE : unknownOf(intent));
}

const NOTHING_DONE: Problem = {
  status: 503,
  code: "unavailable",
  detail: "Gate could not answer this; nothing was approved or sent. Try again.",
  headers: { "Retry-After": "5" },
};

/** Made anew under no id, it would be another write. */
function unknownOf(intent: string): Problem {
  return {
    ...NOTHING_DONE,
    detail: "Gate could not say what came of this write. Ask again with its id: it is not sent twice.",
    more: { intent_id: intent },
    headers: { ...NOTHING_DONE.headers, "X-Gate-Intent-Id": intent },
  };
}
