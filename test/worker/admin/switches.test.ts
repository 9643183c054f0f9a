import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { faultsOf } from "../../support/worker/chain.ts";
import {
  admin,
  proposal,
  call,
  eventsOf,
  fresh,
  later,
  ledgerOf,
  MINUTE_MS,
  ordered,
  propose,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let other: Principal;
let reviewer: Principal;
let auditor: Principal;

beforeAll(async () => {
  agent = await register("agent");
  other = await register("agent");
  reviewer = await register("reviewer");
  auditor = await register("auditor");
});

interface Wanted {
  readonly scope: string;
  readonly target?: string;
}

const engage = (wanted: Wanted, key = reviewer.key) =>
  call("POST", "/v1/switches", key, { ...wanted, reason: "incident" });
/** For names that no rule and no intent has. */
const force = (wanted: Wanted, key = reviewer.key) =>
  call("POST", "/v1/switches", key, { ...wanted, reason: "incident", force: true });
const lift = ({ scope, target }: Wanted, key = admin) =>
  call("POST", "/v1/switches/lift", key, { scope, target });
const listed = async () => (await call("GET", "/v1/switches", auditor.key)).body.switches as Wanted[];
const own = (): Wanted => ({ scope: "agent", target: agent.id });

const execute = (id: string, key = agent.key) => call("POST", `/v1/intents/${id}/execute`, key);
const step = (verb: string, { id, token }: { id: string; token: string }, body = {}) =>
  call("POST", `/v1/executions/${id}/${verb}`, token, body);

async function delivered(): Promise<{ intent: string; url: string }> {
  const intent = await propose(agent, proposal("own.pulled"), "approved");
  const { body } = await call("POST", "/v1/deliver", agent.key, { intentId: intent });
  return { intent, url: new URL(body.url).pathname };
}

afterEach(async () => {
  vi.restoreAllMocks();
  for (const wanted of await listed()) await lift(wanted);
});

const SCOPES: readonly (readonly [string, () => Wanted])[] = [
  ["an agent", own],
  ["a destination by its name", () => ({ scope: "destination", target: "own.claimed" })],
  ["a destination by its system", () => ({ scope: "destination", target: "own.*" })],
  ["everything", () => ({ scope: "everything" })],
];

describe.each(SCOPES)("INV-05: a switch for %s", (_, wanted) => {
  const request = () => proposal("own.claimed");

  test("blocks and records proposals, dry runs included, until it is lifted", async () => {
    await engage(wanted());
    const { status, body } = await call("POST", "/v1/intents", agent.key, request());
    expect([status, body.status, body.reason_code, body.remedy]).toEqual([
      200,
      "blocked",
      "kill_switch",
      null,
    ]);
    expect(await eventsOf(body.intentId)).toEqual(["proposed", "policy_checked", "blocked"]);
    expect((await call("POST", "/v1/intents?dry_run=true", agent.key, request())).body.reason_code).toBe(
      "kill_switch",
    );
    await lift(wanted());
    await propose(agent, request(), "approved");
    expect(await stateOf(body.intentId)).toBe("blocked");
  });

  test("stops approvals of held intents until it is lifted", async () => {
    const held = await propose(agent, { ...request(), recordCount: 101 }, "pending_approval");
    await engage(wanted());
    const refused = await call("POST", `/v1/intents/${held}/approve`, reviewer.key);
    expect([refused.status, refused.body.code, refused.body.scope]).toEqual([
      409,
      "kill_switch_engaged",
      wanted().scope,
    ]);
    expect((await call("POST", "/v1/approve", reviewer.key, { proposalId: held })).status).toBe(409);
    expect(await stateOf(held)).toBe("pending_approval");
    await lift(wanted());
    expect((await call("POST", `/v1/intents/${held}/approve`, reviewer.key)).body.status).toBe("approved");
  });

  test("stops orders until it is lifted; intents still in time are ordered then", async () => {
    const intent = await propose(agent, request(), "approved");
    await engage(wanted());
    const refused = await execute(intent);
    expect([refused.status, refused.body.code, refused.body.target]).toEqual([
      409,
      "kill_switch_engaged",
      wanted().target ?? null,
    ]);
    expect(await eventsOf(intent)).not.toContain("execution_requested");
    await lift(wanted());
    expect((await execute(intent)).status).toBe(201);
  });

  test("stops claims and hides a live order's token until it is lifted", async () => {
    const order = await ordered(agent, request());
    await engage(wanted());
    const refused = await step("claim", order);
    expect([refused.status, refused.body.code]).toEqual([409, "kill_switch_engaged"]);
    expect((await execute(order.intent)).status).toBe(409);
    const shown = (await call("GET", `/v1/executions/${order.id}`, agent.key)).body;
    expect([shown.status, shown.execution_token, shown.order]).toEqual(["scheduled", null, null]);
    await lift(wanted());
    expect((await call("GET", `/v1/executions/${order.id}`, agent.key)).body.execution_token).toBe(
      order.token,
    );
    expect((await step("claim", order)).status).toBe(200);
  });

  test("accepts a begun write's heartbeat, whose answer names the switch, and its report", async () => {
    const order = await ordered(agent, request());
    await step("claim", order);
    expect((await step("heartbeat", order)).body.kill_switch).toBeNull();
    await engage(wanted());
    const beat = await step("heartbeat", order);
    expect(beat.status).toBe(200);
    expect(beat.body.kill_switch).toEqual({ scope: wanted().scope, target: wanted().target ?? null });
    expect((await step("report", order, { status: "succeeded" })).body.status).toBe("succeeded");
  });
});

describe.each([
  ["an agent", own],
  ["a destination", () => ({ scope: "destination", target: "own.pulled" })],
  ["everything", () => ({ scope: "everything" })],
] as readonly (readonly [string, () => Wanted])[])("INV-05: a switch for %s", (_, wanted) => {
  test("stops deliveries and downloads, and the download is not used up", async () => {
    const { url } = await delivered();
    const undelivered = await propose(agent, proposal("own.pulled"), "approved");
    await engage(wanted());
    expect((await call("POST", "/v1/deliver", agent.key, { intentId: undelivered })).body.code).toBe(
      "kill_switch_engaged",
    );
    expect((await call("GET", url)).body.code).toBe("kill_switch_engaged");
    await lift(wanted());
    expect((await call("GET", url)).status).toBe(200);
  });
});

test("INV-05: a switch stops only its own agent or destination", async () => {
  await engage(own());
  await engage({ scope: "destination", target: "crm.small" });
  await engage({ scope: "destination", target: "vpc.*" });
  const reasonFor = async (who: Principal, destination: string) =>
    (await call("POST", "/v1/intents", who.key, proposal(destination))).body.reason_code;
  expect(await reasonFor(other, "crm.small")).toBe("kill_switch");
  expect(await reasonFor(other, "vpc.write")).toBe("kill_switch");
  expect(await reasonFor(other, "crm.measured")).toBe("approved_by_policy");
  expect(await reasonFor(other, "own.claimed")).toBe("approved_by_policy");
  expect(await reasonFor(agent, "crm.measured")).toBe("kill_switch");
});

test("INV-05: rejections, reports and other safe commands go on while everything is stopped", async () => {
  const held = () => propose(agent, proposal("crm.held"), "pending_approval");
  const [rejected, cancelled, withdrawn, revoked] = [await held(), await held(), await held(), await held()];
  const order = await ordered(agent);
  const reported = await ordered(agent);
  await step("report", order, { status: "indeterminate" });
  await engage({ scope: "everything" });
  const post = async (id: string, verb: string, key: string, body = {}) =>
    (await call("POST", `/v1/intents/${id}/${verb}`, key, body)).status;
  expect(await post(rejected, "reject", reviewer.key, { reason: "no" })).toBe(200);
  expect(await post(cancelled, "cancel-approval", reviewer.key)).toBe(200);
  expect(await post(withdrawn, "withdraw", agent.key)).toBe(200);
  expect(await post(revoked, "revoke", reviewer.key)).toBe(200);
  expect(await post(order.intent, "resolve", reviewer.key, { outcome: "executed", note: "seen" })).toBe(200);
  expect((await step("report", reported, { status: "failed" })).status).toBe(200);
});

test("INV-05: no order and no claim is given once a switch is acknowledged", async () => {
  const intents = await Promise.all(
    Array.from({ length: 30 }, () => propose(agent, proposal("own.claimed"), "approved")),
  );
  const orders = await Promise.all(Array.from({ length: 10 }, () => ordered(agent, proposal("own.claimed"))));
  let acknowledged = false;
  const given: { readonly status: number; readonly after: boolean }[] = [];
  const noted = async (answer: ReturnType<typeof call>) => {
    const { status } = await answer;
    given.push({ status, after: acknowledged });
  };
  const first = intents.slice(0, 15).map((id) => noted(execute(id)));
  const claims = orders.map((order) => noted(step("claim", order)));
  const stopped = engage({ scope: "everything" }).then((answer) => {
    acknowledged = true;
    return answer;
  });
  const second = intents.slice(15).map((id) => noted(execute(id)));
  expect((await stopped).status).toBe(200);
  const late = [
    ...intents.map((id) => noted(execute(id))),
    ...orders.map((order) => noted(step("claim", order))),
  ];
  await Promise.all([...first, ...claims, ...second, ...late]);
  expect(given.filter(({ status, after }) => after && status < 400)).toEqual([]);
  expect(given.filter(({ after }) => after).length).toBeGreaterThanOrEqual(40);
});

/** Throws the agent's switch when D1 has this event of the intent, and its answer is still on the way. */
function throwAfter(event: string, intent: string): void {
  const append = env.DB.batch.bind(env.DB);
  let thrown = false;
  vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
    const done = await append(statements);
    if (!thrown && (await ledgerOf(intent)).some((row) => row.event === event)) {
      thrown = true;
      await engage(own());
    }
    return done as never;
  });
}

test("INV-05: an order recorded while a switch was being engaged is not handed out", async () => {
  const intent = await propose(agent, proposal("own.claimed"), "approved");
  throwAfter("execution_requested", intent);
  const answer = await execute(intent);
  expect([answer.status, answer.body.code]).toEqual([409, "kill_switch_engaged"]);
  expect(answer.text).not.toContain("gex_");
  expect(await stateOf(intent)).toBe("scheduled");
});

test("INV-05: a delivery recorded while a switch was being engaged is not handed out", async () => {
  const intent = await propose(agent, proposal("own.pulled"), "approved");
  throwAfter("execution_requested", intent);
  const answer = await call("POST", "/v1/deliver", agent.key, { intentId: intent });
  expect([answer.status, answer.body.code]).toEqual([409, "kill_switch_engaged"]);
  expect(answer.text).not.toContain("dlv_");
  expect(await stateOf(intent)).toBe("scheduled");
});

test("INV-05: a claim recorded while a switch was being engaged is given to no worker", async () => {
  const order = await ordered(agent, proposal("own.claimed"));
  throwAfter("execution_claimed", order.intent);
  expect((await step("claim", order)).body.code).toBe("kill_switch_engaged");
  vi.restoreAllMocks();
  await lift(own());
  expect((await step("claim", order)).body.code).toBe("already_claimed");
});

test("INV-05: a download claimed while a switch was being engaged yields no byte", async () => {
  const { intent, url } = await delivered();
  throwAfter("execution_claimed", intent);
  const answer = await call("GET", url);
  expect([answer.status, answer.body.code]).toEqual([409, "kill_switch_engaged"]);
});

test("INV-05: a proposal in another isolate is stopped within ten seconds, an order at once", async () => {
  const intent = await propose(agent, proposal("crm.small"), "approved");
  // As another isolate does it: this one does not learn of it.
  await env.DB.prepare(
    `INSERT INTO switches (scope, target, engaged, version, reason, actor, changed_at)
     VALUES ('agent', ?1, 1, 1, 'drill', 'rev_1', 0) ON CONFLICT (scope, target) DO UPDATE SET
     engaged = 1, version = version + 1`,
  )
    .bind(agent.id)
    .run();
  expect((await execute(intent)).status).toBe(409);
  later(10_000);
  const { body } = await call("POST", "/v1/intents", agent.key, proposal("crm.small"));
  expect(body.reason_code).toBe("kill_switch");
});

test("INV-05: no proposal, approval, order or claim succeeds while switches can't be read", async () => {
  const held = await propose(agent, proposal("crm.held"), "pending_approval");
  const approved = await propose(agent, proposal("crm.small"), "approved");
  const order = await ordered(agent, proposal("own.claimed"));
  later(10_001);
  vi.spyOn(console, "error").mockImplementation(() => {});
  const prepare = env.DB.prepare.bind(env.DB);
  vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
    if (sql.includes("FROM switches WHERE engaged")) throw new Error("D1_ERROR: overloaded");
    return prepare(sql);
  });
  const answers = await Promise.all([
    call("POST", "/v1/intents", agent.key, proposal("crm.small")),
    call("POST", `/v1/intents/${held}/approve`, reviewer.key),
    execute(approved),
    step("claim", order),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
  vi.restoreAllMocks();
  expect([await stateOf(held), await stateOf(approved), await stateOf(order.intent)]).toEqual([
    "pending_approval",
    "approved",
    "scheduled",
  ]);
});

test("INV-05: an approval that expires while a switch is engaged stays expired", async () => {
  const held = await propose(agent, proposal("crm.held"), "pending_approval");
  await engage(own());
  later(31 * MINUTE_MS);
  await lift(own());
  expect((await call("POST", `/v1/intents/${held}/approve`, reviewer.key)).status).toBe(410);
});

test("engaging or lifting a switch twice changes nothing; each change raises its version", async () => {
  const wanted = { scope: "destination", target: `${fresh("system")}.*` };
  const entries = async () =>
    (await ledgerOf("registry"))
      .filter(({ event, body }) => event.startsWith("switch_") && JSON.parse(body).target === wanted.target)
      .map(({ event, actor, body }) => ({ event, actor, body: JSON.parse(body) }));
  const seen = [];
  for (const change of [
    () => lift(wanted),
    () => force(wanted),
    () => force(wanted, admin),
    () => lift(wanted),
    () => lift(wanted),
    () => force(wanted),
  ]) {
    const { status, body } = await change();
    seen.push([status, body.engaged, body.version, body.changed]);
  }
  expect(seen).toEqual([
    [200, false, 0, false],
    [200, true, 1, true],
    [200, true, 1, false],
    [200, false, 2, true],
    [200, false, 2, false],
    [200, true, 3, true],
  ]);
  const codes = { reason: "incident", ticket: null };
  expect(await entries()).toEqual([
    { event: "switch_engaged", actor: reviewer.id, body: { ...wanted, version: 1, ...codes } },
    { event: "switch_lifted", actor: "admin", body: { ...wanted, version: 2 } },
    { event: "switch_engaged", actor: reviewer.id, body: { ...wanted, version: 3, ...codes } },
  ]);
  expect(await faultsOf(await ledgerOf("registry"))).toEqual([]);
});

test("parallel engaging and lifting of one switch puts each change on the ledger once", async () => {
  const wanted = { scope: "destination", target: `${fresh("system")}.write` };
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, at) => (at % 3 === 2 ? lift(wanted) : force(wanted))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const versions = (await ledgerOf("registry"))
    .map(({ body }) => JSON.parse(body))
    .filter(({ target }) => target === wanted.target)
    .map(({ version }) => version);
  expect(versions).toEqual(versions.map((_, at) => at + 1));
  expect(answers.filter(({ body }) => body.changed)).toHaveLength(versions.length);
  expect(await faultsOf(await ledgerOf("registry"))).toEqual([]);
});

test("the list of switches shows what is engaged, by whom, since when and why", async () => {
  const wanted = { scope: "agent", target: agent.id };
  await call("POST", "/v1/switches", reviewer.key, {
    ...wanted,
    reason: "suspected_compromise",
    ticket: "SEC-42",
  });
  const { body } = await call("GET", "/v1/switches", reviewer.key);
  expect(body.count).toBe(1);
  expect(body.switches[0]).toMatchObject({
    ...wanted,
    engaged: true,
    reason: "suspected_compromise",
    ticket: "SEC-42",
    actor: reviewer.id,
  });
  expect(Date.parse(body.switches[0].since)).not.toBeNaN();
});

test.each<[string, unknown]>([
  ["no scope", { reason: "incident" }],
  ["an unknown scope", { scope: "planet", target: "x", reason: "incident" }],
  ["no reason", { scope: "everything" }],
  ["a reason in free text", { scope: "everything", reason: "Ana from accounting called me" }],
  ["a ticket that is a sentence", { scope: "everything", reason: "incident", ticket: "call Ana Diaz" }],
  [
    "a ticket that is an e-mail address",
    { scope: "everything", reason: "incident", ticket: "ana@example.com" },
  ],
  ["everything with a target", { scope: "everything", target: "crm.small", reason: "incident" }],
  ["a destination without a target", { scope: "destination", reason: "incident" }],
  ["a destination `*`", { scope: "destination", target: "*", reason: "incident" }],
  [
    "a destination with a star in the middle",
    { scope: "destination", target: "crm.*.x", reason: "incident" },
  ],
  ["a destination with a space", { scope: "destination", target: "crm small", reason: "incident" }],
  ["an unknown agent", { scope: "agent", target: "agt_nobody", reason: "incident" }],
  ["an empty agent", { scope: "agent", target: "", reason: "incident" }],
  ["a target that is no text", { scope: "agent", target: ["agt_1"], reason: "incident" }],
  ["an unknown member", { scope: "everything", reason: "incident", until: "tomorrow" }],
])("a switch with %s is refused with 400 and stops nothing", async (_, body) => {
  const answer = await call("POST", "/v1/switches", reviewer.key, body);
  expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
  expect(await listed()).toEqual([]);
});

describe("a switch that stops nobody", () => {
  const nothing = async (target: string, scope = "destination") => {
    const { status, body } = await engage({ scope, target });
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(await listed()).toEqual([]);
    return body.detail as string;
  };

  test.each([
    ["a system without its star", "own", "own.*"],
    ["a misspelled system", "onw.*", "own.*"],
    ["another case", "OWN.Pulled", "own.pulled"],
    ["another case of a system", "Crm.*", "crm.*"],
  ])("is refused for %s, with the target that was meant", async (_, target, meant) => {
    expect(await nothing(target)).toBe(
      `target: no known destination matches \`${target}\`; did you mean \`${meant}\`? \`"force": true\` engages it for destinations to come`,
    );
  });

  test("is refused for a name that nothing resembles, with how to engage it anyway", async () => {
    expect(await nothing("quite-unheard-of.thing")).toContain('`"force": true` engages it');
  });

  test("is engaged by force, which says that it stops nothing yet, and stops what comes", async () => {
    const target = `${fresh("coming")}.write`;
    await nothing(target);
    const forced = await force({ scope: "destination", target });
    expect(forced.status).toBe(200);
    expect(forced.body).toMatchObject({
      engaged: true,
      target,
      warning: expect.stringContaining("stops nothing"),
    });
    const { body } = await call("POST", "/v1/intents", agent.key, {
      ...proposal("crm.small"),
      destination: target,
    });
    expect(body.reason_code).toBe("kill_switch");
  });

  test.each([
    ["a destination of gate.yaml", () => "own.pulled"],
    ["a system of gate.yaml", () => "own.*"],
    ["a name that only a policy's pattern covers", () => "crm.named-nowhere"],
    ["a narrower pattern than a policy's", () => "crm.sub.*"],
  ])("is not %s: that is engaged without force or warning", async (_, target) => {
    const engaged = await engage({ scope: "destination", target: target() });
    expect([engaged.status, engaged.body.engaged, engaged.body.warning]).toEqual([200, true, undefined]);
  });

  test("is not a destination that any stored intent named, blocked ones included", async () => {
    const system = fresh("stored_");
    const destination = `${system}.write`;
    await nothing(destination);
    await call("POST", "/v1/intents", agent.key, { ...proposal("crm.small"), destination });
    await until(async () => {
      const engaged = await engage({ scope: "destination", target: destination });
      expect([engaged.status, engaged.body.warning]).toEqual([200, undefined]);
    });
    expect((await engage({ scope: "destination", target: `${system}.*` })).status).toBe(200);
    for (const wanted of await listed()) await lift(wanted);
    expect(await nothing(system)).toContain(`did you mean \`${system}.*\`?`);
    // `_` is no wildcard: another name is still unknown.
    await nothing(destination.replace("_", "x"));
  });

  test("is refused for an agent's name, with its id, and force changes nothing about that", async () => {
    const { body } = await call("GET", `/v1/agents/${agent.id}`, admin);
    expect(await nothing(body.name, "agent")).toContain(`did you mean \`${agent.id}\`?`);
    expect((await force({ scope: "agent", target: "agt_nobody" })).status).toBe(400);
  });
});

test("a switch for a reviewer is refused, because only agents can be stopped", async () => {
  expect((await engage({ scope: "agent", target: reviewer.id })).status).toBe(400);
});

test("roles: reviewers and admins engage switches, only admins lift them, auditors read them", async () => {
  const runner = await register("runner");
  const keys = [undefined, agent.key, runner.key, reviewer.key, auditor.key, admin];
  const statuses = async (method: string, path: string, body?: unknown) => {
    const answers = [];
    for (const key of keys) answers.push((await call(method, path, key, body)).status);
    return answers;
  };
  const wanted = { scope: "destination", target: "crm.roles" };
  expect(await statuses("GET", "/v1/switches")).toEqual([401, 403, 403, 200, 200, 200]);
  expect(await statuses("POST", "/v1/switches/lift", wanted)).toEqual([401, 403, 403, 403, 403, 200]);
  expect(await statuses("POST", "/v1/switches", { ...wanted, reason: "drill" })).toEqual([
    401, 403, 403, 200, 403, 200,
  ]);
  expect(await statuses("POST", "/v1/switches/lift", wanted)).toEqual([401, 403, 403, 403, 403, 200]);
});

test("the number of switches is bounded, and everything can be stopped even at the bound", async () => {
  const insert = env.DB.prepare(
    "INSERT INTO switches (scope, target, engaged, version, reason, actor, changed_at) VALUES ('destination', ?1, 1, 1, 'drill', 'x', 0)",
  );
  await env.DB.batch(Array.from({ length: 500 }, (_, at) => insert.bind(`bulk.${at}`)));
  const refused = await force({ scope: "destination", target: "one.more" });
  expect([refused.status, refused.body.code]).toEqual([409, "too_many_switches"]);
  expect((await engage({ scope: "everything" })).status).toBe(200);
  await env.DB.prepare(
    "UPDATE switches SET engaged = 0, version = version + 1 WHERE target LIKE 'bulk.%'",
  ).run();
});

test("lifting a switch keeps its row, and its version only rises by one", async () => {
  await engage(own());
  await expect(env.DB.prepare("DELETE FROM switches").run()).rejects.toThrow(/not deleted/);
  await expect(env.DB.prepare("UPDATE switches SET engaged = 0").run()).rejects.toThrow(/changed meanwhile/);
  expect((await execute(await heldBefore())).status).toBe(409);
});

/** An intent of the stopped agent, approved before the switch. */
async function heldBefore(): Promise<string> {
  await lift(own());
  const intent = await propose(agent, proposal("crm.small"), "approved");
  await engage(own());
  return intent;
}
