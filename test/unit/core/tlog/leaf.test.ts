import { expect, test } from "vitest";
import chain from "../../../vectors/ledger/chain.json" with { type: "json" };
import { leafBytes, MAX_LEAF_BYTES } from "../../../../src/core/tlog/leaf.ts";
import type { Entry } from "../../../../src/core/ledger/entry.ts";

const [ENTRY] = chain.entries as readonly Entry[];
if (ENTRY === undefined) throw new Error("vectors");

const textOf = (entry: Entry) => {
  const bytes = leafBytes(entry);
  if (!bytes.ok) throw new Error(bytes.error);
  return new TextDecoder().decode(bytes.value);
};

test("INV-18: a leaf is the canonical text of the entry without its MAC", () => {
  const { intent, seq, event, actor, at, body, prev, hash } = ENTRY;
  expect(textOf(ENTRY)).toBe(
    `{"actor":${JSON.stringify(actor)},"at":${at},"body":${JSON.stringify(body)},"event":"${event}",` +
      `"hash":"${hash}","intent":"${intent}","prev":"${prev}","seq":${seq}}`,
  );
});

test("INV-18: a new deployment secret changes no leaf, and any other change does", () => {
  expect(textOf({ ...ENTRY, mac: "00".repeat(32) })).toBe(textOf(ENTRY));
  const changes: readonly Partial<Entry>[] = [
    { intent: "int_B" },
    { seq: 9 },
    { event: "approved" },
    { actor: "x" },
    { at: 1 },
    { body: "{}" },
    { prev: "11".repeat(32) },
    { hash: "22".repeat(32) },
  ];
  for (const change of changes) expect(textOf({ ...ENTRY, ...change })).not.toBe(textOf(ENTRY));
});

test("the largest leaf fits a tile's two length bytes, counted in UTF-8", () => {
  const empty = textOf({ ...ENTRY, body: "" }).length;
  const room = MAX_LEAF_BYTES - empty;
  expect(leafBytes({ ...ENTRY, body: "a".repeat(room) })).toMatchObject({ ok: true });
  expect(leafBytes({ ...ENTRY, body: "a".repeat(room + 1) })).toEqual({ ok: false, error: "too_large" });
  expect(leafBytes({ ...ENTRY, body: "€".repeat(Math.floor(room / 3) + 1) })).toEqual({
    ok: false,
    error: "too_large",
  });
});
