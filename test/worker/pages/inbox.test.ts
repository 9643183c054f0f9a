import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { Principal } from "../../support/client.ts";
import { browserAt, type Browser } from "../../support/worker/browser.ts";
import {
  admin,
  call,
  eventsOf,
  proposal,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";

/* The inbox, and deciding alike cases together. */

let ana: Principal;
let ben: Principal;
let browser: Browser;

beforeAll(async () => {
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
  browser = browserAt("https://gate.test");
  await browser.post("/v1/session", { key: ben.key });
});

async function alike(
  count: number,
  more: Record<string, unknown> = {},
): Promise<{ group: string; ids: string[] }> {
  const agent = await register("agent", more);
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    ids.push(
      await propose(agent, proposal("crm.pair", { payload: `row ${at} of ${agent.id}` }), "pending_approval"),
    );
  }
  const { body } = await call("GET", `/v1/approvals?agent=${agent.id}`, ben.key);
  return { group: body.approvals[0].group, ids };
}

const digestOf = async (id: string) =>
  (await call("GET", `/v1/intents/${id}`, admin)).body.intent_digest as string;

async function batch(ids: readonly string[], fields: Record<string, string>, by = ben) {
  const picked = await Promise.all(ids.map(async (id) => [`case.${id}`, await digestOf(id)] as const));
  return send("/cases/batch", {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      Origin: "http://gate.test",
      Authorization: `Bearer ${by.key}`,
    },
    body: new URLSearchParams([...picked, ...Object.entries(fields)]).toString(),
  });
}

describe("the inbox", () => {
  test("shows what is due first", async () => {
    const agent = await register("agent");
    const late = await propose(agent, proposal("crm.pair"), "pending_approval");
    const soon = await propose(agent, proposal("crm.defer"), "pending_approval");
    const middle = await propose(agent, proposal("crm.held"), "pending_approval");
    const { text } = await browser.get(`/cases?agent=${agent.id}`);
    const places = [soon, middle, late].map((id) => text.indexOf(id));
    expect(places).not.toContain(-1);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
  });

  test("says of each case what, who, why, how long and under which policy", async () => {
    const agent = await register("agent");
    const more = {
      payload: "a,b\n1,2\n",
      payload_name: "leads-48.csv",
      recordCount: 7,
      action: "weekly-import",
    };
    await propose(agent, proposal("crm.pair", more), "pending_approval");
    const text = (await browser.get(`/cases?agent=${agent.id}`)).text.replaceAll(/<[^>]*>|\s+/g, " ");
    for (const part of [
      "Write 7 records to crm.pair",
      "weekly-import",
      "leads-48.csv",
      "a person decides each",
      "0 of 2 approvals",
      "left",
    ]) {
      expect(text, part).toMatch(new RegExp(part.replaceAll(" ", " +")));
    }
  });

  test("folds alike cases into one line that leads to all of them", async () => {
    const { group, ids } = await alike(4);
    const { body } = await call("GET", `/v1/intents/${ids[0]}`, admin);
    const { text } = await browser.get(`/cases?agent=${body.sender_agent_id}`);
    expect(ids.filter((id) => text.includes(`/cases/${id}"`))).toHaveLength(1);
    expect(text).toContain(">4 alike</a>");
    const { text: all } = await browser.get(`/cases?group=${group}`);
    for (const id of ids) expect(all).toContain(`name="case.${id}"`);
    // Alike cases differ in their payloads only.
    expect(all).toContain("row 3 of");
  });

  test("says who may not decide, and offers them no box", async () => {
    const { group, ids } = await alike(2, { owner: "ben" });
    const { text } = await browser.get(`/cases?group=${group}&pick=all`);
    expect(text).toContain("it was proposed by your own agent");
    expect(text).not.toContain('type="checkbox"');
    expect(text).not.toContain(`name="case.${ids[0]}"`);
  });

  test("reads no more of the index than its page, in the order of deadlines", async () => {
    const statements: string[] = [];
    const prepare = env.DB.prepare.bind(env.DB);
    vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
      statements.push(sql);
      return prepare(sql);
    });
    expect((await browser.get("/cases?limit=1")).status).toBe(200);
    vi.restoreAllMocks();
    const sql = statements.find((each) => each.includes("SELECT intents.* FROM")) ?? "";
    const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`).all<{ detail: string }>();
    const plan = results.map(({ detail }) => detail).join("; ");
    expect(plan).toContain("USING INDEX intents_pending_by_deadline");
    expect(plan).not.toContain("TEMP B-TREE");
  });

  test("goes through what waits page by page, each case once", async () => {
    const agent = await register("agent");
    const ids: string[] = [];
    for (const destination of ["crm.pair", "crm.defer", "crm.held", "crm.noes"]) {
      ids.push(await propose(agent, proposal(destination), "pending_approval"));
    }
    const seen: string[] = [];
    let path = `/cases?agent=${agent.id}&limit=1`;
    for (let pages = 0; pages < 6 && path !== ""; pages += 1) {
      const { text } = await browser.get(path);
      seen.push(...ids.filter((id) => text.includes(`href="/cases/${id}"`)));
      path = (/href="([^"]*after=[^"]*)">More/.exec(text)?.[1] ?? "").replaceAll("&amp;", "&");
    }
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  test.each(["order=loudest", "after=x", "limit=0", "mine=1"])("refuses %s", async (query) => {
    expect((await browser.get(`/cases?${query}`)).status).toBe(400);
  });
});

describe("deciding alike cases together", () => {
  test("counts each vote by itself, and says what became of every one", async () => {
    const { ids } = await alike(3);
    const [first = "", second = "", third = ""] = ids;
    await call("POST", `/v1/intents/${first}/approve`, ana.key);
    await call("POST", `/v1/intents/${second}/reject`, ana.key, { reason: "no" });
    const { status, text } = await batch(ids, { decision: "approve", reason: "" });
    expect(status).toBe(200);
    expect(text).toContain("2 of 3 recorded");
    expect(text).toMatch(/The intent is rejected already/);
    expect(text).toMatch(/It waits for others: 1 of 2 approvals/);
    expect(await Promise.all([first, second, third].map(stateOf))).toEqual([
      "approved",
      "rejected",
      "pending_approval",
    ]);
  });

  test("sent twice and at once, votes once each", async () => {
    const { ids } = await alike(2);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => batch(ids, { decision: "approve", reason: "" })),
    );
    for (const { text } of answers) expect(text).toContain("2 of 2 recorded");
    for (const id of ids) {
      expect((await eventsOf(id)).filter((event) => event === "approval_vote_recorded")).toHaveLength(1);
    }
  });

  test("binds each vote to the digest that its line showed", async () => {
    const { ids } = await alike(2);
    const [one = "", other = ""] = ids;
    const swapped = new URLSearchParams([
      [`case.${one}`, await digestOf(other)],
      [`case.${other}`, await digestOf(other)],
      ["decision", "approve"],
    ]);
    const { text } = await send("/cases/batch", {
      method: "POST",
      headers: {
        "Content-Type": "application/x-www-form-urlencoded",
        Origin: "http://gate.test",
        Authorization: `Bearer ${ben.key}`,
      },
      body: swapped.toString(),
    });
    expect(text).toContain("1 of 2 recorded");
    expect(await eventsOf(one)).not.toContain("approval_vote_recorded");
  });

  test.each<[string, Record<string, string>, readonly number[]]>([
    ["nothing checked", { decision: "approve" }, []],
    ["no decision", {}, [0]],
    ["another word for one", { decision: "defer" }, [0]],
    ["a rejection without a reason", { decision: "reject", reason: " " }, [0]],
    ["what is no digest", { decision: "approve", "case.int_x": "1" }, []],
  ])("refuses a form with %s", async (_, fields, picked) => {
    const { ids } = await alike(1);
    const { status, headers } = await batch(
      picked.flatMap((at) => ids[at] ?? []),
      fields,
    );
    expect([status, headers.get("Content-Type")]).toEqual([400, "text/html; charset=UTF-8"]);
    expect(await stateOf(ids[0] ?? "")).toBe("pending_approval");
  });

  test("is refused to another site's form, and to those who are no reviewers", async () => {
    const { ids } = await alike(1);
    const auditor = await register("auditor");
    expect((await batch(ids, { decision: "approve" }, auditor)).text).toContain("0 of 1 recorded");
    const foreign = await send("/cases/batch", {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded", Origin: "https://evil.example" },
      body: "decision=approve",
    });
    expect(foreign.status).toBe(403);
    expect(await stateOf(ids[0] ?? "")).toBe("pending_approval");
  });

  test("names an intent that does not exist", async () => {
    const { text } = await batch([], { decision: "approve", [`case.<b>`]: "0".repeat(64) });
    expect(text).toContain("There is no such intent");
    expect(text).not.toContain("<b>");
  });
});
