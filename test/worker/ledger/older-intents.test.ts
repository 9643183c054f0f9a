import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { beforeAll, describe, test } from "vitest";
import { call, eventsOf, objectOf, proposal, propose, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer", { person: "ana" });
});

interface Stored {
  readonly state: { readonly terms: Record<string, unknown> };
  readonly progress: Record<string, unknown>;
}

/** As its object stored it before Gate sent writes itself. */
async function madeOlder(intent: string): Promise<string> {
  await runInDurableObject(objectOf(intent), (_, { storage }) => {
    const { state, progress } = storage.kv.get("intent") as Stored;
    const { sending: _sending, ...terms } = state.terms;
    const { sending: _attempts, attempt: _attempt, ...before } = progress;
    storage.kv.put("intent", { state: { ...state, terms }, progress: before });
  });
  await evictDurableObject(objectOf(intent));
  return intent;
}

describe("an intent proposed before Gate could send writes", () => {
  test("shows no HTTP request and names the executor", async ({ expect }) => {
    const intent = await madeOlder(await propose(agent, proposal("crm.pair"), "pending_approval"));
    const page = await call("GET", `/cases/${intent}`, reviewer.key);
    expect(page.status).toBe(200);
    expect(page.text).not.toContain("The HTTP request");
    const answer = await call("GET", `/v1/intents/${intent}/response`, agent.key);
    expect(answer.body).toMatchObject({ code: "no_response", state: "pending_approval" });
    expect(answer.body.detail).toContain("Gate does not send this write");
  });

  test("without a payload shows that the action is all there is", async ({ expect }) => {
    const intent = await madeOlder(
      await propose(agent, proposal("crm.pair", { payload: undefined }), "pending_approval"),
    );
    const page = await call("GET", `/cases/${intent}`, reviewer.key);
    expect(page.text.replaceAll(/\s+/g, " ")).toContain("the action needs none");
  });

  test("is ordered, claimed and reported by its agent as before", async ({ expect }) => {
    const intent = await madeOlder(await propose(agent, proposal("crm.small"), "approved"));
    const order = await call("POST", `/v1/intents/${intent}/execute`, agent.key);
    expect(order.status).toBe(201);
    const report = { execution_token: order.body.execution_token, status: "succeeded" };
    const path = `/v1/executions/${order.body.executionId}/report`;
    expect((await call("POST", path, agent.key, report)).status).toBe(200);
    expect((await eventsOf(intent)).at(-1)).toBe("execution_succeeded");
  });
});
