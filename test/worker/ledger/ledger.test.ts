import { beforeAll, describe, expect, test } from "vitest";
import { env } from "cloudflare:workers";
import {
  admin,
  call,
  eventsOf,
  everythingInD1,
  flushed,
  fresh,
  ledgerOf,
  type LedgerRow,
  ordered,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import { faultsOf } from "../../support/worker/chain.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

/** An intent with a long story: held, voted on, ordered, claimed, unknown, resolved, repeated. */
async function story(): Promise<string> {
  const request = proposal("crm.pair", { idempotency_key: fresh("story") });
  const id = await propose(agent, request, "pending_approval");
  await call("POST", "/v1/intents", agent.key, request);
  await call("POST", `/v1/intents/${id}/approve`, reviewer.key, { reason: "looks right" });
  await call("POST", `/v1/intents/${id}/approve`, (await register("reviewer")).key);
  const { body } = await call("POST", `/v1/intents/${id}/execute`, agent.key);
  const post = (step: string, more = {}) =>
    call("POST", `/v1/executions/${body.executionId}/${step}`, body.execution_token, more);
  await post("claim");
  await post("heartbeat");
  await post("report", { status: "indeterminate", result: { lost: "connection" } });
  await call("POST", `/v1/intents/${id}/resolve`, reviewer.key, { outcome: "executed", note: "seen" });
  return id;
}

describe("INV-17: every transition is a chained entry", () => {
  test("INV-17: the whole life of an intent is in D1, in order, with actors, chain and MACs intact", async () => {
    const id = await story();
    const rows = await flushed(id);
    expect(rows.map(({ event }) => event)).toEqual([
      "proposed",
      "policy_checked",
      "approval_requested",
      "duplicate_blocked",
      "approval_vote_recorded",
      "approval_vote_recorded",
      "approved",
      "execution_requested",
      "execution_claimed",
      "execution_extended",
      "execution_indeterminate",
      "outcome_resolved",
    ]);
    expect(await faultsOf(rows)).toEqual([]);
    const actor = (event: string) => rows.find((row) => row.event === event)?.actor;
    expect(actor("proposed")).toBe(agent.id);
    expect(actor("policy_checked")).toBe("gate");
    expect(actor("approval_vote_recorded")).toBe(reviewer.id);
    expect(actor("outcome_resolved")).toBe(reviewer.id);
    for (const { body, event } of rows) {
      expect(JSON.parse(body), event).toMatchObject({
        intent_digest: expect.stringMatching(/^[0-9a-f]{64}$/),
        policy_hashes: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      });
    }
  });

  test("INV-17: the object's audit equals D1's rows", async () => {
    const id = await story();
    const rows = await flushed(id);
    const { body } = await call("GET", `/v1/intents/${id}/audit`, admin);
    const shown = body.events.map((event: Record<string, unknown>) => [
      event["seq"],
      event["event_type"],
      event["prev_hash"],
      event["entry_hash"],
    ]);
    expect(shown).toEqual(
      rows.map(({ seq, event, prev_hash: prev, entry_hash: hash }) => [seq, event, prev, hash]),
    );
  });

  test("INV-17: an order, a claim and a download are in D1 before the caller is answered", async () => {
    const { intent, id, token } = await ordered(agent);
    expect((await ledgerOf(intent)).at(-1)?.event).toBe("execution_requested");
    await call("POST", `/v1/executions/${id}/claim`, token);
    expect((await ledgerOf(intent)).at(-1)?.event).toBe("execution_claimed");
    const pulled = await propose(agent, proposal("own.pulled"), "approved");
    const { deliveryToken } = (await call("POST", "/v1/deliver", agent.key, { intentId: pulled })).body;
    expect((await ledgerOf(pulled)).at(-1)?.event).toBe("execution_requested");
    await call("GET", `/v1/download/${deliveryToken}`);
    expect((await ledgerOf(pulled)).at(-1)?.event).toBe("execution_claimed");
  });

  test("INV-17: the policy text behind every decision is stored under the hash that the entry names", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    const [first] = await flushed(id);
    const [hash] = JSON.parse(first?.body ?? "{}").policy_hashes as string[];
    const stored = await env.DB.prepare("SELECT id, text FROM policy_texts WHERE hash = ?1")
      .bind(hash ?? "")
      .first<{ id: string; text: string }>();
    expect(stored?.id).toBe("held");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(stored?.text));
    expect([...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("")).toBe(hash);
  });

  test("entries hold no free text of agents, reviewers or workers", async () => {
    const words = [
      "wordpayload",
      "wordreason",
      "wordresult",
      "wordnote",
      "wordmeta",
      "wordbehalf",
      "wordtag",
    ];
    const id = await propose(
      agent,
      proposal("crm.held", {
        payload: "wordpayload",
        metadata: { x: "wordmeta" },
        on_behalf_of: "wordbehalf",
        sensitivity_tags: ["wordtag"],
      }),
      "pending_approval",
    );
    await call("POST", `/v1/intents/${id}/approve`, reviewer.key, { reason: "wordreason" });
    const { body } = await call("POST", `/v1/intents/${id}/execute`, agent.key);
    await call("POST", `/v1/executions/${body.executionId}/report`, body.execution_token, {
      status: "failed",
      result: "wordresult",
    });
    await flushed(id);
    const stored = await everythingInD1();
    for (const word of words) expect(stored.includes(word), word).toBe(false);
    // Beside the entry, for those who may see it.
    expect((await call("GET", `/v1/intents/${id}`, reviewer.key)).text).toContain("wordreason");
  });

  test("INV-19: a blocked proposal is recorded like every other", async () => {
    const id = await propose(agent, proposal("crm.small", { policy: "nothing" }), "blocked");
    const rows = await flushed(id);
    expect(rows.map(({ event }) => event)).toEqual(["proposed", "policy_checked", "blocked"]);
    expect(JSON.parse(rows[2]?.body ?? "{}").reason_code).toBe("unknown_policy");
    expect(await faultsOf(rows)).toEqual([]);
  });

  test("INV-17: registrations and status changes are chained on the registry's ledger", async () => {
    const one = await register("agent");
    for (const verb of ["suspend", "reactivate", "rotate-key", "revoke"]) {
      await call("POST", `/v1/agents/${one.id}/${verb}`, admin);
    }
    const rows = (await ledgerOf("registry")).filter(({ body }) => JSON.parse(body).principal === one.id);
    expect(rows.map(({ event }) => event)).toEqual([
      "agent_registered",
      "principal_suspended",
      "principal_reactivated",
      "principal_key_rotated",
      "principal_revoked",
    ]);
    expect(await faultsOf(await ledgerOf("registry"))).toEqual([]);
  });

  test("INV-17: twelve parallel registrations succeed, and their chain has no gap and no fork", async () => {
    const before = (await ledgerOf("registry")).length;
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => call("POST", "/v1/agents/register", admin, { name: fresh("many") })),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 201));
    const rows = await ledgerOf("registry");
    expect(rows).toHaveLength(before + 12);
    expect(await faultsOf(rows)).toEqual([]);
  });
});

describe("INV-18: tampering with D1's ledger is refused or detected", () => {
  let rows: readonly LedgerRow[];

  beforeAll(async () => {
    rows = await flushed(await story());
  });

  const changed = (at: number, change: Partial<LedgerRow>) =>
    rows.map((row, place) => (place === at ? { ...row, ...change } : row));

  test.each<[string, () => readonly LedgerRow[]]>([
    ["another actor", () => changed(4, { actor: "rev_mallory" })],
    ["a millisecond", () => changed(4, { at: (rows[4]?.at ?? 0) + 1 })],
    ["another event", () => changed(2, { event: "approved" })],
    [
      "a letter in a body",
      () =>
        changed(6, {
          body: rows[6]?.body.replace("approved", "Approved").replace('"by":"', '"by":"x') ?? "",
        }),
    ],
    ["an entry left out", () => rows.toSpliced(3, 1)],
    [
      "two entries exchanged",
      () => [...rows.slice(0, 3), ...rows.slice(3, 5).toReversed(), ...rows.slice(5)],
    ],
    ["an entry repeated", () => [...rows.slice(0, 3), ...rows.slice(2)]],
    ["a made-up MAC", () => changed(1, { mac: "0".repeat(64) })],
    ["another intent's entry", () => changed(0, { intent_id: "int_other" })],
  ])("INV-18: the change is detected: %s", async (_, tampered) => {
    expect(await faultsOf(rows)).toEqual([]);
    expect(await faultsOf(tampered())).not.toEqual([]);
  });

  const COLUMNS = "intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac";
  const SAME = "intent_id, seq, event, 'mallory', at, body, prev_hash, entry_hash, mac";
  const FORK =
    "intent_id, seq, event, 'mallory', at, body, prev_hash, 'f' || substr(entry_hash, 2) || 'x', mac";

  test.each([
    ["UPDATE", "UPDATE ledger SET actor = 'mallory' WHERE intent_id = ?1"],
    ["UPDATE OR IGNORE", "UPDATE OR IGNORE ledger SET actor = 'mallory' WHERE intent_id = ?1"],
    [
      "UPDATE OR REPLACE of the place",
      "UPDATE OR REPLACE ledger SET seq = 1 WHERE intent_id = ?1 AND seq = 2",
    ],
    ["DELETE", "DELETE FROM ledger WHERE intent_id = ?1"],
    [
      "DELETE of the last",
      "DELETE FROM ledger WHERE intent_id = ?1 AND seq = (SELECT max(seq) FROM ledger WHERE intent_id = ?1)",
    ],
    [
      "INSERT OR REPLACE of a fork",
      `INSERT OR REPLACE INTO ledger (${COLUMNS}) SELECT ${FORK} FROM ledger WHERE intent_id = ?1`,
    ],
    [
      "INSERT OR REPLACE under its row id",
      `INSERT OR REPLACE INTO ledger (id, ${COLUMNS}) SELECT id, ${FORK} FROM ledger WHERE intent_id = ?1`,
    ],
    [
      "INSERT OR REPLACE of a row id with another place",
      `INSERT OR REPLACE INTO ledger (id, ${COLUMNS}) SELECT id, 'other' || ${SAME} FROM ledger WHERE intent_id = ?1`,
    ],
    [
      "INSERT OR IGNORE of a fork",
      `INSERT OR IGNORE INTO ledger (${COLUMNS}) SELECT ${FORK} FROM ledger WHERE intent_id = ?1`,
    ],
    [
      "an upsert of a fork",
      `INSERT INTO ledger (${COLUMNS}) SELECT ${FORK} FROM ledger WHERE intent_id = ?1 ON CONFLICT DO UPDATE SET actor = 'mallory'`,
    ],
  ])("INV-18: D1 refuses %s on the ledger", async (_, sql) => {
    const chain = rows[0]?.intent_id ?? "";
    // A function of its own: what D1 throws is no plain promise of this isolate.
    const attempt = async () => {
      await env.DB.prepare(sql).bind(chain).run();
    };
    await expect(attempt()).rejects.toThrow(/append-only|taken by another entry/);
    expect(await ledgerOf(chain)).toEqual(rows);
  });

  test.each([
    ["INSERT", ""],
    ["INSERT OR REPLACE", ""],
    ["INSERT", " ON CONFLICT DO UPDATE SET actor = 'mallory', body = 'x'"],
  ])(
    "INV-18: %s of a row with an existing hash and other contents%s changes nothing",
    async (verb, clause) => {
      const chain = rows[0]?.intent_id ?? "";
      await env.DB.prepare(
        `${verb} INTO ledger (${COLUMNS}) SELECT ${SAME} FROM ledger WHERE intent_id = ?1${clause === "" ? "" : ` AND true${clause}`}`,
      )
        .bind(chain)
        .run();
      expect(await ledgerOf(chain)).toEqual(rows);
    },
  );

  test("INV-20: a forked entry fails its whole batch, other tables' rows included", async () => {
    const chain = rows[0]?.intent_id ?? "";
    const phase = () => env.DB.prepare("SELECT phase FROM intents WHERE id = ?1").bind(chain).first("phase");
    const before = await phase();
    const attempt = async () => {
      await env.DB.batch([
        env.DB.prepare("UPDATE intents SET phase = 'approved' WHERE id = ?1").bind(chain),
        env.DB.prepare(
          `INSERT INTO ledger (${COLUMNS}) SELECT ${FORK} FROM ledger WHERE intent_id = ?1`,
        ).bind(chain),
      ]);
    };
    await expect(attempt()).rejects.toThrow();
    expect(await phase()).toBe(before);
  });

  test("INV-18: an intent forged as approved in D1's index can't be ordered", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    await env.DB.prepare(
      "UPDATE intents SET phase = 'approved', status = 'approved', approved_at = 1 WHERE id = ?1",
    )
      .bind(id)
      .run();
    expect((await call("POST", `/v1/intents/${id}/execute`, agent.key)).status).toBe(409);
    expect((await call("GET", `/v1/intents/${id}`, agent.key)).body.status).toBe("pending_approval");
    expect(await eventsOf(id)).not.toContain("approved");
  });
});
