import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import {
  admin,
  call,
  flushed,
  fresh,
  freeze,
  later,
  MINUTE_MS,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import { proposeWrite, SENDING_RULES, useSendingRules } from "../../support/worker/sending.ts";
import type { Principal } from "../../support/client.ts";

/* "Filters by what was named, not by what decided": a proxied write names no policy. */

const SECRET_WORD = "xylophone";

let importer: Principal;
let other: Principal;
let ana: Principal;
let ben: Principal;
/** The ids of the cases, by name. */
const ids: Record<string, string> = {};

async function decide(name: string, verb: "approve" | "reject", by: Principal, reason?: string) {
  const { status, text } = await call("POST", `/v1/intents/${ids[name]}/${verb}`, by.key, { reason });
  if (status !== 200) throw new Error(text);
}

async function hold(name: string, destination: string, more: Record<string, unknown> = {}, by = importer) {
  later(1_000);
  ids[name] = await propose(by, proposal(destination, more), "pending_approval");
}

beforeAll(async () => {
  freeze();
  await useSendingRules();
  const registry = SENDING_RULES.registry.replace("Ana Diaz", "Åna Díaz");
  const policies = { ...RULES.policies, kept: "auto_approve_under: 1", limited: "auto_approve_under: 1" };
  await changeRules({ policies, registry });
  importer = await register("agent", { name: fresh("Quarterly Importer") });
  other = await register("agent", { name: fresh("mailer") });
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
  later(1_000);
  // Through the proxy, whose requests name no policy.
  ids["unnamed"] = (await proposeWrite(importer, "crm.later")).id;
  await hold("pair", "crm.pair");
  await hold("rejected", "crm.held", {
    action: "leads.merge",
    payload: JSON.stringify({ row: SECRET_WORD }),
  });
  await hold("waiting", "crm.watched", { policy: "held" }, other);
  await decide("unnamed", "approve", ben, `${SECRET_WORD} is fine`);
  await decide("pair", "approve", ana);
  await decide("rejected", "reject", ana, SECRET_WORD);
  for (const id of Object.values(ids)) await flushed(id);
});

const namesOf = (rows: readonly { readonly id: string }[]) =>
  rows.map(({ id }) => Object.keys(ids).find((name) => ids[name] === id)).toSorted();

async function found(query: string, key = admin, path = "/v1/intents"): Promise<readonly unknown[]> {
  const { body, status, text } = await call("GET", `${path}?${query}`, key);
  if (status !== 200) throw new Error(text);
  const ours = (body.intents ?? body.approvals).filter(({ id }: { id: string }) =>
    Object.values(ids).includes(id),
  );
  return namesOf(ours);
}

describe("filters by what decided", () => {
  test("a policy finds what it was in force for, whatever the agent named", async () => {
    expect(await found("policy=held")).toEqual(["rejected", "unnamed", "waiting"]);
    expect(await found("policy_id=pair&status=pending_approval")).toEqual(["pair"]);
    expect(await found("policy=held", admin, "/v1/approvals")).toEqual(["waiting"]);
    expect(await found("policy=")).toHaveLength(4);
  });

  test("a line names the policies in force, and who decided", async () => {
    const { body } = await call("GET", `/v1/intents?agent=${importer.id}&status=rejected`, admin);
    expect(body.intents).toMatchObject([{ id: ids["rejected"], policies: ["held"], decided_by: "ana" }]);
  });

  test("a policy that came into force while it waited finds it, and the earlier one still does", async () => {
    const by = await register("agent");
    const id = await propose(by, proposal("crm.held"), "pending_approval");
    await changeRules({
      ...RULES,
      registry: RULES.registry.replace("crm.held: { policies: [held] }", "crm.held: { policies: [pair] }"),
    });
    await call("GET", `/v1/intents/${id}`, admin);
    await flushed(id);
    for (const policy of ["held", "pair"]) {
      const { body } = await call("GET", `/v1/intents?agent=${by.id}&policy=${policy}`, admin);
      expect(body.intents, policy).toMatchObject([{ id, policies: ["pair", "held"] }]);
    }
    await changeRules(RULES);
  });

  test("a person finds what they voted on, or decided", async () => {
    expect(await found("person=ana")).toEqual(["pair", "rejected"]);
    expect(await found("person=ana&status=decided")).toEqual(["rejected"]);
    expect(await found("person=ben&policy=held")).toEqual(["unnamed"]);
    expect(await found("person=nobody")).toEqual([]);
    // The queue reads by phase, and not by person.
    expect(await found("person=ana&policy=pair", admin, "/v1/approvals")).toEqual(["pair"]);
  });

  test("what is decided is all that waits for nobody", async () => {
    expect(await found("status=decided")).toEqual(["rejected", "unnamed"]);
    expect(await found("status=decided,pending_approval")).toHaveLength(4);
  });

  test("a day finds what happened on it, in UTC, and not only what was proposed then", async () => {
    const by = await register("agent");
    later(Date.UTC(2033, 4, 9, 23, 50) - Date.now());
    const id = await propose(by, proposal("crm.held"), "pending_approval");
    later(20 * MINUTE_MS);
    await call("POST", `/v1/intents/${id}/reject`, ben.key, { reason: "late" });
    await flushed(id);
    for (const [day, count] of [
      ["2033-05-08", 0],
      ["2033-05-09", 1],
      ["2033-05-10", 1],
      ["2033-05-11", 0],
    ] as const) {
      const { body } = await call("GET", `/v1/intents?day=${day}&agent=${by.id}&person=ben`, admin);
      expect(body.count, day).toBe(count);
    }
  });

  test.each(["2033-5-9", "yesterday", "2033-02-30", "2033-13-01", "2033-05-09T00:00:00Z"])(
    "a day written as %j is 400",
    async (day) => {
      const { status, body } = await call("GET", `/v1/intents?day=${day}`, admin);
      expect([status, body.detail]).toEqual([400, "day: a day in UTC, such as 2026-12-01"]);
    },
  );

  test("a filter widens nothing that a reader may see", async () => {
    expect(await found("policy=held", other.key)).toEqual(["waiting"]);
    expect(await found(`person=ana&agent=${importer.id}`, other.key)).toEqual([]);
    expect(await found("q=importer", other.key)).toEqual([]);
  });
});

describe("ids where names are known: responses have the names beside them", () => {
  const read = async (path: string, key: string) => (await call("GET", path, key)).body;

  test("an intent and its audit trail name its agent, voters and their keys; a list and the queue theirs", async () => {
    const { name } = (await read(`/v1/agents/${importer.id}`, admin)) as { readonly name: string };
    const key = ((await read(`/v1/agents/${ana.id}`, admin)) as { readonly name: string }).name;
    const named = { [importer.id]: name, ana: "Ana Diaz", [ana.id]: key };
    const { names } = await read(`/v1/intents/${ids["rejected"]}?seen_before=false`, ben.key);
    expect(names).toEqual(named);
    expect((await read(`/v1/intents/${ids["rejected"]}/audit`, admin)).names).toEqual(named);
    const listed = await read(`/v1/intents?person=ana&status=decided`, admin);
    expect(listed.names).toEqual({ [importer.id]: name, ana: "Ana Diaz" });
    expect((await read(`/v1/approvals?agent=${importer.id}`, admin)).names).toEqual({ [importer.id]: name });
    expect((await read("/v1/approvals/groups", admin)).names).toMatchObject({ [importer.id]: name });
  });

  test("a program gets its own name, and nobody else's", async () => {
    const { names } = await read(`/v1/intents/${ids["rejected"]}`, importer.key);
    expect(Object.keys(names)).toEqual([importer.id]);
    expect(Object.keys((await read("/v1/intents", importer.key)).names)).toEqual([importer.id]);
  });
});

describe("a search", () => {
  test.each([
    ["the agent's name, in any case", "quarterly IMPORTER", ["pair", "rejected", "unnamed"]],
    ["a destination's part", "watch", ["waiting"]],
    ["the action", "LEADS.merge", ["rejected"]],
    ["a policy in force", "pair", ["pair"]],
    ["the reason code", "MANUAL_review", ["pair", "rejected", "unnamed", "waiting"]],
    ["a person's id", "ana", ["pair", "rejected"]],
    ["a person's name, without its marks", "ana diaz", ["pair", "rejected"]],
    ["a person's name, as written", "Åna Dí", ["pair", "rejected"]],
    ["nothing in the list", "no such thing", []],
    ["a wildcard of SQL", "%", []],
    ["punctuation of the stored lists", '["', []],
    ["a quote", "'", []],
  ])("finds by %s", async (_, text, expected) => {
    const query = `q=${encodeURIComponent(text)}&since=2000-01-01`;
    expect(await found(`${query}&status=all`)).toEqual(expected);
  });

  test("finds by the beginning of an id, and by an agent's whole id", async () => {
    const id = ids["pair"] ?? "";
    expect(await found(`q=${id.slice(0, 14)}`)).toEqual(["pair"]);
    expect(await found(`q=${id}`)).toEqual(["pair"]);
    expect(await found(`q=${id.slice(4)}`)).toEqual([]);
    expect(await found(`q=${other.id}`)).toEqual(["waiting"]);
    expect(await found(`q=${other.id.slice(0, -1)}`)).toEqual([]);
  });

  test("combines with the other filters, in the queue too", async () => {
    expect(await found("q=crm&policy=held&status=decided")).toEqual(["rejected", "unnamed"]);
    expect(await found("q=pair", admin, "/v1/approvals")).toEqual(["pair"]);
    expect(await found("q=pair&mine=true", ana.key, "/v1/approvals")).toEqual(["pair"]);
  });

  test("finds nothing of payloads, comments and reasons", async () => {
    expect(await found(`q=${SECRET_WORD}`)).toEqual([]);
  });

  test("by a program finds no names: it could try out those of the registry, and of other principals", async () => {
    const runner = await register("runner", { name: "vpc-1" });
    const id = await propose(importer, proposal("vpc.write"), "approved");
    await flushed(id);
    const idsFor = async (q: string) =>
      (await call("GET", `/v1/intents?q=${encodeURIComponent(q)}`, runner.key)).body.intents.map(
        (row: { readonly id: string }) => row.id,
      );
    expect(await idsFor("vpc.wri")).toEqual([id]);
    expect(await idsFor(importer.id)).toEqual([id]);
    expect(await idsFor("quarterly")).toEqual([]);
    expect(await found("q=ana", importer.key)).toEqual([]);
    expect(await found("q=diaz", importer.key)).toEqual([]);
    expect(await found("q=merge", importer.key)).toEqual(["rejected"]);
  });

  test("of an empty box is none, and a text that no name can be is refused", async () => {
    expect(await found("q=&day=&person=&policy=&agent=&destination=")).toHaveLength(4);
    expect((await call("GET", `/v1/intents?q=${"x".repeat(129)}`, admin)).status).toBe(400);
  });

  test("looks at a bounded number of intents a page, and goes on from there", async () => {
    const by = await register("agent");
    const insert = `INSERT INTO intents (id, agent_id, destination, action, policy_id, phase, status, reason_code,
        risk_score, risk_level, created_at, decide_by, updated_at, seq)
      SELECT 'int_s' || value, ?1, CASE value WHEN 3 THEN 'needle.one' ELSE 'hay.stack' END, 'a', '', 'succeeded',
        'succeeded', 'approved_by_policy', 0, 'low', 5000 + value, 0, 0, 1 FROM json_each(?2)`;
    const numbers = JSON.stringify(Array.from({ length: 10_500 }, (_, at) => at));
    await env.DB.prepare(insert).bind(by.id, numbers).run();
    const pages: unknown[][] = [];
    for (let after = ""; pages.length < 10;) {
      const { body } = await call("GET", `/v1/intents?agent=${by.id}&q=needle${after}`, admin);
      pages.push(body.intents.map(({ id }: { id: string }) => id));
      if (body.next === null) break;
      after = `&after=${body.next}`;
    }
    expect(pages).toEqual([[], [], [], [], ["int_s3"]]);
    await env.DB.prepare("DELETE FROM intents WHERE agent_id = ?1").bind(by.id).run();
  });
});

test("pages of a search and of a tag hold each intent once, in order, whatever their size", async () => {
  const by = await register("agent");
  const made: string[] = [];
  for (let at = 0; at < 7; at += 1) {
    if (at % 3 !== 0) later(1);
    made.push(await propose(by, proposal("crm.held"), "pending_approval"));
  }
  for (const id of made) await flushed(id);
  const whole = await call("GET", `/v1/intents?agent=${by.id}`, admin);
  const expected = whole.body.intents.map(({ id }: { id: string }) => id);
  for (const query of ["q=crm.held", "policy=held", `day=${new Date().toISOString().slice(0, 10)}`]) {
    const listed: string[] = [];
    let after = "";
    do {
      const { body } = await call("GET", `/v1/intents?agent=${by.id}&${query}&limit=2${after}`, admin);
      listed.push(...body.intents.map(({ id }: { id: string }) => id));
      after = body.next === null ? "" : `&after=${body.next}`;
    } while (after !== "");
    expect(listed, query).toEqual(expected);
  }
});
