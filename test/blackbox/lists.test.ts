import { afterAll, describe, expect, test, vi } from "vitest";
import { type Body, crmImport, list, startGate, text } from "../support/gate.ts";

const gate = await startGate({ env: { PUBLIC_FEED_ENABLED: "true" } });
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer, auditor } = await gate.cast();

/** The list is written after the answer. */
const SOON = { timeout: 10_000, interval: 50 };

async function propose(request: Body, key = agent.key): Promise<string> {
  return text((await gate.call("POST", "/v1/intents", key, request)).body, "intentId");
}

async function pages(key: string, query: string, name: "intents" | "proposals" = "intents") {
  const rows: Body[] = [];
  let after = "";
  for (let page = 0; page < 50; page += 1) {
    const { status, body } = await gate.call("GET", `/v1/${name}?limit=3${query}${after}`, key);
    expect(status).toBe(200);
    expect(body["count"]).toBe(list(body, name).length);
    rows.push(...list(body, name));
    if (body["next"] === null) return rows;
    after = `&after=${encodeURIComponent(text(body, "next"))}`;
  }
  throw new Error("the pages never end");
}

const ids = (rows: readonly Body[]) => rows.map(({ id }) => String(id)).toSorted();

describe("lists of intents", async () => {
  const start = Date.now();
  const made = {
    approved: await propose(crmImport(1)),
    pending: await propose(crmImport(847)),
    rejected: await propose(crmImport(847)),
    blocked: await propose({
      destination: "zendesk.reply",
      policy: "support-reply",
      payload: "refund guaranteed",
    }),
    reply: await propose({ destination: "zendesk.reply", policy: "support-reply", payload: "Solved." }),
  };
  await gate.call("POST", `/v1/intents/${made.rejected}/reject`, reviewer.key, { reason: "no" });
  const other = await gate.register("agent");
  const foreign = await propose(crmImport(2), other.key);
  const everything = [...Object.values(made), foreign].toSorted();
  await vi.waitUntil(async () => (await pages(reviewer.key, "&state=rejected")).length === 1, SOON);
  await vi.waitUntil(async () => (await pages(reviewer.key, "")).length === everything.length, SOON);

  test.each<[string, string[]]>([
    ["status=approved", [made.approved, made.reply, foreign]],
    ["status=pending_approval", [made.pending]],
    ["status=blocked", [made.blocked, made.rejected]],
    ["state=rejected", [made.rejected]],
    ["status=approved,rejected", [made.approved, made.reply, foreign, made.rejected]],
    ["status=all", everything],
    [`agent=${agent.id}`, Object.values(made)],
    [`agent_id=${other.id}`, [foreign]],
    ["destination=zendesk.reply", [made.blocked, made.reply]],
    ["policy=crm-low-risk", [made.approved, made.pending, made.rejected, foreign]],
    ["policy_id=support-reply&status=blocked", [made.blocked]],
    [`since=${start}`, everything],
    [`until=${new Date(start).toISOString()}`, []],
    ["destination=' OR 1=1 --", []],
    ["status=delivered", []],
  ])("filtered by %s have the matching intents", async (query, expected) => {
    expect(ids(await pages(reviewer.key, `&${query}`))).toEqual([...expected].toSorted());
  });

  test("are paged from new to old without repeats, the same under both paths", async () => {
    const rows = await pages(auditor.key, "");
    const times = rows.map(({ created_at: created }) => text({ created }, "created"));
    expect(times).toEqual(times.toSorted().toReversed());
    expect(new Set(ids(rows)).size).toBe(rows.length);
    expect(await pages(auditor.key, "", "proposals")).toEqual(rows);
  });

  test("INV-06: of an agent have its own intents, whatever it filters by", async () => {
    expect(ids(await pages(other.key, ""))).toEqual([foreign]);
    expect(ids(await pages(other.key, `&agent=${agent.id}`))).toEqual([foreign]);
  });

  test.each([
    "limit=0",
    "limit=-1",
    "limit=1e3",
    "limit=abc",
    "limit=99999999999999999999",
    "limit=",
    "status=nonsense",
    "status=toString",
    "since=yesterday",
    "until=99999999999999999999",
    "after=x",
    "after=MSBpbnRfeA==",
    "after=",
    `after=${"A".repeat(4000)}`,
  ])("with ?%s are 400", async (query) => {
    const { status, body } = await gate.call("GET", `/v1/intents?${query}`, reviewer.key);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: "invalid_request" });
  });

  test("have 200 entries a page at most", async () => {
    expect((await gate.call("GET", "/v1/intents?limit=999999", reviewer.key)).status).toBe(200);
  });
});

describe("INV-29: the public feed, switched on", () => {
  test("shows actions and times to everyone, and no names, ids or addresses", async () => {
    const named = await gate.register("agent", { name: "jane.roe@example.com", owner: "Jane Roe" });
    const hostile = [
      crmImport(1, { policy: "4155550100" }),
      crmImport(1, { policy: "4111111111111111" }),
      crmImport(1, { policy: "DE89370400440532013000" }),
      crmImport(1, { destination: "call.4155550100", policy: "078-05-1120" }),
      crmImport(1, {
        payload: "secret-payload-text",
        on_behalf_of: "Jane Roe",
        metadata: { ssn: "078-05-1120" },
      }),
    ];
    for (const request of hostile) await propose(request, named.key);
    await expect.poll(async () => (await gate.call("GET", "/v1/public/feed")).body["count"], SOON).toBe(11);
    const feed = await gate.call("GET", "/v1/public/feed");
    expect(feed.status).toBe(200);
    expect(feed.headers.get("Access-Control-Allow-Origin")).toBe("*");
    for (const row of list(feed.body, "proposals")) {
      expect(Object.keys(row).toSorted()).toEqual([
        "created_at",
        "destination",
        "policy",
        "policy_id",
        "risk_level",
        "status",
      ]);
    }
    expect(feed.text).not.toMatch(/jane|roe|078-05|4155550100|4111|DE89|secret-payload|agt_|int_/i);
  });
});
