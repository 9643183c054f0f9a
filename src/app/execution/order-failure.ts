import type { Refusal } from "../../core/intent/refusal.ts";
import type { SwitchTarget } from "../../core/policy/kill-switch.ts";
import type { Inactive } from "../identity/account.ts";
import type { ProofProblem } from "./report-proof.ts";

/** Why a use case of orders failed; each door words it. */
export type OrderFailure =
  /** The intent's object refused the command, or no intent of this id is visible to the caller. */
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "stopped"; readonly stop: SwitchTarget }
  /** No order has this id, or the caller may not learn that one has. */
  | { readonly kind: "order_not_found" }
  /** The call carried no execution token; a key alone does not give access to an order. */
  | { readonly kind: "token_required" }
  /** The agent that proposed the write is suspended or revoked. */
  | Inactive
  /** The caller's key was rotated while its request was handled. */
  | { readonly kind: "unknown_key" }
  | { readonly kind: "result_too_large"; readonly maxBytes: number }
  | { readonly kind: "invalid_proof"; readonly problem: ProofProblem }
  /** Gate holds no bytes of this intent's payload. */
  | { readonly kind: "nothing_to_deliver" }
  | { readonly kind: "delivery_not_found" }
  /** A delivery token works once. */
  | { readonly kind: "already_delivered" };
