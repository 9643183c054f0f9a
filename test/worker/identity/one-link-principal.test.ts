import { createHmac } from "node:crypto";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { digestOf } from "../../../src/core/base/digest.ts";
import {
  answered,
  delivery,
  notifyChannel,
  outside,
  SECRETS,
  setScene,
} from "../../support/worker/channels.ts";
import { admin, call, fresh, proposal, propose, register, send } from "../../support/worker/gate.ts";
import { linkTo } from "../../support/worker/links.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Approvals over time: "Names of principals by link differ from the docs, so suspending the documented one stops half".
 */

interface Migration {
  readonly name: string;
  readonly queries: readonly string[];
}

let agent: Principal;

beforeAll(async () => {
  await setScene();
  agent = await register("agent");
});

const held = (destination = "crm.by-link") => propose(agent, proposal(destination), "pending_approval");

const byLink = async (intent: string, person: string) =>
  call("POST", `/v1/approval-links/${await linkTo(intent, person)}/approve`, undefined, {});

async function byProvider(intent: string, person: string) {
  const world = outside(() => answered(200, "{}"));
  await notifyChannel(delivery("sms", intent, "held", { person, id: fresh("dlv") }), world);
  const text = JSON.stringify({
    intent_id: intent,
    gate_approval_interaction_id: world.got[0]?.body.gate_approval_interaction_id,
    decision: "APPROVE",
  });
  const at = Date.now();
  const signature = createHmac("sha256", SECRETS.SCENE_PROVIDER).update(`${at}.${text}`).digest("hex");
  return send("/v1/approval-callbacks/sms", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Gate-Provider-Signature": `t=${at},v1=${signature}` },
    body: text,
  });
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly status: string;
}

async function principalsOf(person: string): Promise<readonly Listed[]> {
  const { results } = await env.DB.prepare(
    "SELECT id, name, status FROM principals WHERE person = ?1 AND name LIKE '%(link%' ORDER BY name",
  )
    .bind(person)
    .all<Listed>();
  return results;
}

/** What version 0.1 stored for a vote by link (`gate`) or through a provider (`a2h:sms`). */
async function storeOld(person: string, issuer: string, status = "active"): Promise<string> {
  const id = `rev_${fresh("old").padEnd(22, "x")}`;
  const name = `${person} (link ${issuer})`;
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO principals (id, role, name, name_key, person, status, created_at)
       VALUES (?1, 'reviewer', ?2, ?2, ?3, ?4, 1)`,
    ).bind(id, name, person, status),
    env.DB.prepare(
      "INSERT INTO pins (kind, issuer, person, account, principal_id, pinned_at) VALUES ('link', ?1, ?2, ?3, ?4, 1)",
    ).bind(issuer, person, digestOf(["link", issuer, person]), id),
  ]);
  return id;
}

/** Runs what the migration does to the rows that it finds. */
async function migrateRows(): Promise<void> {
  const { TEST_MIGRATIONS } = env as unknown as { TEST_MIGRATIONS: readonly Migration[] };
  const { queries = [] } = TEST_MIGRATIONS.find(({ name }) => name.startsWith("0019")) ?? {};
  const updates = queries.filter((query) => /^\s*(--.*\n\s*)*UPDATE/.test(query));
  expect(updates).toHaveLength(3);
  for (const update of updates) await env.DB.prepare(update).run();
}

test("a person with a provider's principal of version 0.1 goes on as that one", async () => {
  const old = await storeOld("ben", "a2h:sms");
  expect((await byLink(await held(), "ben")).body.status).toBe("approved");
  expect((await byProvider(await held(), "ben")).body.status).toBe("approved");
  expect((await principalsOf("ben")).map(({ id }) => id)).toEqual([old]);
  await call("POST", `/v1/agents/${old}/suspend`, admin);
  expect((await byLink(await held(), "ben")).status).toBe(403);
  await call("POST", `/v1/agents/${old}/reactivate`, admin);
});

test("a person has one principal for their links and every provider, named as documented, and one switch", async () => {
  const intent = await held();
  expect((await byLink(intent, "ana")).body.status).toBe("approved");
  expect((await byProvider(await held(), "ana")).body.status).toBe("approved");
  const [principal, ...others] = await principalsOf("ana");
  expect([principal?.name, others]).toEqual(["ana (link)", []]);

  const pair = await held("crm.by-links");
  expect((await byProvider(pair, "ana")).body.votes).toBe(1);
  await call("POST", `/v1/agents/${principal?.id}/suspend`, admin);
  const refused = [
    (await byLink(await held(), "ana")).status,
    (await byProvider(await held(), "ana")).status,
  ];
  expect(refused).toEqual([403, 403]);
  // The open vote is withdrawn with it.
  expect((await byLink(pair, "ben")).body).toMatchObject({ status: "pending_approval", votedBy: ["ben"] });
  await call("POST", `/v1/agents/${principal?.id}/reactivate`, admin);
  expect((await byLink(await held(), "ana")).body.status).toBe("approved");
});

test("rows of version 0.1 are one principal: its name, its switch, and suspended stays suspended", async () => {
  const [gate, provider] = [await storeOld("eve", "gate"), await storeOld("eve", "a2h:sms", "suspended")];
  const alone = await storeOld("dan", "a2h:sms");
  const taken = await storeOld("kim", "gate");
  await register("reviewer", { name: "kim (link)" });
  await migrateRows();
  expect(await principalsOf("eve")).toEqual([
    { id: provider, name: "eve (link a2h:sms)", status: "suspended" },
    { id: gate, name: "eve (link)", status: "suspended" },
  ]);
  expect(await principalsOf("dan")).toEqual([{ id: alone, name: "dan (link)", status: "active" }]);
  // The documented name is another principal's.
  expect(await principalsOf("kim")).toEqual([{ id: taken, name: "kim (link gate)", status: "active" }]);

  await call("POST", `/v1/agents/${gate}/reactivate`, admin);
  expect((await principalsOf("eve")).map(({ status }) => status)).toEqual(["active", "active"]);
  await call("POST", `/v1/agents/${provider}/suspend`, admin);
  expect((await principalsOf("eve")).map(({ status }) => status)).toEqual(["suspended", "suspended"]);
});
