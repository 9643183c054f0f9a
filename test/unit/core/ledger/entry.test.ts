import { hexToBytes } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import vector from "../../../vectors/ledger/chain.json" with { type: "json" };
import { commitment } from "../../../../src/core/ledger/commitment.ts";
import { chain, EMPTY_HEAD, entryHash, GENESIS, type Entry } from "../../../../src/core/ledger/entry.ts";

const KEY = hexToBytes(vector.mac_key_hex);
const ENTRIES = chain(vector.intent, EMPTY_HEAD, vector.drafts, KEY);

test("INV-18: entries have the hash and MAC that an independent implementation computed", () => {
  expect(ENTRIES).toEqual(vector.entries);
});

test("INV-18: a chain starts with 64 zeros and numbers its entries from 1 without gaps", () => {
  expect(EMPTY_HEAD).toEqual({ seq: 0, hash: GENESIS });
  expect(GENESIS).toMatch(/^0{64}$/);
  expect(ENTRIES.map(({ seq }) => seq)).toEqual([1, 2, 3]);
  expect(ENTRIES.map(({ prev }) => prev)).toEqual([GENESIS, ENTRIES[0]?.hash, ENTRIES[1]?.hash]);
});

test("two commits give the same chain as one", () => {
  const [first] = ENTRIES;
  if (first === undefined) throw new Error("no entries");
  expect([first, ...chain(vector.intent, first, vector.drafts.slice(1), KEY)]).toEqual(ENTRIES);
});

test("an empty commit adds no entry", () => {
  expect(chain(vector.intent, EMPTY_HEAD, [], KEY)).toEqual([]);
});

describe("INV-18: a changed entry has another hash", () => {
  const [, entry] = ENTRIES;
  if (entry === undefined) throw new Error("no entries");
  const CHANGES: readonly (readonly [string, Partial<Entry>])[] = [
    ["intent", { intent: "int_B" }],
    ["seq", { seq: 3 }],
    ["event", { event: "approved" }],
    ["actor", { actor: "gate2" }],
    ["at", { at: entry.at + 1 }],
    ["body", { body: entry.body.replace("40", "41") }],
    ["body, by a space", { body: `${entry.body} ` }],
    ["body, by the order of its members", { body: '{"records":40,"outcome":"hold"}' }],
    ["prev", { prev: GENESIS }],
  ];

  test.each(CHANGES)("the change is %s", (_field, change) => {
    expect(entryHash({ ...entry, ...change })).not.toBe(entry.hash);
  });

  test("every field of an entry is covered, except hash and MAC themselves", () => {
    const hashed = new Set(CHANGES.flatMap(([, change]) => Object.keys(change)));
    expect([...hashed, "hash", "mac"].toSorted()).toEqual(Object.keys(entry).toSorted());
  });

  test("a value moved from one field to another gives another hash", () => {
    expect(entryHash({ ...entry, event: "policy_checkedg", actor: "ate" })).not.toBe(entry.hash);
  });

  test("fields beside the entry's own do not change the hash", () => {
    expect(entryHash({ ...entry, mac: "x" } as Entry)).toBe(entry.hash);
  });
});

test("INV-18: changing one entry breaks every later link", () => {
  const changed = vector.drafts.map((draft, at) => (at === 0 ? { ...draft, actor: "agt_2" } : draft));
  const other = chain(vector.intent, EMPTY_HEAD, changed, KEY);
  other.forEach((entry, at) => expect(entry.hash).not.toBe(ENTRIES[at]?.hash));
});

test("INV-18: the MAC depends on the key and on the hash", () => {
  const other = chain(vector.intent, EMPTY_HEAD, vector.drafts, KEY.with(0, 255));
  other.forEach((entry, at) => {
    expect(entry.hash).toBe(ENTRIES[at]?.hash);
    expect(entry.mac).not.toBe(ENTRIES[at]?.mac);
  });
  expect(new Set(ENTRIES.map(({ mac }) => mac)).size).toBe(ENTRIES.length);
});

test("INV-18: an entry of one intent's chain fits into no other chain", () => {
  const [other] = chain("int_other", EMPTY_HEAD, vector.drafts, KEY);
  expect(other?.hash).not.toBe(ENTRIES[0]?.hash);
});

test("a lone surrogate is refused rather than hashed as a replacement character", () => {
  expect(() => chain("int", EMPTY_HEAD, [{ event: "e", actor: "\ud800", at: 0, body: "{}" }], KEY)).toThrow(
    "a lone surrogate",
  );
});

describe("commitments", () => {
  test("are HMAC-SHA256 under the salt, as an independent implementation computed it", () => {
    expect(commitment(KEY, "déjà vu")).toBe(
      "b6046c803ed76c9a47c85ac0a0801af9763b1d4dcf7119e2fc9300b291df55d3",
    );
  });

  test("differ for different texts and for different salts", () => {
    const all = ["", "a", "A", "a ", "yes", "no"].flatMap((text) => [
      commitment(KEY, text),
      commitment(KEY.with(31, 0), text),
    ]);
    expect(new Set(all).size).toBe(all.length);
  });
});
