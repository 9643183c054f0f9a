import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { receiveBody, type Receiving } from "../../../src/http/middleware/receive-body.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A body that a test feeds, and what became of it. */
function fed() {
  let source: ReadableStreamDefaultController<Uint8Array> | undefined;
  let isCancelled = false;
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => void (source = controller),
      cancel: () => void (isCancelled = true),
    },
    { highWaterMark: 0 },
  );
  return {
    body,
    send: (bytes: number) => source?.enqueue(new Uint8Array(bytes).fill(7)),
    end: () => source?.close(),
    breakOff: () => source?.error(new Error("gone")),
    isCancelled: () => isCancelled,
  };
}

/** Slots that count how many are held. */
function slotsWith(free: boolean) {
  const held = { now: 0, ever: 0 };
  const takeSlot = async () => {
    if (!free) return null;
    held.now += 1;
    held.ever += 1;
    return () => void (held.now -= 1);
  };
  return { held, takeSlot };
}

function receive(body: ReadableStream<Uint8Array>, more: Partial<Receiving>) {
  return receiveBody(body, {
    limit: 20 * MIB,
    length: null,
    arrivalMs: 60_000,
    takeSlot: slotsWith(true).takeSlot,
    ...more,
  });
}

const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

test.each([
  ["declared", 3 * MIB],
  ["of unknown length", null],
])("a large body %s arrives whole, and keeps its slot until it is released", async (_, length) => {
  const { held, takeSlot } = slotsWith(true);
  const source = fed();
  const received = receive(source.body, { length, takeSlot });
  for (let sent = 0; sent < 3; sent += 1) {
    source.send(MIB);
    await tick(1_000);
  }
  source.end();
  const whole = await received;
  if (whole.kind !== "whole") throw new Error(whole.kind);
  expect(whole.bytes).toEqual(new Uint8Array(3 * MIB).fill(7));
  expect(held).toEqual({ now: 1, ever: 1 });
  whole.release?.();
  expect(held.now).toBe(0);
});

test("a body of a mebibyte and one that only declares to be large take no slot", async () => {
  const { held, takeSlot } = slotsWith(true);
  const small = fed();
  const received = receive(small.body, { takeSlot });
  small.send(MIB);
  small.end();
  expect((await received).kind).toBe("whole");
  const silent = fed();
  const never = receive(silent.body, { length: 10 * MIB, takeSlot });
  silent.send(60 * KIB);
  await tick(60_000);
  expect((await never).kind).toBe("late");
  expect(held.ever).toBe(0);
});

test.each([
  ["stalls after two mebibytes", 2 * MIB, 0],
  ["goes on by ten bytes a second", 2 * MIB, 10],
  ["stalls below a mebibyte", 900 * KIB, 0],
])(
  "a body that %s is late within ten seconds, and holds neither memory nor slot",
  async (_, first, later) => {
    const { held, takeSlot } = slotsWith(true);
    const source = fed();
    const received = receive(source.body, { length: 10 * MIB, takeSlot });
    source.send(first);
    for (let second = 0; second < 9; second += 1) {
      await tick(1_000);
      if (later > 0) source.send(later);
    }
    await tick(1_500);
    expect((await received).kind).toBe("late");
    expect([held.now, source.isCancelled()]).toEqual([0, true]);
  },
);

test("a body at the slowest pace that is allowed is late once its whole time is over", async () => {
  const source = fed();
  const received = receive(source.body, { length: 20 * MIB });
  for (let second = 0; second < 61; second += 1) {
    if (!source.isCancelled()) source.send(100 * KIB);
    await tick(1_000);
  }
  expect((await received).kind).toBe("late");
});

test.each([
  ["is longer than allowed", "too_large", (source: ReturnType<typeof fed>) => source.send(3 * MIB)],
  ["breaks off", "broken_off", (source: ReturnType<typeof fed>) => source.breakOff()],
] as const)("a large body that %s gives its slot back", async (_, kind, then) => {
  const { held, takeSlot } = slotsWith(true);
  const source = fed();
  const received = receive(source.body, { limit: 4 * MIB, takeSlot });
  source.send(2 * MIB);
  await tick(10);
  then(source);
  await tick(10);
  expect((await received).kind).toBe(kind);
  expect(held).toEqual({ now: 0, ever: 1 });
});

test("a large body without a free slot is refused, and read no further", async () => {
  const source = fed();
  const received = receive(source.body, { length: 10 * MIB, takeSlot: slotsWith(false).takeSlot });
  source.send(MIB);
  expect((await received).kind).toBe("busy");
  expect(source.isCancelled()).toBe(true);
});

test("a body longer than its declared length arrives whole: the length of a binding may be wrong", async () => {
  const source = fed();
  const received = receive(source.body, { length: 2 * MIB });
  for (let sent = 0; sent < 3; sent += 1) source.send(MIB);
  source.end();
  const whole = await received;
  expect(whole.kind === "whole" ? whole.bytes.length : 0).toBe(3 * MIB);
});
