import type { GateContext } from "../middleware/context.ts";

/** The longest wait that the contract promises, in seconds. */
const MAX_WAIT_SECONDS = 900;

/** How long the agent waits, in milliseconds: `X-Gate-Wait: true`, or `Prefer: wait=N` (RFC 7240). */
export function waitMsOf(c: GateContext): number {
  if (c.req.header("X-Gate-Wait")?.trim().toLowerCase() === "true") return MAX_WAIT_SECONDS * 1000;
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(
    c.req.header("Prefer") ?? "",
  )?.[1];
  return Math.min(Number(seconds ?? 0), MAX_WAIT_SECONDS) * 1000;
}
