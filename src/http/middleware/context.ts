import type { Context } from "hono";
import type { Assurance } from "../../core/identity/assurance.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Ports } from "../../ports/ports.ts";
import type { KeyedAttempt } from "../../ports/idempotency.ts";

/** Codes and ids; nothing that the sender wrote. */
export interface LoggedRequest {
  /** The agent whose request is forwarded. */
  readonly principal?: string;
  readonly destination?: string;
  /** In place of the route's pattern: `/stripe/*`. */
  readonly route?: string;
  /** The intent that a proposal made or repeated. */
  readonly intent?: string;
}

/** Environment of every handler: the ports (Hono calls them `env`), and the caller once authenticated. */
export interface GateEnv {
  Bindings: Ports;
  Variables: {
    principal: Principal;
    /** How strongly the caller authenticated this time. */
    assurance: Assurance;
    /**
     * Throws if the caller's key or session was revoked meanwhile; unset for calls without authentication, and for those
     * that authenticate after the body.
     */
    reauthenticate?: () => Promise<void>;
    /** Set where requests are logged. */
    requestId?: string;
    /** What only a handler knows of its request's log line. */
    logged?: LoggedRequest;
    /** Set for a request that came through a binding and not over HTTP: its Content-Length may be wrong. */
    isUnframed?: true;
    /** Set for a request that is forwarded: its client expects a provider's errors. */
    isProxied?: true;
    /** Id of a write that may have begun: an error response must not claim that nothing was sent. */
    intent?: string;
    /** The whole body, once it was read to be compared with an earlier request. */
    body?: Uint8Array;
    /** Gives back the slot of a large body: at the latest when the response is there. */
    releaseBody?: () => void;
    /** The key or order that this request was counted for. */
    limitKey?: string;
    /** Set for a success without an effect, such as a dry run: nothing has to be remembered of it. */
    hasNoEffect?: true;
    /** For an Idempotency-Key: the id of the intent that a proposal creates, and whether it is a repeat. */
    place?: Pick<KeyedAttempt, "intent" | "again">;
  };
}

export type GateContext = Context<GateEnv>;
