import type { Result } from "../../core/base/result.ts";
import type { OrderFailure } from "../../app/execution/order-failure.ts";
import type { ProofProblem } from "../../app/execution/report-proof.ts";
import { problemOfAuthFailure } from "./from-auth-failure.ts";
import { problemOf, problemOfStop } from "./from-refusal.ts";
import { refuse, type Problem } from "./problem.ts";

/** The value of a use case of orders. @throws the problem of its failure */
export function valueOrRefuse<T>(result: Result<T, OrderFailure>): T {
  return result.ok ? result.value : refuse(problemOfOrder(result.error));
}

function problemOfOrder(failure: OrderFailure): Problem {
  switch (failure.kind) {
    case "refused":
      return problemOf(failure.refusal);
    case "stopped":
      return problemOfStop(failure.stop);
    case "order_not_found":
      return {
        status: 404,
        code: "execution_not_found",
        detail: "There is no such execution, or it is not yours.",
      };
    case "token_required":
      return {
        status: 401,
        code: "execution_token_required",
        detail:
          "Send the order's token as `Authorization: Bearer gex_…`, or as execution_token beside your key.",
      };
    case "inactive":
    case "unknown_key":
      return problemOfAuthFailure(failure);
    case "result_too_large":
      return {
        status: 413,
        code: "result_too_large",
        detail: `A result is at most ${failure.maxBytes} bytes.`,
      };
    case "invalid_proof":
      return { status: 400, code: "invalid_proof", detail: PROOF_DETAIL[failure.problem] };
    case "nothing_to_deliver":
      return {
        status: 409,
        code: "nothing_to_deliver",
        detail: "The intent has no payload, and no file's name: order it with POST /v1/intents/:id/execute.",
      };
    case "delivery_not_found":
      return { status: 404, code: "delivery_not_found", detail: "There is no such delivery." };
    case "already_delivered":
      return {
        status: 410,
        code: "already_delivered",
        detail: "The payload was already downloaded; a delivery works once.",
      };
  }
}

const PROOF_DETAIL = {
  no_key: "No report key is registered for this worker.",
  too_long: "The signed report is too long.",
  bad_signature: "The signed report does not verify with the registered key.",
  other_claims: "The signed report names another order, another intent or another outcome.",
} as const satisfies Record<ProofProblem, string>;
