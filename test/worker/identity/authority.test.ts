import { beforeAll, describe, expect, test } from "vitest";
import {
  admin,
  proposal,
  call,
  eventsOf,
  freeze,
  fresh,
  later,
  objectCount,
  ordered,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { linkTo } from "../../support/worker/links.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

const approve = (id: string, by: Principal, body: unknown = {}) =>
  call("POST", `/v1/intents/${id}/approve`, by.key, body);
const execute = (id: string, by = agent) => call("POST", `/v1/intents/${id}/execute`, by.key);

describe("INV-01: registration and names", () => {
  test.each([
    ["no key", undefined],
    ["an empty key", ""],
    ["the admin key cut short", admin.slice(0, -1)],
    ["the admin key with a letter more", `${admin}x`],
    ["the admin key in capitals", admin.toUpperCase()],
    ["an unknown key", "gate_ak_0123456789"],
  ])("INV-01: a caller with %s can't register a principal", async (_, key) => {
    for (const role of ["agent", "reviewer", "runner", "auditor", "admin"]) {
      const answer = await call("POST", "/v1/agents/register", key, { name: fresh("x"), role });
      expect(answer.status, role).toBe(401);
    }
  });

  test.each([
    "system",
    "System",
    "gate",
    "GATE",
    "policy",
    "timeout",
    "admin",
    "registry",
    "anonymous",
    "sys\u200btem",
    "ｓｙｓｔｅｍ",
    " ",
    "\u200b",
    "",
  ])("INV-01: the name %j can't be registered", async (name) => {
    expect((await call("POST", "/v1/agents/register", admin, { name })).status).toBe(400);
  });

  test.each([
    ["the same name", (name: string) => name],
    ["other capitals", (name: string) => name.toUpperCase()],
    ["spaces around it", (name: string) => `  ${name}\t`],
    ["a zero-width space in it", (name: string) => `${name.slice(0, 2)}\u200b${name.slice(2)}`],
    ["a soft hyphen in it", (name: string) => `${name.slice(0, 2)}\u00ad${name.slice(2)}`],
    ["a combining mark", (name: string) => `${name.slice(0, 1)}\u0301${name.slice(1)}`],
    [
      "full-width letters",
      (name: string) => name.replace(/[a-z]/g, (c) => String.fromCodePoint(c.charCodeAt(0) + 0xfee0)),
    ],
    ["Cyrillic letters that look the same", (name: string) => name.replaceAll("a", "а")],
  ])("INV-01: a taken name can't be registered again with %s, in any role", async (_, disguise) => {
    const name = fresh("dana");
    await register("reviewer", { name });
    const answer = await call("POST", "/v1/agents/register", admin, { name: disguise(name), role: "agent" });
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe("name_taken");
  });

  test("INV-01: of ten parallel registrations of one name exactly one succeeds", async () => {
    const name = fresh("race");
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => call("POST", "/v1/agents/register", admin, { name })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      201,
      ...Array.from({ length: 9 }, () => 409),
    ]);
  });

  test("INV-01 INV-03: an agent can't be registered as a person, who could then vote for itself", async () => {
    for (const role of ["agent", "runner"]) {
      const answer = await call("POST", "/v1/agents/register", admin, {
        name: fresh("x"),
        role,
        person: "ana",
      });
      expect(answer.status, role).toBe(400);
    }
  });
});

describe("INV-02: allow-lists of agents", () => {
  test.each([
    { limits: { allowed_destinations: ["crm.held"] }, code: "agent_destination_not_allowed" },
    { limits: { allowed_destinations: [] }, code: "agent_destination_not_allowed" },
    {
      limits: { allowedDestinations: ["CRM.small", "crm.smal", "small"] },
      code: "agent_destination_not_allowed",
    },
    { limits: { allowed_policies: ["held"] }, code: "agent_policy_not_allowed" },
    { limits: { allowedPolicies: [] }, code: "agent_policy_not_allowed" },
  ])(
    "INV-02: an agent limited to $limits gets $code at every alias of the door",
    async ({ limits, code }) => {
      const limited = await register("agent", limits);
      for (const path of ["/v1/intents", "/v1/propose", "/v1/intents?dry_run=true"]) {
        const { body } = await call("POST", path, limited.key, proposal("crm.small"));
        expect(body, path).toMatchObject({ status: "blocked", reason_code: code });
      }
    },
  );

  test("INV-02: an agent's proposal within its lists passes, also where they name a whole system", async () => {
    const limited = await register("agent", { allowed_destinations: ["crm.*"], allowed_policies: ["small"] });
    await propose(limited, proposal("crm.small"), "approved");
  });
});

describe("INV-03: exclusion of the proposer's own people", () => {
  // The registry: ana is Ana Diaz, ana@example.com, and with ben in the group ops.
  test.each([
    ["the person, by id", { owner: "ana" }, { person: "ana" }],
    ["the person, by e-mail", { owner: "ana@example.com" }, { person: "ana" }],
    ["the person, by e-mail in capitals", { owner: "ANA@Example.com" }, { person: "ana" }],
    ["the person, by name", { owner: "Ana Diaz" }, { person: "ana" }],
    ["an e-mail for a person known by id", { owner: "ana" }, { person: "ana@example.com" }],
    ["a group the reviewer is in", { owner: "ops" }, { person: "ben" }],
  ])(
    "INV-03: a reviewer can't approve for an agent whose owner is written as %s",
    async (_, owned, human) => {
      const owners = await register("agent", owned);
      const own = await register("reviewer", human);
      const id = await propose(owners, proposal("crm.held"), "pending_approval");
      for (const path of [`/v1/intents/${id}/approve`, "/v1/approve"]) {
        const answer = await call("POST", path, own.key, { proposalId: id });
        expect(answer.status, path).toBe(403);
        expect(answer.body.code).toBe("self_approval_forbidden");
      }
      expect(await stateOf(id)).toBe("pending_approval");
      expect((await approve(id, reviewer)).status).toBe(200);
    },
  );

  test("INV-03: a reviewer named as owner by key id is excluded", async () => {
    const own = await register("reviewer");
    const owned = await register("agent", { owner: own.id });
    const id = await propose(owned, proposal("crm.held"), "pending_approval");
    expect((await approve(id, own)).status).toBe(403);
  });

  test("INV-03: an owner named by one key's id is excluded with every other key of theirs", async () => {
    const [first, second] = [
      await register("reviewer", { person: "ana" }),
      await register("reviewer", { person: "ana" }),
    ];
    const owned = await register("agent", { owner: first.id });
    const id = await propose(owned, proposal("crm.held"), "pending_approval");
    for (const key of [first, second]) {
      expect((await approve(id, key)).body.code).toBe("self_approval_forbidden");
    }
  });

  test("INV-03: a person who becomes the owner while the intent is pending can't approve it", async () => {
    const joins = await register("reviewer", { person: "cleo" });
    const owned = await register("agent", { owner: "ops" });
    const id = await propose(owned, proposal("crm.held"), "pending_approval");
    const registry = RULES.registry
      .replace("people:", "people:\n  cleo: { name: Cleo Lind }")
      .replace("ops: [ana, ben]", "ops: [ana, ben, cleo]");
    await changeRules({ ...RULES, registry });
    const refused = await approve(id, joins);
    await changeRules(RULES);
    expect([refused.status, refused.body.code]).toEqual([403, "self_approval_forbidden"]);
    expect(await stateOf(id)).toBe("pending_approval");
  });

  test("INV-03: two keys are one vote where the second was registered with the first one's person", async () => {
    const first = await register("reviewer");
    const second = await register("reviewer", { person: first.id });
    const third = await register("reviewer", { person: second.id });
    const id = await propose(agent, proposal("crm.pair"), "pending_approval");
    for (const key of [first, second, third]) {
      expect((await approve(id, key)).body).toMatchObject({ status: "pending_approval", votes: 1 });
    }
  });

  test("INV-03: an agent that becomes a reviewer can't approve what it proposed", async () => {
    const turncoat = await register("agent");
    const id = await propose(turncoat, proposal("crm.held"), "pending_approval");
    expect((await call("POST", `/v1/agents/${turncoat.id}/role`, admin, { role: "reviewer" })).status).toBe(
      200,
    );
    expect((await approve(id, turncoat)).body.code).toBe("self_approval_forbidden");
  });

  test("INV-03: two keys of one person are one vote, and those of two persons two", async () => {
    const keys = [
      await register("reviewer", { person: "ben" }),
      await register("reviewer", { person: "ben" }),
    ];
    const id = await propose(agent, proposal("crm.pair"), "pending_approval");
    for (const key of keys) {
      const { body } = await approve(id, key);
      expect(body).toMatchObject({
        status: "pending_approval",
        votes: 1,
        votedBy: ["ben"],
        requiredApprovals: 2,
      });
    }
    expect((await approve(id, reviewer)).body).toMatchObject({ status: "approved", votes: 2 });
  });

  test("INV-03: one key is one vote, although gate.yaml renames its person while the intent is pending", async () => {
    const dana = await register("reviewer", { person: "dana@example.com" });
    const id = await propose(agent, proposal("crm.pair"), "pending_approval");
    expect((await approve(id, dana)).body).toMatchObject({ votes: 1, votedBy: ["dana@example.com"] });
    const registry = RULES.registry.replace(
      "people:",
      "people:\n  dana: { name: Dana, email: dana@example.com }",
    );
    await changeRules({ ...RULES, registry });
    const again = await approve(id, dana);
    const rejected = await call("POST", `/v1/intents/${id}/reject`, dana.key, { reason: "no" });
    await changeRules(RULES);
    expect(again.body).toMatchObject({ status: "pending_approval", votes: 1 });
    expect(rejected.status).toBe(200);
    expect(await eventsOf(id)).toContain("approval_vote_withdrawn");
  });

  test("INV-03: a vote by link of a person removed from gate.yaml counts in no quorum", async () => {
    const id = await propose(agent, proposal("crm.by-links"), "pending_approval");
    const [ana, ben] = [await linkTo(id, "ana"), await linkTo(id, "ben")];
    const follow = (link: string) => call("POST", `/v1/approval-links/${link}/approve`, undefined, {});
    expect((await follow(ana)).body).toMatchObject({ votes: 1, votedBy: ["ana"] });
    const registry = RULES.registry.replace(/^ {2}ana: .*\n/m, "").replace("ops: [ana, ben]", "ops: [ben]");
    const policies = { ...RULES.policies, "by-ana": RULES.policies["held"] ?? "" };
    await changeRules({ policies, registry });
    const second = await follow(ben);
    await changeRules(RULES);
    expect(second.body).toMatchObject({ status: "pending_approval", votedBy: ["ben"] });
  });

  test("INV-03: one person in three spellings is one vote", async () => {
    const id = await propose(agent, proposal("crm.pair"), "pending_approval");
    for (const person of ["ana", "Ana", "ana@example.com", "ANA@EXAMPLE.COM"]) {
      const { body } = await approve(id, await register("reviewer", { person }));
      expect(body, person).toMatchObject({ status: "pending_approval", votes: 1 });
    }
  });

  test("INV-03: a key and an agent registered by an address stay their person's when the address moves to another", async () => {
    const address = "ana@example.com";
    const ana = await register("reviewer", { person: address });
    const owned = await register("agent", { owner: address });
    const id = await propose(owned, proposal("crm.held"), "pending_approval");
    const registry = RULES.registry
      .replace("email: ana@example.com", "email: ana.diaz@example.com")
      .replace("email: ben@example.com", `email: ${address}`);
    await changeRules({ ...RULES, registry });
    const { body } = await call("GET", "/v1/session", ana.key);
    const again = await propose(owned, proposal("crm.held"), "pending_approval");
    const refused = [(await approve(id, ana)).body.code, (await approve(again, ana)).body.code];
    await changeRules(RULES);
    expect(body.person).toBe("ana");
    expect(refused).toEqual(["self_approval_forbidden", "self_approval_forbidden"]);
  });

  test.each(["an\u0430", "ana\u200b", "\uff41na", "a\u0301na", "ana@ex\u0430mple.com", "op\u0455"])(
    "INV-03: a person written %j, a lookalike of one in gate.yaml, can't be registered",
    async (twin) => {
      for (const more of [{ role: "reviewer", person: twin }, { owner: twin }]) {
        const answer = await call("POST", "/v1/agents/register", admin, { name: fresh("twin"), ...more });
        expect([answer.status, answer.body.code]).toEqual([400, "invalid_name"]);
      }
    },
  );

  test("INV-03: a key's display name makes its holder no approver", async () => {
    for (const [name, destination] of [
      ["ana@example.com", "crm.by-ana"],
      ["Ana Diaz", "crm.by-ana"],
      ["Ben Okafor", "crm.by-ops"],
      ["ben@example.com", "crm.by-ops"],
    ] as const) {
      const impostor = await register("reviewer", { name, person: fresh("mallory") });
      const id = await propose(agent, proposal(destination), "pending_approval");
      expect((await approve(id, impostor)).status, name).toBe(403);
    }
  });

  test("INV-03: one person voting twenty times in parallel has one vote", async () => {
    const id = await propose(agent, proposal("crm.pair"), "pending_approval");
    await Promise.all(Array.from({ length: 20 }, () => approve(id, reviewer)));
    expect(await stateOf(id)).toBe("pending_approval");
    expect((await eventsOf(id)).filter((event) => event === "approval_vote_recorded")).toHaveLength(1);
  });

  test.each([
    ["crm.by-ana", "not_eligible"],
    ["crm.by-ops", "not_eligible"],
    ["crm.touch", "assurance_too_low"],
  ])(
    "INV-03: a key that is not eligible or assured enough can't decide at %s: %s",
    async (destination, code) => {
      const id = await propose(agent, proposal(destination), "pending_approval");
      const answer = await approve(id, reviewer);
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe(code);
      const rejected = await call("POST", `/v1/intents/${id}/reject`, reviewer.key, { reason: "no" });
      expect([rejected.status, rejected.body.code]).toEqual([403, code]);
    },
  );

  test("INV-03: an approver whom the policy names decides, as a person or as a member of a group", async () => {
    const ana = await register("reviewer", { person: "ana" });
    const ben = await register("reviewer", { person: "ben" });
    const byAna = await propose(agent, proposal("crm.by-ana"), "pending_approval");
    expect((await approve(byAna, ben)).status).toBe(403);
    expect((await approve(byAna, ana)).status).toBe(200);
    const byOps = await propose(agent, proposal("crm.by-ops"), "pending_approval");
    expect((await approve(byOps, ben)).status).toBe(200);
  });

  test("INV-03: a reviewer who can't decide an intent can't read its payload", async () => {
    const ana = await register("reviewer", { person: "ana" });
    const id = await propose(agent, proposal("crm.by-ana"), "pending_approval");
    expect((await call("GET", `/v1/intents/${id}/payload`, reviewer.key)).status).toBe(403);
    expect((await call("GET", `/v1/intents/${id}/payload`, ana.key)).status).toBe(200);
  });

  test("INV-03: a reviewer who can't decide an intent can't read the trace in decision, page or evidence", async () => {
    const policy = `${RULES.policies["by-ana"]}\nrequire_approval_if_template_error: true`;
    await changeRules({ ...RULES, policies: { ...RULES.policies, "by-ana": policy } });
    const ana = await register("reviewer", { person: "ana" });
    const payload = '{"text":"Dear {{bonus_of_zoe}}"}';
    const id = await propose(agent, proposal("crm.by-ana", { payload }), "pending_approval");
    const quotes = async (path: string, key: string) =>
      (await call("GET", path, key)).text.includes("bonus_of_zoe");
    for (const path of [`/v1/intents/${id}/decision`, `/cases/${id}`]) {
      expect(await quotes(path, ana.key), path).toBe(true);
      expect(await quotes(path, admin), path).toBe(true);
      expect(await quotes(path, reviewer.key), path).toBe(false);
    }
    for (const path of [`/v1/intents/${id}`, `/v1/intents/${id}/evidence`, `/v1/intents/${id}/audit`]) {
      expect(await quotes(path, reviewer.key), path).toBe(false);
    }
    await changeRules(RULES);
  });
});

describe("INV-04: claiming and reporting", () => {
  test("INV-04: a second report is 409 and changes nothing, whether equal or different", async () => {
    const { id, token, intent } = await ordered(agent);
    const report = (status: string, key = token) =>
      call("POST", `/v1/executions/${id}/report`, key, { status, result: { status } });
    expect((await report("succeeded")).status).toBe(200);
    const before = (await call("GET", `/v1/intents/${intent}`, admin)).text;
    for (const again of ["succeeded", "failed", "indeterminate"]) {
      const answer = await report(again);
      expect(answer.status, again).toBe(409);
      expect(answer.body.code).toBe("already_reported");
    }
    expect((await call("GET", `/v1/intents/${intent}`, admin)).text).toBe(before);
  });

  test("INV-04: of twenty parallel reports one counts", async () => {
    const { id, token, intent } = await ordered(agent);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        call("POST", `/v1/executions/${id}/report`, token, { status: at % 2 === 0 ? "succeeded" : "failed" }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
    expect((await eventsOf(intent)).filter((event) => event.startsWith("execution_"))).toHaveLength(2);
  });

  test.each([
    ["no token at all", undefined, undefined, 401],
    ["a made-up token", "gex_00", undefined, 401],
    ["the agent's own key without the token", "own", undefined, 401],
    ["the agent's own key and a wrong token", "own", "gex_00", 401],
    ["an empty token", "own", "", 401],
    ["a token that is a number", "own", 7, 401],
    ["the token of another order", "other", undefined, 401],
  ])("INV-04: a report with %s is refused and leaves the order live", async (_, bearer, inBody, status) => {
    const { id, intent } = await ordered(agent);
    const other = await ordered(agent);
    const key = bearer === "own" ? agent.key : bearer === "other" ? other.token : bearer;
    const answer = await call("POST", `/v1/executions/${id}/report`, key, {
      status: "succeeded",
      execution_token: inBody,
    });
    expect(answer.status).toBe(status);
    expect(await stateOf(intent)).toBe("scheduled");
  });

  test("INV-04: another agent with the right token and its own key gets 404", async () => {
    const { id, token } = await ordered(agent);
    const other = await register("agent");
    const answer = await call("POST", `/v1/executions/${id}/report`, other.key, {
      status: "succeeded",
      execution_token: token,
    });
    expect(answer.status).toBe(404);
  });

  test("INV-04: a destination with required claims takes no report without a claim, and one claim only", async () => {
    const { id, token } = await ordered(agent, proposal("own.claimed"));
    const post = (step: string) =>
      call("POST", `/v1/executions/${id}/${step}`, token, { status: "succeeded" });
    expect((await post("report")).body.code).toBe("claim_required");
    const claims = await Promise.all(Array.from({ length: 10 }, () => post("claim")));
    expect(claims.map(({ status }) => status).toSorted()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 409),
    ]);
    expect((await post("heartbeat")).status).toBe(200);
    expect((await post("report")).status).toBe(200);
  });
});

describe("INV-05: stopped principals", () => {
  const stop = (id: string, verb: string) => call("POST", `/v1/agents/${id}/${verb}`, admin);

  test.each(["suspend", "revoke"])(
    "INV-05: after %s the agent can do nothing, and none of its writes is executed",
    async (verb) => {
      const doomed = await register("agent");
      const pending = await propose(doomed, proposal("crm.held"), "pending_approval");
      const approved = await propose(doomed, proposal("crm.small"), "approved");
      const live = await ordered(doomed);
      const pulled = await propose(doomed, proposal("own.pulled"), "approved");
      const { deliveryToken } = (await call("POST", "/v1/deliver", doomed.key, { intentId: pulled })).body;
      expect((await stop(doomed.id, verb)).status).toBe(200);

      expect((await call("POST", "/v1/intents", doomed.key, proposal("crm.small"))).body.code).toBe(
        "agent_inactive",
      );
      expect((await execute(approved, doomed)).status).toBe(403);
      expect((await call("GET", `/v1/intents/${pending}`, doomed.key)).status).toBe(403);
      expect((await approve(pending, reviewer)).body.code).toBe("proposer_inactive");
      for (const step of ["claim", "report"]) {
        const answer = await call("POST", `/v1/executions/${live.id}/${step}`, live.token, {
          status: "succeeded",
        });
        expect(answer.body.code, step).toBe("agent_inactive");
      }
      const download = await call("GET", `/v1/download/${deliveryToken}`);
      expect(download.status).toBe(403);
      expect(download.text).not.toContain("row");
      expect([await stateOf(pending), await stateOf(approved), await stateOf(live.intent)]).toEqual([
        "pending_approval",
        "approved",
        "scheduled",
      ]);
    },
  );

  test("INV-05: a reactivated agent goes on, a revoked one never does", async () => {
    const paused = await register("agent");
    const live = await ordered(paused);
    await stop(paused.id, "suspend");
    expect((await stop(paused.id, "reactivate")).status).toBe(200);
    expect(
      (await call("POST", `/v1/executions/${live.id}/report`, live.token, { status: "succeeded" })).status,
    ).toBe(200);
    await stop(paused.id, "revoke");
    for (const verb of ["reactivate", "suspend"]) {
      expect((await stop(paused.id, verb)).body.code, verb).toBe("principal_revoked");
    }
  });

  test.each(["suspend", "revoke"])("INV-05: a reviewer's and a runner's key stop with %s", async (verb) => {
    freeze();
    const human = await register("reviewer");
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await stop(human.id, verb);
    expect((await approve(id, human)).status).toBe(403);
    const name = fresh("vpc");
    const runner = await register("runner", { name });
    const registry = RULES.registry.replaceAll("vpc-1", name);
    await changeRules({ ...RULES, registry });
    const live = await ordered(agent, proposal("vpc.write"));
    const claim = () =>
      call("POST", `/v1/executions/${live.id}/claim`, runner.key, { execution_token: live.token });
    await stop(runner.id, verb);
    expect((await claim()).status).toBe(403);
    expect(await stateOf(live.intent)).toBe("scheduled");
    await changeRules(RULES);
  });

  /** Begins a request under a good key, and sends the rest of it two seconds after that was stopped. */
  async function sendLate(path: string, sender: Principal, text: string, verb: string) {
    const [first = 0, ...rest] = new TextEncoder().encode(text);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(Uint8Array.of(first)),
      async pull(controller) {
        await stop(sender.id, verb);
        later(2_000);
        controller.enqueue(Uint8Array.from(rest));
        controller.close();
      },
    });
    const type = path.startsWith("/v1/") ? "application/json" : "application/x-www-form-urlencoded";
    const headers = { Authorization: `Bearer ${sender.key}`, "Content-Type": type };
    return send(path, { method: "POST", headers, body });
  }

  const BEGUN: readonly (readonly [
    string,
    string,
    (held: string, digest: string) => readonly [string, string],
  ])[] = [
    ["an approval", "reviewer", (held) => [`/v1/intents/${held}/approve`, "{}"]],
    ["a rejection", "reviewer", (held) => [`/v1/intents/${held}/reject`, '{"reason":"no"}']],
    [
      "a batch",
      "reviewer",
      (intentId, digest) => [
        "/v1/approvals/batch",
        JSON.stringify({ decisions: [{ intentId, decision: "approve", digest }] }),
      ],
    ],
    ["an approval on its page", "reviewer", (held, digest) => [`/cases/${held}/approve`, `digest=${digest}`]],
    ["a standing approval", "reviewer", () => ["/v1/standing-approvals", '{"destination":"crm.held"}']],
    ["a new admin", "admin", () => ["/v1/agents/register", `{"name":"${fresh("late")}","role":"admin"}`]],
  ];

  describe.each([
    ["suspend", 403],
    ["revoke", 403],
    ["rotate-key", 401],
  ] as const)("INV-05: a request whose body began before %s is refused", (verb, status) => {
    test.each(BEGUN)("%s", async (_what, role, request) => {
      freeze();
      const stopped = await register(role);
      const held = await propose(agent, proposal("crm.held"), "pending_approval");
      const { intent_digest: digest } = (await call("GET", `/v1/intents/${held}`, admin)).body;
      const [path, text] = request(held, digest);
      expect((await sendLate(path, stopped, text, verb)).status).toBe(status);
      expect(await stateOf(held)).toBe("pending_approval");
    });

    test("an order", async () => {
      freeze();
      const stopped = await register("agent");
      const approved = await propose(stopped, proposal("crm.small"), "approved");
      expect((await sendLate(`/v1/intents/${approved}/execute`, stopped, "{}", verb)).status).toBe(status);
    });

    test("a runner's claim", async () => {
      freeze();
      const name = fresh("vpc");
      const stopped = await register("runner", { name });
      await changeRules({ ...RULES, registry: RULES.registry.replaceAll("vpc-1", name) });
      const live = await ordered(agent, proposal("vpc.write"));
      const text = JSON.stringify({ execution_token: live.token });
      const answer = await sendLate(`/v1/executions/${live.id}/claim`, stopped, text, verb);
      await changeRules(RULES);
      expect(answer.status).toBe(status);
      expect(await stateOf(live.intent)).toBe("scheduled");
    });
  });

  test("INV-05: a rotated key is refused, and the new key has all rights of the principal", async () => {
    const rotated = await register("agent");
    const id = await propose(rotated, proposal("crm.small"), "approved");
    const { apiKey } = (await call("POST", `/v1/agents/${rotated.id}/rotate-key`, admin)).body;
    for (const method of ["GET", "POST"]) {
      expect(
        (
          await call(
            method,
            "/v1/intents",
            rotated.key,
            method === "POST" ? proposal("crm.small") : undefined,
          )
        ).status,
      ).toBe(401);
    }
    expect((await execute(id, { id: rotated.id, key: apiKey })).status).toBe(201);
  });

  test("INV-05: a revoked intent gives out no order, and a live order ends with the revocation", async () => {
    const approved = await propose(agent, proposal("crm.small"), "approved");
    const live = await ordered(agent);
    for (const id of [approved, live.intent]) {
      expect((await call("POST", `/v1/intents/${id}/revoke`, reviewer.key)).body.state).toBe("revoked");
      expect((await execute(id)).status).toBe(409);
    }
    expect((await call("POST", `/v1/executions/${live.id}/claim`, live.token)).status).toBe(409);
    expect((await call("GET", `/v1/executions/${live.id}`, agent.key)).body.execution_token).toBeNull();
    // A worker that wrote before it learned of the revocation still reports, and the revocation stays.
    await call("POST", `/v1/executions/${live.id}/report`, live.token, { status: "succeeded" });
    expect(await stateOf(live.intent)).toBe("revoked");
  });
});

describe("INV-06: records of other agents", () => {
  test("INV-06: any access to another agent's intent, order or record is 404, like one that never existed", async () => {
    const { intent, id, token } = await ordered(agent);
    const stranger = await register("agent");
    const paths = [
      ["GET", `/v1/intents/${intent}`],
      ["GET", `/v1/proposals/${intent}`],
      ["GET", `/v1/intents/${intent}/audit`],
      ["GET", `/v1/audit/${intent}`],
      ["GET", `/v1/intents/${intent}/decision`],
      ["GET", `/v1/intents/${intent}/payload`],
      ["GET", `/v1/executions/${id}`],
      ["POST", `/v1/intents/${intent}/execute`],
      ["POST", `/v1/intents/${intent}/withdraw`],
      ["POST", `/v1/executions/${id}/claim`],
      ["POST", `/v1/executions/${id}/report`],
      ["GET", `/v1/agents/${agent.id}`],
    ] as const;
    for (const [method, path] of paths) {
      const body = method === "POST" ? { execution_token: token } : undefined;
      const answer = await call(method, path, stranger.key, body);
      expect(answer.status, path).toBe(404);
      const missing = await call(method, path.replace(/(int|exe|agt)_.{6}/, "$1_AAAAAA"), stranger.key, body);
      // To a stranger an existing object and a missing one look the same.
      expect({ ...missing.body, path: "" }, path).toEqual({ ...answer.body, path: "" });
    }
    expect((await call("POST", "/v1/deliver", stranger.key, { intentId: intent })).status).toBe(404);
  });

  test("INV-06: an agent's lists and metrics cover its own intents, whatever it filters by", async () => {
    const [one, two] = [await register("agent"), await register("agent")];
    const mine = await propose(one, proposal("crm.small"), "approved");
    await propose(two, proposal("crm.small"), "approved");
    for (const query of ["", `?agent=${two.id}`, `?agent_id=${two.id}`]) {
      const { body } = await call("GET", `/v1/intents${query}`, one.key);
      expect(
        body.intents.map(({ id }: { id: string }) => id),
        query,
      ).toEqual([mine]);
    }
    expect((await call("GET", "/v1/metrics", one.key)).body.actions_attempted).toBe(1);
  });

  test.each([
    ["nothing like an id", "x"],
    ["only the prefix", "int_"],
    ["too short", `int_${"A".repeat(42)}`],
    ["too long", `int_${"A".repeat(44)}`],
    ["of no namespace", `int_${"A".repeat(43)}`],
    ["not base64url", `int_${"!".repeat(43)}`],
    ["with a slash", "int_%2F%2F"],
    ["with a null byte", "int_%00"],
    ["broken percent encoding", "int_%E0%A4%A"],
    ["a prototype's member", "constructor"],
    ["a prototype", "__proto__"],
    ["a path", "..%2F..%2Fetc%2Fpasswd"],
    ["SQL", "'%20OR%201=1%20--"],
    ["very long", "int_".padEnd(8000, "A")],
  ])("INV-06: an id that is %s is 404 on every route and creates no object", async (_, id) => {
    const before = await objectCount();
    const routes = [
      ["GET", `/v1/intents/${id}`, agent],
      ["GET", `/v1/intents/${id}/audit`, agent],
      ["GET", `/v1/intents/${id}/decision`, agent],
      ["GET", `/v1/intents/${id}/payload`, agent],
      ["GET", `/v1/executions/${id}`, agent],
      ["POST", `/v1/intents/${id}/execute`, agent],
      ["POST", `/v1/intents/${id}/approve`, reviewer],
      ["POST", `/v1/intents/${id}/reject`, reviewer],
      ["POST", `/v1/intents/${id}/revoke`, reviewer],
      ["POST", `/v1/executions/${id}/report`, agent],
    ] as const;
    for (const [method, path, caller] of routes) {
      const answer = await call(method, path, caller.key, method === "POST" ? {} : undefined);
      expect(answer.status, `${method} ${path.slice(0, 60)}`).toBe(404);
    }
    expect((await call("GET", `/v1/download/${id}`)).status).toBe(404);
    expect(await objectCount()).toBe(before);
  });

  test("INV-06: an id with one bit changed, or with spare bits set, is 404 and creates no object", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    const before = await objectCount();
    const last = id.at(-1) ?? "";
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    // 43 characters hold 258 bits: two of the last one are spare, and only one of four spellings is the id.
    const spares = [1, 2, 3].map((bits) => id.slice(0, -1) + alphabet[alphabet.indexOf(last) ^ bits]);
    const turned = [4, 10, 30].map((at) => id.slice(0, at) + (id[at] === "A" ? "B" : "A") + id.slice(at + 1));
    for (const other of [...spares, ...turned]) {
      expect((await call("GET", `/v1/intents/${other}`, agent.key)).status, other).toBe(404);
    }
    expect(await objectCount()).toBe(before);
  });
});

describe("INV-07: rules named by the request", () => {
  test.each([
    ["environment", { metadata: { environment: "sandbox" } }],
    ["policy", { policy: "small" }],
    ["assurance", { assurance: { level: "LOW", required_factors: [] } }],
    ["a weaker factor", { assurance: { required_factors: ["link.single_use.v1"] } }],
    ["provider", { approval_provider: "dashboard" }],
    ["a longer expiry", { expiresIn: "365d" }],
    ["no records", { recordCount: 0 }],
    ["no money", { estimated_value_usd: 0 }],
    ["approvers", { approvers: { require: 0 }, required_approvals: 0, excluded: [] }],
    ["a mode", { mode: "gate_exec" }],
    ["a verdict", { status: "approved", state: "approved", decision: { outcome: "approve" } }],
  ])("INV-07: a request that names %s loosens nothing", async (_, more) => {
    const plain = (await call("POST", "/v1/intents", agent.key, proposal("crm.held"))).body;
    const { status, body } = await call("POST", "/v1/intents", agent.key, proposal("crm.held", more));
    expect(status).toBe(200);
    expect(body.status).toBe("pending_approval");
    expect(body.requiredApprovals).toBe(plain.requiredApprovals);
    expect(Date.parse(body.expiresAt)).toBeLessThanOrEqual(Date.parse(plain.expiresAt) + 2_000);
  });

  test.each([
    ["an unknown assurance", { assurance: { level: "none" } }],
    ["a provider that nobody asks", { approval_provider: "noop" }],
    ["another executor", { executor: "gate" }],
  ])("INV-07: a request that names %s is refused, not heard in part", async (_, more) => {
    const { status } = await call("POST", "/v1/intents", agent.key, proposal("crm.held", more));
    expect(status).toBe(400);
  });

  test("INV-07: a request's shorter expiry is used", async () => {
    const { body } = await call("POST", "/v1/intents", agent.key, proposal("crm.held", { expiresIn: "60s" }));
    const { created_at: created, expires_at: expires } = (
      await call("GET", `/v1/intents/${body.intentId}`, admin)
    ).body;
    expect(Date.parse(expires) - Date.parse(created)).toBe(60_000);
  });

  test.each([-1, -0.5, "-5", "NaN", "1e999", "Infinity", "", " 5", "0x10", true, [1], { n: 1 }, 1e10, 0.5])(
    "INV-07: %j is refused as a number of records or dollars",
    async (value) => {
      const records = await call(
        "POST",
        "/v1/intents",
        agent.key,
        proposal("crm.small", { recordCount: value }),
      );
      expect(records.status).toBe(400);
      if (typeof value === "number" && value > 0) return;
      const dollars = await call(
        "POST",
        "/v1/intents",
        agent.key,
        proposal("crm.small", { estimated_value_usd: value }),
      );
      expect(dollars.status).toBe(400);
    },
  );

  test.each([
    "nothing",
    "constructor",
    "__proto__",
    "toString",
    "../small",
    "small.yaml",
    "SMALL",
    "small\u0000",
    "smaⅼl",
  ])("INV-13: the unknown policy %j blocks", async (policy) => {
    const { body } = await call("POST", "/v1/intents", agent.key, proposal("crm.small", { policy }));
    expect(body).toMatchObject({ status: "blocked", reason_code: "unknown_policy" });
  });

  test("INV-07 INV-13: an unbound destination is refused, also when the named policy would list it", async () => {
    const { body } = await call("POST", "/v1/intents", agent.key, proposal("own.nowhere"));
    expect(body).toMatchObject({ status: "blocked", reason_code: "destination_not_registered" });
  });
});
