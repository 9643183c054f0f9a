import { HTTPException } from "hono/http-exception";
import { problemResponse } from "./problem.ts";

/** What was thrown while a request was answered: a refusal on its way out, or something that nobody foresaw. */
export function answerUnhandled(error: Error): Response {
  if (error instanceof HTTPException && error.res !== undefined) return error.res;
  // The caller learns nothing of the inside; whoever operates Gate finds the rest in the log.
  console.error({ message: "unhandled", error: error.stack ?? String(error) });
  return problemResponse({
    status: 503,
    code: "unavailable",
    detail: "Gate could not answer this; nothing was approved or sent. Try again.",
    headers: { "Retry-After": "5" },
  });
}
