import { Hono } from "hono";
import { expect, test } from "vitest";
import { requireRole } from "../../../src/http/middleware/auth.ts";
import type { GateEnv } from "../../../src/http/middleware/context.ts";
import { agentOf } from "../../../src/http/proxy/authenticate-agent.ts";
import type { Ports } from "../../../src/ports/ports.ts";

/*
 * D1 gets the reads of one turn of the event loop as one batch. A proposal and a proxied request need the identity and
 * the kill switches: an `await` between the two would cost each of them a round trip more.
 */

const AGENT = { id: "agt_1", role: "agent", status: "active" };

function portsThatRecord(calls: string[]): Ports {
  const ports = {
    principals: {
      byKey: async () => {
        calls.push("identity");
        queueMicrotask(() => calls.push("end of turn"));
        return AGENT;
      },
    },
    countRequest: async () => null,
    switches: {
      engaged: async () => {
        calls.push("switches");
        return [];
      },
    },
    settings: { keyHeader: "x-gate-key" },
  };
  return ports as unknown as Ports;
}

test.each([
  [
    "a proposal",
    new Hono<GateEnv>().post("/", requireRole(["agent"], "cached"), (c) => c.text(c.var.principal.id)),
  ],
  [
    "a proxied request",
    new Hono<GateEnv>().post("/", async (c) => c.text((await agentOf(c, null)).principal.id)),
  ],
])("%s reads identity and kill switches in one turn", async (_, app) => {
  const calls: string[] = [];
  const headers = { Authorization: "Bearer gate_sk_test" };
  const response = await app.request("/", { method: "POST", headers }, portsThatRecord(calls));
  expect(await response.text()).toBe(AGENT.id);
  expect(calls).toEqual(["identity", "switches", "end of turn"]);
});
