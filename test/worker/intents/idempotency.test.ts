import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { d1IdempotentAnswers } from "../../../src/adapters/d1/idempotent-answers.ts";
import { keysInForce } from "../../../src/core/base/key-derivation.ts";
import {
  admin,
  proposal,
  call,
  eventsOf,
  everythingInD1,
  flushed,
  fresh,
  later,
  ledgerOf,
  MINUTE_MS,
  ordered,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import type { Answer, Principal } from "../../support/client.ts";

let agent: Principal;
let other: Principal;
let reviewer: Principal;
let runner: Principal;

beforeAll(async () => {
  agent = await register("agent");
  other = await register("agent");
  reviewer = await register("reviewer");
  runner = await register("runner", { name: "vpc-1" });
});

afterEach(() => vi.restoreAllMocks());

const DAY_MS = 24 * 60 * MINUTE_MS;

/** The body as bytes where it is a text, else as JSON. */
function keyed(path: string, bearer: string, key: string, body: unknown = {}): Promise<Answer> {
  const headers = {
    Authorization: `Bearer ${bearer}`,
    "Content-Type": "application/json",
    "Idempotency-Key": key,
  };
  return send(path, {
    method: "POST",
    headers,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const proposed = (key: string, body: unknown, who = agent) => keyed("/v1/intents", who.key, key, body);
const isReplay = ({ headers }: Answer) => headers.get("Idempotency-Replayed");
const codeOf = ({ status, body }: Answer) => [status, body.code];

const held = () => propose(agent, proposal("crm.held"), "pending_approval");
const approved = () => propose(agent, proposal("crm.small"), "approved");

interface Post {
  readonly what: string;
  /** Path, bearer and body of a new request. */
  readonly make: () => Promise<readonly [path: string, bearer: string, body: unknown]>;
  readonly status: number;
}

const decide = (what: string, verb: string, of: () => Promise<string>, bearer: () => string): Post => ({
  what,
  make: async () => [`/v1/intents/${await of()}/${verb}`, bearer(), { reason: "as agreed" }],
  status: 200,
});

const byToken = (verb: string, body = {}): Post => ({
  what: `${verb} with the order's token`,
  make: async () => {
    const order = await ordered(agent, proposal("own.claimed"));
    if (verb !== "claim") await call("POST", `/v1/executions/${order.id}/claim`, order.token, {});
    return [`/v1/executions/${order.id}/${verb}`, order.token, body];
  },
  status: 200,
});

async function unresolved(): Promise<string> {
  const { id, token, intent } = await ordered(agent);
  await call("POST", `/v1/executions/${id}/report`, token, { status: "indeterminate" });
  return intent;
}

const onAgent = (verb: string, body = {}): Post => ({
  what: `agents ${verb}`,
  make: async () => [`/v1/agents/${(await register("agent")).id}/${verb}`, admin, body],
  status: 200,
});

const POSTS: readonly Post[] = [
  { what: "a proposal", make: async () => ["/v1/intents", agent.key, proposal("crm.small")], status: 200 },
  {
    what: "a proposal by its alias",
    make: async () => ["/v1/propose", agent.key, proposal("crm.held")],
    status: 200,
  },
  {
    what: "a proposal with a business key",
    make: async () => [
      "/v1/intents",
      agent.key,
      proposal("crm.small", { idempotency_key: fresh("business") }),
    ],
    status: 200,
  },
  {
    what: "a blocked proposal",
    make: async () => ["/v1/intents", agent.key, proposal("crm.nowhere")],
    status: 200,
  },
  decide("approve", "approve", held, () => reviewer.key),
  decide("reject", "reject", held, () => reviewer.key),
  decide("cancel", "cancel-approval", held, () => reviewer.key),
  decide("withdraw", "withdraw", held, () => agent.key),
  decide("revoke", "revoke", approved, () => reviewer.key),
  {
    what: "approve by its alias",
    make: async () => ["/v1/approve", reviewer.key, { proposalId: await held() }],
    status: 200,
  },
  {
    what: "reject by its alias",
    make: async () => ["/v1/reject", reviewer.key, { proposalId: await held(), reason: "no" }],
    status: 200,
  },
  {
    what: "resolve",
    make: async () => [
      `/v1/intents/${await unresolved()}/resolve`,
      reviewer.key,
      { outcome: "executed", note: "seen" },
    ],
    status: 200,
  },
  {
    what: "erase",
    make: async () => [`/v1/intents/${await rejectedIntent()}/erase`, admin, { reason: "asked for" }],
    status: 200,
  },
  {
    what: "execute",
    make: async () => [`/v1/intents/${await approved()}/execute`, agent.key, {}],
    status: 201,
  },
  {
    what: "deliver",
    make: async () => ["/v1/deliver", agent.key, { intentId: await approved() }],
    status: 200,
  },
  byToken("claim"),
  byToken("heartbeat"),
  byToken("report", { status: "succeeded", result: { rows: 1 } }),
  {
    what: "a runner's claim",
    make: async () => {
      const { id, token } = await ordered(agent, proposal("vpc.claimed"));
      return [`/v1/executions/${id}/claim`, runner.key, { execution_token: token }];
    },
    status: 200,
  },
  {
    what: "register",
    make: async () => ["/v1/agents/register", admin, { name: fresh("named") }],
    status: 201,
  },
  onAgent("suspend"),
  onAgent("revoke"),
  onAgent("reactivate"),
  onAgent("rotate-key"),
  onAgent("role", { role: "agent" }),
  // The public half of the key pair in RFC 8037, appendix A.
  onAgent("report-key", {
    jwk: { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" },
  }),
  {
    what: "a kill switch",
    make: async () => [
      "/v1/switches",
      reviewer.key,
      { scope: "destination", target: fresh("sys"), reason: "drill", force: true },
    ],
    status: 200,
  },
  {
    what: "lifting a kill switch",
    make: async () => ["/v1/switches/lift", admin, { scope: "destination", target: fresh("sys") }],
    status: 200,
  },
];

async function rejectedIntent(): Promise<string> {
  const id = await held();
  await call("POST", `/v1/intents/${id}/reject`, reviewer.key, { reason: "no" });
  return id;
}

/** The key is random and not stored, so a repeat cannot return it. */
const LOST = { apiKey: null, api_key: null, detail: expect.stringContaining("rotate the key") };

test.each(POSTS)(
  "$what: a repeat under its key gets the same answer without a second effect",
  async ({ make, status }) => {
    const [path, bearer, body] = await make();
    const key = fresh("key");
    const first = await keyed(path, bearer, key, body);
    expect([first.status, isReplay(first)]).toEqual([status, null]);
    const before = await countEntries();
    const again = await keyed(path, bearer, key, body);
    expect([again.status, isReplay(again)]).toEqual([status, "true"]);
    expect(again.headers.get("Content-Type")).toBe(first.headers.get("Content-Type"));
    expect(again.headers.get("Cache-Control")).toBe("no-store");
    expect(again.body).toEqual("apiKey" in first.body ? { ...first.body, ...LOST } : first.body);
    expect(await countEntries()).toBe(before);
  },
);

/** Without an effect: nothing of them has to be remembered. */
const UNADMITTED: readonly Post[] = [
  {
    what: "a dry run",
    make: async () => ["/v1/intents?dry_run=true", agent.key, proposal("crm.small")],
    status: 200,
  },
  {
    what: "a proposal that is wrong",
    make: async () => ["/v1/intents", agent.key, { policy: "small" }],
    status: 400,
  },
  {
    what: "a proposal that is no JSON",
    make: async () => ["/v1/intents", agent.key, `{"a":1,"a":2}`],
    status: 400,
  },
  {
    what: "an approval of a made-up intent",
    make: async () => [`/v1/intents/${fresh("int_none")}/approve`, reviewer.key, {}],
    status: 404,
  },
  {
    what: "an approval of what is decided",
    make: async () => [`/v1/intents/${await rejectedIntent()}/approve`, reviewer.key, {}],
    status: 409,
  },
  {
    what: "an order of another agent's intent",
    make: async () => [`/v1/intents/${await approved()}/execute`, other.key, {}],
    status: 404,
  },
  {
    what: "a role that may not",
    make: async () => ["/v1/agents/register", agent.key, { name: fresh("named") }],
    status: 403,
  },
  {
    what: "a batch in which no vote counts",
    make: async () => [
      "/v1/approvals/batch",
      reviewer.key,
      { decisions: [{ intentId: fresh("int_none"), decision: "approve", digest: "d1".repeat(32) }] },
    ],
    status: 200,
  },
  {
    what: "a made-up order",
    make: async () => [`/v1/executions/${fresh("exe_none")}/claim`, "gex_none", {}],
    status: 404,
  },
  {
    what: "nobody's key",
    make: async () => ["/v1/intents", "gate_sk_none", proposal("crm.small")],
    status: 401,
  },
];

async function rowCount(): Promise<number> {
  return (await env.DB.prepare("SELECT COUNT(*) AS n FROM idempotent_answers").first<number>("n")) ?? 0;
}

test.each(UNADMITTED)(
  "$what leaves no row under its key, and a repeat is answered afresh",
  async ({ make, status }) => {
    const [path, bearer, body] = await make();
    const key = fresh("key");
    const before = await rowCount();
    const first = await keyed(path, bearer, key, body);
    expect([first.status, isReplay(first)]).toEqual([status, null]);
    const again = await keyed(path, bearer, key, body);
    expect([again.status, isReplay(again)]).toEqual([status, null]);
    expect(await rowCount()).toBe(before);
  },
);

test("a thousand keyed requests for a made-up intent leave no rows", async () => {
  const before = await rowCount();
  for (let sent = 0; sent < 1_000; sent += 50) {
    const answers = await Promise.all(
      Array.from({ length: 50 }, () =>
        keyed(`/v1/intents/${fresh("int_none")}/approve`, reviewer.key, fresh("key")),
      ),
    );
    for (const { status } of answers) expect(status).toBe(404);
  }
  expect(await rowCount()).toBe(before);
});

test("a key whose request was refused takes another request, and a late report that is on the ledger is replayed", async () => {
  const key = fresh("key");
  expect((await proposed(key, { policy: "small" })).status).toBe(400);
  expect((await proposed(key, proposal("crm.small"))).status).toBe(200);
  const { intent, id, token } = await ordered(agent);
  await call("POST", `/v1/intents/${intent}/revoke`, reviewer.key, { reason: "stop" });
  const reporting = fresh("key");
  const late = () => keyed(`/v1/executions/${id}/report`, token, reporting, { status: "succeeded" });
  expect(codeOf(await late())).toEqual([409, "intent_revoked"]);
  const again = await late();
  expect([...codeOf(again), isReplay(again)]).toEqual([409, "intent_revoked", "true"]);
});

/** Entries of every intent's object, flushed or not, would take long to ask; D1 has all of what these made. */
async function countEntries(): Promise<number> {
  const count = async () =>
    (await env.DB.prepare("SELECT COUNT(*) AS n FROM ledger").first<{ n: number }>())?.n ?? 0;
  // Flushes of earlier requests may still be under way: only a count that stays is one.
  let now = await count();
  for (let same = 0; same < 4;) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const next = await count();
    same = next === now ? same + 1 : 0;
    now = next;
  }
  return now;
}

test("INV-11: a repeat in another spelling of the same JSON and key is the same request", async () => {
  const key = fresh("key");
  const request = proposal("crm.small");
  const first = await proposed(key, request);
  const reordered = JSON.stringify(Object.fromEntries(Object.entries(request).toReversed()), null, 2);
  const again = await proposed(`"${key}"`, reordered);
  expect([isReplay(again), again.body.intentId]).toEqual(["true", first.body.intentId]);
});

test.each<[string, (request: Record<string, unknown>) => readonly [string, Record<string, unknown>]]>([
  ["another body", (request) => ["/v1/intents", { ...request, recordCount: 2 }]],
  ["another path", (request) => ["/v1/propose", request]],
  ["another query", (request) => ["/v1/intents?dry_run=true", request]],
])("one key with %s is 422, and nothing is created", async (_, change) => {
  const key = fresh("key");
  const request = proposal("crm.small");
  await proposed(key, request);
  const before = await countEntries();
  const [path, body] = change(request);
  expect(codeOf(await keyed(path, agent.key, key, body))).toEqual([422, "idempotency_key_reused"]);
  expect(await countEntries()).toBe(before);
});

test("another principal's equal key is another key", async () => {
  const key = fresh("key");
  const request = proposal("crm.small");
  const [one, two] = [await proposed(key, request), await proposed(key, request, other)];
  expect([isReplay(two), two.status]).toEqual([null, 200]);
  expect(two.body.intentId).not.toBe(one.body.intentId);
});

test("the Idempotency-Key header is separate from the business key: a new header with the same business key is a duplicate", async () => {
  const request = proposal("crm.small", { idempotency_key: fresh("business") });
  const first = await proposed(fresh("key"), request);
  const second = await proposed(fresh("key"), request);
  expect([second.status, second.body.status, second.body.intentId]).toEqual([
    409,
    "duplicate_blocked",
    first.body.intentId,
  ]);
  const key = fresh("key");
  await proposed(key, proposal("crm.small"));
  expect(
    (await call("POST", "/v1/intents", agent.key, proposal("crm.small", { idempotency_key: key }))).status,
  ).toBe(200);
});

test("INV-11: of twenty parallel equal requests one is executed", async () => {
  const key = fresh("key");
  const request = proposal("crm.small");
  const agents = await register("agent");
  const answers = await Promise.all(Array.from({ length: 20 }, () => proposed(key, request, agents)));
  const made = answers.filter(({ status }) => status === 200);
  expect(new Set(made.map(({ body }) => body.intentId)).size).toBe(1);
  expect(made.filter((answer) => isReplay(answer) === null)).toHaveLength(1);
  for (const answer of answers.filter(({ status }) => status !== 200)) {
    expect(codeOf(answer)).toEqual([409, "idempotency_in_flight"]);
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
  }
  const { body } = await call("GET", "/v1/intents", agents.key);
  expect(body.count).toBe(1);
});

test("INV-11: of twenty parallel equal claims one is executed, and the others wait for its answer", async () => {
  const { id, token } = await ordered(agent, proposal("own.claimed"));
  const key = fresh("key");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => keyed(`/v1/executions/${id}/claim`, token, key)),
  );
  expect(answers.filter((answer) => answer.status === 200 && isReplay(answer) === null)).toHaveLength(1);
  for (const { status } of answers) expect([200, 409]).toContain(status);
  for (const { status, body } of answers) if (status === 409) expect(body.code).toBe("idempotency_in_flight");
});

test("an answer is replayed for a day, after which the key is new", async () => {
  const key = fresh("key");
  const request = proposal("crm.small");
  const first = await proposed(key, request);
  later(DAY_MS - 1000);
  expect((await proposed(key, request)).body.intentId).toBe(first.body.intentId);
  later(2000);
  const after = await proposed(key, { ...request, recordCount: 2 });
  expect([after.status, isReplay(after)]).toEqual([200, null]);
});

test("expired answers are deleted by later ones", async () => {
  for (let made = 0; made < 5; made += 1) await proposed(fresh("key"), proposal("crm.small"));
  later(DAY_MS + 1000);
  await proposed(fresh("key"), { policy: "small" });
  const left = await env.DB.prepare("SELECT COUNT(*) AS n FROM idempotent_answers WHERE expires_at <= ?1")
    .bind(Date.now())
    .first<{ n: number }>();
  // Twenty at once: the tests before this one leave more behind.
  for (let sweeps = 0; sweeps * 20 < (left?.n ?? 0); sweeps += 1) {
    await proposed(fresh("key"), { policy: "small" });
  }
  const { results } = await env.DB.prepare("SELECT id FROM idempotent_answers WHERE expires_at <= ?1")
    .bind(Date.now())
    .all();
  expect(results).toEqual([]);
});

describe("INV-11: an attempt that died", () => {
  /** The answer is lost on its way to D1, as when the isolate dies after the work is done. */
  function loseAnswers() {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const prepare = env.DB.prepare.bind(env.DB);
    return vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
      if (sql.includes("SET answer")) throw new Error("D1_ERROR: gone");
      return prepare(sql);
    });
  }

  test("keeps its key for a minute, then a repeat finds the intent that it created", async () => {
    const key = fresh("key");
    const who = await register("agent");
    const request = proposal("crm.small");
    loseAnswers();
    const first = await proposed(key, request, who);
    expect(first.status).toBe(200);
    vi.restoreAllMocks();
    expect(codeOf(await proposed(key, request, who))).toEqual([409, "idempotency_in_flight"]);
    expect(codeOf(await proposed(key, proposal("crm.small"), who))).toEqual([422, "idempotency_key_reused"]);
    later(MINUTE_MS + 1);
    expect(codeOf(await proposed(key, proposal("crm.small"), who))).toEqual([422, "idempotency_key_reused"]);
    const again = await proposed(key, request, who);
    expect([again.status, isReplay(again)]).toEqual([200, null]);
    expect(again.body).toEqual(first.body);
    expect(isReplay(await proposed(key, request, who))).toBe("true");
    expect((await call("GET", "/v1/intents", who.key)).body.count).toBe(1);
  });

  test("between intent and answer: a repeat creates no second intent", async () => {
    const key = fresh("key");
    const who = await register("agent");
    const request = proposal("crm.held");
    loseAnswers();
    await proposed(key, request, who);
    vi.restoreAllMocks();
    await abortAllDurableObjects();
    later(MINUTE_MS + 1);
    const again = await proposed(key, request, who);
    expect([again.status, again.body.status]).toEqual([200, "pending_approval"]);
    expect((await call("GET", "/v1/intents", who.key)).body.count).toBe(1);
  });

  test("before creating anything: the next request uses the key", async () => {
    const key = fresh("key");
    const who = await register("agent");
    const request = proposal("crm.small");
    vi.spyOn(console, "error").mockImplementation(() => {});
    const spy = vi.spyOn(env.INTENTS, "get").mockImplementation(() => {
      throw new Error("the object is away");
    });
    expect((await proposed(key, request, who)).status).toBe(503);
    expect(spy).toHaveBeenCalled();
    vi.restoreAllMocks();
    const again = await proposed(key, request, who);
    expect([again.status, isReplay(again), again.body.status]).toEqual([200, null, "approved"]);
  });

  test("with a lost answer of the intent's object: a repeat creates no second intent", async () => {
    const key = fresh("key");
    const who = await register("agent");
    const request = proposal("crm.small");
    vi.spyOn(console, "error").mockImplementation(() => {});
    const get = env.INTENTS.get.bind(env.INTENTS);
    vi.spyOn(env.INTENTS, "get").mockImplementation((id) => {
      const stub = get(id);
      const made = async (command: Parameters<typeof stub.propose>[0]) => {
        await stub.propose(command);
        throw new Error("the answer was lost");
      };
      return { propose: made } as unknown as typeof stub;
    });
    expect((await proposed(key, request, who)).status).toBe(503);
    vi.restoreAllMocks();
    const again = await proposed(key, request, who);
    expect([again.status, again.body.status]).toEqual([200, "approved"]);
    await flushed(again.body.intentId);
    expect((await call("GET", "/v1/intents", who.key)).body.count).toBe(1);
  });

  test("after the vote, order or report: a repeat finds it in place or is refused", async () => {
    const [vote, order, report] = [await held(), await approved(), await ordered(agent)];
    const requests = [
      [`/v1/intents/${vote}/approve`, reviewer.key, {}, 200],
      [`/v1/intents/${order}/execute`, agent.key, {}, 200],
      [`/v1/executions/${report.id}/report`, report.token, { status: "succeeded" }, 409],
    ] as const;
    const keys = requests.map(() => fresh("key"));
    loseAnswers();
    for (const [at, [path, bearer, body]] of requests.entries()) {
      await keyed(path, bearer, keys[at] ?? "", body);
    }
    vi.restoreAllMocks();
    later(MINUTE_MS + 1);
    for (const [at, [path, bearer, body, status]] of requests.entries()) {
      expect((await keyed(path, bearer, keys[at] ?? "", body)).status, path).toBe(status);
    }
    const once = async (intent: string, event: string) =>
      (await eventsOf(intent)).filter((known) => known === event).length;
    expect(await once(vote, "approval_vote_recorded")).toBe(1);
    expect(await once(order, "execution_requested")).toBe(1);
    expect(await once(report.intent, "execution_succeeded")).toBe(1);
  });
});

test("an answer of 5xx or 429 is not stored: the same request is executed later", async () => {
  const key = fresh("key");
  const intent = await propose(agent, proposal("crm.small"), "approved");
  vi.spyOn(console, "error").mockImplementation(() => {});
  const batch = env.DB.batch.bind(env.DB);
  vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
    // The key can be taken, and the order can't be written.
    if (statements.length === 3) return batch(statements);
    throw new Error("D1_ERROR: overloaded");
  });
  expect((await keyed(`/v1/intents/${intent}/execute`, agent.key, key)).status).toBe(503);
  vi.restoreAllMocks();
  const again = await keyed(`/v1/intents/${intent}/execute`, agent.key, key);
  expect([again.status < 300, isReplay(again)]).toEqual([true, null]);
  expect(again.body.execution_token).toMatch(/^gex_/);
});

test("a refusal by a kill switch is not stored: the same request passes once it is lifted", async () => {
  const intent = await propose(agent, proposal("crm.small"), "approved");
  const key = fresh("key");
  const wanted = { scope: "agent", target: agent.id };
  await call("POST", "/v1/switches", admin, { ...wanted, reason: "drill" });
  expect((await keyed(`/v1/intents/${intent}/execute`, agent.key, key)).body.code).toBe(
    "kill_switch_engaged",
  );
  await call("POST", "/v1/switches/lift", admin, wanted);
  expect((await keyed(`/v1/intents/${intent}/execute`, agent.key, key)).status).toBe(201);
});

describe("INV-05: a stored success is not replayed while a kill switch stops what it grants", () => {
  const everything = { scope: "everything" };

  test.each([
    [
      "execute",
      () => propose(agent, proposal("crm.small"), "approved"),
      (id: string) => `/v1/intents/${id}/execute`,
      "execution_token",
    ],
    [
      "deliver",
      () => propose(agent, proposal("own.pulled", { payload: "a" }), "approved"),
      () => "/v1/deliver",
      "deliveryToken",
    ],
  ] as const)("%s", async (_, make, path, secret) => {
    const [id, key] = [await make(), fresh("key")];
    const repeat = () => keyed(path(id), agent.key, key, { intentId: id });
    const first = await repeat();
    expect(first.body[secret]).toMatch(/^(gex|dlv)_/);
    for (const wanted of [{ scope: "agent", target: agent.id }, everything]) {
      await call("POST", "/v1/switches", admin, { ...wanted, reason: "drill" });
      const stopped = await repeat();
      expect(codeOf(stopped)).toEqual([409, "kill_switch_engaged"]);
      expect(stopped.body.scope).toBe(wanted.scope);
      expect(stopped.text).not.toMatch(/gex_|dlv_/);
      await call("POST", "/v1/switches/lift", admin, wanted);
    }
    const again = await repeat();
    expect([again.status, isReplay(again), again.body[secret]]).toEqual([
      first.status,
      "true",
      first.body[secret],
    ]);
  });

  test("claim", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    const { body } = await call("POST", `/v1/intents/${id}/execute`, agent.key);
    const [path, key] = [`/v1/executions/${body.executionId}/claim`, fresh("key")];
    expect((await keyed(path, body.execution_token, key)).status).toBe(200);
    await call("POST", "/v1/switches", admin, { scope: "agent", target: agent.id, reason: "drill" });
    expect(codeOf(await keyed(path, body.execution_token, key))).toEqual([409, "kill_switch_engaged"]);
    await call("POST", "/v1/switches/lift", admin, { scope: "agent", target: agent.id });
    expect((await keyed(path, body.execution_token, key)).status).toBe(200);
  });
});

test("while keys can't be stored, a request with a key does nothing, and others go on", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const who = await register("agent");
  await propose(who, proposal("crm.small"), "approved");
  vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"));
  expect((await proposed(fresh("key"), proposal("crm.small"), who)).status).toBe(503);
  expect((await call("POST", "/v1/intents", who.key, proposal("crm.small"))).status).toBe(200);
});

test("a request without the header does not read the store of answers", async () => {
  const spy = vi.spyOn(env.DB, "batch");
  const prepared = vi.spyOn(env.DB, "prepare");
  await call("POST", `/v1/intents/${await held()}/approve`, reviewer.key, {});
  expect(spy).toHaveBeenCalled();
  expect(prepared.mock.calls.filter(([sql]) => sql.includes("idempotent_answers"))).toEqual([]);
});

describe("INV-27: a stored answer holds no secret", () => {
  test("so nothing of it is in D1 in any form", async () => {
    const note = `note-${crypto.randomUUID()}`;
    const name = `leads-${crypto.randomUUID()}.json`;
    const made = await proposed(fresh("key"), proposal("crm.small", { payload_name: name }));
    const executed = await keyed(`/v1/intents/${made.body.intentId}/execute`, agent.key, fresh("key"));
    const delivered = await keyed("/v1/deliver", agent.key, fresh("key"), {
      intentId: await propose(agent, proposal("own.pulled"), "approved"),
    });
    const registered = await keyed("/v1/agents/register", admin, fresh("key"), { name: fresh("agent") });
    const rotated = await keyed(`/v1/agents/${registered.body.agentId}/rotate-key`, admin, fresh("key"));
    const rejected = await keyed(`/v1/intents/${await held()}/reject`, reviewer.key, fresh("key"), {
      reason: note,
    });
    const used = fresh("a-key-that-was-sent");
    await proposed(used, proposal("crm.small"));
    const secrets = [
      executed.body.execution_token,
      executed.body.order,
      delivered.body.deliveryToken,
      registered.body.apiKey,
      rotated.body.api_key,
      rejected.body.reason,
      name,
      used,
    ];
    for (const secret of secrets) expect(secret).toMatch(/.{8}/);
    const everything = await everythingInD1();
    expect(everything).toContain("lapses_at");
    for (const secret of secrets) expect(everything).not.toContain(secret);
  });

  test("so a repeat gets the order's token while the order is live, and never after", async () => {
    const intent = await approved();
    const key = fresh("key");
    const again = () => keyed(`/v1/intents/${intent}/execute`, agent.key, key);
    const first = await again();
    expect((await again()).body).toEqual(first.body);
    await call("POST", "/v1/switches", admin, { scope: "agent", target: agent.id, reason: "drill" });
    expect(codeOf(await again())).toEqual([409, "kill_switch_engaged"]);
    await call("POST", "/v1/switches/lift", admin, { scope: "agent", target: agent.id });
    await call("POST", `/v1/executions/${first.body.execution_id}/report`, first.body.execution_token, {
      status: "succeeded",
    });
    const late = await again();
    expect([late.status, isReplay(late)]).toEqual([201, "true"]);
    expect(late.body).toEqual({ ...first.body, execution_token: null, order: null });
  });

  test("so a repeat gets the download's URL until it was used", async () => {
    const key = fresh("key");
    const intentId = await propose(agent, proposal("own.pulled"), "approved");
    const again = () => keyed("/v1/deliver", agent.key, key, { intentId });
    const first = await again();
    expect((await again()).body).toEqual(first.body);
    await call("POST", `/v1/intents/${intentId}/revoke`, reviewer.key, {});
    expect((await again()).body).toEqual({ ...first.body, deliveryToken: null, url: null });
  });
});

test("a claim whose answer was lost is repeated while it holds, and not after it lapsed", async () => {
  const { id, token } = await ordered(agent, proposal("own.claimed"));
  const key = fresh("key");
  const claim = () => keyed(`/v1/executions/${id}/claim`, token, key);
  expect((await claim()).status).toBe(200);
  expect(isReplay(await claim())).toBe("true");
  later(16 * MINUTE_MS);
  const late = await claim();
  expect([late.status, isReplay(late)]).toEqual([410, null]);
});

test("an order's token and the agent's key are two callers", async () => {
  const { id, token } = await ordered(agent, proposal("own.claimed"));
  const key = fresh("key");
  expect((await keyed(`/v1/executions/${id}/claim`, token, key)).status).toBe(200);
  const answer = await keyed(`/v1/executions/${id}/claim`, agent.key, key, { execution_token: token });
  expect(codeOf(answer)).toEqual([409, "already_claimed"]);
});

describe("INV-05: the caller is authenticated again on every repeat", () => {
  test("a suspended agent gets no replay", async () => {
    const who = await register("agent");
    const key = fresh("key");
    const request = proposal("crm.small");
    await proposed(key, request, who);
    await call("POST", `/v1/agents/${who.id}/suspend`, admin);
    expect(codeOf(await proposed(key, request, who))).toEqual([403, "agent_inactive"]);
  });

  test("a rotated key gets no replay, and the new key does", async () => {
    const who = await register("agent");
    const key = fresh("key");
    const request = proposal("crm.small");
    await proposed(key, request, who);
    const { body } = await call("POST", `/v1/agents/${who.id}/rotate-key`, admin);
    expect((await proposed(key, request, who)).status).toBe(401);
    expect(isReplay(await proposed(key, request, { ...who, key: body.apiKey }))).toBe("true");
  });

  test("a reviewer who became an auditor gets no replay of a vote", async () => {
    const who = await register("reviewer");
    const id = await held();
    const key = fresh("key");
    await keyed(`/v1/intents/${id}/approve`, who.key, key);
    await call("POST", `/v1/agents/${who.id}/role`, admin, { role: "auditor" });
    expect(codeOf(await keyed(`/v1/intents/${id}/approve`, who.key, key))).toEqual([403, "forbidden"]);
  });

  test("a caller without a valid credential stores no answer", async () => {
    const rows = () => env.DB.prepare("SELECT COUNT(*) AS n FROM idempotent_answers").first<{ n: number }>();
    const before = await rows();
    expect((await keyed("/v1/intents", "gate_sk_nobody", fresh("key"), proposal("crm.small"))).status).toBe(
      401,
    );
    const { id } = await ordered(agent);
    expect((await keyed(`/v1/executions/${id}/report`, "gex_wrong", fresh("key"), {})).status).toBe(401);
    expect(await rows()).toEqual({ n: before?.n ?? 0 });
  });
});

test.each<[string, string]>([
  ["nothing", ""],
  ["an empty text", '""'],
  ["an unfinished text", '"abc'],
  ["a text with an unknown escape", '"a\\nb"'],
  ["two texts", '"a", "b"'],
  ["two keys", "a, b"],
  ["a text with parameters", '"a";v=1'],
  ["a key with parameters", "a;v=1"],
  ["a key with a space in it", "a b"],
  ["a key with a quote in it", 'a"b'],
  ["a key in Latin-1", "clé"],
  ["a text in Latin-1", '"clé"'],
  ["a tab", '"a\tb"'],
  ["a key of 256 characters", "k".repeat(256)],
  ["a text of 256 characters", `"${"k".repeat(256)}"`],
])("a header that is %s is refused with 400 and creates nothing", async (_, header) => {
  // An agent of its own: others' entries may still be on their way to D1.
  const who = await register("agent");
  expect(codeOf(await proposed(header, proposal("crm.small"), who))).toEqual([
    400,
    "invalid_idempotency_key",
  ]);
  const made = await env.DB.prepare("SELECT COUNT(*) AS n FROM ledger WHERE actor = ?1")
    .bind(who.id)
    .first("n");
  expect(made).toBe(0);
});

test.each<[string, string, string]>([
  ["a UUID and its text", "8e03978e-40d5-43dd-bc93-6894a57f9324", '"8e03978e-40d5-43dd-bc93-6894a57f9324"'],
  ["255 characters", "k".repeat(255), `"${"k".repeat(255)}"`],
  ["a text of one space and itself", '" "', '" "'],
  ["escapes and themselves", '"a\\"b\\\\c"', '"a\\"b\\\\c"'],
  ["punctuation", "a:b/c+d=_~!", '"a:b/c+d=_~!"'],
  ["a name of Object.prototype's members", "__proto__", '"__proto__"'],
])("the header forms with %s are one key", async (_, one, same) => {
  const request = proposal("crm.small");
  expect((await proposed(one, request)).status).toBe(200);
  expect(isReplay(await proposed(same, request))).toBe("true");
});

test("a body over the limit is refused before a key is stored, and a GET uses no key", async () => {
  const key = fresh("key");
  const large = { reason: "x".repeat(70_000) };
  expect(codeOf(await keyed(`/v1/intents/${await held()}/reject`, reviewer.key, key, large))).toEqual([
    413,
    "payload_too_large",
  ]);
  const get = await send("/v1/intents", {
    headers: { Authorization: `Bearer ${agent.key}`, "Idempotency-Key": '"' },
  });
  expect([get.status, isReplay(get)]).toEqual([200, null]);
});

test("a payload over the limit for small bodies passes byte for byte with a key", async () => {
  const payload = "a,b\n".repeat(50_000);
  const request = proposal("crm.small", { payload, payload_name: "big.csv" });
  const key = fresh("key");
  const first = await proposed(key, request);
  expect(first.status).toBe(200);
  expect((await proposed(key, request)).body).toEqual(first.body);
  const { text } = await call("GET", `/v1/intents/${first.body.intentId}/payload`, agent.key);
  expect(text).toBe(payload);
});

test("INV-27: a stored answer moved under another key in D1 is not replayed", async () => {
  const key = fresh("key");
  const request = proposal("crm.small");
  await proposed(key, request);
  const taken = await env.DB.prepare(
    "SELECT id, answer FROM idempotent_answers WHERE answer IS NOT NULL",
  ).all<{
    id: string;
    answer: string;
  }>();
  const rest = fresh("key");
  await proposed(rest, request);
  const known = JSON.stringify(taken.results.map(({ id }) => id));
  const [foreign] = taken.results;
  await env.DB.prepare(
    "UPDATE idempotent_answers SET answer = ?1 WHERE id NOT IN (SELECT value FROM json_each(?2))",
  )
    .bind(foreign?.answer, known)
    .run();
  vi.spyOn(console, "error").mockImplementation(() => {});
  expect((await proposed(rest, request)).status).toBe(503);
  expect(isReplay(await proposed(key, request))).toBe("true");
});

test("stored answers survive a change of the deployment's secret while the earlier one is named", async () => {
  const under = (current: string, ...earlier: readonly string[]) => {
    const [first, ...others] = [current, ...earlier].map((letter) => btoa(letter.repeat(32)));
    return d1IdempotentAnswers(env.DB, () => keysInForce([first ?? "", ...others], "idempotent-answer"));
  };
  const intent = fresh("int");
  const request = { principal: "agt_1", key: fresh("key"), subject: "a request", intent };
  const answer = { status: 200, contentType: "application/json", body: { said: "once" }, withheld: [] };
  const begun = await under("a").begin(request);
  if (begun.kind !== "first") throw new Error(begun.kind);
  await begun.attempt.store(answer);
  const changed = under("b", "a");
  expect(await changed.begin(request)).toEqual({ kind: "stored", answer });
  expect((await changed.begin({ ...request, subject: "another" })).kind).toBe("reused");
  expect((await under("c").begin(request)).kind).toBe("reused");
});

test("twenty registrations under one key put one entry on the registry's chain", async () => {
  const key = fresh("key");
  const name = fresh("one-of-twenty");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => keyed("/v1/agents/register", admin, key, { name })),
  );
  const made = answers.filter(
    ({ status, headers }) => status === 201 && headers.get("Idempotency-Replayed") === null,
  );
  expect(made).toHaveLength(1);
  const id = made[0]?.body.agentId;
  const entries = (await ledgerOf("registry")).filter(({ body }) => JSON.parse(body).principal === id);
  expect(entries).toHaveLength(1);
  expect(
    await stateOf(await propose({ id, key: made[0]?.body.apiKey }, proposal("crm.small"), "approved")),
  ).toBe("approved");
});
