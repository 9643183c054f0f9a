import { HTTPException } from "hono/http-exception";
import type { IntentState } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { awaitOutcome, type OutcomeRequest } from "../../app/execution/await-outcome.ts";
import type { Intent } from "../../ports/intents.ts";
import type { GateContext } from "../middleware/context.ts";
import { outcomeResponse } from "./outcome-response.ts";
import type { Relocate } from "./relay-response.ts";

/**
 * Responds with the outcome of a write, or with how far it has come when the agent's wait is over. The response may take
 * fifteen minutes: callers return this promise without awaiting it, so that they keep no reference to the body.
 */
export async function respondWithOutcome(
  c: GateContext,
  relocate: Relocate,
  intent: Intent,
  state: IntentState,
  request: OutcomeRequest,
): Promise<Response> {
  // From here on a response to an unexpected failure must name the write, which may have been sent.
  c.set("intent", intent.id);
  const ports = c.env;
  const connection = {
    reauthenticate: () => reauthenticate(c),
    waitUntil: (work: Promise<unknown>) => c.executionCtx.waitUntil(work),
  };
  const outcome = await awaitOutcome(intent, state, request, connection, ports);
  // Rethrown as it is, so that the middleware's status and headers survive.
  if (outcome.kind === "unauthenticated") throw outcome.failure;
  return outcomeResponse(outcome, c.req.method, relocate);
}

/** The context's check, with the refusal it throws as a value for the use case. */
async function reauthenticate(c: GateContext): Promise<Result<void, HTTPException>> {
  try {
    await c.var.reauthenticate?.();
    return ok(undefined);
  } catch (error) {
    if (error instanceof HTTPException) return err(error);
    throw error;
  }
}
