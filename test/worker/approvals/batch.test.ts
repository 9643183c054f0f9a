import { beforeAll, expect, test, vi } from "vitest";
import { env } from "cloudflare:workers";
import {
  call,
  eventsOf,
  fresh,
  proposal,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import type { IntentCommand } from "../../../src/core/intent/command.ts";
import type { Answer, Principal } from "../../support/client.ts";

let agent: Principal;
let ana: Principal;
let zoe: Principal;

beforeAll(async () => {
  agent = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  zoe = await register("reviewer");
});

interface Case {
  readonly id: string;
  readonly digest: string;
}

/** Held, with the digest a reviewer would have seen. */
async function held(request = proposal("crm.held")): Promise<Case> {
  const answer = await call("POST", "/v1/intents", agent.key, request);
  if (answer.body.status !== "pending_approval") throw new Error(answer.text);
  return { id: answer.body.intentId, digest: answer.body.intent_digest };
}

const approval = ({ id, digest }: Case, more = {}) => ({
  intentId: id,
  decision: "approve",
  digest,
  ...more,
});

const rejection = (of: Case, more = {}) => approval(of, { decision: "reject", reason: "not now", ...more });

const batch = (decisions: readonly unknown[], key = zoe.key): Promise<Answer> =>
  call("POST", "/v1/approvals/batch", key, { decisions });

/** The outcome of each slot, in words. */
const slots = ({ body }: Answer): readonly string[] =>
  body.results.map(({ ok, state, problem }: { ok: boolean; state?: string; problem?: { code: string } }) =>
    ok ? state : problem?.code,
  );

test("a batch decides each intent on its own and returns each result", async () => {
  const [yes, no, anas, other, gone, pair] = await Promise.all([
    held(),
    held(),
    held(proposal("crm.by-ana")),
    held(),
    held(),
    held(proposal("crm.pair")),
  ]);
  await call("POST", `/v1/intents/${gone.id}/withdraw`, agent.key);
  const unknown = { id: `int_${"A".repeat(43)}`, digest: yes.digest };
  const answer = await batch([
    approval(yes),
    rejection(no),
    rejection(other, { reason: "  " }),
    approval(anas),
    approval({ ...other, digest: yes.digest }),
    approval(gone),
    approval(pair),
    approval(unknown),
    approval({ ...yes, id: "no id" }),
    approval(yes),
  ]);
  expect(answer.status).toBe(200);
  expect(slots(answer)).toEqual([
    "approved",
    "rejected",
    "rejected",
    "not_eligible",
    // Named twice, whatever became of the first.
    "invalid_request",
    "already_answered",
    "pending_approval",
    "intent_not_found",
    "intent_not_found",
    "invalid_request",
  ]);
  expect(answer.body).toMatchObject({ count: 10, decided: 4, refused: 6 });
  expect(answer.body.results[0]).toMatchObject({ intentId: yes.id, ok: true, status: "approved", votes: 1 });
  expect(answer.body.results[3]).toMatchObject({ intentId: anas.id, ok: false, problem: { status: 403 } });
  expect(await stateOf(other.id)).toBe("rejected");
});

test("INV-09: every vote of a batch names the digest that it is for", async () => {
  const [one, two] = await Promise.all([held(), held()]);
  const answer = await batch([approval({ ...one, digest: two.digest }), approval(two)]);
  expect(slots(answer)).toEqual(["digest_mismatch", "approved"]);
  const { digest: _, ...blind } = approval(one);
  expect((await batch([blind])).status).toBe(400);
  expect(await stateOf(one.id)).toBe("pending_approval");
});

test("INV-03 INV-08: votes of a batch are subject to the same exclusions and delegations as single votes", async () => {
  const own = await register("agent", { owner: "ana" });
  const answer = await call("POST", "/v1/intents", own.key, proposal("crm.held"));
  const anas = { id: answer.body.intentId, digest: answer.body.intent_digest };
  const forAna = await held(proposal("crm.by-ana"));
  expect(slots(await batch([approval(anas)], ana.key))).toEqual(["self_approval_forbidden"]);
  const onBehalf = approval(forAna, { on_behalf_of_principal: "ana" });
  expect(slots(await batch([onBehalf]))).toEqual(["delegation_not_found"]);
  await call("POST", "/v1/delegations", ana.key, { delegate_agent_id: zoe.id, destination: "crm.by-ana" });
  const delegated = await batch([approval(anas, { on_behalf_of_principal: "ana" }), onBehalf]);
  expect(slots(delegated)).toEqual(["delegation_not_found", "approved"]);
});

test("a hundred votes of a batch are recorded once each, among parallel single votes", async () => {
  const cases = await Promise.all(
    Array.from({ length: 100 }, (_, at) => held(proposal(at % 2 ? "crm.pair" : "crm.held"))),
  );
  const [whole, , ...singles] = await Promise.all([
    batch(cases.map((each) => approval(each))),
    batch(
      cases.map((each, at) => (at % 4 === 0 ? rejection(each) : approval(each))),
      ana.key,
    ),
    ...cases.slice(0, 20).map(({ id }) => call("POST", `/v1/intents/${id}/approve`, zoe.key)),
  ]);
  expect(whole.body.count).toBe(100);
  expect(whole.status).toBe(200);
  for (const { status } of singles) expect(status).toBeLessThan(500);
  for (const [at, { id }] of cases.entries()) {
    const events = await eventsOf(id);
    const ends = events.filter((event) => ["approved", "rejected", "revoked"].includes(event));
    const votes = events.filter((event) => event === "approval_vote_recorded");
    // A "no" that came after the approval takes it back; otherwise one of the two ended it.
    const allowed = [["approved"], ["rejected"], ["approved", "revoked"]];
    expect(allowed, `${at}: ${events.join()}`).toContainEqual(ends);
    expect(votes.length, `${at}: ${events.join()}`).toBeLessThanOrEqual(at % 2 ? 2 : 1);
    if (at % 4 !== 0) expect(ends, `${at}: ${events.join()}`).toEqual(["approved"]);
  }
});

test("at most six votes of a batch are in progress at a time", async () => {
  const cases = await Promise.all(Array.from({ length: 20 }, () => held()));
  let [now, most] = [0, 0];
  const get = env.INTENTS.get.bind(env.INTENTS);
  vi.spyOn(env.INTENTS, "get").mockImplementation((...args) => {
    const stub = get(...args);
    const handle = async (command: IntentCommand) => {
      now += 1;
      most = Math.max(most, now);
      try {
        return await stub.handle(command);
      } finally {
        now -= 1;
      }
    };
    return new Proxy(stub, { get: (of, name) => (name === "handle" ? handle : Reflect.get(of, name)) });
  });
  expect((await batch(cases.map((each) => approval(each)))).body.decided).toBe(20);
  expect(most).toBeGreaterThan(1);
  expect(most).toBeLessThanOrEqual(6);
});

test("a vote of a batch that fails leaves the others as they are", async () => {
  const [one, two, three] = await Promise.all([held(), held(), held()]);
  vi.spyOn(console, "error").mockImplementation(() => {});
  const get = env.INTENTS.get.bind(env.INTENTS);
  let calls = 0;
  vi.spyOn(env.INTENTS, "get").mockImplementation((...args) => {
    calls += 1;
    if (calls === 1) throw new Error("away");
    return get(...args);
  });
  const answer = await batch([approval(one), approval(two), approval(three)]);
  vi.restoreAllMocks();
  expect(slots(answer).toSorted()).toEqual(["approved", "approved", "unavailable"]);
  expect(answer.text).not.toContain("away");
});

test("a batch repeated under one Idempotency-Key is executed once", async () => {
  const cases = await Promise.all([held(proposal("crm.pair")), held()]);
  const init = {
    method: "POST",
    headers: {
      Authorization: `Bearer ${zoe.key}`,
      "Content-Type": "application/json",
      "Idempotency-Key": fresh("batch"),
    },
    body: JSON.stringify({ decisions: cases.map((each) => approval(each)) }),
  };
  const first = await send("/v1/approvals/batch", init);
  const second = await send("/v1/approvals/batch", init);
  expect(second.headers.get("Idempotency-Replayed")).toBe("true");
  expect(second.body).toEqual(first.body);
  expect(slots(second)).toEqual(["pending_approval", "approved"]);
});

const DIGEST = "0".repeat(64);

test.each([
  "",
  "[]",
  "{}",
  '{"decisions":{}}',
  '{"decisions":[]}',
  '{"decisions":[null]}',
  '{"decisions":["int_1"]}',
  `{"decisions":[{"intentId":"x","decision":"approve"}]}`,
  `{"decisions":[{"intentId":"x","decision":"maybe","digest":"${DIGEST}"}]}`,
  `{"decisions":[{"intentId":7,"decision":"approve","digest":"${DIGEST}"}]}`,
  `{"decisions":[{"intentId":"x","decision":"approve","digest":"${DIGEST}0"}]}`,
  `{"decisions":[{"intentId":"x","decision":"approve","digest":"${DIGEST}","assurance":"passkey"}]}`,
  `{"decisions":[{"intentId":"x","intent_id":"y","decision":"approve","digest":"${DIGEST}"}]}`,
  `{"decisions":[{"intentId":"x","decision":"reject","digest":"${DIGEST}","reason":["why"]}]}`,
  `{"decisions":[],"group":"all"}`,
  JSON.stringify({
    decisions: Array.from({ length: 101 }, (_, at) => ({
      intentId: `i${at}`,
      decision: "approve",
      digest: DIGEST,
    })),
  }),
])("INV-25: a malformed batch is 400, and none of it is decided: %.60s", async (body) => {
  const answer = await call("POST", "/v1/approvals/batch", zoe.key, body);
  expect([answer.status, answer.headers.get("Content-Type")]).toEqual([400, "application/problem+json"]);
});

test("INV-25: one malformed vote in a batch keeps the whole batch from being decided", async () => {
  const one = await held();
  expect((await batch([approval(one), { ...approval(one), decision: "yes" }])).status).toBe(400);
  expect(await stateOf(one.id)).toBe("pending_approval");
});

test("INV-26: a batch over the body limit is 413", async () => {
  const one = await held();
  const answer = await batch(Array.from({ length: 100 }, () => rejection(one, { reason: "x".repeat(1000) })));
  expect(answer.status).toBe(413);
});

test.each(["agent", "runner", "auditor", "admin"])(
  "roles: a batch is refused to the role %s",
  async (role) => {
    const { key } = await register(role);
    const one = await held();
    expect((await batch([approval(one)], key)).status).toBe(403);
    expect(await stateOf(one.id)).toBe("pending_approval");
  },
);

test("INV-05: a kill switch stops the approvals of a batch, not its rejections", async () => {
  const stopped = await register("agent");
  const cases = await Promise.all(
    [1, 2].map(async () => {
      const intent = await propose(stopped, proposal("crm.held"), "pending_approval");
      const { body } = await call("GET", `/v1/intents/${intent}`, zoe.key);
      return { id: intent, digest: body.intent_digest as string };
    }),
  );
  await call("POST", "/v1/switches", zoe.key, { scope: "agent", target: stopped.id, reason: "drill" });
  const [one, two] = cases;
  if (one === undefined || two === undefined) throw new Error("two of them");
  expect(slots(await batch([approval(one), rejection(two)]))).toEqual(["kill_switch_engaged", "rejected"]);
});
