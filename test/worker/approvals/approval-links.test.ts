import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { approvalLink, caseUrl, linkUrl, readLink } from "../../../src/app/approvals/approval-link.ts";
import { toBase64Url } from "../../../src/core/base/base64url.ts";
import { portsOf } from "../../../src/env.ts";
import {
  admin,
  ask,
  call,
  eventsOf,
  later,
  MINUTE_MS,
  propose,
  register,
  send,
  stateOf,
  type Registered,
} from "../../support/worker/gate.ts";
import { linkTo } from "../../support/worker/links.ts";

let agent: Registered;
let ben: Registered;

beforeAll(async () => {
  agent = await register("agent");
  ben = await register("reviewer", { person: "ben" });
});

const held = (destination = "crm.by-link", by = agent) => propose(by, ask(destination), "pending_approval");
const approve = (link: string, key?: string, body: Record<string, unknown> = {}) =>
  call("POST", `/v1/approval-links/${link}/approve`, key, body);
const reject = (link: string, key?: string, body: Record<string, unknown> = { reason: "not today" }) =>
  call("POST", `/v1/approval-links/${link}/reject`, key, body);

describe("the token", () => {
  const CLAIMS = {
    intent: "int_a",
    digest: "d".repeat(64),
    person: "ana",
    id: "lnk-1",
    expiresAt: 1_790_000_000_000,
  };
  const ports = () => portsOf(env);
  const link = () => approvalLink(ports(), CLAIMS);

  test("says what it was made of", () => {
    expect(readLink(ports(), link())).toEqual(CLAIMS);
    const unnamed = { ...CLAIMS, person: null };
    expect(readLink(ports(), approvalLink(ports(), unnamed))).toEqual(unnamed);
  });

  test("INV-27: every part of a link is bound", () => {
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

  test("INV-27: what is cut, lengthened, written otherwise or made up is no link", () => {
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

  test("a link made before a change of secret still counts, one under another secret does not", () => {
    const { token } = ports();
    const asEarlier = {
      token: () => "00".repeat(32),
      earlierTokens: (...args: Parameters<typeof token>) => [token(...args)],
    };
    expect(readLink(asEarlier, link())).toEqual(CLAIMS);
    expect(readLink({ ...asEarlier, earlierTokens: () => ["11".repeat(32)] }, link())).toBeNull();
  });

  test("addresses carry the link in the query, and there are none where nobody said where Gate is", () => {
    const at = (publicUrl: string | null) => ({ ...ports(), settings: { ...ports().settings, publicUrl } });
    const url = linkUrl(at("https://gate.example.com"), CLAIMS) ?? "";
    expect(url).toBe(`https://gate.example.com/case?link=${link()}`);
    expect(new URL(url).searchParams.get("link")).toBe(link());
    expect(caseUrl(at("https://gate.example.com"), "int_a")).toBe("https://gate.example.com/cases/int_a");
    expect(linkUrl(at(null), CLAIMS)).toBeNull();
    expect(caseUrl(at(null), "int_a")).toBeNull();
  });
});

describe("reading", () => {
  test("gives the contract's summary", async () => {
    const intent = await held();
    const { status, body } = await call("GET", `/v1/approval-links/${await linkTo(intent, "ana")}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      intentId: intent,
      messageId: null,
      destination: "crm.by-link",
      action: "crm.by-link",
      policy: "by-link",
      riskScore: expect.any(Number),
      riskLevel: "low",
      approvalState: "waiting_input",
      expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
    });
  });

  test("INV-29: who holds a link sees no payload, and what agents chose only scrubbed", async () => {
    const request = ask("crm.by-link", {
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

  test("INV-27: a link that bots fetch a hundred times still works", async () => {
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

describe("deciding with nobody signed in", () => {
  test("INV-27: where the policy says so, the link decides as the person it was sent to, and says how", async () => {
    const intent = await held();
    const { body } = await approve(await linkTo(intent, "ana"), undefined, { reason: "looks right" });
    expect(body).toMatchObject({ status: "approved", intentId: intent, votedBy: ["ana"] });
    const seen = await call("GET", `/v1/intents/${intent}`, admin);
    expect(seen.body.votes).toMatchObject([{ person: "ana", assurance: "link" }]);
    expect(await eventsOf(intent)).toContain("approval_link_used");
  });

  test("a rejection needs its reason, and without one the link is as good as before", async () => {
    const link = await linkTo(await held(), "ana");
    const without = await reject(link, undefined, {});
    expect(without.status).toBe(400);
    expect(without.body.code).toBe("reason_required");
    const { status, body } = await reject(link);
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "blocked", approvalState: "answered", reason: "not today" });
  });

  test.each(["crm.by-slack", "crm.held", "crm.touch", "crm.by-ana"])(
    "INV-27: where the policy wants more than a link, %s, it opens the case and decides nothing",
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

  test("INV-27: a link sent to nobody by name never decides by itself", async () => {
    const intent = await held();
    const { status, body } = await approve(await linkTo(intent, null));
    expect([status, body.code]).toEqual([401, "sign_in_required"]);
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("a link to somebody who is no longer in the registry is none", async () => {
    const { status, body } = await approve(await linkTo(await held(), "zoe"));
    expect([status, body.code]).toEqual([404, "invalid_link"]);
  });

  test("INV-03: nobody decides by link what an agent of theirs proposed", async () => {
    for (const owner of ["ana", "ana@example.com", "ops"]) {
      const theirs = await register("agent", { owner });
      const intent = await held("crm.by-link", theirs);
      for (const { status, body } of [
        await approve(await linkTo(intent, "ana")),
        await reject(await linkTo(intent, "ana")),
      ]) {
        expect([status, body.code], owner).toEqual([403, "own_intent"]);
      }
      expect(await stateOf(intent)).toBe("pending_approval");
    }
  });

  test("INV-05: a person whose links an admin stopped decides by none", async () => {
    const intent = await held("crm.by-links");
    await approve(await linkTo(intent, "ben"));
    const { body } = await call("GET", `/v1/intents/${intent}/audit`, admin);
    const { actor } = body.events.find(
      ({ event_type: type }: { event_type: string }) => type === "approval_vote_recorded",
    );
    expect((await call("POST", `/v1/agents/${actor}/suspend`, admin)).status).toBe(200);
    const stopped = await reject(await linkTo(intent, "ben"));
    expect([stopped.status, stopped.body.code]).toEqual([403, "agent_inactive"]);
    // And what they said before counts no longer.
    const { body: voted } = await approve(await linkTo(intent, "ana"));
    expect(voted).toMatchObject({ status: "pending_approval", votedBy: ["ana"] });
    await call("POST", `/v1/agents/${actor}/reactivate`, admin);
  });

  test("two links to one person are one vote", async () => {
    const intent = await held("crm.by-links");
    expect((await approve(await linkTo(intent, "ana"))).body.votes).toBe(1);
    expect((await approve(await linkTo(intent, "ana"))).body).toMatchObject({
      status: "pending_approval",
      votes: 1,
    });
    expect((await approve(await linkTo(intent, "ben"))).body).toMatchObject({ status: "approved", votes: 2 });
  });
});

describe("what stops every approval stops a link, too", () => {
  test("INV-05: a kill switch, after which the link works as before", async () => {
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

  test("INV-05: a suspended agent", async () => {
    const target = await register("agent");
    const link = await linkTo(await held("crm.by-link", target), "ana");
    await call("POST", `/v1/agents/${target.id}/suspend`, admin);
    const { status, body } = await approve(link);
    expect([status, body.code]).toEqual([409, "proposer_inactive"]);
  });
});

describe("deciding with somebody signed in", () => {
  test("whoever is signed in decides as themselves, and the link is used up", async () => {
    const intent = await held("crm.by-links");
    const link = await linkTo(intent, "ana");
    expect((await approve(link, ben.key)).body).toMatchObject({ votedBy: ["ben"] });
    const seen = await call("GET", `/v1/intents/${intent}`, admin);
    expect(seen.body.votes).toMatchObject([{ person: "ben", assurance: "key" }]);
    const again = await approve(link);
    expect([again.status, again.body.code]).toEqual([410, "link_already_used"]);
  });

  test("their own rights count, not those of the link's person; refused, the link still works", async () => {
    const intent = await held("crm.by-ana");
    const link = await linkTo(intent, "ana");
    const { status, body } = await approve(link, ben.key);
    expect([status, body.code]).toEqual([403, "not_eligible"]);
    const ana = await register("reviewer", { person: "ana" });
    expect((await approve(link, ana.key)).body.status).toBe("approved");
  });

  test("a link without a name decides for a signed-in person", async () => {
    const { body } = await approve(await linkTo(await held("crm.held"), null), ben.key);
    expect(body).toMatchObject({ status: "approved", votedBy: ["ben"] });
  });

  test("agents, runners, auditors and admins decide through no link, and a bad key is no nobody", async () => {
    const link = await linkTo(await held(), "ana");
    for (const role of ["agent", "runner", "auditor", "admin"]) {
      const { key } = await register(role);
      expect((await approve(link, key)).status, role).toBe(403);
    }
    expect((await approve(link, "gate_rk_nobody")).status).toBe(401);
    expect((await approve(link)).status).toBe(200);
  });
});

describe("a link that is over", () => {
  const over = async (link: string) => {
    const seen = await call("GET", `/v1/approval-links/${link}`);
    const [yes, no] = [await approve(link), await reject(link)];
    for (const answer of [yes, no]) expect(answer.body.code).toBe(seen.body.code);
    return [seen.status, seen.body.code];
  };

  test("INV-27: a used link decides nothing more", async () => {
    const link = await linkTo(await held(), "ana");
    await approve(link);
    expect(await over(link)).toEqual([410, "link_already_used"]);
  });

  test("INV-27: a link used many times at once decides exactly once", async () => {
    const intent = await held("crm.by-links");
    const link = await linkTo(intent, "ana");
    const tried = await Promise.all(
      Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? approve(link) : reject(link))),
    );
    expect(tried.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of tried) {
      if (status !== 200) expect([status, body.code]).toEqual([410, "link_already_used"]);
    }
    expect((await eventsOf(intent)).filter((event) => event === "approval_link_used")).toHaveLength(1);
  });

  test("after its own time", async () => {
    const link = await linkTo(await held(), "ana", { expiresAt: Date.now() - 1 });
    expect(await over(link)).toEqual([410, "link_expired"]);
  });

  test("after the intent's", async () => {
    const link = await linkTo(await held(), "ana");
    later(30 * MINUTE_MS);
    expect(await over(link)).toEqual([410, "intent_expired"]);
  });

  test("after somebody decided, cancelled or took it back", async () => {
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
      expect(await over(link), name).toEqual([409, "wrong_state"]);
    }
  });

  test("INV-27: after a reviewer changed what it was for", async () => {
    const intent = await held("crm.editable");
    const link = await linkTo(intent, "ana");
    const { body } = await call("GET", `/v1/intents/${intent}`, admin);
    const change = { payload: '{"row":"changed"}', reason: "a typo", digest: body.intent_digest };
    const edited = await call("POST", `/v1/intents/${intent}/edit`, ben.key, change);
    expect(edited.status, edited.text).toBe(200);
    expect(await over(link)).toEqual([409, "wrong_state"]);
  });

  test("INV-27: for another digest than the intent's", async () => {
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

  test("of an intent that was never made, or made up altogether", async () => {
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

test("INV-28: another site's page decides nothing by a link", async () => {
  const intent = await held();
  const link = await linkTo(intent, "ana");
  for (const headers of [{ Origin: "https://evil.example" }, { "Sec-Fetch-Site": "cross-site" }]) {
    const { status, body } = await send(`/v1/approval-links/${link}/approve`, { method: "POST", headers });
    expect([status, body.code]).toEqual([403, "cross_origin"]);
  }
  expect(await stateOf(intent)).toBe("pending_approval");
});

test("INV-25: whatever is sent with a link, the answer is 4xx", async () => {
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
