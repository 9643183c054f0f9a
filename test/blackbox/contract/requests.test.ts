import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../../support/command.ts";
import { type Body, type Gate, startGate, text } from "../../support/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * What a proposal may ask of its approval and of itself: assurance, provider, channel and profile. Rows 5 and 6 of the
 * comparison with the reference, and the rejection without a reason.
 */

const folder = temporaryFolder();
let gate: Gate;
let agent: Principal;
let reviewer: Principal;
let admin: Principal;
const env: Record<string, string> = { PHONE_SECRET: "a-secret-of-the-provider-in-a-test" };

beforeAll(async () => {
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  const write = (id: string, more: string) =>
    writeFileSync(join(policies, `${id}.yaml`), `id: ${id}\ndestinations: [crm.*]\n${more}`);
  write("held", "require_approval: always\n");
  write("weak", "require_approval: always\napprovers: { min_assurance: link }\n");
  write("reasoned", "require_approval: always\napprovers: { reject_reason: required }\n");
  write("open", "auto_approve_under: 100\nallow_unmeasured: true\n");
  const registry = join(folder.path, "gate.yaml");
  const url = "https://phone.example.com/authorize";
  writeFileSync(
    registry,
    `people: { ana: { name: Ana } }
credentials: { phone: { ref: env://PHONE_SECRET } }
channels:
  phone: { type: a2h, url: "${url}", secret: phone, destinations: [crm.import] }
  room: { type: webhook, url: "${url}", secret: phone, destinations: [crm.none] }
`,
  );
  gate = await startGate({ args: ["--registry", registry, "--policy-dir", policies], env });
  ({ agent, reviewer, admin } = await gate.cast());
});

afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

let proposals = 0;
const proposal = (more: Body = {}): Body => ({
  destination: "crm.import",
  policy: "held",
  payload: `row ${(proposals += 1)}\n`,
  recordCount: 1,
  ...more,
});

const propose = (more: Body) => gate.call("POST", "/v1/intents", agent.key, proposal(more));

describe("a request that asks for more assurance", () => {
  test("gets it: a vote that is weaker is refused, whatever the policy says", async () => {
    const { status, body } = await propose({ policy: "weak", assurance: { level: "HIGH" } });
    expect([status, body["status"], body["assuranceLevel"]]).toEqual([200, "pending_approval", "HIGH"]);
    const vote = await gate.call("POST", `/v1/intents/${body["intentId"]}/approve`, reviewer.key, {});
    expect([vote.status, vote.body["code"]]).toEqual([403, "assurance_too_low"]);
    expect(text(vote.body, "detail")).toContain("sso");
  });

  test("never lowers what the policy requires", async () => {
    const factors = { assurance: { level: "LOW", required_factors: ["link.single_use.v1"] } };
    const { body } = await propose({ policy: "held", ...factors });
    expect(body).toMatchObject({ assuranceLevel: "MEDIUM", requiredApprovalFactors: ["link.single_use.v1"] });
    const shown = await gate.call("GET", `/v1/intents/${body["intentId"]}`, agent.key);
    expect(shown.body["approval"]).toMatchObject({ minAssurance: "slack", demandedAssurance: "link" });
  });

  test("is on the ledger, and the verifiers of Gate check the votes against it", async () => {
    const { body } = await propose({ assurance: { required_factors: ["manual.dashboard.v1"] } });
    const path = `/v1/intents/${body["intentId"]}`;
    expect(await gate.call("POST", `${path}/approve`, reviewer.key, {})).toMatchObject({ status: 200 });
    const audit = await gate.call("GET", `${path}/audit`, admin.key);
    const [proposed] = audit.body["events"] as readonly Body[];
    expect(proposed).toMatchObject({ metadata: { approval: { demanded_assurance: "key" } } });
    await gate.call("POST", "/log/seal", gate.adminKey);
    const bundle = join(folder.path, "bundle.json");
    writeFileSync(bundle, (await gate.call("GET", `${path}/evidence`, admin.key)).text);
    const { log } = (await gate.call("GET", "/.well-known/gate")).body as { readonly log: Body };
    const python = [join(ROOT, "test", "verify_bundle.py"), bundle, text(log, "vkey")];
    expect(execFileSync("python3", ["-B", ...python]).toString()).toMatch(/PROVEN\s*$/);
    const command = [join(ROOT, "dist", "cli.js"), "ledger", "verify", bundle, "--key", text(log, "vkey")];
    expect(execFileSync(process.execPath, command).toString()).toContain("PROVEN");
  });

  test.each([
    ["a passkey", { required_factors: ["passkey.webauthn.v1"] }],
    ["a voice call", { required_factors: ["manual.dashboard.v1", "voice.ivr.v1"] }],
    ["the highest level", { level: "critical" }],
  ])("that nobody could give is refused where it would be held: %s", async (_, assurance) => {
    const held = await propose({ assurance });
    expect([held.status, held.body["error"]]).toEqual([400, "unsupported_factor"]);
    expect(held.body).toMatchObject({
      provider: "dashboard",
      capabilities: ["manual.dashboard.v1", "link.single_use.v1"],
      risk_level: expect.any(String),
    });
    const dry = await gate.call("POST", "/v1/intents?dry_run=true", agent.key, proposal({ assurance }));
    expect([dry.status, dry.body["error"]]).toEqual([400, "unsupported_factor"]);
    const approved = await propose({ policy: "open", assurance });
    expect([approved.status, approved.body["status"]]).toEqual([200, "approved"]);
    expect(approved.body).toMatchObject({ approvalProvider: null, assuranceLevel: null });
  });

  test.each([
    ["a level that does not exist", { assurance: { level: "EXTREME" } }],
    ["a null level", { assurance: { level: null } }],
    ["a misspelled member", { assurance: { requiredFactor: ["manual.dashboard.v1"] } }],
    ["factors that are no list", { assurance: { required_factors: "manual.dashboard.v1" } }],
    ["a text", { assurance: "HIGH" }],
    ["null", { assurance: null }],
    ["a channel that is a text", { approval_channel: "sms" }],
    ["an empty provider", { approval_provider: "" }],
  ])("and is malformed is refused everywhere, and never dropped: %s", async (_, more) => {
    for (const policy of ["held", "open"]) {
      expect((await propose({ policy, ...more })).body, policy).toMatchObject({ code: "invalid_request" });
    }
  });

  test("is another request under a used key without it", async () => {
    const first = proposal({ idempotency_key: "assured", assurance: { level: "HIGH" } });
    const { assurance: _, ...lower } = first;
    expect((await gate.call("POST", "/v1/intents", agent.key, first)).status).toBe(200);
    expect((await gate.call("POST", "/v1/intents", agent.key, lower)).status).toBe(422);
    const repeat = await gate.call("POST", "/v1/intents", agent.key, first);
    expect([repeat.status, repeat.body["status"]]).toEqual([409, "duplicate_blocked"]);
  });
});

describe("approval_provider", () => {
  test.each(["dashboard", "phone"])("%s, which is asked anyway, is accepted and shown", async (provider) => {
    const { status, body } = await propose({ approval_provider: provider });
    expect([status, body["approvalProvider"]]).toEqual([200, provider]);
    const shown = await gate.call("GET", `/v1/intents/${body["intentId"]}`, agent.key);
    expect(shown.body["approval_interactions"]).toMatchObject([{ provider }]);
  });

  test.each(["carrier-pigeon", "room", "constructor", "__proto__", "kaicalls"])(
    "%s, which is not, is refused where it would be held",
    async (provider) => {
      const { status, body } = await propose({ approval_provider: provider });
      expect([status, body["error"], body["code"]]).toEqual([400, "invalid_provider", "invalid_provider"]);
      expect((await propose({ policy: "open", approval_provider: provider })).body["status"]).toBe(
        "approved",
      );
    },
  );

  test("is refused for a destination about which it is not asked", async () => {
    const { body } = await propose({ destination: "crm.other", approval_provider: "phone" });
    expect(body["error"]).toBe("invalid_provider");
  });

  test("that is refused records no intent, and uses up no key", async () => {
    const wrong = proposal({ idempotency_key: "corrected", approval_provider: "carrier-pigeon" });
    expect((await gate.call("POST", "/v1/intents", agent.key, wrong)).status).toBe(400);
    const right = { ...wrong, approval_provider: "dashboard" };
    expect((await gate.call("POST", "/v1/intents", agent.key, right)).status).toBe(200);
  });
});

describe("approval_channel", () => {
  test("without an address is refused", async () => {
    for (const approval_channel of [{}, { type: "sms" }, { type: "sms", address: " " }]) {
      expect((await propose({ approval_channel })).body).toMatchObject({ error: "invalid_channel" });
    }
  });

  test("is shown by its last characters, and stored no other way", async () => {
    const { body } = await propose({ approval_channel: { type: "sms", address: "+14155550100" } });
    const path = `/v1/intents/${body["intentId"]}`;
    const shown = await gate.call("GET", path, admin.key);
    expect(shown.body["approval_interactions"]).toMatchObject([
      { channelType: "sms", channelAddressRedacted: "***00" },
    ]);
    for (const each of [path, `${path}/decision`, `${path}/evidence`, `${path}/audit`]) {
      expect((await gate.call("GET", each, admin.key)).text, each).not.toContain("4155550100");
    }
  });
});

describe("a profile", () => {
  const email = { to: "ada@example.com", subject: "Hello" };

  test("comes back with a sentence, where no policy requires one", async () => {
    const { body } = await propose({ policy: "open", profile: "email.send.v1", metadata: email });
    expect(body).toMatchObject({
      status: "approved",
      profile: "email.send.v1",
      profileSummary: 'Send email to ada@example.com — "Hello"',
    });
  });

  test.each([
    ["without its fields", "email.send.v1", { to: "ada@example.com" }],
    ["with an empty field", "email.send.v1", { ...email, subject: "" }],
    ["that does not exist", "nope.v9", email],
    ["named like a member of every object", "constructor", email],
  ])("%s is blocked on every door that names it", async (_, profile, metadata) => {
    for (const policy of ["open", "held"]) {
      const { status, body } = await propose({ policy, profile, metadata });
      expect([status, body["status"], body["reason_code"]]).toEqual([
        200,
        "blocked",
        "invalid_profile_payload",
      ]);
      expect(body["profileSummary"]).toBeNull();
    }
  });

  test("of a held intent is in the evidence of its approval", async () => {
    const { body } = await propose({ profile: "email.send.v1", metadata: email });
    const path = `/v1/intents/${body["intentId"]}`;
    const approved = await gate.call("POST", `${path}/approve`, reviewer.key, {});
    const shown = await gate.call("GET", path, agent.key);
    expect(approved.body["approvalEvidence"]).toMatchObject({
      proof: { profile: { id: "email.send.v1", fields_hash: shown.body["profile_fields_hash"] } },
    });
  });
});

describe("a rejection without a reason", () => {
  test.each([{}, { reason: null }, { reason: "  " }])(
    "%j is taken, and records that none was given",
    async (sent) => {
      const { body } = await propose({});
      const path = `/v1/intents/${body["intentId"]}`;
      const { status, body: answer } = await gate.call("POST", `${path}/reject`, reviewer.key, sent);
      expect([status, answer["state"], answer["reason"]]).toEqual([200, "rejected", null]);
      const shown = await gate.call("GET", path, agent.key);
      expect(shown.body["rejections"]).toMatchObject([{ event: "rejected", reason: null }]);
    },
  );

  test("is refused by a policy that requires one, as is one that revokes", async () => {
    const { body } = await propose({ policy: "reasoned" });
    const path = `/v1/intents/${body["intentId"]}`;
    const bare = await gate.call("POST", `${path}/reject`, reviewer.key, { reason: " " });
    expect([bare.status, bare.body["code"]]).toEqual([400, "reason_required"]);
    await gate.call("POST", `${path}/approve`, reviewer.key, {});
    expect((await gate.call("POST", `${path}/reject`, reviewer.key, {})).status).toBe(400);
    const explained = await gate.call("POST", `${path}/reject`, reviewer.key, { reason: "not these" });
    expect([explained.status, explained.body["state"]]).toEqual([200, "revoked"]);
  });
});
