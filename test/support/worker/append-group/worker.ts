import { DurableObject } from "cloudflare:workers";
import { AppendGroup, canShareBatches } from "../../../../durable-objects/intent/append-group.ts";
import { d1Ledger } from "../../../../src/adapters/d1/ledger.ts";
import type { IntentRow } from "../../../../src/core/intent/read-model.ts";
import { chain, EMPTY_HEAD, type Entry } from "../../../../src/core/ledger/entry.ts";
import type { Batch, Fault, Operations, Outcomes, Storm } from "../../append-group/protocol.ts";

interface GroupEnv {
  readonly DB: D1Database;
  readonly CHAINS: DurableObjectNamespace<Chain>;
}

/** As in the outbox: one group for all objects of the isolate. */
const group = new AppendGroup();

const MAC_KEY = new Uint8Array(32);
const POLL_MS = 2;

const batches: Batch[] = [];
let faults: Fault[] = [];
let handedOver = 0;
/** How often held batches were let go. */
const releases = { count: 0 };

const clock = Date.now.bind(Date);
let moved = 0;
Date.now = () => clock() + moved;

/** Each context polls with a timer of its own: what another request resolves is what the group is tested for. */
async function untilReleased(): Promise<void> {
  for (const { count } = releases; releases.count === count;) await scheduler.wait(POLL_MS);
}

/** D1 with a fault for each batch. */
class FaultyD1 {
  readonly #db: D1Database;
  readonly #ctx: DurableObjectState;
  readonly #sender: string;
  readonly #pieces = new WeakMap<D1PreparedStatement, string>();

  constructor(db: D1Database, ctx: DurableObjectState, sender: string) {
    this.#db = db;
    this.#ctx = ctx;
    this.#sender = sender;
  }

  prepare(sql: string) {
    return {
      bind: (piece: string) => {
        const statement = this.#db.prepare(sql).bind(piece);
        if (sql.includes("INTO ledger")) this.#pieces.set(statement, piece);
        return statement;
      },
    };
  }

  async batch(statements: D1PreparedStatement[]): Promise<void> {
    const pieces = statements.map((statement) => this.#pieces.get(statement) ?? "[]");
    const entries = pieces.flatMap((piece) => JSON.parse(piece) as Entry[]);
    batches.push({
      sender: this.#sender,
      members: [...new Set(entries.map(({ intent }) => intent))],
      characters: pieces.join("").length,
    });
    const send = () => this.#db.batch(statements);
    switch (faults.shift()) {
      case undefined:
        return void (await send());
      case "held":
        await untilReleased();
        return void (await send());
      case "answer_held":
        await send();
        return untilReleased();
      case "refused":
        throw new Error("D1_ERROR: overloaded");
      case "answer_lost":
        await send();
        throw new Error("D1_ERROR: the connection was lost");
      case "sender_aborted_before":
        this.#ctx.abort("evicted");
        return void (await send());
      case "sender_aborted_at": {
        const sending = send();
        this.#ctx.abort("evicted");
        return void (await sending);
      }
      case "sender_aborted_after":
        await send();
        return this.#ctx.abort("evicted");
    }
  }
}

/** An object that owns one chain, hands over what D1 may lack, and forgets when it is aborted what D1 has. */
export class Chain extends DurableObject<GroupEnv> {
  #flushed = 0;

  async commit(name: string, count: number, size: number): Promise<void> {
    const entries = this.#entries();
    const last = entries.at(-1);
    const drafts = Array.from({ length: count }, () => ({
      event: "tested",
      actor: "test",
      at: 1,
      body: JSON.stringify({ filler: "x".repeat(size) }),
    }));
    const added = chain(name, last ?? EMPTY_HEAD, drafts, MAC_KEY);
    for (const entry of added) this.ctx.storage.kv.put(`entry:${String(entry.seq).padStart(6, "0")}`, entry);
  }

  async flush(name: string): Promise<void> {
    const entries = this.#entries().filter(({ seq }) => seq > this.#flushed);
    const last = entries.at(-1);
    if (last === undefined) return;
    const db = new FaultyD1(this.env.DB, this.ctx, name) as unknown as D1Database;
    await this.ctx.storage.sync();
    handedOver += 1;
    await group.append(d1Ledger(db), { entries, row: rowOf(name, last.seq) });
    this.#flushed = last.seq;
  }

  async length(): Promise<number> {
    return this.#entries().length;
  }

  async abort(): Promise<void> {
    this.ctx.abort("evicted");
  }

  #entries(): readonly Entry[] {
    return [...this.ctx.storage.kv.list<Entry>({ prefix: "entry:" })].map(([, entry]) => entry);
  }
}

function rowOf(id: string, seq: number): IntentRow {
  return {
    id,
    agent_id: "agt_test",
    destination: "crm.test",
    action: "import",
    policy_id: "small",
    phase: "approved",
    status: "approved",
    reason_code: "policy_passed",
    risk_score: 0,
    risk_level: "low",
    records: 1,
    value_cents: null,
    created_at: 1,
    decide_by: 2,
    approved_at: null,
    updated_at: 1,
    group_key: null,
    subject: null,
    shape_key: null,
    details: null,
    policies: "[]",
    people: "[]",
    decided_by: null,
    approval: null,
    seq,
  };
}

function operationsOf({ DB, CHAINS }: GroupEnv): Operations {
  async function flush(...objects: readonly string[]): Promise<Outcomes> {
    const outcomes = objects.map(async (name) => {
      const error = await CHAINS.getByName(name)
        .flush(name)
        .then(() => null, String);
      return [name, error] as const;
    });
    return Object.fromEntries(await Promise.all(outcomes));
  }

  async function round(names: readonly string[], at: number): Promise<void> {
    // A batch that fails, one whose answer is lost, and one whose sender goes at each point.
    const kinds = ["refused", "answer_lost", "sender_aborted_at", "sender_aborted_after"] as const;
    const fault = kinds[at % (kinds.length + 2)];
    if (fault !== undefined) faults = [fault];
    await Promise.all(
      names.map(async (name, index) => {
        await CHAINS.getByName(name).commit(name, 1 + ((at + index) % 3), 10);
        if ((at * 7 + index) % 50 === 0) await CHAINS.getByName(name).abort().catch(String);
        await CHAINS.getByName(name).flush(name).catch(String);
      }),
    );
  }

  return {
    flush,
    commit: (name, entries, size = 10) => CHAINS.getByName(name).commit(name, entries, size),
    // The abort ends the call that asks for it.
    abort: async (name) => void (await CHAINS.getByName(name).abort().catch(String)),
    fault: async (...next) => void (faults = [...next]),
    release: async () => void (releases.count += 1),
    handedOver: async () => handedOver,
    batches: async () => batches,
    async fork(name) {
      const draft = { event: "forked", actor: "test", at: 1, body: "{}" };
      await d1Ledger(DB).append([
        { entries: chain(name, EMPTY_HEAD, [draft], MAC_KEY), row: rowOf(name, 1) },
      ]);
    },
    moveClock: async (milliseconds) => void (moved += milliseconds),
    async ledger() {
      const sql = "SELECT intent_id, seq, prev_hash, entry_hash FROM ledger ORDER BY id";
      const { results } = await DB.prepare(sql).all<Awaited<ReturnType<Operations["ledger"]>>[number]>();
      return results;
    },
    canShareBatches: async () => canShareBatches,
    async storm({ objects, rounds }: Storm) {
      const names = Array.from({ length: objects }, (_, at) => `storm-${at}`);
      for (let at = 0; at < rounds; at += 1) await round(names, at);
      faults = [];
      // Whoever still lacks something in D1 tries again, as the alarm has it.
      for (;;) {
        const outcomes = await flush(...names);
        if (Object.values(outcomes).every((error) => error === null)) break;
      }
      const lengths = names.map(async (name) => [name, await CHAINS.getByName(name).length()] as const);
      return Object.fromEntries(await Promise.all(lengths));
    },
  };
}

interface Call {
  readonly operation: keyof Operations;
  readonly args: never[];
}

// oxlint-disable-next-line import/no-default-export -- the runtime takes the Worker from here
export default {
  async fetch(request: Request, env: GroupEnv): Promise<Response> {
    const { operation, args } = await request.json<Call>();
    const perform = operationsOf(env)[operation] as (...of: never[]) => Promise<unknown>;
    try {
      return Response.json({ result: (await perform(...args)) ?? null });
    } catch (error) {
      return new Response(String(error), { status: 500 });
    }
  },
};
