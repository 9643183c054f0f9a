import { Hono } from "hono";
import { z } from "zod";
import { restore, type RestoreFailure } from "../../../app/operations/restore.ts";
import { iso } from "../../../core/base/iso-time.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import type { Answer } from "../shared/answer.ts";
import type { RESTORED } from "./operations-schema.ts";

/** A checkpoint is a few hundred bytes. */
const MAX_NOTE_CHARACTERS = 8 * 1024;

const RESTORE = requestSchema(
  "POST /v1/restore",
  z.object({
    checkpoint: z.string().min(1).max(MAX_NOTE_CHARACTERS).optional(),
    after: z.string().min(1).max(128).optional(),
  }),
  { others: "refused" },
);

/** Records that the deployment's data were restored from a backup. Repeated with `next` as `after` until that is null. */
export const restoring = new Hono<GateEnv>().post("/v1/restore", requireRole(["admin"]), async (c) => {
  const ports = c.env;
  const { checkpoint, after } = parseRequest(RESTORE, await readJson(c));
  const done = await restore(
    { checkpoint: checkpoint ?? null, after: after ?? null },
    c.var.principal.id,
    Date.now(),
    ports,
  );
  if (!done.ok) return refuse(PROBLEMS[done.error]);
  const { settled, next, checkpoint: head } = done.value;
  const { at } = ports.restoration;
  return c.json({
    restored_at: at === null ? null : iso(at),
    settled,
    next,
    checkpoint: head,
  } satisfies Answer<typeof RESTORED>);
});

const PROBLEMS = {
  not_restored: {
    status: 409,
    code: "not_restored",
    detail: "Set GATE_RESTORED_AT to the time of the restore first, and deploy.",
  },
  restored_in_future: {
    status: 409,
    code: "restore_time_invalid",
    detail: "GATE_RESTORED_AT is in the future. Set it to the present time in UTC, and deploy.",
  },
  restored_before_data: {
    status: 409,
    code: "restore_time_invalid",
    detail:
      "The data have intents from after GATE_RESTORED_AT. Set it to the present time in UTC, and deploy.",
  },
  checkpoint_unknown: {
    status: 400,
    code: "invalid_request",
    detail: "checkpoint: a signed checkpoint of this deployment's log, as GET /log/checkpoint returns it",
  },
  invalid_cursor: { status: 400, code: "invalid_request", detail: "after: the `next` of the call before" },
} as const satisfies Record<RestoreFailure, Problem>;
