import { afterAll, expect, test } from "vitest";
import { type Body, crmImport, startGate, text } from "../../support/gate.ts";

/*
 * Where Gate is stricter than the contract on purpose (docs/migration.md), its answer says what to do instead.
 */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

async function held(): Promise<string> {
  return text((await gate.call("POST", "/v1/intents", agent.key, crmImport(847))).body, "intentId");
}

const propose = (more: Body) => gate.call("POST", "/v1/intents", agent.key, crmImport(1, more));

async function ordered(): Promise<{ readonly report: string; readonly token: string }> {
  const id = await held();
  await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
  const { body } = await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, {});
  return {
    report: `/v1/executions/${text(body, "executionId")}/report`,
    token: text(body, "execution_token"),
  };
}

type Answer = Awaited<ReturnType<typeof propose>>;

const STRICTER: readonly (readonly [string, () => Promise<Answer>, number, RegExp])[] = [
  [
    "a registration without the admin key",
    () => gate.call("POST", "/v1/agents/register", agent.key, { name: "another" }),
    403,
    /needs an admin's/,
  ],
  [
    "a name that is taken",
    () => gate.call("POST", "/v1/agents/register", gate.adminKey, { name: "agent-1" }),
    409,
    /choose another/,
  ],
  [
    "an approval with an agent's key",
    async () => gate.call("POST", `/v1/intents/${await held()}/approve`, agent.key, {}),
    403,
    /needs a reviewer's/,
  ],
  [
    "an approval with the admin's key",
    async () => gate.call("POST", `/v1/intents/${await held()}/approve`, gate.adminKey, {}),
    403,
    /needs a reviewer's/,
  ],
  [
    "a report with an API key",
    async () => gate.call("POST", (await ordered()).report, agent.key, { status: "succeeded" }),
    401,
    /Send the order's token/,
  ],
  [
    "a second report",
    async () => {
      const { report, token } = await ordered();
      await gate.call("POST", report, token, { status: "succeeded" });
      return gate.call("POST", report, token, { status: "succeeded" });
    },
    409,
    /read what it says with GET/,
  ],
  [
    "a used key with another request",
    async () => {
      await propose({ idempotency_key: "used", payload: '[{"a":1}]' });
      return propose({ idempotency_key: "used", payload: '[{"a":2}]' });
    },
    422,
    /another key for another write/,
  ],
  ["an empty key", () => propose({ idempotency_key: "" }), 400, /leave it out/],
  ["an amount as text", () => propose({ estimated_value_usd: "12" }), 400, /a number of US dollars/],
  ["a negative count", () => propose({ recordCount: -1 }), 400, /not negative/],
  ["garbage in expiresIn", () => propose({ expiresIn: "soon" }), 400, /for example `30m`/],
  ["a limit outside 1 to 200", () => gate.call("GET", "/v1/intents?limit=-1", agent.key), 400, /1 to 200/],
  [
    "a delegation of another person's vote",
    () =>
      gate.call("POST", "/v1/delegations", reviewer.key, {
        delegator_principal_id: "usr_someone",
        delegate_agent_id: reviewer.id,
      }),
    403,
    /have that person make the delegation/,
  ],
  [
    "a delegation to an agent",
    () => gate.call("POST", "/v1/delegations", reviewer.key, { delegate_agent_id: agent.id }),
    400,
    /name a reviewer's key/,
  ],
  [
    "a vote for somebody without a delegation",
    async () =>
      gate.call("POST", `/v1/intents/${await held()}/approve`, reviewer.key, {
        on_behalf_of_principal: "usr",
      }),
    403,
    /POST \/v1\/delegations/,
  ],
  [
    "a webhook to an address in the clear",
    async () =>
      gate.call("POST", "/v1/webhooks/register", agent.key, {
        intentId: await held(),
        url: "http://localhost:3000/hook",
      }),
    400,
    /https only/,
  ],
];

test.each(STRICTER)("%s is refused with what to do instead", async (_, send, status, remedy) => {
  const answer = await send();
  expect(answer.status).toBe(status);
  expect(text(answer.body, "detail")).toMatch(remedy);
});

test("a payload that a person rejected is blocked when it comes again, with when to come back", async () => {
  const proposal = crmImport(847);
  const first = await gate.call("POST", "/v1/intents", agent.key, proposal);
  await gate.call("POST", `/v1/intents/${first.body["intentId"]}/reject`, reviewer.key, {});
  const again = await gate.call("POST", "/v1/intents", agent.key, proposal);
  expect(again.body).toMatchObject({ status: "blocked", reason_code: "recently_rejected" });
  expect(again.body["remedy"]).toMatch(/Wait \d+ minutes/);
});

test("a profile that a policy requires is named in the remedy", async () => {
  const answer = await propose({
    profile: "crm.import.v1",
    metadata: { object_type: "lead" },
    payload: "[]",
  });
  expect(answer.body).toMatchObject({ status: "blocked", reason_code: "invalid_profile_payload" });
  expect(answer.body["remedy"]).toContain("record_count");
});
