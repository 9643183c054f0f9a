import { Hono } from "hono";
import { cors } from "hono/cors";
import type { SignedCheckpoint } from "../../../ports/tlog.ts";
import { mayReadLedger } from "../../../app/authority.ts";
import { visibleIntent } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { INTENT_NOT_FOUND } from "../../problem/from-refusal.ts";
import { consistencyView, entryLine, faultView, healthView, inclusionView } from "./log-view.ts";

/** Entries per response. */
const MAX_ENTRIES = 1_000;

/** C2SP asks for a short cache on checkpoints; a proof between two sizes never changes. */
const CHECKPOINT_CACHE = "public, max-age=5";
const PROOF_CACHE = "public, max-age=86400, immutable";

const anyone = requireRole(["agent", "runner", "reviewer", "auditor", "admin"]);
const auditors = requireRole(["auditor", "admin"]);

/** The Merkle log. Checkpoints and consistency proofs hold hashes only, and are public. */
export const log = new Hono<GateEnv>()
  .use("/log/checkpoint", cors())
  .use("/log/proof/consistency", cors())
  .get("/log/checkpoint", async (c) => {
    const ports = c.env;
    const checkpoint = await ports.log.checkpoint();
    return checkpoint === null ? unavailable() : noteResponse(c, checkpoint, CHECKPOINT_CACHE);
  })
  .post("/log/seal", requireRole(["admin"]), async (c) => {
    const ports = c.env;
    const { checkpoint, fault, isComplete } = await ports.log.seal();
    if (fault !== null) {
      return refuse({
        status: 409,
        code: "log_stopped",
        detail: "Sealing stopped because a row of the ledger does not fit; `fault` gives row and cause.",
        more: { fault: faultView(fault) },
      });
    }
    if (checkpoint === null || !isComplete) return unavailable();
    return noteResponse(c, checkpoint, "no-store");
  })
  .get("/log/health", auditors, async (c) => {
    const ports = c.env;
    const seal = c.req.query("seal") ?? "true";
    if (seal !== "true" && seal !== "false") return invalid("seal", "true or false");
    return c.json(healthView(await ports.log.health(seal === "true")));
  })
  .get("/log/proof/inclusion", anyone, async (c) => {
    const ports = c.env;
    const size = optionalCount(c, "size");
    const index = await indexOf(c);
    const proved = await ports.log.inclusion(index, size);
    return proved.ok ? c.json(inclusionView(proved.value)) : notSealed();
  })
  .get("/log/proof/consistency", async (c) => {
    const ports = c.env;
    const old = count(c, "old");
    const size = optionalCount(c, "new");
    const proved = await ports.log.consistency(old, size);
    if (!proved.ok) return notSealed();
    const view = consistencyView(old, proved.value.size, proved.value.proof);
    return c.json(view, 200, { "Cache-Control": size === null ? CHECKPOINT_CACHE : PROOF_CACHE });
  })
  .get("/log/entries", auditors, async (c) => {
    const ports = c.env;
    const from = optionalCount(c, "from") ?? 0;
    const limit = optionalCount(c, "limit") ?? MAX_ENTRIES;
    if (limit < 1) return invalid("limit", "1 or more");
    const entries = await ports.log.entries(from, Math.min(limit, MAX_ENTRIES));
    const last = entries.at(-1);
    return c.body(entries.map(entryLine).join(""), 200, {
      "Content-Type": "application/x-ndjson",
      // Index of the next page; equal to `from` while there are no more entries.
      "X-Log-Next": String(last === undefined ? from : last.index + 1),
    });
  });

/**
 * The leaf that the query names: by its index for callers who may read the whole ledger, by intent for callers who may
 * see that intent; to the others the intent does not exist.
 */
async function indexOf(c: GateContext): Promise<number> {
  const ports = c.env;
  const readsAll = mayReadLedger(c.var.principal);
  const chain = c.req.query("intent");
  if (chain === undefined) {
    if (readsAll) return count(c, "index");
    return refuse({
      status: 403,
      code: "forbidden",
      detail: "Name the intent and the entry: intent= and seq=.",
    });
  }
  const seq = count(c, "seq");
  // Gate's own chains, such as `registry`, are no intents.
  if (!readsAll || chain.startsWith("int_")) await visibleIntent(c, chain);
  return (await ports.log.indexOf(chain, seq)) ?? refuse(INTENT_NOT_FOUND);
}

function noteResponse(c: GateContext, { note }: SignedCheckpoint, cache: string): Response {
  return c.body(note, 200, { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": cache });
}

function notSealed(): never {
  return refuse({
    status: 404,
    code: "not_sealed",
    detail: "The last checkpoint does not cover this entry yet, or the log has no such entry.",
  });
}

function unavailable(): never {
  return refuse({
    status: 503,
    code: "log_unavailable",
    detail: "The log has not caught up with the ledger. Try again.",
    headers: { "Retry-After": "5" },
  });
}

function optionalCount(c: GateContext, name: string): number | null {
  return c.req.query(name) === undefined ? null : count(c, name);
}

/** A whole number from 0 up, in canonical decimal form. */
function count(c: GateContext, name: string): number {
  const text = c.req.query(name) ?? "";
  // A double holds fifteen digits exactly.
  return /^(0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : invalid(name, "a whole number from 0 up");
}

function invalid(name: string, wanted: string): never {
  return refuse({ status: 400, code: "invalid_request", detail: `${name}: ${wanted}` });
}
