import { Hono } from "hono";
import { z } from "zod";
import { previewRecheck, type Preview } from "../../../app/evaluation/preview-recheck.ts";
import { startSweep } from "../../../app/evaluation/recheck-sweep.ts";
import { noteListener } from "../../../app/notifications/wake-dispatcher.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { queryFlag } from "../shared/query-flag.ts";
import type { Answer } from "../shared/answer.ts";
import type { RECHECK_PREVIEW, RECHECK_SWEEP } from "./operations-schema.ts";

/** A policy directory and a registry, in JSON. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
const MAX_TEXT_CHARACTERS = 1024 * 1024;
const MAX_POLICIES = 1_000;

const TEXT = z.string().max(MAX_TEXT_CHARACTERS);

const FIELDS = z.object({
  policies: z
    .array(z.object({ id: z.string().min(1).max(128), text: TEXT }))
    .max(MAX_POLICIES)
    .optional(),
  registry: TEXT.nullable().optional(),
  after: z.string().min(1).max(256).optional(),
});

const RECHECK = requestSchema("POST /v1/recheck", FIELDS, { others: "refused" });

async function recheck(c: GateContext) {
  const ports = c.env;
  const isRehearsal = queryFlag(c, "dry_run");
  const request = parseRequest(RECHECK, await readJson(c, MAX_BODY_BYTES));
  if (!isRehearsal) {
    if (Object.keys(request).length > 0) invalid("only a dry run takes policies, registry or after");
    // The rules may name the first channel.
    c.executionCtx.waitUntil(noteListener(ports));
    return c.json((await startSweep(ports, Date.now())) satisfies Answer<typeof RECHECK_SWEEP>);
  }
  c.set("hasNoEffect", true);
  const preview = await previewRecheck(await rulesOf(c, request), request.after ?? "", ports);
  return preview === null ? invalid("after: the `next` of the call before") : c.json(previewView(preview));
}

/** The rules in force, or those of the request. */
async function rulesOf(c: GateContext, { policies, registry }: z.infer<typeof FIELDS>) {
  const { rules } = c.env;
  if (policies === undefined && registry === undefined) return rules.current();
  if (policies === undefined || registry === undefined) {
    return invalid("policies, registry: both or neither; a registry of null is none");
  }
  const candidate = rules.candidate({ policies, registry });
  return candidate.ok ? candidate.value : invalid(candidate.error.join("\n"));
}

function previewView({ checked, changed, next }: Preview): Answer<typeof RECHECK_PREVIEW> {
  const cases = changed.map(({ id, state, becomes, reasonCode }) => ({
    intentId: id,
    state,
    becomes,
    reason_code: reasonCode,
  }));
  return { checked, changed: cases.length, cases, next };
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}

/** Evaluates what waits again under changed rules, or says what that would do. */
export const rechecking = new Hono<GateEnv>().post("/v1/recheck", requireRole(["admin"]), recheck);
