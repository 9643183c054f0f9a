import {
  createScheduledController,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { pokeLog } from "../../../durable-objects/log/poke.ts";
import { LogStore } from "../../../durable-objects/log/store.ts";
import { INSERT_ENTRIES } from "../../../src/adapters/d1/ledger.ts";
import { LOG_NAME, PAGE_ROWS } from "../../../src/adapters/d1/log-rows.ts";
import { chain, EMPTY_HEAD, type Entry } from "../../../src/core/ledger/entry.ts";
import { fromBase64 } from "../../../src/core/base/base64.ts";
import { verifyConsistency, verifyInclusion } from "../../../src/core/tlog/proofs.ts";
import { keysInForce } from "../../../src/core/base/key-derivation.ts";
import { portsOf } from "../../../src/env.ts";
import worker from "../../../src/index.ts";
import {
  admin,
  call,
  flushed,
  fresh,
  later,
  ledgerOf,
  ordered,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import {
  allRows,
  asAttacker,
  leafOf,
  opened,
  publishedVkeys,
  remember,
  repair,
  restore,
  rootOfLedger,
  sealed,
  seenHeads,
  type StoredRow,
} from "../../support/worker/log-reader.ts";
import { bindings, restartWorker } from "../../support/worker/bindings.ts";
import { verifyExport } from "../../../verifier/verify-export.ts";
import type { Principal } from "../../support/client.ts";

const log = () => env.LOGS.getByName(LOG_NAME);

let first: { status: number; text: string };
let agent: Principal;
let auditor: Principal;

beforeAll(async () => {
  // Before anybody is registered: the ledger is empty.
  first = await call("GET", "/log/checkpoint");
  agent = await register("agent");
  auditor = await register("auditor");
});

beforeEach(async () => {
  // The log's own alarm must not come in between what a test does and what it asks for.
  await runInDurableObject(log(), (_, state) => state.storage.deleteAlarm());
});

afterEach(repair);

/** An approved intent whose entries are in D1 and not yet sealed. */
async function unsealed(): Promise<readonly StoredRow[]> {
  const id = await propose(agent, proposal("crm.small"), "approved");
  await flushed(id);
  return (await allRows()).filter((row) => row.intent_id === id);
}

async function health() {
  return (await call("GET", "/log/health", admin)).body;
}

/** Entries of a chain of its own, with a MAC as Gate's own. */
async function append(entries: readonly Entry[]): Promise<void> {
  await env.DB.prepare(INSERT_ENTRIES).bind(JSON.stringify(entries)).run();
}

/** The same by an attacker who drops the ledger's triggers. */
async function forced(entries: readonly Entry[]): Promise<void> {
  await asAttacker(env.DB.prepare(INSERT_ENTRIES).bind(JSON.stringify(entries)));
}

function drafted(name: string, count: number, body = "{}", head = EMPTY_HEAD): readonly Entry[] {
  const draft = { event: "noted", actor: "gate", at: 1_780_000_000_000, body };
  return chain(
    name,
    head,
    Array.from({ length: count }, () => draft),
    keysInForce([env.GATE_SECRET], "entry-mac")[0],
  );
}

describe("sealing the log", () => {
  test("makes a first checkpoint of an empty ledger that covers the announcement of its key", async () => {
    expect(first.status).toBe(200);
    const head = remember(await opened(first.text));
    expect(head.size).toBe(1);
    const [announced] = await ledgerOf("registry");
    expect(announced?.event).toBe("signing_key_published");
    expect(head.root).toBe(announced === undefined ? "" : bytesToHex(leafOf(announced)));
  });

  test("gives a log without rows the empty root of RFC 6962", async () => {
    const root = await runInDurableObject(env.LOGS.getByName("empty"), (_, state) =>
      new LogStore(state.storage).rootAt(0),
    );
    expect(root).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect((await call("GET", "/log/proof/consistency?old=0")).body.proof).toEqual([]);
  });

  test("INV-18: covers every row of registry and intents in the order of ids, signed by the published key", async () => {
    await unsealed();
    await ordered(agent);
    const head = await sealed();
    const rows = await allRows();
    expect(head).toEqual({ size: rows.length, root: await rootOfLedger() });
    expect(rows.map(({ id }) => id)).toEqual(rows.map((_, at) => at + 1));
    expect(new Set(rows.map((row) => row.intent_id.slice(0, 4)))).toEqual(new Set(["regi", "int_"]));
  });

  test("leaves no gap in the ids after a redelivery", async () => {
    const rows = await unsealed();
    const entries = rows.map(({ intent_id, prev_hash, entry_hash, ...row }) => ({
      ...row,
      intent: intent_id,
      prev: prev_hash,
      hash: entry_hash,
    }));
    const before = (await allRows()).length;
    await append(entries);
    await append([...entries, ...drafted(fresh("after"), 1)]);
    expect((await allRows()).map(({ id }) => id).at(-1)).toBe(before + 1);
    expect((await sealed()).size).toBe(before + 1);
  });

  test("answers the same checkpoint, byte for byte, while there is nothing new", async () => {
    await sealed();
    const notes = [await call("POST", "/log/seal", admin), await call("GET", "/log/checkpoint")].map(
      ({ text }) => text,
    );
    expect(new Set(notes).size).toBe(1);
  });

  test("answers every parallel caller with a tree that holds its row", async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const rows = await unsealed();
        return { last: rows.at(-1)?.id ?? Number.NaN, head: await sealed() };
      }),
    );
    for (const { last, head } of answers) expect(head.size).toBeGreaterThanOrEqual(last);
    expect(seenHeads.get((await sealed()).size)).toBe(await rootOfLedger());
  });
});

describe("INV-18: proofs of the log", () => {
  test("verify for every entry of an intent, against the newest checkpoint and an older one", async () => {
    const rows = await unsealed();
    const head = await sealed();
    for (const row of rows) {
      for (const size of [null, row.id, head.size]) {
        const path = `/log/proof/inclusion?intent=${row.intent_id}&seq=${row.seq}${size === null ? "" : `&size=${size}`}`;
        const { status, body } = await call("GET", path, agent.key);
        expect(status).toBe(200);
        const proof = body.proof.map(fromBase64);
        const root = hexToBytes(size === null ? head.root : await rootOfLedger(size));
        expect(body.index).toBe(row.id - 1);
        expect(fromBase64(body.leaf_hash)).toEqual(leafOf(row));
        expect(verifyInclusion(leafOf(row), body.index, body.size, proof, root)).toBe(true);
      }
    }
  });

  test("INV-06: are given to an agent only for its own intents", async () => {
    const [row] = await unsealed();
    await sealed();
    const stranger = await register("agent");
    const path = `/log/proof/inclusion?intent=${row?.intent_id}&seq=1`;
    expect((await call("GET", path, stranger.key)).status).toBe(404);
    expect((await call("GET", "/log/proof/inclusion?intent=registry&seq=1", agent.key)).status).toBe(404);
    expect((await call("GET", "/log/proof/inclusion?index=0", agent.key)).status).toBe(403);
    expect((await call("GET", "/log/proof/inclusion?intent=registry&seq=1", auditor.key)).body.index).toBe(0);
  });

  test("are refused for a tree that was never signed", async () => {
    const { size } = await sealed();
    const paths = [
      `inclusion?index=${size}`,
      `inclusion?index=0&size=${size + 1}`,
      "inclusion?index=0&size=0",
      `consistency?old=1&new=${size + 1}`,
      `consistency?old=${size}&new=1`,
    ];
    for (const path of paths) {
      const { status, body } = await call("GET", `/log/proof/${path}`, auditor.key);
      expect([path, status, body.code]).toEqual([path, 404, "not_sealed"]);
    }
  });

  test.each([
    "/log/proof/inclusion",
    "/log/proof/inclusion?index=-1",
    "/log/proof/inclusion?index=1e3",
    "/log/proof/inclusion?index=9007199254740993",
    "/log/proof/inclusion?index=0&size=x",
    "/log/proof/inclusion?intent=int_x",
    "/log/proof/consistency",
    "/log/proof/consistency?old=01",
    "/log/entries?from=-1",
    "/log/entries?limit=0",
    "/log/entries?from=%00",
  ])("are refused with 400 for %s", async (path) => {
    const { status, headers, body } = await call("GET", path, auditor.key);
    expect([status, body.code]).toEqual([400, "invalid_request"]);
    expect(headers.get("Content-Type")).toBe("application/problem+json");
  });

  test("hold for the entries read page by page, which make up the signed root", async () => {
    const head = await sealed();
    const lines: { index: number; entry: Record<string, unknown> }[] = [];
    for (let from = 0; ;) {
      const answer = await call("GET", `/log/entries?from=${from}&limit=700`, auditor.key);
      expect(answer.headers.get("Content-Type")).toBe("application/x-ndjson");
      const page = answer.text
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line));
      if (page.length === 0) break;
      lines.push(...page);
      from = Number(answer.headers.get("X-Log-Next"));
    }
    expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: head.size }, (_, at) => at));
    const rows = await allRows();
    expect(lines.map(({ entry }) => entry["hash"])).toEqual(rows.map((row) => row.entry_hash));
    expect(lines.every(({ entry }) => !("mac" in entry))).toBe(true);
  });

  test("hold for an auditor's export that ends with the checkpoint", async () => {
    await sealed();
    const note = (await call("GET", "/log/checkpoint")).text;
    const lines = (await call("GET", "/log/entries", auditor.key)).text.split("\n");
    const vkeys = await publishedVkeys();
    const keys = { vkeys, jwks: [] };
    const report = await verifyExport([...lines, JSON.stringify({ checkpoint: note })], keys, {
      held: [first.text],
    });
    expect(report.findings.filter(({ status }) => status !== "holds")).toEqual([]);
    expect(report.broken).toBeNull();
    expect(report.entries).toBe((await opened(note)).size);
  });

  test("are in an intent's evidence for its whole chain, which is sealed first", async () => {
    const rows = await unsealed();
    const { log: port } = portsOf(env);
    const proofs = await port.proofsFor(rows[0]?.intent_id ?? "");
    const head = remember(await opened(proofs.checkpoint?.note ?? ""));
    expect(proofs.entries.map(({ entry }) => entry.hash)).toEqual(rows.map((row) => row.entry_hash));
    for (const [at, { index, proof, state }] of proofs.entries.entries()) {
      const row = rows[at];
      if (row === undefined || proof === null) throw new Error("no proof");
      expect(state).toBe("sealed");
      expect(verifyInclusion(leafOf(row), index, head.size, proof, hexToBytes(head.root))).toBe(true);
    }
  });

  test("are left out for a row edited after sealing, which is shown as changed", async () => {
    const rows = await unsealed();
    const last = await unsealed();
    await sealed();
    const snapshot = await allRows();
    const id = rows[1]?.intent_id ?? "";
    await asAttacker(`UPDATE ledger SET actor = 'mallory' WHERE intent_id = '${id}' AND seq = 2`);
    const { entries } = await portsOf(env).log.proofsFor(id);
    await restore(snapshot);
    expect(entries.map(({ state, proof }) => [state, proof === null])).toEqual([
      ["sealed", false],
      ["changed", true],
      ["sealed", false],
    ]);
    expect(last.length).toBeGreaterThan(0);
  });
});

describe("INV-18: the sealer detects changes to rows that are not sealed yet", () => {
  const where = ({ id }: StoredRow) => `WHERE id = ${id}`;

  /** An attack on the three rows of an intent; the row that is named, and the reason. */
  const TAMPERINGS: readonly [
    string,
    (rows: readonly [StoredRow, StoredRow, StoredRow]) => readonly string[],
    string,
    /** Index of the row, of three, at which the log stops. */
    number,
  ][] = [
    [
      "a body",
      ([, b]) => [`UPDATE ledger SET body = replace(body, '{', '{ ') ${where(b)}`],
      "entry_edited",
      1,
    ],
    ["an actor", ([a]) => [`UPDATE ledger SET actor = 'mallory' ${where(a)}`], "entry_edited", 0],
    ["a time", ([, , c]) => [`UPDATE ledger SET at = at + 1 ${where(c)}`], "entry_edited", 2],
    ["an event", ([, b]) => [`UPDATE ledger SET event = 'approved' ${where(b)}`], "entry_edited", 1],
    ["a link", ([, b]) => [`UPDATE ledger SET prev_hash = entry_hash ${where(b)}`], "entry_edited", 1],
    ["a hash", ([, b]) => [`UPDATE ledger SET entry_hash = prev_hash ${where(b)}`], "entry_edited", 1],
    ["a MAC", ([, b]) => [`UPDATE ledger SET mac = entry_hash ${where(b)}`], "mac_wrong", 1],
    ["an empty MAC", ([, b]) => [`UPDATE ledger SET mac = '' ${where(b)}`], "mac_wrong", 1],
    ["an epoch", ([, b]) => [`UPDATE ledger SET epoch = 2 ${where(b)}`], "other_epoch", 1],
    [
      "a number out of range",
      ([, b]) => [`UPDATE ledger SET at = 9223372036854775807 ${where(b)}`],
      "malformed",
      1,
    ],
    ["a negative time", ([, b]) => [`UPDATE ledger SET at = -1 ${where(b)}`], "malformed", 1],
    [
      "a body too long for a leaf",
      ([, b]) => [`UPDATE ledger SET body = hex(zeroblob(40000)) ${where(b)}`],
      "too_large",
      1,
    ],
    [
      "a body of megabytes",
      ([, b]) => [`UPDATE ledger SET body = hex(zeroblob(900000)) ${where(b)}`],
      "too_large",
      1,
    ],
    ["a first row taken away", ([a]) => [`DELETE FROM ledger ${where(a)}`], "row_missing", 1],
    ["a row in the middle taken away", ([, b]) => [`DELETE FROM ledger ${where(b)}`], "row_missing", 2],
    [
      "a row taken away and the gap closed",
      ([, b, c]) => [`DELETE FROM ledger ${where(b)}`, `UPDATE ledger SET id = ${b.id} ${where(c)}`],
      "entry_missing",
      1,
    ],
    [
      "two rows exchanged",
      ([a, b]) => [
        `UPDATE ledger SET id = -9 ${where(a)}`,
        `UPDATE ledger SET id = ${a.id} ${where(b)}`,
        `UPDATE ledger SET id = ${b.id} WHERE id = -9`,
      ],
      "entry_missing",
      0,
    ],
    [
      "a row moved far away",
      ([, b]) => [`UPDATE ledger SET id = 9000000000000000 ${where(b)}`],
      "row_missing",
      2,
    ],
    [
      "a row moved outside the range that is read",
      ([, b]) => [`UPDATE ledger SET id = -5 ${where(b)}`],
      "row_out_of_place",
      -1,
    ],
  ];

  test.each(TAMPERINGS)(
    "INV-18: %s is named and stops the log, which goes on after the repair",
    async (_, change, reason, at) => {
      const logged = vi.spyOn(console, "error").mockImplementation(() => {});
      const before = await sealed();
      const [a, b, c] = await unsealed();
      if (a === undefined || b === undefined || c === undefined) throw new Error("three rows were expected");
      const behind = await unsealed();
      const snapshot = await allRows();
      await asAttacker(...change([a, b, c]));

      const answer = await call("POST", "/log/seal", admin);
      expect([answer.status, answer.body.code, answer.body.fault.reason]).toEqual([
        409,
        "log_stopped",
        reason,
      ]);
      const stopped = [a.id, b.id, c.id][at];
      // A gap is named by the row behind it; a closed gap and an exchange by the id where the chain breaks.
      expect(answer.body.fault.row).toBe(stopped ?? (reason === "row_out_of_place" ? -5 : Number.NaN));
      const seen = await health();
      expect(seen.status).toBe("stopped");
      expect(seen.fault.reason).toBe(reason);
      expect(seen.sealed).toBeLessThan(behind[0]?.id ?? 0);
      expect(seen.sealed).toBeGreaterThanOrEqual(before.size);
      expect(logged).toHaveBeenCalledWith(expect.objectContaining({ event: "log_sealing_stopped", reason }));

      await restore(snapshot);
      expect(await sealed()).toEqual({ size: snapshot.length, root: await rootOfLedger() });
      const after = await health();
      expect([after.status, after.fault, after.past_faults[0].reason]).toEqual(["sealed", null, reason]);
    },
  );

  test("INV-18: rows before the bad one are sealed and signed all the same", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const good = await unsealed();
    const [bad] = await unsealed();
    const snapshot = await allRows();
    await asAttacker(`UPDATE ledger SET actor = 'mallory' WHERE id = ${bad?.id}`);
    await call("POST", "/log/seal", admin);
    const { checkpoint } = await portsOf(env).log.proofsFor(good[0]?.intent_id ?? "");
    expect(remember(await opened(checkpoint?.note ?? "")).size).toBe(good.at(-1)?.id);
    await restore(snapshot);
    await sealed();
  });

  test("INV-18: deleted last rows are detected when their chain's next entry comes", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const [, , last] = await unsealed();
    const snapshot = await allRows();
    await asAttacker(`DELETE FROM ledger WHERE id = ${last?.id}`);
    // D1 takes no entry without the one before it, so the attacker has to take that guard away for good.
    const order = () => call("POST", `/v1/intents/${last?.intent_id}/execute`, agent.key);
    expect((await order()).status).toBe(503);
    const gap = await env.DB.prepare(
      "SELECT sql FROM sqlite_master WHERE name = 'ledger_no_gap'",
    ).first<string>("sql");
    await env.DB.prepare("DROP TRIGGER ledger_no_gap").run();
    await order();
    await env.DB.prepare(gap ?? "").run();
    const answer = await call("POST", "/log/seal", admin);
    expect([answer.body.fault.reason, answer.body.fault.seq]).toEqual(["entry_missing", 4]);
    const added = (await ledgerOf(last?.intent_id ?? "")).filter(({ seq }) => seq > 3);
    await restore([
      ...snapshot,
      ...added.map((row, at) => ({ ...row, id: snapshot.length + 1 + at, epoch: 1 })),
    ]);
    await sealed();
  });

  test("INV-18: an entry with a valid MAC but another predecessor is reported as a broken chain", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const name = fresh("fork");
    await append(drafted(name, 2));
    await sealed();
    const snapshot = await allRows();
    await forced(drafted(name, 1, "{}", { seq: 2, hash: "f".repeat(64) }));
    expect((await call("POST", "/log/seal", admin)).body.fault).toMatchObject({
      reason: "chain_broken",
      chain: name,
      seq: 3,
    });
    await restore(snapshot);
    // The same place in the chain once more, where only the log remembers that it was taken.
    await forced(drafted(name, 1, "{}", { seq: 5, hash: "f".repeat(64) }));
    expect((await call("POST", "/log/seal", admin)).body.fault).toMatchObject({
      reason: "entry_missing",
      seq: 6,
    });
    await restore(snapshot);
    await asAttacker(`UPDATE ledger SET intent_id = 'x' WHERE intent_id = '${name}' AND seq = 1`);
    await append(drafted(name, 1));
    expect((await call("POST", "/log/seal", admin)).body.fault).toMatchObject({
      reason: "entry_repeated",
      seq: 1,
    });
    await restore(snapshot);
    await sealed();
  });

  test("INV-18: a ledger whose sealed end is missing or different stops the log", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await unsealed();
    const { size } = await sealed();
    const snapshot = await allRows();
    await asAttacker(`UPDATE ledger SET actor = 'mallory' WHERE id = ${size}`);
    expect((await call("POST", "/log/seal", admin)).body.fault).toMatchObject({
      reason: "sealed_row_changed",
      row: size,
    });
    await asAttacker(`DELETE FROM ledger WHERE id >= ${size - 1}`);
    expect((await call("POST", "/log/seal", admin)).body.fault).toMatchObject({
      reason: "sealed_row_missing",
      row: size,
    });
    // New rows take the ids of the lost ones.
    await append(drafted(fresh("instead"), 4));
    expect((await call("POST", "/log/seal", admin)).body.fault).toMatchObject({
      reason: "sealed_row_changed",
      row: size,
    });
    expect((await opened((await call("GET", "/log/checkpoint")).text)).size).toBe(size);
    await restore(snapshot);
    await sealed();
  });
});

describe("INV-20: the log survives a stop at any point", () => {
  const d1Fails = (part: string) => {
    const { prepare } = env.DB;
    return vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
      if (sql.includes(part)) throw new Error("D1_ERROR: overloaded");
      return prepare.call(env.DB, sql);
    });
  };

  const STEPS: readonly [string, () => { mockRestore(): void }][] = [
    ["reading", () => vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"))],
    [
      "committing",
      () =>
        vi.spyOn(LogStore.prototype, "append").mockImplementation(() => {
          throw new Error("disk");
        }),
    ],
    ["signing", () => vi.spyOn(crypto.subtle, "sign").mockRejectedValue(new Error("no key"))],
    ["publishing", () => d1Fails("INSERT INTO checkpoints")],
    [
      "storing",
      () =>
        vi.spyOn(LogStore.prototype, "putCheckpoint").mockImplementation(() => {
          throw new Error("disk");
        }),
    ],
  ];

  test.each(STEPS)("INV-20: a crash at %s loses nothing and signs nothing twice", async (_, breakIt) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const before = await sealed();
    await unsealed();
    const broken = breakIt();
    const answer = await call("POST", "/log/seal", admin);
    expect([answer.status, answer.body.code]).toEqual([503, "log_unavailable"]);
    broken.mockRestore();
    expect((await opened((await call("GET", "/log/checkpoint")).text)).size).toBe(before.size);
    await evictDurableObject(log());
    expect(await sealed()).toEqual({ size: (await allRows()).length, root: await rootOfLedger() });
  });

  test("INV-20: chain heads, tiles and size of a page are committed together or not at all", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await sealed();
    const rows = await unsealed();
    const size = () => runInDurableObject(log(), (_, state) => new LogStore(state.storage).size());
    const before = await size();
    const broken = await runInDurableObject(log(), (_, state) => {
      const { put } = state.storage.kv;
      return vi.spyOn(state.storage.kv, "put").mockImplementation((key, value) => {
        if (key === "size") throw new Error("disk");
        put.call(state.storage.kv, key, value);
      });
    });
    const isSpied = (await call("POST", "/log/seal", admin)).status === 503;
    broken.mockRestore();
    expect(isSpied).toBe(true);
    expect(await size()).toBe(before);
    const head = await runInDurableObject(log(), (_, state) =>
      new LogStore(state.storage).head(rows[0]?.intent_id ?? ""),
    );
    expect(head).toBeUndefined();
    expect((await sealed()).root).toBe(await rootOfLedger());
  });

  test("INV-20: a log that lost its storage grows back to the signed tree and signs nothing else meanwhile", async () => {
    const before = await sealed();
    await runInDurableObject(log(), (_, state) => state.storage.deleteAll());
    await evictDurableObject(log());
    expect(await sealed()).toEqual(before);
  });

  test("INV-18: a log that lost its storage refuses rows that differ from those it signed", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const name = fresh("history");
    await append(drafted(name, 1));
    await unsealed();
    const before = await sealed();
    const snapshot = await allRows();
    // An attacker with the secret can write another history, with hashes and MACs to match.
    const [other] = drafted(name, 1, '{"other":true}');
    await asAttacker(
      `UPDATE ledger SET body = '${other?.body}', entry_hash = '${other?.hash}', mac = '${other?.mac}' WHERE intent_id = '${name}'`,
    );
    await runInDurableObject(log(), (_, state) => state.storage.deleteAll());
    await evictDurableObject(log());
    const sign = vi.spyOn(crypto.subtle, "sign");
    const answer = await call("POST", "/log/seal", admin);
    expect(answer.body.fault.reason).toBe("checkpoint_conflict");
    expect(sign).not.toHaveBeenCalled();
    expect((await health()).checkpoint).toBeNull();
    await restore(snapshot);
    await runInDurableObject(log(), (_, state) => state.storage.deleteAll());
    await evictDurableObject(log());
    expect(await sealed()).toEqual(before);
  });

  test("INV-18: a published tree larger than the ledger stops the log", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { size } = await sealed();
    await asAttacker("UPDATE checkpoints SET size = size + 5");
    await unsealed();
    expect((await call("POST", "/log/seal", admin)).body.fault.reason).toBe("checkpoint_ahead");
    await asAttacker(`UPDATE checkpoints SET size = ${size}`);
    await sealed();
  });

  test("INV-20: while D1 is down the last checkpoint is answered, and health says that it is not current", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { size } = await sealed();
    await evictDurableObject(log());
    const broken = vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"));
    const seen = await health();
    later(31_000);
    const note = (await call("GET", "/log/checkpoint")).text;
    broken.mockRestore();
    expect([seen.status, seen.rows, seen.sealed, seen.fault]).toEqual(["behind", null, size, null]);
    expect((await opened(note)).size).toBe(size);
  });

  test("INV-20: a checkpoint lost in D1 is published again", async () => {
    const { size, root } = await sealed();
    await asAttacker("DELETE FROM checkpoints");
    await sealed();
    expect(await env.DB.prepare("SELECT size, root FROM checkpoints").first()).toEqual({ size, root });
  });

  test.each([
    "UPDATE checkpoints SET size = size - 1",
    "UPDATE checkpoints SET root = 'f'",
    "UPDATE checkpoints SET epoch = 2",
    "DELETE FROM checkpoints",
    "INSERT OR REPLACE INTO checkpoints SELECT epoch, size - 1, root, note, signed_at FROM checkpoints",
    "INSERT OR REPLACE INTO checkpoints SELECT epoch, size, 'f', note, signed_at FROM checkpoints",
  ])("INV-18: D1 refuses the statement %s", async (sql) => {
    await sealed();
    const attempt = async () => {
      await env.DB.prepare(sql).run();
    };
    await expect(attempt()).rejects.toThrow(/another tree|stays/);
  });
});

describe("waking the sealer", () => {
  const alarm = () => runInDurableObject(log(), (_, state) => state.storage.getAlarm());

  test("a poke sets the alarm, which seals and ends after a quiet minute", async () => {
    const { size } = await sealed();
    const rows = await unsealed();
    await log().poke();
    expect(await alarm()).not.toBeNull();
    expect(await runDurableObjectAlarm(log())).toBe(true);
    const seen = (await call("GET", "/log/checkpoint")).text;
    expect(remember(await opened(seen)).size).toBeGreaterThanOrEqual(size);
    expect((await health()).sealed).toBe(rows.at(-1)?.id);
    later(120_000);
    await runDurableObjectAlarm(log());
    await runDurableObjectAlarm(log());
    expect(await alarm()).toBeNull();
  });

  test("reading the checkpoint wakes a log that was not poked", async () => {
    await sealed();
    const rows = await unsealed();
    later(31_000);
    const head = remember(await opened((await call("GET", "/log/checkpoint")).text));
    expect(head.size).toBe(rows.at(-1)?.id);
  });

  test("the alarm returns while a row is invalid or D1 does not answer", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await sealed();
    const [row] = await unsealed();
    const snapshot = await allRows();
    await asAttacker(`UPDATE ledger SET actor = 'mallory' WHERE id = ${row?.id}`);
    await log().poke();
    await runDurableObjectAlarm(log());
    expect(await alarm()).not.toBeNull();
    await restore(snapshot);
    const broken = vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"));
    await runDurableObjectAlarm(log());
    expect(await alarm()).not.toBeNull();
    broken.mockRestore();
    await runDurableObjectAlarm(log());
    expect((await health()).sealed).toBe(snapshot.length);
  });

  test("cron pokes the log", async () => {
    await worker.scheduled(createScheduledController(), env);
    expect(await alarm()).not.toBeNull();
  });

  test("an isolate pokes once in twenty seconds, and a missing log causes no failure", async () => {
    later(60_000);
    const poke = vi.fn(async () => {});
    const namespace = { LOGS: { getByName: () => ({ poke }) } } as unknown as Parameters<typeof pokeLog>[0];
    await pokeLog(namespace);
    await pokeLog(namespace);
    expect(poke).toHaveBeenCalledTimes(1);
    later(21_000);
    vi.spyOn(console, "error").mockImplementation(() => {});
    poke.mockRejectedValueOnce(new Error("away"));
    await pokeLog(namespace);
    expect(poke).toHaveBeenCalledTimes(2);
  });
});

describe("the log over time", () => {
  // Late, because the tests before write the whole ledger anew.
  test("seals more rows than fit a page, and rows so large that a dozen fill one", async () => {
    await append(drafted(fresh("long"), 1_100));
    for (let part = 0; part < 3; part += 1) {
      await append(drafted(fresh("large"), 9, JSON.stringify({ filler: "x".repeat(60_000) })));
    }
    const read = vi.spyOn(env.DB, "batch");
    const head = await sealed();
    const pages = await Promise.all(read.mock.results.map(({ value }) => value as Promise<unknown>));
    expect(pages.length).toBeGreaterThan(2);
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(1_500_000);
    expect(head).toEqual({ size: (await allRows()).length, root: await rootOfLedger() });
  });

  test("lets other requests of the isolate run between its pages", async () => {
    await append(drafted(fresh("many"), 1_280));
    const run = { isDone: false };
    const sealing = sealed().finally(() => (run.isDone = true));
    const sizes = new Set<number>();
    while (!run.isDone) {
      // As a request from the network does: calls alone, one after the other, would keep the sealer's timer from firing.
      await scheduler.wait(0);
      sizes.add(await runInDurableObject(log(), (_, state) => new LogStore(state.storage).size()));
    }
    expect(await sealing).toEqual({ size: (await allRows()).length, root: await rootOfLedger() });
    // Of 128 rows a turn: whoever asks in every second gap between two turns sees five sizes.
    expect(sizes.size).toBeGreaterThanOrEqual(5);
  });

  test("seals again in a second while many rows arrive, and in ten while few do", async () => {
    const pause = async () => {
      later(1_000);
      await runDurableObjectAlarm(log());
      return ((await runInDurableObject(log(), (_, state) => state.storage.getAlarm())) ?? 0) - Date.now();
    };
    await sealed();
    await append(drafted(fresh("busy"), 4 * PAGE_ROWS));
    await log().poke();
    expect(await pause()).toBeLessThanOrEqual(1_000);
    await append(drafted(fresh("calm"), 2));
    const calm = await pause();
    expect(calm).toBeGreaterThan(9_000);
    expect(calm).toBeLessThanOrEqual(10_000);
  });

  test("health that is not to seal says how many rows wait, and leaves them and the alarm alone", async () => {
    const { size } = await sealed();
    await runInDurableObject(log(), (_, state) => state.storage.deleteAlarm());
    const seen = async () => {
      const { body } = await call("GET", "/log/health?seal=false", auditor.key);
      return [body.status, body.rows, body.sealed];
    };
    expect(await seen()).toEqual(["sealed", size, size]);
    await append(drafted(fresh("waiting"), 3));
    expect(await seen()).toEqual(["behind", size + 3, size]);
    expect(await runInDurableObject(log(), (_, state) => state.storage.getAlarm())).toBeNull();
    expect((await call("GET", "/log/health?seal=no", auditor.key)).status).toBe(400);
  });

  test("does not even read a text too long for a leaf", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const [row] = await unsealed();
    const snapshot = await allRows();
    await asAttacker(`UPDATE ledger SET body = hex(zeroblob(900000)) WHERE id = ${row?.id}`);
    const read = vi.spyOn(env.DB, "batch");
    await call("POST", "/log/seal", admin);
    const pages = await Promise.all(read.mock.results.map(({ value }) => value as Promise<unknown>));
    for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(100_000);
    await restore(snapshot);
    await sealed();
  });

  test("has a tree at every size that is a prefix of every later one", async () => {
    const heads = [...seenHeads].toSorted(([a], [b]) => a - b);
    expect(heads.length).toBeGreaterThan(20);
    for (const [at, [old, oldRoot]] of heads.entries()) {
      for (const [size, root] of heads.slice(at)) {
        const proved = await log().consistency(old, size);
        if (!proved.ok) throw new Error("no proof");
        const holds = verifyConsistency(old, size, proved.value.proof, hexToBytes(oldRoot), hexToBytes(root));
        expect(holds, `${old} in ${size}`).toBe(true);
      }
    }
  });

  test("continues under a new secret: rows of both are sealed, and old notes still verify", async () => {
    const before = (await call("POST", "/log/seal", admin)).text;
    const oldKeys = await publishedVkeys();
    await unsealed();
    bindings["GATE_SECRET_PREVIOUS"] = bindings["GATE_SECRET"];
    bindings["GATE_SECRET"] = btoa("another-secret-for-the-tests-only");
    await evictDurableObject(log());
    const sealing = await runInDurableObject(log(), (object) => object.seal());
    const [announced] = (await ledgerOf("registry")).toReversed();
    expect(announced?.event).toBe("signing_key_changed");
    expect(sealing).toMatchObject({ fault: null, isComplete: true });
    const after = sealing.checkpoint?.note ?? "";
    // A secret changes with a deployment, whose isolates know nothing yet. This one keeps the published keys for a while,
    // counted from a time that an earlier test may have moved ahead.
    restartWorker({});
    const keys = await publishedVkeys();
    expect(keys).toHaveLength(2);
    expect((await opened(after, keys)).root).toBe(await rootOfLedger());
    await expect(opened(after, oldKeys)).rejects.toThrow("unsigned");
    expect((await opened(before, keys)).size).toBeLessThan((await opened(after, keys)).size);
  });
});
