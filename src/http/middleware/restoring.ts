import type { MiddlewareHandler } from "hono";
import type { GateEnv } from "./context.ts";
import { refuse } from "../problem/problem.ts";

/** What an operator and a verifier need while a restore is being recorded. */
const OPEN = /^\/(?:health$|\.well-known\/|log\/|v1\/restore$)/;

/**
 * Restored data let nothing through before the restore is on the ledger and the kill switch is engaged: keys, approvals
 * and counters are those of an earlier time.
 */
export const requireRestoreRecorded: MiddlewareHandler<GateEnv> = async (c, next) => {
  const { restoration } = c.env;
  if (restoration.at !== null && !OPEN.test(c.req.path) && !(await restoration.isRecorded())) {
    refuse({
      status: 503,
      code: "restoring",
      detail:
        "This Gate's data were restored from a backup, and an admin has not recorded that yet (POST /v1/restore).",
      headers: { "Retry-After": "5" },
    });
  }
  await next();
};
