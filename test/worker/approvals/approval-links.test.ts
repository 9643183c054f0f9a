import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { approvalLink, caseUrl, linkUrl, readLink } from "../../../src/app/approvals/approval-link.ts";
import { toBase64Url } from "../../../src/core/base/base64url.ts";
import { portsOf } from "../../../src/env.ts";
import {
  admin,
  proposal,
  call,
  eventsOf,
  later,
  MINUTE_MS,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { linkTo } from "../../support/worker/links.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let ben: Principal;

beforeAll(async () => {
  agent = await register("agent");
  ben = await register("reviewer", { person: "ben" });
});

const held = (destination = "crm.by-link", by = agent) =>
  propose(by, proposal(destination), "pending_approval");
const approve = (link: string, key?: string, body: Record<string, unknown> = {}) =>
  call("POST", `/v1/approval-links/${link}/approve`, key, body);
const reject = (link: string, key?: string, body: Record<string, unknown> = { reason: "not today" }) =>
  call("POST", `/v1/approval-links/${link}/reject`, key, body);

describe("the token of an approval link", () => {
  const CLAIMS = {
    intent: "int_a",
    digest: "d".repeat(64),
    person: "ana",
    id: "lnk-1",
    expiresAt: 1_790_000_000_000,
  };
  const ports = () => portsOf(env);
  const link = () => approvalLink(ports(), CLAIMS);

  test("parses to the fields it was made of", () => {
    expect(readLink(ports(), link())).toEqual(CLAIMS);
    const unnamed = { ...CLAIMS, person: null };
    expect(readLink(ports(), approvalLink(ports(), unnamed))).toEqual(unnamed);
  });

  test("INV-27: is invalid when any part of it is changed", () => {
    const [, mac] = link().split(".");
    const forged = [
      { intent: "int_b" },
      { digest: "e".repeat(64) },
      { person: "ben" },
      { person: null },
      { id: "lnk-2" },
      { expiresAt: CLAIMS.expiresAt + 1 },
    ].map((change) => approvalLink(ports(), { ...CLAIMS, ...change }).replace(/\..*/, `.${mac}`));
    for (const text of forged) expect(readLink(ports(), text), text).toBeNull();
  });

  test("INV-27: is invalid when shortened, extended, re-encoded or made up", () => {
    const text = link();
    const [fields = "", mac = ""] = text.slice("alk_".length).split(".");
    const strangers = [
      "",
      "alk_",
      "alk_.",
      `alk_${fields}`,
      `alk_${fields}.`,
      `alk_.${mac}`,
      text.slice(0, -1),
      `${text}A`,
      `${text}=`,
      `${text}.`,
      `${text} `,
      ` ${text}`,
      text.toUpperCase(),
      `alk_${fields}=.${mac}`,
      `alk_${fields}A.${mac}`,
      `alk_${toBase64Url(new TextEncoder().encode("null"))}.${mac}`,
      `gex_${fields}.${mac}`,
      `alk_${"A".repeat(100_000)}.${mac}`,
      `alk_${fields}.${"\u0000".repeat(43)}`,
      `alk_${fields}.${mac.slice(0, -1)}\u{1F600}`,
    ];
    for (const stranger of strangers) expect(readLink(ports(), stranger), stranger.slice(0, 60)).toBeNull();
  });

  test("holds under the previous secret named by the deployment, and under no other secret", () => {
    const { deriveToken } = ports();
    const others = ["00".repeat(32), "11".repeat(32)] as const;
    const acceptedTokens = (...args: Parameters<typeof deriveToken>) =>
      [others[0], deriveToken(...args)] as const;
    expect(readLink({ acceptedTokens }, link())).toEqual(CLAIMS);
    expect(readLink({ acceptedTokens: () => others }, link())).toBeNull();
  });

  test("stands in the query of the link's URL; there is no URL without GATE_PUBLIC_URL", () => {
    const at = (publicUrl: string | null) => ({ ...ports(), settings: { ...ports().settings, publicUrl } });
    const url = linkUrl(at("https://gate.example.com"), CLAIMS) ?? "";
    expect(url).toBe(`https://gate.example.com/case?link=${link()}`);
    expect(new URL(url).searchParams.get("link")).toBe(link());
    expect(caseUrl(at("https://gate.example.com"), "int_a")).toBe("https://gate.example.com/cases/int_a");
    expect(linkUrl(at(null), CLAIMS)).toBeNull();
    expect(caseUrl(at(null), "int_a")).toBeNull();
  });
});

describe("reading an approval link", () => {
  test("returns the summary of the reference contract", async () => {
    const intent = await held();
    const { status, body } = await call("GET", `/v1/approval-links/${await linkTo(intent, "ana")}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      intentId: intent,
      messageId: expect.stringMatching(/^msg_[0-9a-f]{24}$/),
      destination: "crm.by-link",
      action: "crm.by-link",
      policy: "by-link",
      riskScore: expect.any(Number),
      riskLevel: "low",
      approvalState: "waiting_input",
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test("INV-29: shows no payload, and text by agents only scrubbed", async () => {
    const request = proposal("crm.by-link", {
      payload: JSON.stringify({ secret: "swordfish-4711" }),
      action: "call:0170-1234567:about:DE89370400440532013000",
      metadata: { to: "bob@example.com" },
      on_behalf_of: "carol@example.com",
    });
    const link = await linkTo(await propose(agent, request, "pending_approval"), "ana");
    for (const path of [`/v1/approval-links/${link}`, `/case?link=${link}`]) {
      const { text, status } = await call("GET", path);
      expect(status, path).toBe(200);
      expect(text).toContain("[phone]");
      expect(text).toContain("[iban]");
      for (const leaked of ["swordfish", "secret", "bob@", "carol@", "1234567", "3704", "ana", agent.id]) {
        expect(text, `${path}: ${leaked}`).not.toContain(leaked);
      }
    }
  });

  test("INV-27: does not use it up, even when bots fetch it a hundred times", async () => {
    const intent = await held();
    const before = await eventsOf(intent);
    const link = await linkTo(intent, "ana");
    for (let turn = 0; turn < 25; turn += 1) {
      for (const path of [`/v1/approval-links/${link}`, `/case?link=${link}`]) {
        await send(path, { method: "GET", headers: { "User-Agent": "Slackbot-LinkExpanding 1.0" } });
        await send(path, { method: "HEAD" });
      }
    }
    for (const path of [`/v1/approval-links/${link}/approve`, `/cases/${intent}/approve?link=${link}`]) {
      for (const method of ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]) {
        const { status } = await send(path, { method });
        expect(status, `${method} ${path}`).toBeGreaterThanOrEqual(300);
      }
    }
    expect(await eventsOf(intent)).toEqual(before);
    const { status, body } = await approve(link);
    expect(status).toBe(200);
    expect(body.status).toBe("approved");
  });
});

describe("deciding by link without a session", () => {
  test("INV-27: decides as the person it was sent to, at assurance link, where the policy allows that", async () => {
    const intent = await held();
    const { body } = await approve(await linkTo(intent, "ana"), undefined, { reason: "looks right" });
    expect(body).toMatchObject({ status: "approved", intentId: intent, votedBy: ["ana"] });
    const seen = await call("GET", `/v1/intents/${intent}`, admin);
    expect(seen.body.votes).toMatchObject([{ person: "ana", assurance: "link" }]);
    expect(await eventsOf(intent)).toContain("approval_link_used");
  });

  test.each([
    ["a reason", undefined, "not today"],
    ["none", {}, null],
    ["a blank one", { reason: " " }, null],
  ])("rejects with %s, and says what it was", async (_, sent, reason) => {
    const { status, body } = await reject(await linkTo(await held(), "ana"), undefined, sent);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "blocked", approvalState: "answered", reason });
    expect(body.approvalEvidence).toMatchObject({ decision: "REJECT", factor: "link.single_use.v1" });
  });

  test.each(["crm.by-slack", "crm.held", "crm.touch", "crm.by-ana"])(
    "INV-27: only opens the case where the policy requires more than a link: %s",
    async (destination) => {
      const intent = await held(destination);
      const link = await linkTo(intent, "ana");
      expect((await call("GET", `/v1/approval-links/${link}`)).status).toBe(200);
      for (const { status, body } of [await approve(link), await reject(link)]) {
        expect(status).toBe(401);
        expect(body.code).toBe("sign_in_required");
      }
      expect(await stateOf(intent)).toBe("pending_approval");
    },
  );

  test("INV-27: never decides by a link that was sent to no named person", async () => {
    const intent = await held();
    const { status, body } = await approve(await linkTo(intent, null));
    expect([status, body.code]).toEqual([401, "sign_in_required"]);
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("is refused for a person who is no longer in the registry", async () => {
    const { status, body } = await approve(await linkTo(await held(), "zoe"));
    expect([status, body.code]).toEqual([404, "invalid_link"]);
  });

  test("INV-03: is refused to the person who answers for the proposing agent", async () => {
    for (const owner of ["ana", "ana@example.com", "ops"]) {
      const theirs = await register("agent", { owner });
      const intent = await held("crm.by-link", theirs);
      for (const { status, body } of [
        await approve(await linkTo(intent, "ana")),
        await reject(await linkTo(intent, "ana")),
      ]) {
        expect([status, body.code], owner).toEqual([403, "self_approval_forbidden"]);
      }
      expect(await stateOf(intent)).toBe("pending_approval");
    }
  });

  test("INV-05: is refused to a person whose link account an admin suspended", async () => {
    const intent = await held("crm.by-links");
    await approve(await linkTo(intent, "ben"));
    const { body } = await call("GET", `/v1/intents/${intent}/audit`, admin);
    const { actor } = body.events.find(
      ({ event_type: type }: { event_type: string }) => type === "approval_vote_recorded",
    );
    expect((await call("POST", `/v1/agents/${actor}/suspend`, admin)).status).toBe(200);
    const stopped = await reject(await linkTo(intent, "ben"));
    expect([stopped.status, stopped.body.code]).toEqual([403, "agent_inactive"]);
    // And an earlier vote of theirs no longer counts.
    const { body: voted } = await approve(await linkTo(intent, "ana"));
    expect(voted).toMatchObject({ status: "pending_approval", votedBy: ["ana"] });
    await call("POST", `/v1/agents/${actor}/reactivate`, admin);
  });

  test("counts two links of one person as one vote", async () => {
    const intent = await held("crm.by-links");
    expect((await approve(await linkTo(intent, "ana"))).body.votes).toBe(1);
    expect((await approve(await linkTo(intent, "ana"))).body).toMatchObject({
      status: "pending_approval",
      votes: 1,
    });
    expect((await approve(await linkTo(intent, "ben"))).body).toMatchObject({ status: "approved", votes: 2 });
  });
});

describe("INV-05: deciding by link is stopped", () => {
  test("by a kill switch, after which the link works again", async () => {
    const target = await register("agent");
    const intent = await held("crm.by-link", target);
    const link = await linkTo(intent, "ana");
    const stop = { scope: "agent", target: target.id };
    expect((await call("POST", "/v1/switches", admin, { ...stop, reason: "incident" })).status).toBeLessThan(
      300,
    );
    const stopped = await approve(link);
    expect([stopped.status, stopped.body.code]).toEqual([409, "kill_switch_engaged"]);
    expect((await call("POST", "/v1/switches/lift", admin, stop)).status).toBe(200);
    expect((await approve(link)).body.status).toBe("approved");
  });

  test("by the suspension of the proposing agent", async () => {
    const target = await register("agent");
    const link = await linkTo(await held("crm.by-link", target), "ana");
    await call("POST", `/v1/agents/${target.id}/suspend`, admin);
    const { status, body } = await approve(link);
    expect([status, body.code]).toEqual([409, "proposer_inactive"]);
  });
});

describe("deciding by link with a session", () => {
  test("counts as the signed-in person's decision and uses up the link", async () => {
    const intent = await held("crm.by-links");
    const link = await linkTo(intent, "ana");
    expect((await approve(link, ben.key)).body).toMatchObject({ votedBy: ["ben"] });
    const seen = await call("GET", `/v1/intents/${intent}`, admin);
    expect(seen.body.votes).toMatchObject([{ person: "ben", assurance: "key" }]);
    const again = await approve(link);
    expect([again.status, again.body.code]).toEqual([410, "link_already_used"]);
  });

  test("needs the signed-in person's rights, not the addressee's; a refusal leaves the link usable", async () => {
    const intent = await held("crm.by-ana");
    const link = await linkTo(intent, "ana");
    const { status, body } = await approve(link, ben.key);
    expect([status, body.code]).toEqual([403, "not_eligible"]);
    const ana = await register("reviewer", { person: "ana" });
    expect((await approve(link, ana.key)).body.status).toBe("approved");
  });

  test("works with a link that names no person", async () => {
    const { body } = await approve(await linkTo(await held("crm.held"), null), ben.key);
    expect(body).toMatchObject({ status: "approved", votedBy: ["ben"] });
  });

  test("is refused to agents, runners, auditors and admins, and an invalid key is not treated as no key", async () => {
    const link = await linkTo(await held(), "ana");
    for (const role of ["agent", "runner", "auditor", "admin"]) {
      const { key } = await register(role);
      expect((await approve(link, key)).status, role).toBe(403);
    }
    expect((await approve(link, "gate_rk_nobody")).status).toBe(401);
    expect((await approve(link)).status).toBe(200);
  });
});

describe("an approval link that is over", () => {
  const over = async (link: string) => {
    const seen = await call("GET", `/v1/approval-links/${link}`);
    const [yes, no] = [await approve(link), await reject(link)];
    for (const answer of [yes, no]) expect(answer.body.code).toBe(seen.body.code);
    return [seen.status, seen.body.code];
  };

  test("INV-27: decides nothing more once it was used", async () => {
    const intent = await held();
    const link = await linkTo(intent, "ana");
    await approve(link);
    const events = await eventsOf(intent);
    // The same again is a lost response or a double click.
    expect((await approve(link)).status).toBe(200);
    expect((await reject(link)).body.code).toBe("link_already_used");
    expect((await call("GET", `/v1/approval-links/${link}`)).body.code).toBe("link_already_used");
    expect(await eventsOf(intent)).toEqual(events);
  });

  test("INV-27: decides exactly once when used many times at once", async () => {
    const intent = await held("crm.by-links");
    const link = await linkTo(intent, "ana");
    const tried = await Promise.all(
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? approve(link) : reject(link))),
    );
    // One of the two decisions, as often as it is sent; the other is refused.
    const taken = tried.flatMap(({ status }, at) => (status === 200 ? [at % 2] : []));
    expect(new Set(taken).size).toBe(1);
    for (const { status, body } of tried) {
      if (status !== 200) expect([status, body.code]).toEqual([410, "link_already_used"]);
    }
    expect((await eventsOf(intent)).filter((event) => event === "approval_link_used")).toHaveLength(1);
  });

  test("is refused after its own expiry", async () => {
    const link = await linkTo(await held(), "ana", { expiresAt: Date.now() - 1 });
    expect(await over(link)).toEqual([410, "link_expired"]);
  });

  test("is refused after the intent's expiry", async () => {
    const link = await linkTo(await held(), "ana");
    later(30 * MINUTE_MS);
    expect(await over(link)).toEqual([410, "intent_expired"]);
  });

  test("is refused after a decision, cancellation or withdrawal", async () => {
    const endings = {
      approve: ["approve", ben.key],
      reject: ["reject", ben.key],
      cancel: ["cancel-approval", ben.key],
      withdraw: ["withdraw", agent.key],
      revoke: ["revoke", ben.key],
    } as const;
    for (const [name, [verb, key]] of Object.entries(endings)) {
      const intent = await held();
      const link = await linkTo(intent, "ana");
      const ended = await call("POST", `/v1/intents/${intent}/${verb}`, key, { reason: "enough" });
      expect(ended.status, ended.text).toBe(200);
      expect(await over(link), name).toEqual([409, "already_answered"]);
    }
  });

  test("INV-27: is refused after a reviewer edited the payload", async () => {
    const intent = await held("crm.editable");
    const link = await linkTo(intent, "ana");
    const { body } = await call("GET", `/v1/intents/${intent}`, admin);
    const change = { payload: '{"row":"changed"}', reason: "a typo", digest: body.intent_digest };
    const edited = await call("POST", `/v1/intents/${intent}/edit`, ben.key, change);
    expect(edited.status, edited.text).toBe(200);
    expect(await over(link)).toEqual([409, "already_answered"]);
  });

  test("INV-27: is refused for another digest than the intent's", async () => {
    const intent = await held();
    expect(await over(await linkTo(intent, "ana", { digest: "0".repeat(64) }))).toEqual([
      409,
      "digest_mismatch",
    ]);
    const { status, body } = await approve(await linkTo(intent, "ana"), undefined, {
      digest: "0".repeat(64),
    });
    expect([status, body.code]).toEqual([409, "digest_mismatch"]);
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("is refused for an intent that does not exist", async () => {
    const intent = await held();
    for (const link of [
      "alk_x",
      "alk_..",
      "%00",
      "alk_%ff",
      await linkTo(intent, "ana", { intent: "int_nowhere" }),
      await linkTo(intent, "ana", { intent: `int_${"A".repeat(43)}` }),
    ]) {
      expect(await over(link), link.slice(0, 20)).toEqual([404, "invalid_link"]);
    }
  });
});

test("INV-28: a link used from another site's page decides nothing", async () => {
  const intent = await held();
  const link = await linkTo(intent, "ana");
  for (const headers of [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }]) {
    const { status, body } = await send(`/v1/approval-links/${link}/approve`, { method: "POST", headers });
    expect([status, body.code]).toEqual([403, "cross_origin"]);
  }
  expect(await stateOf(intent)).toBe("pending_approval");
});

test("INV-25: any request with a malformed link or body is answered 4xx", async () => {
  const link = await linkTo(await held(), "ana");
  const path = `/v1/approval-links/${link}/reject`;
  for (const body of [
    "{",
    "[]",
    '"x"',
    '{"reason": 1}',
    '{"reason": "x", "reason": "y"}',
    '{"reason":"\\ud800"}',
  ]) {
    const { status } = await send(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    expect(status, body).toBe(400);
  }
  expect((await reject(link, undefined, { reason: "x".repeat(5000) })).status).toBe(400);
  expect((await send(path, { method: "POST", body: "x".repeat(70_000) })).status).toBe(413);
});
