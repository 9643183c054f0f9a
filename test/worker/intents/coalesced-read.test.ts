import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { coalescedRead } from "../../../src/adapters/d1/coalesced-read.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const number = (value: number) => env.DB.prepare("SELECT ?1 AS value").bind(value);

const readAll = (...values: readonly number[]) =>
  Promise.all(values.map((value) => coalescedRead<{ value: number }>(env.DB, number(value))));

test("reads requested in one turn are sent as one batch, and each caller gets its own rows", async () => {
  const batch = vi.spyOn(env.DB, "batch");
  expect(await readAll(1, 2, 3)).toEqual([[{ value: 1 }], [{ value: 2 }], [{ value: 3 }]]);
  expect(batch).toHaveBeenCalledTimes(1);
});

test("a single read and a later read are sent separately", async () => {
  const batch = vi.spyOn(env.DB, "batch");
  expect(await readAll(1)).toEqual([[{ value: 1 }]]);
  expect(await readAll(2)).toEqual([[{ value: 2 }]]);
  expect(batch).not.toHaveBeenCalled();
});

test("each read is sent separately while D1 gives no transactions", async () => {
  vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"));
  expect(await readAll(1, 2)).toEqual([[{ value: 1 }], [{ value: 2 }]]);
});

test("a failing read rejects only its own caller, and the others get their rows", async () => {
  const broken = coalescedRead(env.DB, env.DB.prepare("SELECT * FROM nowhere"));
  const [first, second] = await Promise.allSettled([
    broken,
    coalescedRead<{ value: number }>(env.DB, number(2)),
  ]);
  expect(first).toMatchObject({ status: "rejected" });
  expect(second).toEqual({ status: "fulfilled", value: [{ value: 2 }] });
});
