import { beforeAll, describe, expect, test } from "vitest";
import { entryHash, type Entry } from "../../../src/core/ledger/entry.ts";
import type { Break } from "../../../verifier/export-walk.ts";
import { verifyExport } from "../../../verifier/verify-export.ts";
import {
  bare,
  interleaved,
  MadeLog,
  ORIGIN,
  SIGNER,
  someLives,
  STRANGER,
  TRUSTED,
  type Life,
} from "../../support/bundle-maker.ts";
import { volume } from "../../support/volume.ts";

/** One in so many characters of an export is changed: a prime, so that every kind of place is hit. */
const CHARACTERS_ONE_IN = volume("CHARACTERS_ONE_IN", { quick: 311, chaos: 13 });

let lives: readonly Life[];
let log: MadeLog;
let lines: readonly string[];
let size: number;

beforeAll(async () => {
  lives = await someLives();
  log = new MadeLog(interleaved(lives));
  size = log.entries.length;
  lines = await log.export(10, size);
});

const statuses = (report: Awaited<ReturnType<typeof verifyExport>>) =>
  Object.fromEntries(report.findings.map(({ name, status }) => [name, status]));

test("INV-18: an export of the whole log holds, entry by entry, to its signed end", async () => {
  const report = await verifyExport(lines, TRUSTED, { origin: ORIGIN, held: [await log.checkpoint(3)] });
  expect(statuses(report)).toEqual({ entries: "holds", events: "holds", checkpoint: "holds", held: "holds" });
  expect(report).toMatchObject({ broken: null, entries: size, intents: lives.length, head: { size } });
});

test("an export may come as a stream of lines with empty ones between", async () => {
  async function* stream() {
    for (const line of lines) {
      yield line;
      yield "";
    }
  }
  expect((await verifyExport(stream(), TRUSTED)).broken).toBeNull();
});

test("an export continued later is one export with more entries and another checkpoint", async () => {
  const first = await log.export(10);
  const report = await verifyExport([...first.slice(0, 11), ...(await log.export(size)).slice(10)], TRUSTED);
  expect(report.broken).toBeNull();
});

test("an empty log has a checkpoint, without which even nothing is incomplete", async () => {
  const none = new MadeLog([]);
  const report = await verifyExport([JSON.stringify({ checkpoint: await none.checkpoint() })], TRUSTED);
  expect(report).toMatchObject({ broken: null, entries: 0 });
  expect((await verifyExport([], TRUSTED)).broken).toEqual({ index: 0, how: "truncated" });
});

/** Entries of a tampered log, renumbered without a gap, before the real checkpoint. */
async function tampered(entries: readonly Entry[]): Promise<readonly string[]> {
  const numbered = entries.map((entry, index) => JSON.stringify({ index, entry: bare(entry) }));
  return [...numbered, JSON.stringify({ checkpoint: await log.checkpoint() })];
}

const at = <T>(list: readonly T[], index: number): T => {
  const item = list[index];
  if (item === undefined) throw new Error(`nothing at ${index}`);
  return item;
};

/** The entry with this change and a hash to match. */
const rehashed = (entry: Entry, change: Partial<Entry>): Entry => {
  const next = { ...entry, ...change };
  return { ...next, hash: entryHash(next) };
};

describe("INV-18: a tampered export fails at the entry where it was changed", () => {
  type Attack = (entries: readonly Entry[]) => readonly Entry[];
  const ATTACKS: readonly (readonly [string, Attack, number, Break])[] = [
    ["an entry edited in place", (e) => e.with(8, { ...at(e, 8), actor: "rev_eve" }), 8, "edited"],
    [
      "an entry edited, with its hash",
      (e) => e.with(1, rehashed(at(e, 1), { actor: "agt_9" })),
      8,
      "re-chained",
    ],
    [
      "the last entry of a chain edited, with its hash",
      (e) => e.with(e.length - 1, rehashed(at(e, e.length - 1), { at: 1 })),
      10,
      "rewritten",
    ],
    ["an entry deleted", (e) => e.toSpliced(8, 1), 14, "deleted"],
    ["the first entry of a chain deleted", (e) => e.toSpliced(2, 1), 8, "deleted"],
    ["the last entry of a chain deleted", (e) => e.toSpliced(-3, 1), 0, "truncated"],
    ["the end cut off", (e) => e.slice(0, -4), 0, "truncated"],
    ["a whole intent deleted", (e) => e.filter(({ intent }) => intent !== at(e, 3).intent), 0, "truncated"],
    ["two entries of a chain swapped", (e) => e.with(0, at(e, 7)).with(7, at(e, 0)), 0, "reordered"],
    [
      "two entries of different chains swapped",
      (e) => e.with(0, at(e, 1)).with(1, at(e, 0)),
      10,
      "rewritten",
    ],
    ["an entry moved far", (e) => [...e.toSpliced(7, 1), at(e, 7)], 13, "reordered"],
    ["an entry repeated", (e) => e.toSpliced(9, 0, at(e, 0)), 9, "repeated"],
    ["an entry put in", (e) => [...e, rehashed(at(e, 0), { intent: "int_new" })], 0, "rewritten"],
    [
      "an approval put in",
      (e) => [...e, rehashed(at(e, 0), { intent: "int_x", event: "approved" })],
      0,
      "impossible",
    ],
  ];

  test.each(ATTACKS)("attack: %s", async (_what, attack, index, how) => {
    const report = await verifyExport(await tampered(attack(log.entries)), TRUSTED);
    expect(report.broken?.how).toBe(how);
    expect(statuses(report)).toMatchObject({ entries: "fails", checkpoint: "fails" });
    // Position 0 is no position: only the kind is compared, because the cut may be anywhere before.
    if (index > 0 && report.broken !== null) expect(report.broken.index).toBeLessThanOrEqual(index);
  });

  test("attack: a whole chain rebuilt from an edited entry on", async () => {
    const { intent } = at(log.entries, 0);
    const heads = new Map<string, string>();
    const anew = log.entries.map((entry) => {
      if (entry.intent !== intent) return entry;
      const prev = heads.get(intent) ?? entry.prev;
      const next = rehashed(entry, { prev, actor: entry.seq === 3 ? "rev_eve" : entry.actor });
      heads.set(intent, next.hash);
      return next;
    });
    const broken = await verifyExport(await tampered(anew), TRUSTED);
    expect(broken.broken?.how).toBe("rewritten");
    // A pinned checkpoint narrows it down.
    const seq3 = log.entries.findIndex((entry) => entry.intent === intent && entry.seq === 3);
    const held = [await log.checkpoint(seq3), await log.checkpoint(seq3 + 1)];
    const found = await verifyExport(await tampered(anew), TRUSTED, { held });
    expect(found.broken).toEqual({ index: seq3, how: "rewritten" });
    expect(statuses(found)).toMatchObject({ held: "fails" });
  });

  test("attack: the end cut off with its later checkpoints, where one was kept", async () => {
    const short = (await log.export(10)).slice(0, 11);
    expect((await verifyExport(short, TRUSTED)).broken).toBeNull();
    const report = await verifyExport(short, TRUSTED, { held: [await log.checkpoint()] });
    expect(report.broken).toEqual({ index: 10, how: "truncated" });
    expect(statuses(report)).toMatchObject({ held: "fails", checkpoint: "holds" });
  });

  test("attack: another log under the same key, where a checkpoint was kept", async () => {
    const other = new MadeLog(log.entries.toReversed().filter(({ seq }) => seq === 1));
    const report = await verifyExport(await other.export(other.entries.length), TRUSTED, {
      held: [await log.checkpoint(3)],
    });
    expect(report.broken).toEqual({ index: 0, how: "rewritten" });
  });

  test("attack: entries with wrong numbers", async () => {
    const gap = lines.map((line) => line.replace('"index":5', '"index":6'));
    expect((await verifyExport(gap, TRUSTED)).broken).toEqual({ index: 5, how: "deleted" });
    const back = lines.map((line) => line.replace('"index":5', '"index":4'));
    expect((await verifyExport(back, TRUSTED)).broken).toEqual({ index: 5, how: "reordered" });
    const swapped = lines.with(5, at(lines, 6)).with(6, at(lines, 5));
    expect((await verifyExport(swapped, TRUSTED)).broken).toEqual({ index: 5, how: "reordered" });
    const taken = lines.toSpliced(6, 1);
    expect((await verifyExport(taken, TRUSTED)).broken).toEqual({ index: 6, how: "deleted" });
  });

  test("attack: a life that can't have happened", async () => {
    const { chain, EMPTY_HEAD } = await import("../../../src/core/ledger/entry.ts");
    const life = at(lives, 0);
    const drafts = life.entries.filter(({ event }) => event !== "approved");
    const forged = new MadeLog(chain(life.terms.id, EMPTY_HEAD, drafts, new Uint8Array(32)));
    const report = await verifyExport(await forged.export(drafts.length), TRUSTED);
    expect(report.broken?.how).toBe("impossible");
    expect(statuses(report)).toMatchObject({ checkpoint: "holds", entries: "fails" });
  });
});

describe("INV-18: checkpoints of an export", () => {
  const last = (note: string) => [...lines.slice(0, -1), JSON.stringify({ checkpoint: note })];

  test("by another key, for another log, or missing prove nothing", async () => {
    const forged = [
      await log.checkpoint(size, STRANGER),
      await log.checkpoint(size, SIGNER, "other.example"),
      "",
      "x\n",
    ];
    for (const note of forged) {
      const report = await verifyExport(last(note), TRUSTED);
      expect(statuses(report)).toMatchObject({ checkpoint: "fails" });
      expect(report.head).toBeNull();
      expect(report.broken).toEqual({ index: size, how: "forged" });
    }
    const report = await verifyExport(lines.slice(0, -1), TRUSTED);
    expect(statuses(report)).toMatchObject({ checkpoint: "fails" });
    expect(report.broken?.how).toBe("truncated");
  });

  test("for fewer entries than precede them show that entries were inserted", async () => {
    const report = await verifyExport(last(await log.checkpoint(size - 1)), TRUSTED);
    expect(report.broken?.how).toBe("rewritten");
  });

  test("that a reader kept must be signed as well", async () => {
    const report = await verifyExport(lines, TRUSTED, { held: [await log.checkpoint(3, STRANGER)] });
    expect(statuses(report)).toMatchObject({ held: "fails" });
  });

  test("prove nothing without a trusted key", async () => {
    expect(statuses(await verifyExport(lines, { vkeys: [], jwks: [] }))).toMatchObject({
      checkpoint: "fails",
    });
  });
});

describe("hostile lines of an export", () => {
  const LINES: readonly (readonly [string, string])[] = [
    ["no JSON", "{"],
    ["a number", "1"],
    ["null", "null"],
    ["an entry alone", '{"entry":{}}'],
    ["an empty entry", '{"index":0,"entry":{}}'],
    ["deep nesting", "[".repeat(100_000)],
    ["a long line", `{"index":0,"entry":"${"a".repeat(600_000)}"}`],
    ["__proto__", '{"__proto__":{"index":0},"entry":{}}'],
    ["a checkpoint that is no text", '{"checkpoint":1}'],
    ["a checkpoint and more", '{"checkpoint":"a","index":0}'],
  ];
  test.each(LINES)(
    "that are %s are reported, throw nothing, and invalidate what follows",
    async (_what, line) => {
      const report = await verifyExport([line, ...lines], TRUSTED);
      expect(report.broken).toEqual({ index: 0, how: "malformed" });
      expect(report.head).toBeNull();
      expect(statuses(report)).toMatchObject({ entries: "fails", checkpoint: "fails" });
    },
  );

  test("whose body two parsers could read differently are refused", async () => {
    const [first] = log.entries;
    if (first === undefined) throw new Error("first");
    const twice = rehashed(first, { body: first.body.replace('"action":', '"action":"x","action":') });
    const forged = new MadeLog([twice]);
    expect((await verifyExport(await forged.export(1), TRUSTED)).broken).toEqual({
      index: 0,
      how: "malformed",
    });
  });
});

test("INV-18: changing any single character of an export is noticed", async () => {
  const text = lines.join("\n");
  for (let place = 0; place < text.length; place += CHARACTERS_ONE_IN) {
    const char = text[place] === "0" ? "1" : "0";
    const changed = `${text.slice(0, place)}${char}${text.slice(place + 1)}`;
    const report = await verifyExport(changed.split("\n"), TRUSTED);
    if (report.broken === null) {
      throw new Error(`unnoticed at ${place}: ${text.slice(place - 30, place + 10)}`);
    }
    const certain = report.findings.some(({ status }) => status === "fails");
    if (!certain) throw new Error(`no finding at ${place}`);
  }
}, 60_000);
