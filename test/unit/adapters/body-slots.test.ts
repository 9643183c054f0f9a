import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { bodySlots } from "../../../src/adapters/body-slots.ts";
import { bodyLimitsOf } from "../../../src/core/base/body-limits.ts";
import type { ReleaseSlot } from "../../../src/ports/body-slots.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const WAIT_MS = 10_000;

async function taken(slot: Promise<ReleaseSlot | null>): Promise<ReleaseSlot> {
  const release = await slot;
  if (release === null) throw new Error("no slot");
  return release;
}

test("eight large bodies at once, four of one key: a fifth waits until one of the key's ends", async () => {
  const slots = bodySlots(8);
  const first = await taken(slots.take("a", WAIT_MS));
  for (let at = 0; at < 3; at += 1) await taken(slots.take("a", WAIT_MS));
  const fifth = slots.take("a", WAIT_MS);
  await taken(slots.take("b", WAIT_MS));
  first();
  await taken(fifth);
});

test("a ninth body waits, and is refused where no slot becomes free in time", async () => {
  const slots = bodySlots(8);
  for (const key of ["a", "b"]) for (let at = 0; at < 4; at += 1) await taken(slots.take(key, WAIT_MS));
  const ninth = slots.take("c", WAIT_MS);
  await vi.advanceTimersByTimeAsync(WAIT_MS);
  expect(await ninth).toBeNull();
});

test("of those that wait the key with the fewest slots is next, whoever came first", async () => {
  const slots = bodySlots(4);
  const held = [await taken(slots.take("a", WAIT_MS)), await taken(slots.take("b", WAIT_MS))];
  await taken(slots.take("b", WAIT_MS));
  await taken(slots.take("a", WAIT_MS));
  const order: string[] = [];
  for (const key of ["a", "c"]) void taken(slots.take(key, WAIT_MS)).then(() => order.push(key));
  held[1]?.();
  await vi.advanceTimersByTimeAsync(0);
  held[0]?.();
  await vi.advanceTimersByTimeAsync(0);
  expect(order).toEqual(["c", "a"]);
});

test("a slot that is given back twice is free once", async () => {
  const slots = bodySlots(2);
  const release = await taken(slots.take("a", WAIT_MS));
  await taken(slots.take("b", WAIT_MS));
  release();
  release();
  await taken(slots.take("a", WAIT_MS));
  const more = slots.take("c", WAIT_MS);
  await vi.advanceTimersByTimeAsync(WAIT_MS);
  expect(await more).toBeNull();
});

test("those beyond the 32 that wait are refused at once", async () => {
  const slots = bodySlots(2);
  await taken(slots.take("a", WAIT_MS));
  await taken(slots.take("b", WAIT_MS));
  const waiting = Array.from({ length: 32 }, (_, at) => slots.take(`key ${at}`, WAIT_MS));
  expect(await slots.take("another", WAIT_MS)).toBeNull();
  await vi.advanceTimersByTimeAsync(WAIT_MS);
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([null]));
});

test("the limits of bodies are 60 seconds and eight large ones, within bounds", () => {
  expect(bodyLimitsOf({})).toEqual({ arrivalMs: 60_000, largeBodies: 8 });
  expect(bodyLimitsOf({ GATE_BODY_SECONDS: "2", GATE_LARGE_BODIES: "64" })).toEqual({
    arrivalMs: 2_000,
    largeBodies: 64,
  });
  for (const wrong of ["1", "0", "-2", "301", "2.5", "x"]) {
    expect(() => bodyLimitsOf({ GATE_BODY_SECONDS: wrong }), wrong).toThrow("GATE_BODY_SECONDS must be");
  }
  expect(() => bodyLimitsOf({ GATE_LARGE_BODIES: "65" })).toThrow("GATE_LARGE_BODIES must be");
});
