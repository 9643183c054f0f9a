import { beforeAll, describe, expect, test } from "vitest";
import {
  admin,
  call,
  fresh,
  objectCount,
  proposal,
  propose,
  register,
  stateOf,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * JSON.stringify writes NaN, and a missing value of many languages, as null. Where leaving a field out permits more,
 * null is a mistake that must not pass for leaving it out.
 */

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

const NAN = JSON.parse(JSON.stringify(Number.NaN)) as null;

describe("null read as left out", () => {
  test.each<[string, string, () => Principal | { key: string }, () => Record<string, unknown>, string]>([
    ...[
      "max_amount_usd",
      "maxAmountUsd",
      "daily_limit_usd",
      "max_records",
      "uses",
      "expires_at",
      "policy_id",
      "agent_id",
    ].map((field): [string, string, () => Principal, () => Record<string, unknown>, string] => [
      `a standing approval with ${field}: null`,
      "/v1/standing-approvals",
      () => reviewer,
      () => ({ destination: "crm.held", [field]: NAN }),
      field.replace("maxAmountUsd", "max_amount_usd"),
    ]),
    ...["destination", "max_amount_usd", "expires_at", "policy_id", "delegator_principal_id"].map(
      (field): [string, string, () => Principal, () => Record<string, unknown>, string] => [
        `a delegation with ${field}: null`,
        "/v1/delegations",
        () => reviewer,
        () => ({ delegate_person_id: "someone", [field]: NAN }),
        field,
      ],
    ),
    ...["allowedDestinations", "allowed_policies", "owner", "person", "role", "riskTier", "environment"].map(
      (field): [string, string, () => { key: string }, () => Record<string, unknown>, string] => [
        `a registration with ${field}: null`,
        "/v1/agents/register",
        () => ({ key: admin }),
        () => ({ name: fresh("null"), [field]: NAN }),
        field.replace("allowed_policies", "allowedPolicies"),
      ],
    ),
    [
      "a webhook with events: null",
      "/v1/webhooks",
      () => ({ key: admin }),
      () => ({ url: "https://hooks.example/x", events: NAN }),
      "events",
    ],
    [
      "a switch with target: null",
      "/v1/switches",
      () => reviewer,
      () => ({ scope: "everything", target: NAN, reason: "incident" }),
      "target",
    ],
    [
      "a proposal with expiresIn: null",
      "/v1/intents",
      () => agent,
      () => ({ ...proposal("crm.small"), expiresIn: NAN }),
      "expiresIn",
    ],
    [
      "a proposal with profile: null",
      "/v1/intents",
      () => agent,
      () => ({ ...proposal("crm.small"), profile: NAN }),
      "profile",
    ],
  ])("%s is 400 and has no effect", async (_, path, caller, body, field) => {
    const before = await objectCount();
    const answer = await call("POST", path, caller().key, body());
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
    expect(answer.body.messages).toEqual([expect.stringMatching(new RegExp(`^${field}: `))]);
    expect(await objectCount()).toBe(before);
  });

  test.each(["digest", "nonce", "decided_at", "on_behalf_of_principal"])(
    "a vote with %s: null is 400 and not counted",
    async (field) => {
      const intent = await propose(agent, proposal("crm.held"), "pending_approval");
      for (const verb of ["approve", "reject"]) {
        const answer = await call("POST", `/v1/intents/${intent}/${verb}`, reviewer.key, {
          reason: "x",
          [field]: NAN,
        });
        expect([answer.status, answer.body.messages]).toEqual([400, [expect.stringContaining(`${field}: `)]]);
      }
      expect(await stateOf(intent)).toBe("pending_approval");
    },
  );
});

test("a registration with a misspelled limit is 400, and not an agent without one", async () => {
  const answer = await call("POST", "/v1/agents/register", admin, {
    name: fresh("typo"),
    allowedDestination: ["crm.small"],
  });
  expect([answer.status, answer.body.messages]).toEqual([
    400,
    ["allowedDestination: there is no such field"],
  ]);
});

test.each(["1", "TRUE", "yes", "", "null"])("dry_run=%s is 400, and not a proposal", async (word) => {
  const before = await objectCount();
  const answer = await call("POST", `/v1/intents?dry_run=${word}`, agent.key, proposal("crm.small"));
  expect([answer.status, answer.body.messages]).toEqual([400, ["dry_run: true or false, once"]]);
  expect(await objectCount()).toBe(before);
});
