import { GateError } from "./gate-error.ts";

/** A person has to decide. Call again later, or set `waitMs`: the call goes on from where it stopped. */
export class GatePendingError extends GateError {
  override readonly name: string = "GatePendingError";
}

/** A policy blocks the write. */
export class GateBlockedError extends GateError {
  override readonly name: string = "GateBlockedError";
}

/** A person rejected, cancelled, revoked or edited the write, or the agent withdrew it: `code` says which. */
export class GateRejectedError extends GateError {
  override readonly name: string = "GateRejectedError";
  /** The intent that a reviewer's edit created; null: it was not edited. */
  declare readonly successorId: string | null;
}

/** The write was not decided, or not executed, in time. */
export class GateExpiredError extends GateError {
  override readonly name: string = "GateExpiredError";
}

/** Another call has this write: `duplicate_blocked`, `idempotency_key_reused`, `already_running`, `result_unavailable`. */
export class GateDuplicateError extends GateError {
  override readonly name: string = "GateDuplicateError";
}

/** An earlier run of this call failed; it does not run again. */
export class GateFailedError extends GateError {
  override readonly name: string = "GateFailedError";
  /** What that run reported; null: nothing. */
  declare readonly result: unknown;
}

/** The write may have happened: `indeterminate`, or `report_failed` of a run of this very call. A person resolves it. */
export class GateIndeterminateError extends GateError {
  override readonly name: string = "GateIndeterminateError";
  /** With `report_failed`: what the function returned. */
  declare readonly value: unknown;
}
