import { expect, test } from "vitest";
import { browserAt } from "../../support/worker/browser.ts";
import {
  admin,
  call,
  eventsOf,
  freeze,
  fresh,
  later,
  ledgerOf,
  MINUTE_MS,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Answer, Principal } from "../../support/client.ts";

const HOUR_MS = 60 * MINUTE_MS;

async function delegate(from: Principal, to: Principal, more: Record<string, unknown> = {}): Promise<string> {
  const body = { delegator_principal_id: from.id, delegate_agent_id: to.id, ...more };
  const answer = await call("POST", "/v1/delegations", from.key, body);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id;
}

function approveFor(caller: Principal, delegator: string, intent: string): Promise<Answer> {
  return call("POST", `/v1/intents/${intent}/approve`, caller.key, { on_behalf_of_principal: delegator });
}

const reviewer = (person?: string) => register("reviewer", person === undefined ? {} : { person });

test("INV-08: a delegate gives the delegator's vote, and the ledger names the person who acted", async () => {
  const [agent, ana, zoe] = [await register("agent"), await reviewer("ana"), await reviewer()];
  const id = await delegate(ana, zoe);
  const intent = await propose(agent, proposal("crm.by-ana"), "pending_approval");
  expect((await call("POST", `/v1/intents/${intent}/approve`, zoe.key)).body.code).toBe("not_eligible");
  const answer = await approveFor(zoe, ana.id, intent);
  expect(answer.body).toMatchObject({ status: "approved", votedBy: ["ana"] });
  const vote = (await ledgerOf(intent)).find(({ event }) => event === "approval_vote_recorded");
  expect(vote?.actor).toBe(zoe.id);
  expect(JSON.parse(vote?.body ?? "")).toMatchObject({ person: "ana", acting: zoe.id, mandate: id });
});

test.each(["principal id", "person id", "e-mail"])(
  "INV-08: the delegator may be named by %s",
  async (how) => {
    const [agent, ana, zoe] = [await register("agent"), await reviewer("ana"), await reviewer()];
    await delegate(ana, zoe);
    const intent = await propose(agent, proposal("crm.by-ana"), "pending_approval");
    const name = { "principal id": ana.id, "person id": "ana", "e-mail": "Ana@example.com" }[how] ?? "";
    expect((await approveFor(zoe, name, intent)).body.status).toBe("approved");
  },
);

const SCOPES: readonly (readonly [Record<string, unknown>, Record<string, unknown>, boolean])[] = [
  [{ destination: "crm.paid" }, {}, true],
  [{ destination: "crm.*" }, {}, true],
  [{ destination: "crm.held" }, {}, false],
  [{ policy_id: "paid" }, {}, true],
  [{ policy_id: "held" }, {}, false],
  [{ principal_id: "acct-7" }, { principal_id: "acct-7" }, true],
  [{ principal_id: "acct-7" }, { principal_id: "acct-8" }, false],
  [{ principal_id: "acct-7" }, {}, false],
  [{ max_amount_usd: 100 }, { payload: '{"usd":100}' }, true],
  [{ max_amount_usd: 100 }, { payload: '{"usd":100.01}' }, false],
  [{ max_amount_usd: 100 }, { payload: '{"usd":1}', estimated_value_usd: 101 }, false],
  [{ max_amount_usd: 100 }, { payload: '{"sum":1}', estimated_value_usd: 1 }, false],
];

test.each(SCOPES)(
  "INV-08: a delegation with %j matches every field it names: %j is %s",
  async (scope, more, covers) => {
    const [agent, one, two] = [await register("agent"), await reviewer(), await reviewer()];
    await delegate(one, two, scope);
    const intent = await propose(
      agent,
      proposal("crm.paid", { payload: '{"usd":1}', ...more }),
      "pending_approval",
    );
    const { status, body } = await approveFor(two, one.id, intent);
    expect([status, body.code ?? body.status]).toEqual(
      covers ? [200, "approved"] : [403, "delegation_not_found"],
    );
  },
);

test("INV-08: one person has one vote, whoever gives it", async () => {
  const [agent, one, two, third] = [
    await register("agent"),
    await reviewer(),
    await reviewer(),
    await reviewer(),
  ];
  await delegate(one, two);
  const votesAfter = async (steps: readonly ((intent: string) => Promise<Answer>)[]) => {
    const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
    for (const step of steps) await step(intent);
    return (await call("POST", `/v1/intents/${intent}/approve`, third.key)).body;
  };
  const own = (who: Principal) => (intent: string) => call("POST", `/v1/intents/${intent}/approve`, who.key);
  const delegated = (intent: string) => approveFor(two, one.id, intent);
  // In either order, delegator and delegate have one vote together, and the third person's is the second.
  for (const steps of [
    [delegated, own(two)],
    [own(two), delegated],
    [delegated, own(one)],
    [own(one), delegated],
    [delegated, delegated],
  ]) {
    expect(await votesAfter(steps)).toMatchObject({ status: "approved", votes: 2 });
  }
  expect(await votesAfter([])).toMatchObject({ status: "pending_approval", votes: 1 });
});

test("INV-08: a delegation can't be delegated further", async () => {
  const [agent, one, two, three] = [
    await register("agent"),
    await reviewer(),
    await reviewer(),
    await reviewer(),
  ];
  await delegate(one, two);
  await delegate(two, three);
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  expect((await approveFor(three, one.id, intent)).body.code).toBe("delegation_not_found");
  expect((await approveFor(two, two.id, intent)).body.code).toBe("delegation_not_found");
  expect((await approveFor(one, two.id, intent)).body.code).toBe("delegation_not_found");
  expect((await approveFor(three, two.id, intent)).body.status).toBe("approved");
});

test("INV-03 INV-08: neither an owner nor an owner's delegate approves what their agent proposes", async () => {
  const agent = await register("agent", { owner: "ana" });
  const [ana, zoe] = [await reviewer("ana"), await reviewer()];
  await delegate(ana, zoe);
  await delegate(zoe, ana);
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  expect((await approveFor(zoe, ana.id, intent)).body.code).toBe("self_approval_forbidden");
  expect((await approveFor(ana, zoe.id, intent)).body.code).toBe("self_approval_forbidden");
  expect((await call("POST", `/v1/intents/${intent}/approve`, zoe.key)).body.status).toBe("approved");
});

test("INV-05 INV-08: a delegation ends with its time, its revocation, and the delegator's or delegate's key", async () => {
  freeze();
  const [agent, one, two] = [await register("agent"), await reviewer(), await reviewer()];
  const attempt = async () => {
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    const { status, body } = await approveFor(two, one.id, intent);
    return [status, body.code ?? body.status];
  };
  await delegate(one, two, { expires_at: new Date(Date.now() + HOUR_MS).toISOString() });
  expect(await attempt()).toEqual([200, "approved"]);
  later(HOUR_MS);
  expect(await attempt()).toEqual([403, "delegation_not_found"]);

  const id = await delegate(one, two);
  await call("POST", `/v1/agents/${one.id}/suspend`, admin);
  expect(await attempt()).toEqual([403, "delegation_not_found"]);
  await call("POST", `/v1/agents/${one.id}/reactivate`, admin);
  expect(await attempt()).toEqual([200, "approved"]);

  await call("POST", `/v1/delegations/${id}/revoke`, two.key);
  expect(await attempt()).toEqual([403, "delegation_not_found"]);
  await delegate(one, two);
  await call("POST", `/v1/agents/${two.id}/suspend`, admin);
  expect(await attempt()).toEqual([403, "agent_inactive"]);
});

test.each(["delegation revoked", "delegator suspended", "delegate suspended"])(
  "INV-08: a delegated vote waiting in a quorum is withdrawn with the %s",
  async (what) => {
    const [agent, one, two] = [await register("agent"), await reviewer(), await reviewer()];
    const [third, fourth] = [await reviewer(), await reviewer()];
    const id = await delegate(one, two);
    const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
    expect((await approveFor(two, one.id, intent)).body.votes).toBe(1);
    if (what === "delegation revoked") await call("POST", `/v1/delegations/${id}/revoke`, one.key);
    else await call("POST", `/v1/agents/${what === "delegator suspended" ? one.id : two.id}/suspend`, admin);
    const answer = await call("POST", `/v1/intents/${intent}/approve`, third.key);
    expect(answer.body).toMatchObject({ status: "pending_approval", votedBy: [third.id] });
    expect(await eventsOf(intent)).toContain("approval_vote_withdrawn");
    expect((await call("POST", `/v1/intents/${intent}/approve`, fourth.key)).body.status).toBe("approved");
  },
);

test("INV-08: a delegate can reject for the delegator, and the evidence names the delegation", async () => {
  const [agent, ana, zoe] = [await register("agent"), await reviewer("ana"), await reviewer()];
  await delegate(ana, zoe);
  const intent = await propose(agent, proposal("crm.by-ana"), "pending_approval");
  const path = `/v1/intents/${intent}/reject`;
  const answer = await call("POST", path, zoe.key, { onBehalfOfPrincipal: "ana", reason: "too early" });
  expect(answer.body).toMatchObject({ status: "blocked", state: "rejected" });
  expect(answer.body.approvalEvidence).toMatchObject({
    decision: "REJECT",
    proof: {
      actor: zoe.id,
      delegation: {
        principal_id: "ana",
        delegate_agent_id: zoe.id,
        delegation_id: expect.stringMatching(/^deleg_/),
      },
    },
  });
});

const REFUSED: readonly (readonly [Record<string, unknown>, number])[] = [
  [{ delegator_principal_id: "rev_somebody", delegate_person_id: "ben" }, 403],
  [{ delegator_principal_id: "ben", delegate_person_id: "ben" }, 403],
  [{ delegator_principal_id: "ana", delegate_person_id: "ana" }, 400],
  [{ delegator_principal_id: "ana", delegate_person_id: "ana@example.com" }, 400],
  [{ delegator_principal_id: "ana", delegate_person_id: "nobody" }, 400],
  [{ delegator_principal_id: "ana", delegate_agent_id: "rev_nobody" }, 400],
  [{ delegator_principal_id: "ana" }, 400],
  [{ delegator_principal_id: "ana", delegate_person_id: "ben", delegate_agent_id: "rev_x" }, 400],
  [{ delegator_principal_id: "ana", delegate_person_id: "ben", max_amount_usd: -1 }, 400],
  [{ delegator_principal_id: "ana", delegate_person_id: "ben", destination: "*" }, 400],
  [{ delegator_principal_id: "ana", delegate_person_id: ["ben"] }, 400],
  [{ delegator_principal_id: "ana", delegate_person_id: "ben", scope: "all" }, 400],
  [{ delegator_principal_id: 7, delegate_person_id: "ben" }, 400],
];

test.each(REFUSED)("INV-08: a delegation of %j is refused: %i", async (body, status) => {
  const ana = await reviewer("ana");
  expect((await call("POST", "/v1/delegations", ana.key, body)).status).toBe(status);
});

test("INV-08: an agent can neither be a delegate nor make a delegation", async () => {
  const [agent, one] = [await register("agent"), await reviewer()];
  const body = { delegator_principal_id: one.id, delegate_agent_id: agent.id };
  expect((await call("POST", "/v1/delegations", one.key, body)).status).toBe(400);
  expect((await call("POST", "/v1/delegations", agent.key, body)).status).toBe(403);
});

test("a delegation is listed, revoked once, and recorded on the ledger", async () => {
  const [one, auditor] = [await reviewer(), await register("auditor")];
  const made = await call("POST", "/v1/delegations", one.key, {
    delegatePersonId: "ben",
    maxAmountUsd: 12.5,
  });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    status: "in_force",
    delegator_principal_id: one.id,
    delegate_person_id: "ben",
    max_amount_usd: 12.5,
  });
  const { id } = made.body;
  const listed = (await call("GET", "/v1/delegations", auditor.key)).body.delegations;
  expect(listed[0]).toEqual(made.body);
  expect((await call("POST", `/v1/standing-approvals/${id}/revoke`, one.key)).status).toBe(404);
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => call("POST", `/v1/delegations/${id}/revoke`, one.key)),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409, 409, 409]);
  expect(answers.find(({ status }) => status === 409)?.body.code).toBe("already_revoked");
  const events = (await ledgerOf("registry"))
    .filter(({ body }) => body.includes(id))
    .map(({ event }) => event);
  expect(events).toEqual(["delegation_created", "delegation_revoked"]);
  expect((await call("POST", `/v1/delegations/${fresh("deleg_")}/revoke`, one.key)).status).toBe(404);
});

test("INV-08: after a delegated vote both approve themselves: two votes count, and what does not count is refused", async () => {
  const [agent, ana, ben] = [await register("agent"), await reviewer("ana"), await reviewer("ben")];
  await delegate(ana, ben);
  const own = (who: Principal, intent: string) => call("POST", `/v1/intents/${intent}/approve`, who.key);
  for (const order of [
    [ana, ben],
    [ben, ana],
  ]) {
    const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
    expect((await approveFor(ben, "ana", intent)).body).toMatchObject({ votes: 1, votedBy: ["ana"] });
    const statuses = [];
    for (const who of order) statuses.push((await own(who, intent)).body.status);
    expect(statuses).toEqual(["pending_approval", "approved"]);
    expect((await eventsOf(intent)).filter((event) => event === "approval_vote_withdrawn")).toHaveLength(1);
  }

  // The page offers what counts, and does not say that ana or ben approved it in person.
  const shown = await propose(agent, proposal("crm.pair"), "pending_approval");
  await approveFor(ben, "ana", shown);
  for (const [who, words] of [
    [ana, "ben approved this for you"],
    [ben, "You approved this for ana"],
  ] as const) {
    const browser = browserAt("http://gate.test");
    await browser.post("/v1/session", { key: who.key });
    const page = (await browser.get(`/cases/${shown}`)).text;
    expect(page).toContain(words);
    expect(page).not.toContain("You approved this.");
    expect(page).toContain(`action="/cases/${shown}/approve"`);
  }

  const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
  await own(ben, intent);
  const refused = await approveFor(ben, "ana", intent);
  expect(refused.body).toMatchObject({ code: "vote_not_counted", voted_person: "ben", voted_by: "ben" });
  expect([refused.status, refused.body.detail]).toEqual([
    409,
    expect.stringMatching(/^Not counted, because ben/),
  ]);
  expect((await own(ana, intent)).body.status).toBe("approved");
});

test("INV-03: a vote stops counting when its person leaves the group that the policy names", async () => {
  const [agent, ana, ben] = [await register("agent"), await reviewer("ana"), await reviewer("ben")];
  const policies = {
    ...RULES.policies,
    "two-of-ops": "require_approval: always\napprovers: { groups: [ops], require: 2 }",
  };
  const registry = RULES.registry
    .replace("\ndestinations:", "\ndestinations:\n  crm.two-of-ops: { policies: [two-of-ops] }")
    .replace("ops: [ana, ben]", "ops: [ana, ben, cleo]")
    .replace("\ngroups:", "\n  cleo: { name: Cleo }\ngroups:");
  await changeRules({ policies, registry });
  const cleo = await reviewer("cleo");
  const intent = await propose(agent, proposal("crm.two-of-ops"), "pending_approval");
  const own = async (who: Principal) => (await call("POST", `/v1/intents/${intent}/approve`, who.key)).body;
  expect((await own(ana)).votes).toBe(1);
  await changeRules({ policies, registry: registry.replace("ops: [ana, ben, cleo]", "ops: [ben, cleo]") });
  expect(await own(ben)).toMatchObject({ status: "pending_approval", votedBy: ["ben"] });
  const withdrawn = (await ledgerOf(intent)).find(({ event }) => event === "approval_vote_withdrawn");
  expect(JSON.parse(withdrawn?.body ?? "{}")).toMatchObject({ person: "ana", why: "not_eligible" });
  expect(await own(cleo)).toMatchObject({ status: "approved", votedBy: ["ben", "cleo"] });
  await changeRules(RULES);
});
