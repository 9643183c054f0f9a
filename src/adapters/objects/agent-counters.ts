import { retryCall } from "./retry-call.ts";
import type { AgentCounters } from "../../ports/counters.ts";

type Stub = ReturnType<AgentCounters["of"]>;

/** Counters as Durable Objects, one per agent id. */
export function agentCounters(namespace: DurableObjectNamespace): AgentCounters {
  return {
    of(agent) {
      const call = <T>(method: (stub: Stub) => Promise<T>): Promise<T> =>
        retryCall(() => method(namespace.getByName(agent) as unknown as Stub));
      return {
        reserve: (reservation, need) => call((stub) => stub.reserve(reservation, need)),
        peek: (reservation, need) => call((stub) => stub.peek(reservation, need)),
        release: (intent) => call((stub) => stub.release(intent)),
        settle: (settlement) => call((stub) => stub.settle(settlement)),
      };
    },
  };
}
