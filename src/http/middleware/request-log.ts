import type { MiddlewareHandler } from "hono";
import { logLine } from "../../core/base/log-line.ts";
import type { Governed } from "../../app/proposals/govern.ts";
import type { GateContext, GateEnv } from "./context.ts";

/**
 * One line for each request, where the deployment wants them (`GATE_LOG`): codes, ids and the route's pattern. Paths hold
 * the tokens of links, queries and headers hold keys, so none of them is in a line.
 */
export const logRequests: MiddlewareHandler<GateEnv> = async (c, next) => {
  if (!c.env.settings.logsRequests) return next();
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  const startedAt = Date.now();
  try {
    await next();
  } finally {
    const { principal, intent, logged = {} } = c.var;
    console.log(
      logLine("request", {
        request: requestId,
        method: methodOf(c),
        route: routeOf(c),
        ...(logged.destination !== undefined && { destination: logged.destination }),
        status: c.res.status,
        ms: Date.now() - startedAt,
        principal: logged.principal ?? principal?.id ?? null,
        intent: logged.intent ?? intent ?? intentInPath(c),
      }),
    );
    c.res.headers.set("X-Gate-Request-Id", requestId);
  }
};

/** One line for each evaluated proposal, beside the line of its request. */
export function logDecision(
  c: GateContext,
  governed: Governed,
  { agent, destination }: { readonly agent: string; readonly destination: string },
): void {
  if (!c.env.settings.logsRequests) return;
  if (governed.kind === "refused" || governed.kind === "unauthenticated") return;
  const isDecided = governed.kind === "decided";
  const id = isDecided ? governed.state.terms.id : governed.id;
  c.set("logged", { ...c.var.logged, intent: id });
  const { outcome, reasonCode, policies } = isDecided
    ? governed.decision
    : { outcome: "duplicate", reasonCode: "duplicate_blocked", policies: [] };
  console.log(
    logLine("decision", {
      request: c.var.requestId,
      intent: id,
      agent,
      destination,
      outcome,
      reason_code: reasonCode,
      policies: policies.map((policy) => policy.id),
    }),
  );
}

/** A method that no route has is the sender's own text. */
function methodOf(c: GateContext): string {
  const { method } = c.req;
  return /^[A-Z]{1,10}$/.test(method) ? method : "other";
}

/** `/v1/intents/:id/approve`; for a destination `/stripe/*`; `none` where no route has the path. */
function routeOf(c: GateContext): string {
  const path = c.var.logged?.route ?? c.req.routePath;
  return path === "*" || path === "/*" ? "none" : path;
}

const INTENT_ID = /^int_[\w-]{43}$/;

function intentInPath(c: GateContext): string | null {
  const id = c.req.param("id") ?? "";
  return INTENT_ID.test(id) ? id : null;
}
