import { readFileSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { canonicalJson, type JsonObject } from "../../src/core/base/json.ts";
import { entryHash } from "../../src/core/ledger/entry.ts";
import { forgetLog, type Scene } from "./ledger-server.ts";

/** An attacker with write access to D1 and, where stated, to the log's object, but without the secret. */
export interface Attacker {
  readonly scene: Scene;
  readonly db: DatabaseSync;
  readonly home: string;
}

interface Attack {
  readonly name: string;
  readonly go: (attacker: Attacker) => void;
  /** The failing findings and their texts; no others fail but `checkpoint` and `held`, which follow from `entries`. */
  readonly noticed: Readonly<Record<string, RegExp>>;
  /** The checkpoint that the verifier pinned. */
  readonly pinned?: "older" | "later";
  /** Verified as an export of the table, since nothing but the rows decides; a server need not be started for it. */
  readonly asExport?: true;
}

interface Row {
  readonly id: number;
  readonly intent_id: string;
  readonly seq: number;
  readonly event: string;
  readonly actor: string;
  readonly at: number;
  readonly body: string;
  readonly prev_hash: string;
  readonly entry_hash: string;
  readonly mac: string;
}

function rowsOf(db: DatabaseSync, chain: string): readonly Row[] {
  return db
    .prepare("SELECT * FROM ledger WHERE intent_id = ? ORDER BY seq")
    .all(chain) as unknown as readonly Row[];
}

function rowOf(db: DatabaseSync, chain: string, event: string): Row {
  const row = rowsOf(db, chain).find((each) => each.event === event);
  if (row === undefined) throw new Error(`no ${event} in ${chain}`);
  return row;
}

function set(db: DatabaseSync, id: number, column: keyof Row, value: string | number): void {
  db.prepare(`UPDATE ledger SET ${column} = ? WHERE id = ?`).run(value, id);
}

function edited(body: string, change: JsonObject): string {
  return canonicalJson({ ...(JSON.parse(body) as JsonObject), ...change });
}

/** The ids of two rows, exchanged. */
function swap(db: DatabaseSync, a: number, b: number): void {
  for (const [from, to] of [
    [a, -1],
    [b, a],
    [-1, b],
  ] as const) {
    set(db, from, "id", to);
  }
}

/** An entry changed, and every hash and link from there on made anew; only the MACs can't be. */
function rechain(db: DatabaseSync, chain: string, event: string, change: JsonObject): void {
  const start = rowOf(db, chain, event);
  let prev = start.prev_hash;
  for (const row of rowsOf(db, chain).filter(({ seq }) => seq >= start.seq)) {
    const body = row.seq === start.seq ? edited(row.body, change) : row.body;
    const hash = hashOf({ ...row, body, prev_hash: prev });
    set(db, row.id, "body", body);
    set(db, row.id, "prev_hash", prev);
    set(db, row.id, "entry_hash", hash);
    prev = hash;
  }
}

function hashOf({
  intent_id: intent,
  seq,
  event,
  actor,
  at,
  body,
  prev_hash: prev,
}: Omit<Row, "id" | "entry_hash" | "mac">): string {
  return entryHash({ intent, seq, event, actor, at, body, prev });
}

/** Entries that were never decided, with perfect hashes. */
function insertForged(db: DatabaseSync, chain: string, id: number): void {
  const last = rowsOf(db, chain).at(-1);
  if (last === undefined) throw new Error("no such chain");
  const row = {
    ...last,
    seq: last.seq + 1,
    event: "approved",
    body: edited(last.body, { by: "policy" }),
    prev_hash: last.entry_hash,
  };
  db.prepare(
    "INSERT INTO ledger (id, intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  ).run(
    id,
    chain,
    row.seq,
    row.event,
    row.actor,
    row.at,
    row.body,
    row.prev_hash,
    hashOf(row),
    "f".repeat(64),
  );
}

function lastId(db: DatabaseSync): number {
  return Number(db.prepare("SELECT MAX(id) AS id FROM ledger").get()?.["id"]);
}

function truncate(db: DatabaseSync, after: number): void {
  db.prepare("DELETE FROM ledger WHERE id > ?").run(after);
}

/** D1's memory of what was signed, set back to the checkpoint that was signed half-way. */
function setBack({ db, scene }: Attacker): number {
  const note = readFileSync(scene.older, "utf8");
  const [, size = "", root = ""] = note.split("\n");
  const hex = Buffer.from(root, "base64").toString("hex");
  db.prepare("UPDATE checkpoints SET size = ?, root = ?, note = ?").run(Number(size), hex, note);
  return Number(size);
}

/** The sealed rows as an export, with the checkpoint that D1 remembers: what an auditor has who is given a backup. */
export function exportOf(db: DatabaseSync): string {
  const { size, note } = db.prepare("SELECT size, note FROM checkpoints").get() ?? {};
  const rows = db
    .prepare("SELECT * FROM ledger WHERE id <= ? ORDER BY id")
    .all(size ?? 0) as unknown as readonly Row[];
  const lines = rows.map(
    ({ id, intent_id: intent, seq, event, actor, at, body, prev_hash: prev, entry_hash: hash }) =>
      JSON.stringify({ index: id - 1, entry: { intent, seq, event, actor, at, body, prev, hash } }),
  );
  return `${[...lines, JSON.stringify({ checkpoint: note })].join("\n")}\n`;
}

/** Each attack, who notices it, and in which words. */
export const ATTACKS: readonly Attack[] = [
  // ─── Sealed rows: detected with the public key ───
  {
    name: "a sealed body is edited",
    go: ({ db, scene }) => {
      const row = rowOf(db, scene.ids.pending, "policy_checked");
      set(db, row.id, "body", edited(row.body, { outcome: "approve" }));
    },
    noticed: {
      entries: /^edited: Entry \d+ .*"policy_checked"\) was edited/,
    },
  },
  {
    name: "a sealed actor is edited",
    asExport: true,
    go: ({ db, scene }) => set(db, rowOf(db, scene.ids.rejected, "rejected").id, "actor", "rev_somebody"),
    noticed: {
      entries: /^edited: Entry \d+ .*"rejected"\) was edited/,
    },
  },
  {
    name: "a sealed time is edited",
    asExport: true,
    go: ({ db, scene }) => set(db, rowOf(db, scene.ids.succeeded, "approved").id, "at", 1),
    noticed: {
      entries: /^edited: Entry \d+ .*"approved"\) was edited/,
    },
  },
  {
    name: "a sealed row is deleted",
    go: ({ db, scene }) => {
      db.prepare("DELETE FROM ledger WHERE id = ?").run(rowOf(db, scene.ids.rejected, "rejected").id);
    },
    noticed: { entries: /^deleted: .* is missing/ },
  },
  {
    name: "a whole intent is deleted",
    asExport: true,
    go: ({ db, scene }) => {
      db.prepare("DELETE FROM ledger WHERE intent_id = ?").run(scene.ids.blocked);
    },
    noticed: { entries: /^deleted: .* is missing/ },
  },
  {
    name: "two sealed rows of one intent change places",
    asExport: true,
    go: ({ db, scene }) => {
      const { approved } = scene.ids;
      swap(db, rowOf(db, approved, "policy_checked").id, rowOf(db, approved, "approved").id);
    },
    noticed: { entries: /^reordered: / },
  },
  {
    name: "two sealed rows of different intents change places",
    asExport: true,
    go: ({ db, scene }) => {
      const { id } = rowOf(db, scene.ids.approved, "approved");
      swap(db, id, id + 1);
    },
    noticed: { entries: /^rewritten: The entries 0 to \d+ are not those/ },
  },
  {
    name: "a sealed intent is re-chained with perfect hashes",
    go: ({ db, scene }) => rechain(db, scene.ids.pending, "policy_checked", { outcome: "approve" }),
    noticed: { entries: /^rewritten: The entries \d+ to \d+ are not those/ },
  },
  {
    name: "the tail is truncated",
    go: ({ db, scene }) => truncate(db, scene.sealed - 4),
    noticed: {
      sealer: /stopped at row \d+.*"sealed_row_missing"/,
      entries: /^truncated: /,
    },
  },
  {
    name: "the tail is truncated together with the later checkpoints",
    go: (attacker) => truncate(attacker.db, setBack(attacker)),
    noticed: {
      sealer: /stopped at row \d+.*"sealed_row_missing"/,
      entries: /^truncated: /,
    },
  },
  {
    name: "the tail is truncated with the later checkpoints and the log's own memory",
    go: (attacker) => {
      truncate(attacker.db, setBack(attacker));
      forgetLog(attacker.home);
    },
    noticed: {
      entries: /^truncated: A stored checkpoint covers \d+ entries/,
      held: /ends before a stored checkpoint/,
    },
    pinned: "later",
  },
  {
    name: "an intent is re-chained, and the log made to forget that it sealed it",
    go: ({ db, scene, home }) => {
      rechain(db, scene.ids.pending, "policy_checked", { outcome: "approve" });
      db.exec("DELETE FROM checkpoints");
      forgetLog(home);
    },
    noticed: {
      sealer: /stopped at row \d+ of the chain "int_.*"mac_wrong"/,
      entries: /^truncated: A stored checkpoint/,
      held: /ends before a stored checkpoint/,
    },
    pinned: "later",
  },
  {
    name: "the last sealed row is edited",
    go: ({ db, scene }) => set(db, scene.sealed, "actor", "agt_somebody"),
    noticed: { sealer: /"sealed_row_changed"/, entries: /^edited: / },
  },
  {
    name: "the published signing key is swapped",
    go: ({ db }) => {
      const x = Buffer.alloc(32, 7).toString("base64url");
      db.prepare("UPDATE signing_keys SET jwk = json_set(jwk, '$.x', ?)").run(x);
    },
    noticed: { trusted_keys: /no longer publishes a pinned key/ },
  },
  // ─── Rows that are not sealed yet: found by the sealer, which has the key of the MACs ───
  {
    name: "a row is edited before it is sealed",
    go: ({ db, scene }) => {
      const row = rowOf(db, scene.unsealed[0], "policy_checked");
      set(db, row.id, "body", edited(row.body, { outcome: "block" }));
    },
    noticed: { sealer: /"entry_edited"/ },
  },
  {
    name: "an intent is re-chained before it is sealed",
    go: ({ db, scene }) => rechain(db, scene.unsealed[0], "policy_checked", { outcome: "block" }),
    noticed: { sealer: /"mac_wrong"/ },
  },
  {
    name: "a row is deleted before it is sealed",
    go: ({ db, scene }) => {
      db.prepare("DELETE FROM ledger WHERE id = ?").run(rowOf(db, scene.unsealed[0], "policy_checked").id);
    },
    noticed: { sealer: /"row_missing"/ },
  },
  {
    name: "two rows change places before they are sealed",
    go: ({ db, scene }) => {
      const [chain] = scene.unsealed;
      swap(db, rowOf(db, chain, "policy_checked").id, rowOf(db, chain, "approved").id);
    },
    noticed: { sealer: /"entry_missing"/ },
  },
  {
    name: "a forged approval is added",
    go: ({ db, scene }) => insertForged(db, scene.ids.pending, lastId(db) + 1),
    noticed: { sealer: /"mac_wrong"/ },
  },
  {
    name: "a forged row is put where the sealer does not read",
    go: ({ db, scene }) => insertForged(db, scene.ids.pending, 0),
    noticed: { sealer: /"row_out_of_place"/ },
  },
];
