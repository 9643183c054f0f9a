import { afterAll, describe, expect, test } from "vitest";
import {
  asShownNow,
  arrivals,
  caseOf,
  CHECKPOINTS,
  LATER_PORT,
  openFolder,
  proofOf,
  RECORDED,
  type RecordedOrder,
  startFolderUpstream,
} from "../support/data-0.1.ts";
import { type Body, eventsOf, list, text } from "../support/gate.ts";

/*
 * Records that expire after minutes, hours or a year, under a set clock: at the moment at which the folder was left, and
 * years later.
 */

const YEAR_MS = 366 * 24 * 60 * 60_000;
const CASES = Object.keys(RECORDED.cases);
const { cases, members, vkey } = RECORDED;

/** The one destination whose credential could not be had when the folder was made. */
const LATER_KEY = "later_2Xc8Vb5NhQ7w";

const upstream = await startFolderUpstream(LATER_PORT);
afterAll(() => upstream[Symbol.asyncDispose]());
const [then, later] = await Promise.all([
  openFolder({ clock: RECORDED.at, env: { CRM_LATER_KEY: LATER_KEY } }),
  openFolder({ clock: RECORDED.at + 3 * YEAR_MS }),
]);
afterAll(() => Promise.all([then[Symbol.asyncDispose](), later[Symbol.asyncDispose]()]));

/** Has a credential now, so it goes on by itself as soon as the server is up. */
const MOVING = "to_be_sent";

describe("opened at the moment at which it was left, the folder", () => {
  async function viewOf(name: string): Promise<Body> {
    return (await then.call("GET", `/v1/intents/${caseOf(name).id}`, "ops")).body;
  }

  function act(name: string, by: string, verb: string, body: Body = {}) {
    return then.call("POST", `/v1/intents/${caseOf(name).id}/${verb}`, by, body);
  }

  function orderOf(name: string): RecordedOrder {
    const { order } = caseOf(name);
    if (order === undefined) throw new Error(`${name} has no order in the folder`);
    return order;
  }

  function signedReport(order: RecordedOrder): Body {
    return { status: "succeeded", execution_token: order.token, proof: proofOf(order, "succeeded") };
  }

  test.each(CASES.filter((name) => name !== MOVING))("shows the case %s as it was recorded", async (name) => {
    const recorded = caseOf(name);
    const { events } = recorded;
    const shown = await viewOf(name);
    expect(shown).toMatchObject(asShownNow(recorded));
    expect(eventsOf(shown)).toEqual(events);
  });

  test("lists its cases and counts its reads as it did", async () => {
    const { body } = await then.call("GET", "/v1/intents?limit=200", "audit");
    const withoutMoving = (rows: readonly Body[]) => rows.filter(({ id }) => id !== cases[MOVING]?.id);
    expect(withoutMoving(list(body, "intents"))).toMatchObject(withoutMoving(RECORDED.list));
    expect((await then.call("GET", "/v1/reads", "ops")).body["reads"]).toEqual(RECORDED.reads);
  });

  test("sends what was approved and could not be sent for want of its credential, once", async () => {
    await expect.poll(async () => (await viewOf(MOVING))["state"], { timeout: 20_000 }).toBe("succeeded");
    const sent = arrivals(upstream, "/crm/later/12");
    expect(sent.map(({ headers }) => headers["authorization"])).toEqual([`Bearer ${LATER_KEY}`]);
    expect(sent[0]?.body.toString("base64")).toBe(caseOf(MOVING).request?.base64);
  });

  test.each(["approved", "approved_by_person"])("has the case %s ordered and reported", async (name) => {
    const { status, body } = await act(name, "importer", "execute");
    expect(status).toBe(201);
    const path = `/v1/executions/${text(body, "executionId")}/report`;
    const reported = await then.call("POST", path, text(body, "execution_token"), { status: "succeeded" });
    expect(reported.status).toBe(200);
    expect((await viewOf(name))["state"]).toBe("succeeded");
  });

  test("gives an order again with the token it was given with, which is good for one report", async () => {
    const { executionId, token } = orderOf("ordered");
    const again = await act("ordered", "importer", "execute");
    expect(again).toMatchObject({ status: 200, body: { executionId, execution_token: token } });
    const report = () =>
      then.call("POST", `/v1/executions/${executionId}/report`, token, { status: "succeeded" });
    expect((await report()).status).toBe(200);
    expect((await report()).status).toBe(409);
  });

  test("lets the runner claim an order that was given, and report it with its registered key", async () => {
    const order = orderOf("ordered_for_runner");
    const path = `/v1/executions/${order.executionId}`;
    const claimed = await then.call("POST", `${path}/claim`, "vpc-1", { execution_token: order.token });
    expect(claimed.status).toBe(200);
    expect((await then.call("POST", `${path}/report`, "vpc-1", signedReport(order))).status).toBe(200);
  });

  test("takes the runner's signed report under a claim that was made", async () => {
    const order = orderOf("claimed");
    const path = `/v1/executions/${order.executionId}/report`;
    expect((await then.call("POST", path, "vpc-1", signedReport(order))).status).toBe(200);
    expect(await viewOf("claimed")).toMatchObject({ state: "succeeded", execution: { proof: "verified" } });
  });

  test("hands out a delivery that was offered, and none that was fetched", async () => {
    const { deliveryToken, proposal } = caseOf("offered");
    const download = (token = "") => then.send(`/v1/download/${token}`, {});
    expect(await download(deliveryToken)).toMatchObject({ status: 200, text: proposal["payload"] });
    expect((await download(deliveryToken)).status).toBe(410);
    expect((await download(caseOf("downloaded").deliveryToken)).status).toBe(410);
  });

  test("lets a person who had signed in decide by the session's cookie", async () => {
    const headers = { cookie: RECORDED.session, "sec-fetch-site": "same-origin" };
    const signedIn = await then.send("/v1/session", { headers });
    expect(signedIn.body).toMatchObject({ principal_id: members.ana.id, person: "ana", via: "session" });
    const path = `/v1/intents/${caseOf("pending").id}/approve`;
    const approved = await then.send(path, { method: "POST", headers });
    expect([approved.status, approved.body["state"]]).toEqual([200, "approved"]);
  });

  test("answers a request under an Idempotency-Key as it did, and no other request under it", async () => {
    const { key, proposal, answer } = RECORDED.idempotent;
    const proposeAgain = (body: Body) => {
      const authorization = `Bearer ${members.importer.key}`;
      const headers = { authorization, "content-type": "application/json", "idempotency-key": `"${key}"` };
      return then.send("/v1/intents", { method: "POST", headers, body: JSON.stringify(body) });
    };
    const replayed = await proposeAgain(proposal);
    expect(replayed.headers.get("idempotency-replayed")).toBe("true");
    expect(replayed.body).toEqual(answer);
    expect((await proposeAgain({ ...proposal, recordCount: 2 })).status).toBe(422);
  });

  test("gives a standing approval's vote to what it matches, and counts its uses on", async () => {
    const proposal = { ...caseOf("executed_by_mandate").proposal, payload: "email\nsmall@example.com\n" };
    const { body } = await then.call("POST", "/v1/intents", "importer", proposal);
    const id = text(RECORDED.standing, "id");
    expect(body).toMatchObject({ status: "approved", standingApprovalId: id });
    const standing = await then.call("GET", "/v1/standing-approvals", "audit");
    expect(standing.body["standing_approvals"]).toMatchObject([{ id, used: 2, status: "in_force" }]);
  });

  test("lets a delegate vote for the person who delegated", async () => {
    const body = { on_behalf_of_principal: "ana" };
    expect(await act("no_vote_of_two", "cleo", "approve", body)).toMatchObject({ status: 200 });
    expect(list(await viewOf("no_vote_of_two"), "votes")).toMatchObject([{ person: "ana", acting: "cleo" }]);
  });

  test("opens a case by the link that was sent, which decides once", async () => {
    const path = `/v1/approval-links/${RECORDED.linkToken}`;
    const opened = await then.send(path, {});
    expect(opened).toMatchObject({ status: 200, body: { intentId: caseOf("told").id } });
    expect((await then.call("POST", `${path}/approve`, "ben")).status).toBe(200);
    // The same again changes nothing; another decision is refused.
    expect((await then.call("POST", `${path}/approve`, "ben")).status).toBe(200);
    expect((await then.call("POST", `${path}/reject`, "ben", { reason: "no" })).status).toBe(410);
    expect((await viewOf("told"))["state"]).toBe("approved");
  });

  test("knows a payload again that a policy lets through once", async () => {
    const { id, proposal } = caseOf("same_again");
    const again = await then.call("POST", "/v1/intents", "importer", proposal);
    expect(again).toMatchObject({ status: 409, body: { intentId: id, status: "duplicate_blocked" } });
  });

  test("counts what was proposed under a budget on, and blocks what exceeds it", async () => {
    const { proposal } = caseOf("same_again");
    const propose = (payload: string) =>
      then.call("POST", "/v1/intents", "importer", { ...proposal, payload });
    expect((await propose("Dear Ben, once.")).body["status"]).toBe("approved");
    expect((await propose("Dear Cleo, once.")).body).toMatchObject({
      status: "blocked",
      reason_code: "budget_exceeded",
    });
  });

  test("keeps what a person rejected blocked for as long as the policy says", async () => {
    const { status, body } = await then.call("POST", "/v1/intents", "importer", caseOf("rejected").proposal);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "blocked", reason_code: "recently_rejected" });
  });

  test("has a log that verifies after all of this", () => expectVerifies(then));
});

describe("opened three years later, the folder", () => {
  async function viewOf(name: string): Promise<Body> {
    return (await later.call("GET", `/v1/intents/${caseOf(name).id}`, "ops")).body;
  }

  test.each([
    ["pending_until", "expired", ["expired"]],
    ["approved", "expired", ["expired"]],
    ["approved_by_person", "expired", ["expired"]],
    ["ordered", "indeterminate", ["execution_indeterminate"]],
    ["ordered_for_runner", "expired", ["execution_lapsed", "expired"]],
    ["offered", "expired", ["execution_lapsed", "expired"]],
    ["downloaded", "indeterminate", ["execution_indeterminate"]],
    ["claimed", "indeterminate", ["execution_indeterminate"]],
    ["to_be_sent", "expired", ["execution_lapsed", "expired"]],
    ["retained", "succeeded", ["payload_erased"]],
    ["pending", "pending_approval", ["expiry_deferred"]],
  ])("shows the case %s as %s", async (name, state, since) => {
    const { events, view } = caseOf(name);
    const shown = await viewOf(name);
    expect(shown).toMatchObject({ state, intent_digest: view["intent_digest"] });
    const happened = eventsOf(shown);
    expect(happened.slice(0, events.length)).toEqual(events);
    // The number of reminders depends on when the server looks.
    expect(happened.slice(events.length).filter((event) => event !== "approval_reminded")).toEqual(since);
  });

  test("lets a deferred case be approved, ordered and reported", async () => {
    const path = `/v1/intents/${caseOf("late").id}`;
    expect((await later.call("POST", `${path}/approve`, "ben")).body["state"]).toBe("approved");
    const order = await later.call("POST", `${path}/execute`, "importer");
    const report = `/v1/executions/${text(order.body, "executionId")}/report`;
    const token = text(order.body, "execution_token");
    expect((await later.call("POST", report, token, { status: "succeeded" })).status).toBe(200);
  });

  test("lets nobody in by a session that has ended", async () => {
    expect((await later.send("/v1/session", { headers: { cookie: RECORDED.session } })).status).toBe(401);
  });

  test("gives no vote under mandates that have ended", async () => {
    const proposal = { ...caseOf("executed_by_mandate").proposal, payload: "email\nlate@example.com\n" };
    const { body } = await later.call("POST", "/v1/intents", "importer", proposal);
    expect(body).toMatchObject({ status: "pending_approval", standingApprovalId: null });
    const path = `/v1/intents/${caseOf("no_vote_of_two").id}/approve`;
    expect((await later.call("POST", path, "cleo", { on_behalf_of_principal: "ana" })).status).toBe(403);
  });

  test("makes another intent of a request whose Idempotency-Key has ended", async () => {
    const { key, proposal, answer } = RECORDED.idempotent;
    const authorization = `Bearer ${members.importer.key}`;
    const headers = { authorization, "content-type": "application/json", "idempotency-key": `"${key}"` };
    const init = { method: "POST", headers, body: JSON.stringify(proposal) };
    const { status, body } = await later.send("/v1/intents", init);
    expect(status).toBe(200);
    expect(body["intentId"]).not.toBe(answer["intentId"]);
  });

  test("has sent nothing by itself", () => {
    const byThen = arrivals(upstream, "/crm/later/12");
    expect(upstream.received.filter(({ path }) => /^\/(?:crm|tickets)/.test(path))).toEqual(byThen);
  });

  test("has a log that verifies after all of this", () => expectVerifies(later));
});

async function expectVerifies({ ledger, origin }: typeof then): Promise<void> {
  const checkpoints = CHECKPOINTS.flatMap((file) => ["--checkpoint", file]);
  const verified = await ledger("verify", "--server", origin, "--key", vkey, ...checkpoints);
  expect(verified, verified.out).toMatchObject({ code: 0 });
}
