import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { admin, call, flushed, fresh, proposal, propose, register } from "../../support/worker/gate.ts";

const DAY_MS = 24 * 60 * 60_000;

async function countOf(sql: string, ...values: readonly string[]): Promise<number> {
  return (
    (await env.DB.prepare(sql)
      .bind(...values)
      .first<number>("n")) ?? -1
  );
}

test("counts of proxied reads are deleted after 90 days, and no younger ones", async () => {
  const agent = fresh("agt");
  const insert = (day: string, destination: string) =>
    env.DB.prepare("INSERT INTO proxy_reads (day, agent_id, destination, count) VALUES (?1, ?2, ?3, 1)")
      .bind(day, agent, destination)
      .run();
  for (const day of ["2025-01-01", "2026-08-31", "2026-09-01", "2026-11-29"]) await insert(day, "crm");
  await insert("2026-11-30", "crm");
  const { results } = await env.DB.prepare("SELECT day FROM proxy_reads WHERE agent_id = ?1 ORDER BY day")
    .bind(agent)
    .all<{ day: string }>();
  expect(results.map(({ day }) => day)).toEqual(["2026-09-01", "2026-11-29", "2026-11-30"]);
});

test("a webhook for one intent ends 30 days after the intent, and none of an intent that is open", async () => {
  const agent = await register("agent");
  const registerFor = async (intent: string) => {
    const body = {
      intentId: intent,
      url: `https://hooks.example.com/${fresh("at")}`,
      secret: "a secret of its own",
    };
    const answer = await call("POST", "/v1/webhooks/register", agent.key, body);
    if (answer.status >= 300) throw new Error(answer.text);
  };
  const age = async (intent: string) => {
    for (const [table, column, by] of [
      ["webhooks", "created_at", "intent_id"],
      ["intents", "updated_at", "id"],
    ]) {
      await env.DB.prepare(`UPDATE ${table} SET ${column} = ${column} - ?1 WHERE ${by} = ?2`)
        .bind(31 * DAY_MS, intent)
        .run();
    }
  };
  const intents: Record<string, string> = {};
  for (const [name, destination, status] of [
    ["ended", "crm.nowhere", "blocked"],
    ["open", "crm.held", "pending_approval"],
    ["young", "crm.nowhere", "blocked"],
    ["next", "crm.nowhere", "blocked"],
  ] as const) {
    const intent = await propose(agent, proposal(destination), status);
    await flushed(intent);
    intents[name] = intent;
    if (name !== "next") await registerFor(intent);
  }
  await age(intents["ended"] ?? "");
  await age(intents["open"] ?? "");
  await registerFor(intents["next"] ?? "");
  const { results } = await env.DB.prepare(
    "SELECT intent_id FROM webhooks WHERE intent_id IN (SELECT value FROM json_each(?1))",
  )
    .bind(JSON.stringify(Object.values(intents)))
    .all<{ intent_id: string }>();
  const left = new Set(results.map(({ intent_id: intent }) => intent));
  expect(Object.keys(intents).filter((name) => left.has(intents[name] ?? ""))).toEqual([
    "open",
    "young",
    "next",
  ]);
  expect(
    await countOf(
      "SELECT COUNT(*) AS n FROM webhook_secrets WHERE webhook_id NOT IN (SELECT id FROM webhooks)",
    ),
  ).toBe(0);
});

test("a webhook that is rotated often keeps the two secrets that can sign", async () => {
  const made = await call("POST", "/v1/webhooks", admin, {
    url: "https://hooks.example.com/rotated",
    events: ["intent.approved"],
  });
  const { id } = made.body as { id: string };
  for (let rotation = 0; rotation < 5; rotation += 1) {
    expect((await call("POST", `/v1/webhooks/${id}/rotate-secret`, admin, {})).status).toBe(200);
  }
  expect(await countOf("SELECT COUNT(*) AS n FROM webhook_secrets WHERE webhook_id = ?1", id)).toBe(2);
});
