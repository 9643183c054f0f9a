import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import type { Principal } from "../../support/client.ts";
import {
  admin,
  call,
  eventsOf,
  freeze,
  later,
  MINUTE_MS,
  proposal,
  propose,
  register,
  stateOf,
} from "../../support/worker/gate.ts";
import { browserAt } from "../../support/worker/browser.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";

/* The rules change while an intent waits, or after its approval: it is evaluated again (design 9). */

let agent: Principal;
let ana: Principal;
let ben: Principal;

beforeAll(async () => {
  agent = await register("agent");
  ana = await register("reviewer");
  ben = await register("reviewer");
});

beforeEach(async () => {
  freeze();
  await changeRules(RULES);
});

/** The policy of `crm.held`, or another, with other lines. */
const withPolicy = (text: string, id = "held") =>
  changeRules({ ...RULES, policies: { ...RULES.policies, [id]: text } });
const held = () => propose(agent, proposal("crm.held"), "pending_approval");
const read = async (id: string) => (await call("GET", `/v1/intents/${id}`, admin)).body;
const approve = (id: string, by: Principal, more: object = {}) =>
  call("POST", `/v1/intents/${id}/approve`, by.key, more);
const execute = (id: string) => call("POST", `/v1/intents/${id}/execute`, agent.key);

const STRICTER = "require_approval: always\napprovers: { require: 2 }\nexpiry_minutes: 30";
const BLOCKING = "require_approval: always\nblock_if_terms: [row]\nexpiry_minutes: 30";
const APPROVING = "allow_unmeasured: true\nauto_approve_under: 100\nexpiry_minutes: 30";

describe("INV-09: an intent whose rules changed while it waits", () => {
  test("is evaluated again at the vote, which is refused: its voter saw it under other rules", async () => {
    const id = await held();
    await withPolicy(STRICTER);
    expect((await approve(id, ana)).body.code).toBe("approval_stale");
    expect((await approve(id, ana)).body.status).toBe("pending_approval");
    expect((await approve(id, ben)).body.status).toBe("approved");
    expect((await execute(id)).status).toBe(201);
    expect(await eventsOf(id)).toEqual([
      "proposed",
      "policy_checked",
      "approval_requested",
      "policy_rechecked",
      "approval_vote_recorded",
      "approval_vote_recorded",
      "approved",
      "execution_requested",
    ]);
  });

  test("loses the votes that were cast under the earlier rules", async () => {
    const id = await propose(agent, proposal("crm.pair"), "pending_approval");
    await approve(id, ana);
    await withPolicy("require_approval: always\napprovers: { require: 2 }\nexpiry_minutes: 45", "pair");
    await read(id);
    expect((await approve(id, ben)).body.status).toBe("pending_approval");
    expect((await approve(id, ana)).body.status).toBe("approved");
  });

  test("is evaluated again by a read, once for any number of parallel ones", async () => {
    const id = await held();
    const before = await read(id);
    await withPolicy(STRICTER);
    const reads = await Promise.all(Array.from({ length: 8 }, () => read(id)));
    const digests = new Set(reads.map(({ intent_digest: digest }) => digest));
    expect(digests.size).toBe(1);
    expect(digests).not.toContain(before.intent_digest);
    expect((await eventsOf(id)).filter((event) => event === "policy_rechecked")).toHaveLength(1);
  });

  test("is not evaluated again for a comment, another order of keys or other quotes", async () => {
    const id = await held();
    const { intent_digest: digest } = await read(id);
    await withPolicy(
      "# Why\nexecution_window_minutes: 20\n'expiry_minutes': 30 # half an hour\nrequire_approval: 'always'",
    );
    expect((await read(id)).intent_digest).toBe(digest);
    expect((await approve(id, ana, { intent_digest: digest })).status).toBe(200);
  });

  test("can't be approved where the rules would block it, says why, and is freed by a corrected policy", async () => {
    const id = await held();
    await withPolicy(BLOCKING);
    expect(await read(id)).toMatchObject({
      status: "pending_approval",
      reason_code: "blocked_term_detected",
    });
    const refused = await approve(id, ana);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: "blocked_by_rules", reason_code: "blocked_term_detected" });
    await withPolicy(STRICTER);
    await read(id);
    await approve(id, ana);
    expect((await approve(id, ben)).body.status).toBe("approved");
  });

  test("its page says that the rules would block it, and offers only the rejection", async () => {
    const id = await held();
    const browser = browserAt("https://gate.test");
    await browser.post("/v1/session", { key: ana.key });
    expect((await browser.get(`/cases/${id}`)).text).toMatch(/>Approve</);
    await withPolicy(BLOCKING);
    const { text } = await browser.get(`/cases/${id}`);
    expect(text).toContain("would block it now: blocked_term_detected");
    expect(text).not.toMatch(/>Approve</);
    expect(text).toMatch(/>Reject</);
  });

  test("can be rejected where the rules would block it", async () => {
    const id = await held();
    await withPolicy(BLOCKING);
    await read(id);
    await call("POST", `/v1/intents/${id}/reject`, ana.key, { reason: "no" });
    expect(await stateOf(id)).toBe("rejected");
  });

  test("ends at its deadline where the rules would block it, whatever on_no_response says", async () => {
    const id = await held();
    await withPolicy(`${BLOCKING}\non_no_response: auto_approve_if_low_risk`);
    await read(id);
    later(31 * MINUTE_MS);
    expect(await stateOf(id)).toBe("expired");
  });

  test("still waits for its person where the rules would approve it now", async () => {
    const id = await held();
    await withPolicy(`${APPROVING}\non_no_response: auto_approve_if_low_risk`);
    expect(await read(id)).toMatchObject({ status: "pending_approval", reason_code: "rules_changed" });
    expect((await approve(id, ana)).body.status).toBe("approved");
    await changeRules(RULES);
    const silent = await held();
    await withPolicy(`${APPROVING}\non_no_response: auto_approve_if_low_risk\nretention_days: 9`);
    await read(silent);
    later(31 * MINUTE_MS);
    expect(await stateOf(silent)).toBe("expired");
  });

  test.each([
    ["shorter", 10, 11],
    ["longer", 600, 31],
  ])("its deadline only gets shorter: the policy's is %s", async (_, minutes, past) => {
    const id = await held();
    await withPolicy(`require_approval: always\nexpiry_minutes: ${minutes}`);
    await read(id);
    later((past - 2) * MINUTE_MS);
    expect(await stateOf(id)).toBe("pending_approval");
    later(3 * MINUTE_MS);
    expect(await stateOf(id)).toBe("expired");
  });

  test("is blocked while its policy is missing, and waits again once the policy is back", async () => {
    const id = await held();
    const { held: _, ...others } = RULES.policies;
    await changeRules({
      policies: others,
      registry: RULES.registry.replace("crm.held: { policies: [held] }", ""),
    });
    expect((await read(id)).status).toBe("pending_approval");
    expect((await approve(id, ana)).body.code).toBe("blocked_by_rules");
    await changeRules(RULES);
    await read(id);
    expect((await approve(id, ana)).body.status).toBe("approved");
  });

  test("keeps the counters of its first evaluation, and is counted once", async () => {
    const limited = "require_approval: always\nrate_limits: { per_agent_per_hour: 2 }";
    const counter = await register("agent");
    await withPolicy(limited);
    const first = await propose(counter, proposal("crm.held"), "pending_approval");
    await propose(counter, proposal("crm.held"), "pending_approval");
    await withPolicy(`${limited}\nexpiry_minutes: 20`);
    expect(await read(first)).toMatchObject({
      status: "pending_approval",
      reason_code: "manual_review_required",
    });
    await propose(counter, proposal("crm.held"), "blocked");
  });
});

describe("INV-09: an intent whose rules changed after its approval", () => {
  test("goes back to waiting where a person approved it, and is ordered only after another approval", async () => {
    const id = await held();
    await approve(id, ana);
    await withPolicy(STRICTER);
    expect((await execute(id)).body.code).toBe("approval_stale");
    expect(await read(id)).toMatchObject({ status: "pending_approval" });
    await approve(id, ana);
    expect((await execute(id)).status).toBe(409);
    await approve(id, ben);
    expect((await execute(id)).status).toBe(201);
  });

  test("stays approved where policy alone approved it, and would again", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    const { intent_digest: digest } = await read(id);
    await withPolicy("allow_unmeasured: true\nauto_approve_under: 50", "small");
    const order = await execute(id);
    expect(order.status).toBe(201);
    expect(order.body.intent_digest).not.toBe(digest);
  });

  test("waits for a person where policy alone approved it, and would hold it now", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    await withPolicy("require_approval: always", "small");
    expect((await execute(id)).body.code).toBe("approval_stale");
    expect(await stateOf(id)).toBe("pending_approval");
    await approve(id, ana);
    expect((await execute(id)).status).toBe(201);
  });

  test("its evidence holds: every evaluation, and the votes after the last", async () => {
    const id = await held();
    await approve(id, ana);
    await withPolicy(STRICTER);
    await read(id);
    await approve(id, ana);
    await approve(id, ben);
    await execute(id);
    const { body } = await call("GET", `/v1/intents/${id}/evidence?disclose=true`, admin);
    const findings = await verifyBundle(JSON.stringify(body), { ...body.keys, jwks: body.keys.jwks.keys });
    expect(findings.filter(({ status }) => status === "fails")).toEqual([]);
    expect(findings.find(({ name }) => name === "intent_digest")?.status).toBe("holds");
    expect(findings.find(({ name }) => name === "policy_texts")?.status).toBe("holds");
    expect(body.decision).toEqual({ outcome: "hold", reason_code: "manual_review_required" });
  });
});
