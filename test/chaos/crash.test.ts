import { afterAll, expect, test } from "vitest";
import { type Body, eventsOf, list, startGate, text } from "../support/gate.ts";
import { faultsOf, type LedgerRow, macKeyOf, readLedgerFile } from "../support/ledger-file.ts";
import { mulberry32 } from "../support/mulberry32.ts";
import { testSeed, volume } from "../support/volume.ts";
import type { Answer, Principal } from "../support/client.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

/** The crashes of a run that failed can be had again, as far as a machine repeats itself. */
const SEED = testSeed(20_261_122);
const CRASHES = (["both", "runtime", "server", "both"] as const).slice(
  0,
  volume("CRASHES", { quick: 3, chaos: 4 }),
);
const CONNECTIONS = 8;
/** However fast the machine, the load ends. */
const MAX_KEYS_PER_CONNECTION = 60;
const SOON = { timeout: 30_000, interval: 250 };

const random = mulberry32(SEED);

/** How far a key's intent is known to have come: what was acknowledged, and nothing that was only asked for. */
interface Known {
  readonly key: string;
  readonly agent: Principal;
  readonly plan: "small" | "approve" | "reject";
  id: string | null;
  state: State | null;
  execution: string | null;
  token: string | null;
}

const ORDER = ["pending_approval", "approved", "scheduled", "succeeded"] as const;
type State = (typeof ORDER)[number] | "rejected";

/** Thrown into the load when the server is gone, or can't say what became of a request. */
class Gone extends Error {}

async function call(
  method: string,
  path: string,
  key: string,
  body?: unknown,
  acknowledged?: () => void,
): Promise<Answer> {
  const answer = await gate.call(method, path, key, body).catch(() => {
    throw new Gone();
  });
  // With the process gone that knows the rules, the runtime it left behind refuses: that acknowledges nothing.
  if (answer.status >= 500) throw new Gone();
  acknowledged?.();
  return answer;
}

/** Takes one intent as far as it goes, from wherever it is; doing any step again must be harmless. */
async function carryOn(known: Known, reviewer: Principal, acknowledged: () => void): Promise<void> {
  const step = async (
    method: string,
    path: string,
    key: string,
    body: unknown,
    state: State,
  ): Promise<Answer> => {
    const answer = await call(method, path, key, body, acknowledged);
    if (answer.status < 300) known.state = state;
    return answer;
  };
  const large = known.plan !== "small";
  const proposal = {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: `email\n${known.key}@example.com\n`,
    payload_name: "leads.csv",
    recordCount: large ? 847 : 1,
    idempotency_key: known.key,
  };
  const proposed = await call("POST", "/v1/intents", known.agent.key, proposal, acknowledged);
  expect([200, 409], proposed.text).toContain(proposed.status);
  if (proposed.status === 409) expect(proposed.body["status"]).toBe("duplicate_blocked");
  const id = text(proposed.body, "intentId");
  expect(known.id ?? id, "one key is one intent").toBe(id);
  known.id = id;
  known.state ??= large ? "pending_approval" : "approved";

  const path = `/v1/intents/${id}`;
  if (known.plan === "reject") {
    const rejected = await step("POST", `${path}/reject`, reviewer.key, { reason: "no" }, "rejected");
    expect([200, 409], rejected.text).toContain(rejected.status);
    return;
  }
  if (large && known.state === "pending_approval") {
    // 409: approved and ordered before the crash, with the response lost.
    expect([200, 409]).toContain(
      (await step("POST", `${path}/approve`, reviewer.key, "", "approved")).status,
    );
  }
  if (known.state !== "succeeded") {
    const order = await step("POST", `${path}/execute`, known.agent.key, "", "scheduled");
    if (order.status === 409) {
      // Reported before the crash, with the response lost.
      expect(order.body["state"]).toBe("succeeded");
      known.state = "succeeded";
      return;
    }
    const execution = text(order.body, "executionId");
    expect(known.execution ?? execution, "one intent, one order").toBe(execution);
    expect(known.token ?? order.body["execution_token"]).toBe(order.body["execution_token"]);
    known.execution = execution;
    known.token = text(order.body, "execution_token");
  }
  const report = `/v1/executions/${known.execution ?? ""}/report`;
  const reported = await step("POST", report, known.token ?? "", { status: "succeeded" }, "succeeded");
  expect([200, 409], reported.text).toContain(reported.status);
  known.state = "succeeded";
}

interface Connection {
  readonly agent: Principal;
  readonly keys: Known[];
}

const PLANS = ["small", "approve", "small", "reject"] as const;

/** Works until the server is gone. The key it was at is taken up again by the next round. */
async function work(connection: Connection, reviewer: Principal, acknowledged: () => void): Promise<void> {
  const { agent, keys } = connection;
  try {
    const last = keys.at(-1);
    if (last !== undefined) await carryOn(last, reviewer, acknowledged);
    while (keys.length < MAX_KEYS_PER_CONNECTION) {
      const key = `${agent.id}-${keys.length}`;
      const plan = PLANS[Math.floor(random() * PLANS.length)] ?? "small";
      const known: Known = { key, agent, plan, id: null, state: null, execution: null, token: null };
      keys.push(known);
      await carryOn(known, reviewer, acknowledged);
    }
  } catch (error) {
    if (!(error instanceof Gone)) throw error;
  }
}

async function crash(how: (typeof CRASHES)[number]): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, random() * 15));
  await gate.crash(how);
  await gate.start();
}

/** Nothing acknowledged may be missing, or have gone back. */
async function expectPreserved({ id, key, state, plan }: Known, reader: Principal): Promise<void> {
  if (id === null) return;
  const { status, body } = await gate.call("GET", `/v1/intents/${id}`, reader.key);
  expect(status, key).toBe(200);
  expect(body["idempotency_key"]).toBe(key);
  const now = body["state"] as State;
  if (plan === "reject") {
    expect(state === "rejected" ? ["rejected"] : ["pending_approval", "rejected"], key).toContain(now);
  } else if (state !== null && state !== "rejected") {
    expect(ORDER.slice(ORDER.indexOf(state)), `${key} was ${state}`).toContain(now);
  }
}

type ShownRow = Omit<LedgerRow, "mac">;

function withoutMac({ intent_id, seq, event, actor, at, body, prev_hash, entry_hash }: LedgerRow): ShownRow {
  return { intent_id, seq, event, actor, at, body, prev_hash, entry_hash };
}

/** The audit that the API shows, as rows of a ledger without their MACs. */
function rowsOf(body: Body): readonly ShownRow[] {
  return list(body, "auditTrail").map((entry) => ({
    intent_id: text(entry, "intent_id"),
    seq: Number(entry["seq"]),
    event: text(entry, "event_type"),
    actor: text(entry, "actor"),
    at: Date.parse(text(entry, "created_at")),
    body: canonical(entry["metadata"]),
    prev_hash: text(entry, "prev_hash"),
    entry_hash: text(entry, "entry_hash"),
  }));
}

test(`INV-11 INV-20: after repeated crashes under load nothing is lost, doubled or partial (seed ${SEED})`, async () => {
  const reviewer = await gate.register("reviewer");
  const connections: Connection[] = [];
  for (let at = 0; at < CONNECTIONS; at += 1) {
    connections.push({ agent: await gate.register("agent"), keys: [] });
  }
  const everything = () => connections.flatMap(({ keys }) => keys);

  for (const how of CRASHES) {
    let left = 20 + Math.floor(random() * 60);
    let crashed: Promise<void> | null = null;
    const acknowledged = (): void => {
      left -= 1;
      if (left <= 0) crashed ??= crash(how);
    };
    await Promise.all(connections.map((connection) => work(connection, reviewer, acknowledged)));
    expect(crashed, "there was enough load to crash under").not.toBeNull();
    await crashed;
    for (const known of everything()) await expectPreserved(known, reviewer);
  }
  // Finish the intents that were in flight at the last crash.
  for (const { keys } of connections) {
    const last = keys.at(-1);
    if (last !== undefined) await carryOn(last, reviewer, () => undefined);
  }

  const known = everything();
  const ids = known.map(({ id }) => id ?? "");
  expect(new Set(ids).size).toBe(known.length);
  const shown = new Map<string, Body>();
  for (const { id, plan } of known) {
    const { body } = await gate.call("GET", `/v1/intents/${id}`, reviewer.key);
    shown.set(id ?? "", body);
    expect(body["state"]).toBe(plan === "reject" ? "rejected" : "succeeded");
    const events = eventsOf(body).filter((event) => event !== "duplicate_blocked");
    const once = ["proposed", "policy_checked", "approval_requested", "approval_vote_recorded"];
    expect(events).toEqual(
      {
        small: ["proposed", "policy_checked", "approved", "execution_requested", "execution_succeeded"],
        approve: [...once, "approved", "execution_requested", "execution_succeeded"],
        reject: [...once.slice(0, 3), "rejected"],
      }[plan],
    );
  }

  // D1's lists catch up by themselves, also with the entries that the crashes delayed.
  await expect
    .poll(async () => {
      const states = await listedStates(reviewer);
      return ids.filter((id) => states.get(id) !== shown.get(id)?.["state"]);
    }, SOON)
    .toEqual([]);

  await gate.stop();
  const file = readLedgerFile(gate.home);
  const macKey = macKeyOf(gate.home);
  expect([...file.chains.keys()].toSorted()).toEqual([...ids, "registry"].toSorted());
  for (const [, chain] of file.chains) {
    expect(faultsOf(chain, macKey)).toEqual([]);
    // The check itself detects missing, changed and foreign rows.
    const [first, ...rest] = chain;
    if (first === undefined) continue;
    expect(faultsOf(rest.length > 0 ? rest : [{ ...first, seq: 2 }], macKey)).not.toEqual([]);
    expect(faultsOf([{ ...first, actor: "somebody" }, ...rest], macKey)).toHaveLength(1);
    expect(faultsOf(chain, Buffer.alloc(32))).toHaveLength(chain.length);
  }
  for (const [id, body] of shown) {
    expect(file.chains.get(id)?.map(withoutMac)).toEqual(rowsOf(body));
    expect(file.states.get(id)).toBe(body["state"]);
  }
}, 120_000);

test("INV-11: a download cut off by a crash is not handed out again", async () => {
  await using own = await startGate();
  const agent = await own.register("agent");
  const leads = `email\n${"x".repeat(8_000_000)}\n`;
  const { body } = await own.call("POST", "/v1/intents", agent.key, {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: leads,
    payload_name: "leads.csv",
  });
  const id = text(body, "intentId");
  const delivery = await own.call("POST", "/v1/deliver", agent.key, { intentId: id });
  const url = text(delivery.body, "url");
  const answer = await fetch(url);
  expect(answer.status).toBe(200);
  const reader = answer.body?.getReader();
  const first = await reader?.read();
  expect(first?.value?.length).toBeLessThan(leads.length);
  await own.crash();
  await reader?.cancel().catch(() => undefined);
  await own.start();
  // The worker may have written the part it got: another download could write it twice.
  expect((await fetch(url)).status).toBe(410);
  const shown = await own.call("GET", `/v1/intents/${id}`, agent.key);
  expect(shown.body).toMatchObject({ status: "delivered", state: "claimed" });
});

async function listedStates(reviewer: Principal): Promise<ReadonlyMap<string, unknown>> {
  const states = new Map<string, unknown>();
  let after = "";
  for (let page = 0; page < 20; page += 1) {
    const { body } = await gate.call("GET", `/v1/intents?limit=200${after}`, reviewer.key);
    for (const row of list(body, "intents")) states.set(text(row, "id"), row["state"]);
    if (body["next"] === null) break;
    after = `&after=${encodeURIComponent(text(body, "next"))}`;
  }
  return states;
}

/** RFC 8785 for what entries hold: texts, whole numbers, lists and objects. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
