import type { Answer } from "./answers.ts";
import type { Connection } from "./connection.ts";
import { GateError, type GateErrorDetail, textIn } from "./gate-error.ts";
import {
  GateBlockedError,
  GateDuplicateError,
  GateExpiredError,
  GateFailedError,
  GateIndeterminateError,
  GatePendingError,
  GateRejectedError,
} from "./guard-errors.ts";
import { result } from "./reads.ts";

/** Marks a result that could not be sent along with a report. */
export const OMITTED = "$gate";

/** What Gate says of an intent that is not, or no longer, to be executed. */
export function refusalOf(at: Connection, intentId: string, answer: Answer): GateError {
  const { state, successorId } = answer;
  const why = textIn(answer, "blockReason", "holdReason", "reason");
  const because = why === null ? "" : `: ${why}`;
  const detail = (code: string, remedy?: string): GateErrorDetail => ({
    code,
    body: answer,
    intentId,
    endpoint: at.endpoint,
    ...(remedy !== undefined && { remedy }),
  });
  switch (state) {
    case "pending_approval":
      return new GatePendingError(`a person has to decide${because}`, detail("pending_approval"));
    case "blocked":
      return new GateBlockedError(`a policy blocks this write${because}`, detail("blocked"));
    case "expired":
      return new GateExpiredError(
        `this write was not decided or executed in time`,
        detail("expired", "Call under another key."),
      );
    case "claimed":
      return new GateDuplicateError(
        "another call runs this write, or ended unreported",
        detail("already_running", "Call again later."),
      );
    case "indeterminate":
      return new GateIndeterminateError(
        "this write may have happened",
        detail("indeterminate", "A person resolves it."),
      );
    default: {
      const isEdited = typeof successorId === "string";
      const message = isEdited ? "a reviewer edited this write" : `this write was ${String(state)}${because}`;
      const more = { successorId: isEdited ? successorId : null };
      return new GateRejectedError(message, { ...detail(isEdited ? "edited" : String(state)), more });
    }
  }
}

/** The result of a write that has ended. @throws {GateError} where it failed, or has none */
export async function storedResult(at: Connection, intentId: string): Promise<unknown> {
  const stored = await result(at, intentId).catch((error: unknown) => {
    if (error instanceof GateError && error.code === "no_result") return null;
    throw error;
  });
  const detail = { body: stored, intentId, endpoint: at.endpoint };
  if (stored?.state === "failed") {
    const { error } = (stored.result ?? {}) as { readonly error?: { readonly message?: unknown } };
    const message = `an earlier run of this call failed: ${String(error?.message ?? "no reason was reported")}`;
    const remedy = "Call under another key.";
    throw new GateFailedError(message, {
      ...detail,
      code: "failed",
      remedy,
      more: { result: stored.result },
    });
  }
  if (stored?.outcome === "succeeded" && !isOmitted(stored.result)) return stored.result;
  throw new GateDuplicateError("this write was made, and has no stored result", {
    ...detail,
    code: "result_unavailable",
  });
}

export function isOmitted(value: unknown): boolean {
  return typeof value === "object" && value !== null && OMITTED in value;
}
