import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, flushed, ledgerOf, proposal, propose, register } from "../../support/worker/gate.ts";

/** Restoring D1 to an earlier hour: the ledger without its last entries. */
async function loseEntries(intent: string): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger'",
  ).all<{ name: string; sql: string }>();
  const drops = results.map(({ name }) => env.DB.prepare(`DROP TRIGGER ${name}`));
  const restores = results.map(({ sql }) => env.DB.prepare(sql));
  await env.DB.batch([
    ...drops,
    env.DB.prepare("DELETE FROM ledger WHERE intent_id = ?1").bind(intent),
    ...restores,
  ]);
}

test("INV-17 INV-18: an intent whose entries are missing from D1 can't be ordered", async () => {
  const agent = await register("agent");
  const intent = await propose(agent, proposal("crm.small"), "approved");
  await flushed(intent);
  await loseEntries(intent);

  const order = await call("POST", `/v1/intents/${intent}/execute`, agent.key);
  expect(order.status).toBe(503);
  expect(order.body.code).toBe("ledger_unavailable");
  expect(await ledgerOf(intent)).toEqual([]);
});

test("INV-18: an entry that does not follow the chain's last one in D1 is refused", async () => {
  const agent = await register("agent");
  const intent = await propose(agent, proposal("crm.small"), "approved");
  const [first] = await flushed(intent);
  const forged = env.DB.prepare(
    `INSERT INTO ledger (intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac)
     VALUES (?1, 4, 'revoked', 'x', 1, '{}', ?2, 'h', 'm')`,
  ).bind(intent, first?.entry_hash);
  await expect(forged.run()).rejects.toThrow("is not in the ledger");
});
