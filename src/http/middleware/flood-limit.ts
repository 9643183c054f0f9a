import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";

/** 429 for an agent that proposes too fast, through any door; checked before the body takes memory. */
export async function enforceFloodLimit(c: GateContext, agent: string): Promise<void> {
  const ports = c.env;
  if (await ports.allowProposal(agent)) return;
  refuse({
    status: 429,
    code: "too_many_proposals",
    detail: "This agent proposes faster than Gate accepts; wait a minute.",
    headers: { "Retry-After": "60" },
  });
}
