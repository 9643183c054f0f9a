import type { Context } from "hono";
import type { Principal } from "../core/principal.ts";
import type { Ports } from "../ports.ts";

/** What every handler can reach: the ports, and who is calling once they are known. */
export interface GateEnv {
  Bindings: Ports;
  Variables: { principal: Principal; requestId: string };
}

export type GateContext = Context<GateEnv>;
