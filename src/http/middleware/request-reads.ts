import type { MiddlewareHandler } from "hono";
import { forRequest } from "../../app/for-request.ts";
import { intentOfOrder } from "../../app/execution/tokens.ts";
import type { GateContext, GateEnv } from "./context.ts";

/** Gives a request ports of its own, so that it reads nothing twice. */
export const readPerRequest: MiddlewareHandler<GateEnv> = (c, next) => {
  c.env = forRequest(c.env);
  return next();
};

/** Headers of which each caller sends one; D1 is not asked on behalf of anybody without. */
const PROOFS = ["Authorization", "Cookie", "Cf-Access-Jwt-Assertion"] as const;

/**
 * Reads who acted on the intent that the path names, and the kill switches, with the caller's identity: a command needs
 * them all, and D1 is asked once. Nothing of it is shown before the caller is known.
 */
export function readAhead(c: GateContext): void {
  if (c.req.method !== "POST" || !PROOFS.some((name) => c.req.header(name) !== undefined)) return;
  const id = c.req.param("id") ?? "";
  if (id.startsWith("exe_")) c.env.ahead(intentOfOrder(id));
  else c.env.ahead(id.startsWith("int_") ? id : null);
}
