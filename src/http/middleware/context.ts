import type { Context } from "hono";
import type { Assurance } from "../../core/identity/assurance.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Ports } from "../../ports/ports.ts";
import type { KeyedAttempt } from "../../ports/idempotency.ts";

/** What every handler can reach: the ports (hono calls them `env`), and the caller once authenticated. */
export interface GateEnv {
  Bindings: Ports;
  Variables: {
    principal: Principal;
    /** How strongly the caller authenticated this time. */
    assurance: Assurance;
    /**
     * Throws where the caller's credential was revoked since; unset for calls without authentication, and for those
     * that authenticate after the body.
     */
    reauthenticate?: () => Promise<void>;
    requestId: string;
    /** Set where the request came over no wire: its length header is whatever the code that made it wrote. */
    isUnframed?: true;
    /** Id of a write that may have been begun: an answer that fails must not say that nothing was. */
    intent?: string;
    /** Of a request with an Idempotency-Key: the intent a proposal is made in, and whether one was tried before. */
    place?: Pick<KeyedAttempt, "intent" | "again">;
  };
}

export type GateContext = Context<GateEnv>;
