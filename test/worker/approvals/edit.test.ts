import { beforeAll, expect, test, vi } from "vitest";
import { IntentObject } from "../../../durable-objects/intent/intent-object.ts";
import { verdictOf } from "../../../verifier/finding.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import {
  admin,
  call,
  eventsOf,
  flushed,
  fresh,
  later,
  MINUTE_MS,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { browserAt } from "../../support/worker/browser.ts";
import { changeRules } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

const EDIT = "require_approval: always\nedit: { allow: true }";

const POLICIES = {
  open: EDIT,
  closed: "require_approval: always",
  own: "require_approval: always\nedit: { allow: true, editor_may_approve: true }",
  clean: `${EDIT}\nblock_if_terms: [forbidden]\nallowed_types: [json, csv]`,
  "by-ops": `${EDIT}\napprovers: { groups: [ops] }`,
  touch: `${EDIT}\napprovers: { min_assurance: passkey }`,
  spend: `${EDIT}\nbudgets: [{ window: 1d, max_records: 10, on_exceed: block }]`,
  hourly: `${EDIT}\nrate_limits: { per_agent_per_hour: 1 }`,
  once: `${EDIT}\nblock_duplicates_within: 10m`,
  few: "allow_unmeasured: true\nauto_approve_under: 100\nrequire_approval_over: 100\nedit: { allow: true }",
  "few-own":
    "allow_unmeasured: true\nauto_approve_under: 100\nrequire_approval_over: 100\nedit: { allow: true, editor_may_approve: true }",
  quiet:
    "allow_unmeasured: true\nauto_approve_under: 100\nedit: { allow: true }\non_no_response: auto_approve_if_low_risk\nexpiry_minutes: 10",
  unsaid:
    "allow_unmeasured: true\nedit: { allow: true }\non_no_response: auto_approve_if_low_risk\nexpiry_minutes: 10",
  mine: "allow_unmeasured: true\nedit: { allow: true, editor_may_approve: true }\non_no_response: auto_approve_if_low_risk\nexpiry_minutes: 10",
  "laid-down": EDIT,
  dear: "require_approval_over_value_usd: 10\nauto_approve_under: 10\nedit: { allow: true }\napprovers: { require: 2 }",
  brief: `${EDIT}\nexpiry_minutes: 10\nretention_days: 1`,
} as const;

const REGISTRY = `
unbound_destinations: block
people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
groups:
  ops: [ana]
destinations:
${Object.keys(POLICIES)
  .map((id) => `  crm.${id}: { policies: [${id}] }`)
  .join("\n")}
`;

const RULES = { policies: POLICIES, registry: REGISTRY };

let agent: Principal;
let ana: Principal;
let ben: Principal;

beforeAll(async () => {
  await changeRules(RULES);
  agent = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
});

type PolicyId = keyof typeof POLICIES;

function proposal(policy: PolicyId, more: Record<string, unknown> = {}) {
  return { destination: `crm.${policy}`, policy, payload: JSON.stringify([{ row: fresh("row") }]), ...more };
}

const held = (policy: PolicyId, more: Record<string, unknown> = {}, by = agent) =>
  propose(by, proposal(policy, more), "pending_approval");

async function viewOf(intent: string) {
  return (await call("GET", `/v1/intents/${intent}`, admin)).body;
}

async function edit(by: Principal, intent: string, more: Record<string, unknown> = {}) {
  const { intent_digest: digest } = await viewOf(intent);
  return editUnseen(by, intent, { digest, ...more });
}

function editUnseen(by: Principal, intent: string, more: Record<string, unknown> = {}) {
  const body = { payload: JSON.stringify([{ row: fresh("edited") }]), reason: "typo", ...more };
  return call("POST", `/v1/intents/${intent}/edit`, by.key, body);
}

function approve(by: Principal, intent: string) {
  return call("POST", `/v1/intents/${intent}/approve`, by.key, {});
}

test("INV-09: an edit approved by another person is executed with exactly the edited bytes", async () => {
  const intent = await held("open", { recordCount: 7, estimatedValueUsd: 12 });
  const payload = '[{"email":"ada@example.com","note":"edited ☃"}]';
  const edited = await edit(ana, intent, { payload });
  expect(edited.status, edited.text).toBe(200);
  expect(edited.body.predecessor).toMatchObject({ status: "blocked", state: "cancelled" });
  const successor = edited.body.successor.intentId;
  expect(edited.body.successor).toMatchObject({ status: "pending_approval", predecessor_id: intent });
  expect(edited.body.approval).toBeNull();

  expect((await approve(ben, successor)).body.status).toBe("approved");
  const order = await call("POST", `/v1/intents/${successor}/execute`, agent.key);
  expect(order.status).toBe(201);
  const got = await call("GET", `/v1/intents/${successor}/payload`, agent.key);
  expect(got.text).toBe(payload);
  const view = await viewOf(successor);
  expect(got.headers.get("X-Payload-Digest")).toBe(view.payload_hash);
  // The old payload's count vouches for nothing; the declared money stays.
  expect(view).toMatchObject({ declared_records: null, measured_records: 1, estimated_value_usd: 12 });
});

test("intent and successor name each other and the editor, on the ledger too, and the agent is notified", async () => {
  const intent = await held("open");
  const successor = (await edit(ana, intent, { reason: "wrong address" })).body.successor.intentId;
  const agentView = (await call("GET", `/v1/intents/${intent}`, agent.key)).body;
  expect(agentView).toMatchObject({
    status: "blocked",
    state: "cancelled",
    successor_id: successor,
    decided_by: "ana",
    block_reason: "wrong address",
    decide_by: null,
  });
  const own = (await call("GET", `/v1/intents/${successor}`, agent.key)).body;
  expect(own).toMatchObject({ predecessor_id: intent, edited_by: "ana", sender_agent_id: agent.id });
  expect(own.decide_by).not.toBeNull();
  expect(await eventsOf(intent)).toEqual(["proposed", "policy_checked", "approval_requested", "superseded"]);
  const rows = await flushed(intent);
  expect(JSON.parse(rows.at(-1)?.body ?? "")).toMatchObject({ successor });
  expect(rows.at(-1)?.body).not.toContain("wrong address");
  const [proposed] = await flushed(successor);
  expect(JSON.parse(proposed?.body ?? "")).toMatchObject({ predecessor: intent, editor: "ana" });
});

async function verdict(intent: string) {
  const { body } = await call("GET", `/v1/intents/${intent}/evidence`, admin);
  const keys = { ...body.keys, jwks: body.keys.jwks.keys };
  const findings = await verifyBundle(JSON.stringify(body), keys);
  return { is: verdictOf(findings), failing: findings.filter(({ status }) => status === "fails") };
}

test("INV-18: the evidence of an edited intent and of its successor is proven offline", async () => {
  const intent = await held("open");
  const successor = (await edit(ana, intent)).body.successor.intentId;
  await approve(ben, successor);
  const own = await held("own");
  const ownSuccessor = (await edit(ana, own, { approve: true })).body.successor.intentId;
  for (const each of [intent, successor, own, ownSuccessor]) {
    expect(await verdict(each)).toEqual({ is: "proven", failing: [] });
  }
});

const REFUSED: readonly (readonly [string, PolicyId, Record<string, unknown>, number, string])[] = [
  ["where the policy does not allow it", "closed", {}, 403, "edit_not_allowed"],
  ["by a reviewer whom the policy does not name", "by-ops", {}, 403, "not_eligible"],
  ["by a reviewer with too low an assurance", "touch", {}, 403, "assurance_too_low"],
  ["of another digest than the one that waits", "open", { digest: "0".repeat(64) }, 409, "digest_mismatch"],
  ["without a digest", "open", { digest: null }, 400, "invalid_request"],
  ["without a reason", "open", { reason: null }, 400, "reason_required"],
  ["with a blank reason", "open", { reason: " \n" }, 400, "reason_required"],
  ["without a payload", "open", { payload: null }, 400, "invalid_request"],
  ["to malformed base64", "open", { payload: "%", payload_encoding: "base64" }, 400, "invalid_request"],
  ["with a count below zero", "open", { recordCount: -1 }, 400, "invalid_request"],
  ["on behalf of another principal", "open", { on_behalf_of_principal: "ana" }, 400, "invalid_request"],
  ["to a term that blocks", "clean", { payload: '[{"a":"forbidden"}]' }, 422, "edit_blocked"],
  [
    "to a type that is not allowed",
    "clean",
    { payload: "x", payload_name: "a.exe.txt" },
    422,
    "edit_blocked",
  ],
];

test.each(REFUSED)(
  "an edit is refused %s, and the intent waits as before",
  async (_name, policy, more, status, code) => {
    const intent = await held(policy);
    const before = await viewOf(intent);
    const edited = await edit(ben, intent, more);
    expect([edited.status, edited.body.code]).toEqual([status, code]);
    const after = await viewOf(intent);
    expect(after).toMatchObject({
      state: "pending_approval",
      successor_id: null,
      intent_digest: before.intent_digest,
    });
  },
);

test("an edit that policy blocks returns the reason, but only to those who may edit", async () => {
  const intent = await held("clean");
  const payload = '[{"a":"forbidden"}]';
  expect((await edit(ana, intent, { payload })).body.reason_code).toBe("blocked_term_detected");
  const outsider = await held("by-ops");
  expect((await edit(ben, outsider, { payload })).body.reason_code).toBeUndefined();
});

test("INV-09: an edit of another digest than the intent's is refused and recorded", async () => {
  const intent = await held("open");
  await edit(ana, intent, { digest: "0".repeat(64) });
  expect(await eventsOf(intent)).toContain("binding_refused");
});

test("an edit that changes nothing is refused", async () => {
  const payload = JSON.stringify([{ row: fresh("row") }]);
  const intent = await held("open", { payload });
  expect((await edit(ana, intent, { payload })).body.code).toBe("edit_unchanged");
  expect(await stateOf(intent)).toBe("pending_approval");
});

test.each([["agent"], ["runner"], ["auditor"], ["admin"]])(
  "roles: an edit by the role %s is refused",
  async (role) => {
    const intent = await held("open");
    const by = role === "admin" ? { id: "", key: admin } : await register(role);
    const edited = await editUnseen(by, intent);
    expect([edited.status, edited.body.code]).toEqual([403, "forbidden"]);
  },
);

test("an edit of an intent that does not exist is 404", async () => {
  expect((await editUnseen(ana, "int_nowhere")).body.code).toBe("intent_not_found");
});

test("INV-03: the person who answers for the agent can't edit what it proposed", async () => {
  const owned = await register("agent", { owner: "ana" });
  const intent = await held("open", {}, owned);
  expect((await edit(ana, intent)).body.code).toBe("self_approval_forbidden");
});

test("INV-03: the editor can't approve the edit with any credential of theirs", async () => {
  const intent = await held("open");
  const edited = await edit(ana, intent, { approve: true });
  expect(edited.body.successor.status).toBe("pending_approval");
  expect(edited.body.approval).toMatchObject({
    ok: false,
    problem: { status: 403, code: "self_approval_forbidden" },
  });
  const successor = edited.body.successor.intentId;
  const others = await Promise.all([
    register("reviewer", { person: "ana" }),
    register("reviewer", { person: "ANA@example.com" }),
  ]);
  for (const other of [ana, ...others]) {
    expect((await approve(other, successor)).body.code).toBe("self_approval_forbidden");
    expect((await edit(other, successor)).body.code).toBe("self_approval_forbidden");
  }
  const successorByOwner = await register("reviewer", { person: "ben" });
  expect((await approve(successorByOwner, successor)).body.status).toBe("approved");
});

test("INV-03: an editor of an earlier version can't approve the final one", async () => {
  const first = await edit(ana, await held("open"));
  const second = await edit(ben, first.body.successor.intentId);
  expect(second.status, second.text).toBe(200);
  const { intentId } = second.body.successor;
  for (const editor of [ana, ben]) {
    expect((await approve(editor, intentId)).body.code).toBe("self_approval_forbidden");
  }
  expect((await approve(await register("reviewer"), intentId)).body.status).toBe("approved");
});

test("INV-08: no standing approval approves what a reviewer wrote", async () => {
  const intent = await held("laid-down");
  const standing = { destination: "crm.laid-down", agent_id: agent.id };
  for (const maker of [ana, ben]) {
    expect((await call("POST", "/v1/standing-approvals", maker.key, standing)).status).toBe(201);
  }
  await propose(agent, proposal("laid-down"), "approved");
  const successor = (await edit(ana, intent)).body.successor;
  expect(successor).toMatchObject({ status: "pending_approval", standingApprovalId: null });
  expect((await viewOf(successor.intentId)).votes).toEqual([]);
});

test("INV-03: an editor can neither approve as a delegate nor have a delegate approve", async () => {
  const successor = (await edit(ana, await held("open"))).body.successor.intentId;
  for (const [from, to, person] of [
    [ana, ben, "ana"],
    [ben, ana, "ben"],
  ] as const) {
    const body = { delegator_principal_id: from.id, delegate_person_id: person === "ana" ? "ben" : "ana" };
    const delegated = await call("POST", "/v1/delegations", from.key, body);
    expect(delegated.status, delegated.text).toBe(201);
    const vote = { on_behalf_of_principal: person };
    const answer = await call("POST", `/v1/intents/${successor}/approve`, to.key, vote);
    expect(answer.body.code).toBe("self_approval_forbidden");
  }
  expect(await stateOf(successor)).toBe("pending_approval");
});

test("INV-03: an editor approves where the policy says so, and the agent's owner still doesn't", async () => {
  const owned = await register("agent", { owner: "ben" });
  const intent = await held("own", {}, owned);
  const edited = await edit(ana, intent, { approve: true });
  expect(edited.body.successor.status).toBe("approved");
  expect(edited.body.approval).toMatchObject({ ok: true, status: "approved", votedBy: ["ana"] });
  const second = await edit(ana, await held("own", {}, owned));
  expect((await approve(ben, second.body.successor.intentId)).body.code).toBe("self_approval_forbidden");
});

test("a policy that newly allows editors to approve applies to what waits, which is evaluated again", async () => {
  const intent = await held("open");
  await changeRules({ ...RULES, policies: { ...POLICIES, open: POLICIES.own } });
  try {
    const edited = await edit(ana, intent, { approve: true });
    expect(edited.body.approval.status).toBe("approved");
  } finally {
    await changeRules(RULES);
  }
});

test("INV-03: an editor approves no longer once the policy forbids it, and neither does silence", async () => {
  const by = async (payload: string) => (await edit(ana, await held("mine"), { payload })).body.successor;
  const [voted, silent] = [await by('[{"a":5}]'), await by('[{"a":6}]')];
  await changeRules({ ...RULES, policies: { ...POLICIES, mine: POLICIES.unsaid } });
  try {
    // The first call evaluates it again.
    expect(await stateOf(voted.intentId)).toBe("pending_approval");
    expect((await approve(ana, voted.intentId)).body.code).toBe("self_approval_forbidden");
    expect((await approve(ben, voted.intentId)).body.status).toBe("approved");
    expect(await stateOf(silent.intentId)).toBe("pending_approval");
    later(11 * MINUTE_MS);
    expect(await stateOf(silent.intentId)).toBe("expired");
  } finally {
    await changeRules(RULES);
  }
});

test("a policy that newly forbids edits applies at once", async () => {
  const intent = await held("open");
  await changeRules({ ...RULES, policies: { ...POLICIES, open: POLICIES.closed } });
  try {
    expect((await edit(ana, intent)).body.code).toBe("edit_not_allowed");
  } finally {
    await changeRules(RULES);
  }
  expect(await stateOf(intent)).toBe("pending_approval");
});

test("an edit is refused once the intent is decided, withdrawn or over", async () => {
  const approved = await held("open");
  await approve(ben, approved);
  expect((await edit(ana, approved)).body.code).toBe("already_answered");
  expect(await stateOf(approved)).toBe("approved");
  const withdrawn = await held("open");
  await call("POST", `/v1/intents/${withdrawn}/withdraw`, agent.key, {});
  expect((await edit(ana, withdrawn)).body.code).toBe("already_answered");
  const once = await held("open");
  await edit(ana, once);
  expect((await edit(ana, once)).body.code).toBe("already_answered");
  expect((await approve(ben, once)).body.code).toBe("already_answered");
});

test("an edit is refused after the deadline and after erasure", async () => {
  const intent = await held("brief");
  const { intent_digest: digest } = await viewOf(intent);
  later(10 * MINUTE_MS);
  const late = await editUnseen(ana, intent, { digest });
  expect([late.status, late.body.code]).toEqual([410, "intent_expired"]);
  later(2 * 24 * 60 * MINUTE_MS);
  const erased = await editUnseen(ana, intent, { digest });
  expect([erased.status, erased.body.code]).toEqual([410, "intent_expired"]);
  expect((await viewOf(intent)).erased_at).not.toBeNull();
});

test("INV-05: an intent stopped by a suspension or kill switch can't be edited meanwhile", async () => {
  const stopped = await register("agent");
  const intent = await held("open", {}, stopped);
  await call("POST", `/v1/agents/${stopped.id}/suspend`, admin, {});
  expect((await edit(ana, intent)).body.code).toBe("proposer_inactive");
  await call("POST", `/v1/agents/${stopped.id}/reactivate`, admin, {});
  const thrown = await call("POST", "/v1/switches", admin, {
    scope: "agent",
    target: stopped.id,
    reason: "incident",
  });
  expect(thrown.status, thrown.text).toBeLessThan(300);
  expect((await edit(ana, intent)).body.code).toBe("kill_switch_engaged");
  expect(await stateOf(intent)).toBe("pending_approval");
});

/** Takes away what the proposal was held for: 847 records become one, which policy alone approves. */
async function editedSmall(policy: "few" | "few-own", by = ana, more: Record<string, unknown> = {}) {
  const intent = await held(policy, { payload: "./leads.csv", recordCount: 847 });
  return (await edit(by, intent, { payload: '[{"a":1}]', ...more })).body;
}

test("INV-03: a changed payload nobody else saw waits for another person, whatever policy says of it", async () => {
  const { successor, approval } = await editedSmall("few", ana, { approve: true });
  expect(successor).toMatchObject({ status: "pending_approval", reason_code: "payload_edited" });
  expect(approval).toMatchObject({ ok: false, problem: { code: "self_approval_forbidden" } });
  const id = successor.intentId;
  expect((await call("POST", `/v1/intents/${id}/execute`, agent.key)).status).toBe(409);
  expect((await approve(ana, id)).body.code).toBe("self_approval_forbidden");
  expect((await approve(ben, id)).body.status).toBe("approved");
  expect((await eventsOf(id)).slice(0, 3)).toEqual(["proposed", "policy_checked", "approval_requested"]);
});

test("a payload that is edited twice waits for a person who wrote neither version", async () => {
  const first = await editedSmall("few");
  const second = (await edit(ben, first.successor.intentId, { payload: '[{"a":2}]' })).body.successor;
  expect(second).toMatchObject({ status: "pending_approval", reason_code: "payload_edited" });
  for (const editor of [ana, ben]) {
    expect((await approve(editor, second.intentId)).body.code).toBe("self_approval_forbidden");
  }
  expect((await approve(await register("reviewer"), second.intentId)).body.status).toBe("approved");
});

test("no silence approves a changed payload nobody else saw", async () => {
  const intent = await held("quiet", { payload: "./leads.csv", recordCount: 847 });
  const { successor } = (await edit(ana, intent, { payload: '[{"a":1}]' })).body;
  expect(successor.reason_code).toBe("payload_edited");
  later(11 * MINUTE_MS);
  expect(await stateOf(successor.intentId)).toBe("expired");
});

test("INV-03: nor one that the policy holds for another reason, which silence would approve unedited", async () => {
  const intent = await held("unsaid", { payload: '[{"a":1}]' });
  const other = await held("unsaid", { payload: '[{"a":3}]' });
  const { successor } = (await edit(ana, intent, { payload: '[{"a":2}]' })).body;
  expect(successor).toMatchObject({ status: "pending_approval", reason_code: "manual_review_required" });
  later(11 * MINUTE_MS);
  // Silence may count for it, and waits for proof that people were notified.
  expect(await eventsOf(other)).toContain("silence_not_counted");
  expect(await stateOf(successor.intentId)).toBe("expired");
});

test("an edit that policy approves needs no other person where the policy says editor_may_approve", async () => {
  const { successor, approval } = await editedSmall("few-own", ana, { approve: true });
  expect(successor).toMatchObject({ status: "approved", reason_code: "approved_by_policy" });
  expect(approval).toBeNull();
});

test("the editor is named as the author of a changed payload, and may read it", async () => {
  const { successor } = await editedSmall("few");
  const id = successor.intentId;
  expect(await viewOf(id)).toMatchObject({ author: "ana", edited_by: "ana", sender_agent_id: agent.id });
  const payload = (by: Principal) => call("GET", `/v1/intents/${id}/payload`, by.key);
  expect((await payload(ana)).text).toBe('[{"a":1}]');
  const colleague = await register("reviewer", { person: "ana" });
  expect((await payload(colleague)).status).toBe(200);
  const first = await viewOf(await held("few", { payload: "./leads.csv", recordCount: 847 }));
  expect(first).toMatchObject({ author: agent.id, edited_by: null });
  const browser = browserAt("https://gate.test");
  await browser.post("/v1/session", { key: ben.key });
  expect((await browser.get(`/cases/${id}`)).text).toMatch(/Payload written by[\s\S]{0,80}ana/);
});

// An edit that declares less than the agent did, where Gate can measure neither: policy, proposal, edit.
const LOWER_DECLARATIONS: readonly (readonly [
  string,
  PolicyId,
  Record<string, unknown>,
  Record<string, unknown>,
])[] = [
  [
    "another file of fewer records",
    "few",
    { payload: "./leads.csv", recordCount: 847 },
    { payload: "leads.csv", recordCount: 1 },
  ],
  [
    "a file in place of the counted payload",
    "few",
    { payload: JSON.stringify(Array.from({ length: 847 }, (_, row) => ({ row }))) },
    { payload: "./leads.csv", recordCount: 1 },
  ],
  [
    "bytes without countable records",
    "few",
    { payload: "AAEC", payload_encoding: "base64", payload_name: "leads.bin", recordCount: 847 },
    { payload: "AAED", payload_encoding: "base64", recordCount: 1 },
  ],
  ["less money", "dear", { estimatedValueUsd: 5000 }, { payload: '[{"a":1}]', estimatedValueUsd: 1 }],
  ["an amount that was never declared", "dear", {}, { payload: '[{"a":1}]', estimatedValueUsd: 1 }],
];

test.each(LOWER_DECLARATIONS)(
  "INV-07: the editor's declared numbers alone bring no payload under a policy's limit: %s",
  async (_what, policy, proposed, changed) => {
    const first = await edit(ana, await held(policy, proposed), changed);
    expect(first.body.successor, first.text).toMatchObject({ status: "pending_approval" });
    // Nor does the next one's.
    const again = { ...changed, reason: "once more", payload_name: fresh("leads") };
    const second = await edit(ben, first.body.successor.intentId, again);
    expect(second.body.successor, second.text).toMatchObject({ status: "pending_approval" });
  },
);

test("INV-07: the count that an agent declared for one file does not apply to an edited file", async () => {
  const intent = await held("few", { payload: "./leads.csv", recordCount: 7_000 });
  const edited = await edit(ana, intent, { payload: "./fewer.csv", recordCount: 9_000 });
  const view = await viewOf(edited.body.successor.intentId);
  expect(view).toMatchObject({
    payload_kind: "reference",
    payload_name: "./fewer.csv",
    declared_records: 9_000,
  });
});

test("an edited binary payload arrives byte for byte, under the agent's file name", async () => {
  const intent = await held("open", { payload: "QUJD", payload_encoding: "base64", payload_name: "a.bin" });
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const payload = btoa(String.fromCharCode(...bytes));
  const edited = await edit(ana, intent, { payload, payload_encoding: "base64" });
  const successor = edited.body.successor.intentId;
  expect((await call("GET", `/v1/intents/${successor}/payload`, agent.key)).bytes).toEqual(bytes);
  expect((await viewOf(successor)).payload_name).toBe("a.bin");
});

test("INV-26: an edited payload has the same size limit as a proposed one", async () => {
  const intent = await held("open");
  const limit = 10 * 1024 * 1024;
  const over = await edit(ana, intent, { payload: "x".repeat(limit + 1) });
  expect([over.status, over.body.code]).toEqual([413, "payload_too_large"]);
  const whole = await edit(ana, intent, { payload: "x".repeat(limit) });
  expect(whole.status, whole.text.slice(0, 300)).toBe(200);
  const { payload_bytes: size } = await viewOf(whole.body.successor.intentId);
  expect(size).toBe(limit);
});

test("INV-26: an edit's body larger than any payload is not read", async () => {
  const intent = await held("open");
  const body = JSON.stringify({ payload: "x".repeat(21 * 1024 * 1024) });
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${ana.key}` };
  expect((await send(`/v1/intents/${intent}/edit`, { method: "POST", headers, body })).status).toBe(413);
});

test("a budget counts an edited intent once, with its final content", async () => {
  const spender = await register("agent");
  const rows = (count: number) =>
    JSON.stringify(Array.from({ length: count }, () => ({ row: fresh("row") })));
  const intent = await held("spend", { payload: rows(8) }, spender);
  const edited = await edit(ana, intent, { payload: rows(6) });
  expect(edited.body.successor?.status, edited.text).toBe("pending_approval");
  expect(
    (await call("POST", "/v1/intents", spender.key, proposal("spend", { payload: rows(5) }))).body.status,
  ).toBe("blocked");
  expect(
    (await call("POST", "/v1/intents", spender.key, proposal("spend", { payload: rows(4) }))).body.status,
  ).toBe("pending_approval");
  const over = await edit(ben, edited.body.successor.intentId, { payload: rows(7) });
  expect(over.body).toMatchObject({ code: "edit_blocked", reason_code: "budget_exceeded" });
});

test("an edit neither uses the agent's rate limit nor counts as a duplicate of its predecessor", async () => {
  const limited = await register("agent");
  const intent = await held("hourly", {}, limited);
  expect((await edit(ana, intent)).body.successor?.status).toBe("pending_approval");
  expect((await call("POST", "/v1/intents", limited.key, proposal("hourly"))).body.reason_code).toBe(
    "rate_limit_exceeded",
  );

  const payload = JSON.stringify([{ row: fresh("row") }]);
  const first = await held("once", { payload }, limited);
  const second = await held("once", {}, limited);
  const repeated = await edit(ana, second, { payload });
  expect(repeated.body).toMatchObject({ code: "edit_blocked", reason_code: "duplicate_blocked" });
  const renamed = await edit(ana, first, { payload, payload_name: "rows.json" });
  expect(renamed.body.successor?.status).toBe("pending_approval");
});

test("INV-20: an edit interrupted between the two intents is completed by its repetition", async () => {
  const intent = await held("open");
  const { intent_digest: digest } = await viewOf(intent);
  const change = { digest, payload: '[{"row":"mended"}]' };
  const gone = { ok: false, error: { reason: "ledger_unavailable" } } as const;
  const broken = vi.spyOn(IntentObject.prototype, "propose").mockResolvedValue(gone);
  expect((await editUnseen(ana, intent, change)).status).toBe(503);
  broken.mockRestore();
  const cancelled = await viewOf(intent);
  expect(cancelled).toMatchObject({ state: "cancelled", decided_by: "ana" });
  expect((await call("GET", `/v1/intents/${cancelled.successor_id}`, admin)).status).toBe(404);

  // The reserved successor accepts no other editor and no other content.
  expect((await editUnseen(ben, intent, change)).body.code).toBe("already_answered");
  expect((await editUnseen(ana, intent, { digest, payload: "[{}]" })).body.code).toBe("already_answered");
  const [one, other] = await Promise.all([editUnseen(ana, intent, change), editUnseen(ana, intent, change)]);
  for (const { body } of [one, other]) expect(body.successor?.intentId).toBe(cancelled.successor_id);
  expect(await stateOf(cancelled.successor_id)).toBe("pending_approval");
  const again = await editUnseen(ana, intent, change);
  expect(again.body.successor).toMatchObject({
    intentId: cancelled.successor_id,
    status: "pending_approval",
  });
  expect((await approve(ben, cancelled.successor_id)).body.status).toBe("approved");
});

test("INV-20: an edit interrupted at any point leaves at most one approvable intent, counted once", async () => {
  const rows = (count: number) =>
    JSON.stringify(Array.from({ length: count }, () => ({ row: fresh("row") })));
  const gone = { ok: false, error: { reason: "ledger_unavailable" } } as const;
  for (const step of ["handle", "propose"] as const) {
    const spender = await register("agent");
    const intent = await held("spend", { payload: rows(8) }, spender);
    const { intent_digest: digest } = await viewOf(intent);
    const change = { digest, payload: rows(6) };
    const broken = vi.spyOn(IntentObject.prototype, step).mockResolvedValue(gone);
    expect((await editUnseen(ana, intent, change)).status).toBe(503);
    broken.mockRestore();
    const listed = await call("GET", "/v1/intents?status=pending_approval", spender.key);
    expect(listed.body.count).toBeLessThanOrEqual(1);
    expect(await stateOf(intent)).toBe(step === "handle" ? "pending_approval" : "cancelled");

    const finished = await editUnseen(ana, intent, change);
    expect(finished.body.successor?.status, finished.text).toBe("pending_approval");
    const over = await call("POST", "/v1/intents", spender.key, proposal("spend", { payload: rows(5) }));
    expect(over.body.reason_code).toBe("budget_exceeded");
    await held("spend", { payload: rows(4) }, spender);
  }
});

test("an edit repeated under an Idempotency-Key is answered once", async () => {
  const intent = await held("open");
  const { intent_digest: digest } = await viewOf(intent);
  const init = {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${ana.key}`,
      "Idempotency-Key": `"${fresh("key")}"`,
    },
    // More than the small bodies that other calls may have.
    body: JSON.stringify({ digest, reason: "typo", payload: `["${"x".repeat(200_000)}"]` }),
  };
  const first = await send(`/v1/intents/${intent}/edit`, init);
  const second = await send(`/v1/intents/${intent}/edit`, init);
  expect(first.status, first.text.slice(0, 300)).toBe(200);
  expect(second.headers.get("Idempotency-Replayed")).toBe("true");
  expect(second.body).toEqual(first.body);
});

test("INV-11: of parallel edits exactly one makes the only approvable intent", async () => {
  const intent = await held("open");
  const editors = await Promise.all(Array.from({ length: 8 }, () => register("reviewer")));
  const edits = await Promise.all(editors.map((by) => edit(by, intent)));
  const done = edits.filter(({ status }) => status === 200);
  expect(done).toHaveLength(1);
  for (const { status, body } of edits) if (status !== 200) expect(body.code).toBe("already_answered");
  const { successor_id: successor } = await viewOf(intent);
  expect(done[0]?.body.successor.intentId).toBe(successor);
  expect((await approve(ben, intent)).status).toBe(409);
});

test("INV-11: of a parallel edit and approval exactly one takes effect", async () => {
  for (let round = 0; round < 6; round += 1) {
    const intent = await held("open");
    const editing = round % 2 === 0 ? edit(ana, intent) : null;
    const approving = approve(ben, intent);
    const [edited, approved] = await Promise.all([editing ?? edit(ana, intent), approving]);
    const { state, successor_id: successor } = await viewOf(intent);
    expect([edited.status, approved.status].filter((status) => status === 200)).toHaveLength(1);
    expect(state).toBe(edited.status === 200 ? "cancelled" : "approved");
    expect(successor === null).toBe(edited.status !== 200);
  }
});
