import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  asShownNow,
  accountToken,
  arrivals,
  caseOf,
  CHECKPOINTS,
  openFolder,
  proofOf,
  type RecordedOrder,
  RECORDED,
  startFolderUpstream,
  UPSTREAM_PORT,
  VECTOR,
} from "../support/data-0.1.ts";
import { type Body, eventsOf, list, text } from "../support/gate.ts";

/*
 * Opened today, by the build as it is: nothing here depends on how old the folder is. What does is in
 * data-0.1-clock.test.ts.
 */

const upstream = await startFolderUpstream(UPSTREAM_PORT);
afterAll(() => upstream[Symbol.asyncDispose]());
const gate = await openFolder();
afterAll(() => gate[Symbol.asyncDispose]());

const { members, vkey } = RECORDED;
const CHECKPOINT_OPTIONS = CHECKPOINTS.flatMap((file) => ["--checkpoint", file]);

async function viewOf(name: string): Promise<Body> {
  return (await gate.call("GET", `/v1/intents/${caseOf(name).id}`, "ops")).body;
}

function act(name: string, by: string, verb: string, body: Body = {}) {
  return gate.call("POST", `/v1/intents/${caseOf(name).id}/${verb}`, by, body);
}

async function order(name: string): Promise<RecordedOrder> {
  const { status, body } = await act(name, "importer", "execute");
  expect(status).toBe(201);
  return {
    executionId: text(body, "executionId"),
    token: text(body, "execution_token"),
    intentDigest: text(body, "intent_digest"),
  };
}

test("the log of an older folder verifies, and goes on from the checkpoints that were kept of it", async () => {
  const verified = await gate.ledger("verify", "--server", gate.origin, "--key", vkey, ...CHECKPOINT_OPTIONS);
  expect(verified, verified.out).toMatchObject({ code: 0 });
});

test("an export that the older build began is gone on with, and verifies as a whole", async () => {
  const file = join(gate.home, "log.ndjson");
  copyFileSync(join(VECTOR, "log.ndjson"), file);
  const exported = await gate.ledger("export", "--server", gate.origin, "--out", file);
  expect(exported, exported.err).toMatchObject({ code: 0 });
  const verified = await gate.ledger("verify", file, "--key", vkey, ...CHECKPOINT_OPTIONS);
  expect(verified, verified.out).toMatchObject({ code: 0 });
});

test.each(["executed_by_runner", "proxied_approved", "erased", "one_vote_of_two"])(
  "evidence of the case %s verifies, as the older build gave it and as the current one gives it",
  async (name) => {
    const older = await gate.ledger("verify", join(VECTOR, "evidence", `${name}.json`), "--key", vkey);
    expect(older, older.out).toMatchObject({ code: 0 });
    const { status, body } = await gate.call("GET", `/v1/intents/${caseOf(name).id}/evidence`, "audit");
    expect(status).toBe(200);
    expect(body["erased"] ?? false).toBe(name === "erased");
  },
);

const ENDED = `
  executed executed_by_person executed_by_runner executed_by_mandate failed to_retry unknown
  proxied_unknown proxied_executed proxied_refused proxied_approved
  rejected cancelled withdrawn revoked expired blocked edited of_stopped_agent erased erased_with_answer
`
  .trim()
  .split(/\s+/);

test.each(ENDED)("the case %s, which had ended, reads as it was recorded", async (name) => {
  const recorded = caseOf(name);
  const { events, response, id } = recorded;
  const shown = await viewOf(name);
  expect(shown).toMatchObject(asShownNow(recorded));
  expect(eventsOf(shown)).toEqual(events);
  const answer = await gate.call("GET", `/v1/intents/${id}/response?format=json`, "ops");
  if (response === null) expect(answer.status).toBe(404);
  else expect(answer.body).toEqual(response);
});

test.each([
  ["executed_by_person", "APPROVE", "answered"],
  ["rejected", "REJECT", "answered"],
  ["cancelled", null, "cancelled"],
  ["withdrawn", null, "cancelled"],
  ["revoked", null, null],
  ["expired", null, "expired"],
  ["blocked", null, null],
  ["executed", null, null],
  ["executed_by_mandate", null, "answered"],
] as const)("the case %s has the evidence that its ledger tells of: %s", async (name, decision, question) => {
  const shown = await viewOf(name);
  const evidence = shown["approval_evidence"] as Body | null;
  expect(evidence?.["decision"] ?? null).toBe(decision);
  expect(list(shown, "approval_interactions").map(({ state }) => state)).toEqual(
    question === null ? [] : [question],
  );
  if (evidence === null) return;
  const entries = list(shown, "auditTrail");
  const decided = entries.find(({ event_type: event }) => {
    return event === (decision === "APPROVE" ? "approved" : "rejected");
  });
  expect(evidence).toMatchObject({
    decided_at: decided?.["created_at"],
    approved_intent_hash: shown["intent_digest"],
    response_jws: expect.any(String),
    proof: { actor: decided?.["actor"] },
  });
});

test("lists show each case that had ended as they did", async () => {
  const { body } = await gate.call("GET", "/v1/intents?limit=200", "audit");
  const ids = new Set(ENDED.map((name) => caseOf(name).id));
  const ofEnded = (rows: readonly Body[]) => rows.filter(({ id }) => ids.has(String(id)));
  expect(ofEnded(list(body, "intents"))).toMatchObject(ofEnded(RECORDED.list));
});

test("each case is found by its policy in force, by those who voted, and by the days of its entries", async () => {
  const found = new Map<string, ReadonlySet<string>>();
  const listed = async (query: string) => {
    const known = found.get(query);
    if (known !== undefined) return known;
    const { status, body } = await gate.call("GET", `/v1/intents?limit=200&${query}`, "audit");
    expect(status).toBe(200);
    const ids = new Set(list(body, "intents").map(({ id }) => String(id)));
    found.set(query, ids);
    return ids;
  };
  for (const [name, { id, view }] of Object.entries(RECORDED.cases)) {
    const day = String(view["created_at"]).slice(0, 10);
    const policies = list(view, "policies").map((policy) => `policy=${text(policy, "id")}`);
    const people = list(view, "votes").flatMap((vote) => [
      `person=${text(vote, "person")}`,
      `person=${text(vote, "acting")}`,
    ]);
    for (const query of [`day=${day}`, ...policies, ...people]) {
      expect((await listed(query)).has(id), `${name} by ${query}`).toBe(true);
    }
  }
  expect(await listed("policy=nothing")).toEqual(new Set());
});

test("the list says of each case that had ended who decided it", async () => {
  const { body } = await gate.call("GET", "/v1/intents?limit=200", "audit");
  const deciders = new Map(list(body, "intents").map((row) => [String(row["id"]), row["decided_by"]]));
  for (const name of ENDED) {
    const { id, view } = caseOf(name);
    const decided = view["state"] === "revoked" ? expect.any(String) : (view["decided_by"] ?? null);
    expect(deciders.get(id), name).toEqual(decided);
  }
});

test("a case of an older build is compared with nothing by its shape, and counted by its agent", async () => {
  const { seen_before: seen } = await viewOf("executed");
  expect(seen).toMatchObject({ shape: null, payload: { nth: 1 }, agent: { nth: expect.any(Number) } });
});

test("a second vote completes a quorum with the vote that was given before, and the write is carried out", async () => {
  const name = "one_vote_of_two";
  const { status, body } = await act(name, "ben", "approve", { digest: caseOf(name).view["intent_digest"] });
  expect([status, body["state"]]).toEqual([200, "approved"]);
  const placed = await order(name);
  const path = `/v1/executions/${placed.executionId}`;
  const asRunner = { execution_token: placed.token };
  expect(await gate.call("POST", `${path}/claim`, "vpc-1", asRunner)).toMatchObject({ status: 200 });
  // The destination takes reports that are signed with the registered key, and no others.
  const report = { ...asRunner, status: "succeeded", result: { posting: "p-2" } };
  expect((await gate.call("POST", `${path}/report`, "vpc-1", report)).status).toBe(409);
  const proof = proofOf(placed, "succeeded");
  expect(await gate.call("POST", `${path}/report`, "vpc-1", { ...report, proof })).toMatchObject({
    status: 200,
  });
  const shown = await viewOf(name);
  expect(shown).toMatchObject({
    state: "succeeded",
    execution: { proof: "verified", result: { posting: "p-2" } },
  });
});

test("a vote that was given under a delegation counts beside a second one", async () => {
  const name = "voted_by_delegate";
  expect((await act(name, "ben", "approve")).body["state"]).toBe("approved");
  const mandate = text(RECORDED.delegation, "id");
  expect(list(await viewOf(name), "votes")).toMatchObject([
    { person: "ana", acting: "cleo", mandate },
    { person: "ben" },
  ]);
});

test("a vote that was given with an account counts beside a second one", async () => {
  expect((await act("voted_by_account", "ben", "approve")).body["state"]).toBe("approved");
});

test("the vote of a reviewer who was suspended is withdrawn when the next person votes", async () => {
  const name = "voted_by_leaver";
  expect((await act(name, "ben", "approve")).body["state"]).toBe("pending_approval");
  expect(eventsOf(await viewOf(name))).toContain("approval_vote_withdrawn");
  expect((await act(name, "ana", "approve")).body["state"]).toBe("approved");
});

test("a second no decides with the no that was given before", async () => {
  const { status, body } = await act("one_no_of_two", "ben", "reject", { reason: "The second." });
  expect([status, body["state"]]).toEqual([200, "rejected"]);
});

test("an older case that waits can be rejected", async () => {
  const { status, body } = await act("pending", "ana", "reject", { reason: "Too old." });
  expect([status, body["state"]]).toEqual([200, "rejected"]);
});

test("an older case that waits can be edited, and its successor is another person's to approve", async () => {
  const change = {
    payload: "email\nnew@example.com\n",
    payload_name: "leads.csv",
    recordCount: 1,
    reason: "Moved.",
  };
  const digest = caseOf("to_be_edited").view["intent_digest"];
  const edited = await act("to_be_edited", "ana", "edit", { ...change, digest });
  expect(edited).toMatchObject({ status: 200, body: { predecessor: { state: "cancelled" } } });
  const path = `/v1/intents/${text(edited.body["successor"] as Body, "intentId")}/approve`;
  expect((await gate.call("POST", path, "ana")).status).toBe(403);
  expect((await gate.call("POST", path, "ben")).body["state"]).toBe("approved");
});

test("the successor that an older build made is another person's than the editor's to approve", async () => {
  expect((await act("successor", "ana", "approve")).status).toBe(403);
  expect((await act("successor", "ben", "approve")).body["state"]).toBe("approved");
});

test("a request that was held at the proxy is sent when it is approved: the recorded bytes, once", async () => {
  const { id, view, request } = caseOf("proxied");
  const path = "/crm/contacts/7";
  const body = Buffer.from(request?.base64 ?? "", "base64");
  expect((await act("proxied", "ben", "approve")).status).toBe(200);
  await expect.poll(async () => (await viewOf("proxied"))["state"]).toBe("succeeded");
  // The agent repeats its request, and gets the outcome of the first.
  const headers = { "x-gate-key": members.importer.key, ...request?.headers };
  const again = await gate.send(request?.path ?? "", { method: "POST", headers, body });
  expect(again).toMatchObject({ status: 201, body: { ok: true, path } });
  expect(again.headers.get("x-gate-intent-id")).toBe(id);

  const [sent, ...more] = arrivals(upstream, path);
  expect(more).toEqual([]);
  expect(sent).toMatchObject({ method: "POST", target: `${path}?notify=no` });
  expect(sent?.body.equals(body)).toBe(true);
  const http = view["http"] as {
    readonly headers: readonly [string, string][];
    readonly repeat_header: [string, string];
  };
  expect(sent?.headers).toMatchObject({
    ...Object.fromEntries([...http.headers, http.repeat_header]),
    authorization: `Bearer ${RECORDED.credentials["CRM_API_KEY"]}`,
  });
  const stored = await gate.call("GET", `/v1/intents/${id}/response?format=json`, "importer");
  expect(JSON.parse(text(stored.body, "body"))).toEqual({ ok: true, path });
});

test("a held request that goes out with the agent's own credential is sent with the repeat, once", async () => {
  const { id, request } = caseOf("proxied_own");
  expect((await act("proxied_own", "ben", "approve")).status).toBe(200);
  const own = request?.headers ?? {};
  const headers = { "x-gate-key": members.importer.key, "x-gate-intent-id": id, ...own };
  const repeat = () => {
    const body = Buffer.from(request?.base64 ?? "", "base64");
    return gate.send(request?.path ?? "", { method: "POST", headers, body });
  };
  expect(arrivals(upstream, "/crm/own/8")).toEqual([]);
  expect(await repeat()).toMatchObject({ status: 201, body: { ok: true } });
  expect(await repeat()).toMatchObject({ status: 201, body: { ok: true } });
  const sent = arrivals(upstream, "/crm/own/8");
  expect(sent.map((each) => each.headers["authorization"])).toEqual([own["authorization"]]);
  expect(sent[0]?.body.toString("base64")).toBe(request?.base64);
});

test("a request that the older build made of a proposal is sent when it is approved, once", async () => {
  expect((await act("gate_made", "ben", "approve")).status).toBe(200);
  await expect.poll(async () => (await viewOf("gate_made"))["state"]).toBe("succeeded");
  const sent = arrivals(upstream, "/tickets/4711");
  expect(sent).toHaveLength(1);
  expect(sent[0]).toMatchObject({
    method: "PUT",
    headers: { "content-type": "application/json", "x-api-key": RECORDED.credentials["CRM_API_KEY"] },
  });
  expect(JSON.parse(sent[0]?.body.toString() ?? "")).toEqual(caseOf("gate_made").proposal["payload"]);
});

test.each([
  ["unknown", "executed", "succeeded"],
  ["proxied_unknown", "not_executed", "failed"],
])("the case %s, whose outcome nobody knew, is resolved as %s by a person", async (name, outcome, state) => {
  const resolved = await act(name, "ana", "resolve", { outcome, note: "Looked it up." });
  expect([resolved.status, resolved.body["state"]]).toEqual([200, state]);
});

test.each(["erased", "erased_with_answer"])("the case %s stays erased", async (name) => {
  const { id } = caseOf(name);
  expect((await gate.call("GET", `/v1/intents/${id}/payload`, "ops")).status).toBeGreaterThanOrEqual(400);
  expect((await gate.call("GET", `/v1/intents/${id}/response`, "ops")).status).toBe(404);
  expect(await viewOf(name)).toMatchObject({ erased_at: expect.any(String), payload_name: null, http: null });
});

test.each(["executed", "proxied_executed"])(
  "the payload of the case %s, which is kept, opens",
  async (name) => {
    const { id, proposal, request } = caseOf(name);
    const payload = Buffer.from(
      request?.base64 ?? Buffer.from(String(proposal["payload"])).toString("base64"),
      "base64",
    );
    const answer = await gate.call("GET", `/v1/intents/${id}/payload`, "ops");
    expect(answer.status).toBe(200);
    expect(answer.text).toBe(payload.toString());
  },
);

test.each(["ops", "audit", "ana", "ben", "cleo", "importer", "vpc-1", "night-batch"] as const)(
  "the key of %s authenticates who it did",
  async (name) => {
    const { body } = await gate.call("GET", "/v1/session", name);
    expect(body).toMatchObject({ principal_id: members[name].id, role: members[name].role });
  },
);

test("the key that the first start gave its admin authenticates an admin", async () => {
  expect((await gate.call("GET", "/v1/session", RECORDED.firstAdminKey)).body["role"]).toBe("admin");
});

test.each(["leaver", "old-agent", "lost-agent"])(
  "the key of %s, who was suspended or revoked, is refused",
  async (name) => {
    expect((await gate.call("GET", "/v1/session", name)).status).toBeGreaterThanOrEqual(401);
  },
);

test("an account that was linked to a person comes in as the principal that was made for it", async () => {
  const { body } = await gate.call("GET", "/v1/session", accountToken());
  const { principal_id, person, role, assurance } = RECORDED.signedIn;
  expect(body).toMatchObject({ principal_id, person, role, assurance });
});

test("a kill switch that was engaged stops its agent until it is lifted, and no other", async () => {
  const { body } = await gate.call("GET", "/v1/switches", "ops");
  expect(body["switches"]).toMatchObject(RECORDED.switches);
  const proposal = (at: number) => ({
    ...caseOf("approved").proposal,
    payload: `email\nstopped${at}@example.com\n`,
  });
  const stopped = await gate.call("POST", "/v1/intents", "night-batch", proposal(1));
  expect(stopped.body).toMatchObject({ status: "blocked", reason_code: "kill_switch" });
  expect((await gate.call("POST", "/v1/intents", "importer", proposal(2))).body["status"]).toBe("approved");
  const target = members["night-batch"].id;
  expect((await gate.call("POST", "/v1/switches/lift", "ops", { scope: "agent", target })).status).toBe(200);
  const lifted = await gate.call("POST", "/v1/intents", "night-batch", proposal(3));
  expect(lifted.body["status"]).toBe("approved");
});

test("a webhook that was registered is shown with the address that was sealed", async () => {
  const { secret: _, ...shown } = RECORDED.webhook;
  const { body } = await gate.call("GET", `/v1/webhooks/${text(shown, "id")}`, "ops");
  expect(body).toMatchObject(shown);
});

test("a business key that was used names its first intent", async () => {
  const { id, proposal } = caseOf("known");
  const repeated = await gate.call("POST", "/v1/intents", "importer", proposal);
  expect(repeated).toMatchObject({ status: 409, body: { intentId: id, status: "duplicate_blocked" } });
});

test("after all of this the log verifies, what was not sealed before included", async () => {
  const { status, body } = await gate.call("GET", `/v1/intents/${caseOf("late").id}/evidence`, "audit");
  expect(status).toBe(200);
  expect(list(body, "entries").length).toBeGreaterThanOrEqual(3);
  const verified = await gate.ledger("verify", "--server", gate.origin, "--key", vkey, ...CHECKPOINT_OPTIONS);
  expect(verified, verified.out).toMatchObject({ code: 0 });
});
