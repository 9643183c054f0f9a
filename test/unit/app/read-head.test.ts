import { describe, expect, test } from "vitest";
import { readUpTo } from "../../../src/app/execution/read-head.ts";

const LONG_MS = 60_000;

function bodyOf(chunks: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const next = left.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(next);
      },
    },
    { highWaterMark: 0 },
  );
}

async function textOf(body: ReadableStream<Uint8Array> | null): Promise<string> {
  return new Response(body).text();
}

const bytes = (text: string) => new TextEncoder().encode(text);

describe("reading the head of a response body", () => {
  test.each([
    ["nothing", [], "", true, ""],
    ["less than the head's size", ["ab"], "ab", true, ""],
    ["exactly the head's size", ["ab", "cd"], "abcd", true, ""],
    ["more in one piece", ["abcdef"], "abcd", false, "ef"],
    ["more in many pieces", ["abc", "de", "f", "gh"], "abcd", false, "efgh"],
  ])("splits a body of %s into head and rest", async (_what, chunks, head, isWhole, rest) => {
    const read = await readUpTo(bodyOf(chunks.map(bytes)), 4, LONG_MS);
    expect([new TextDecoder().decode(read.head), read.isWhole, await textOf(read.rest)]).toEqual([
      head,
      isWhole,
      rest,
    ]);
  });

  test("allocates no more than the head's bytes, however large the chunks' buffers are", async () => {
    const room = new Uint8Array(64 * 1024);
    const left = [...bytes("abcd")];
    const dribble = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const byte = left.shift();
          if (byte === undefined) return controller.close();
          room[0] = byte;
          controller.enqueue(room.subarray(0, 1));
        },
      },
      { highWaterMark: 0 },
    );
    const { head } = await readUpTo(dribble, 10, LONG_MS);
    expect([new TextDecoder().decode(head), head.buffer.byteLength]).toEqual(["abcd", 4]);
  });

  test("returns what came before the body broke off", async () => {
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes("ab"));
      },
      pull(controller) {
        controller.error(new Error("gone"));
      },
    });
    const read = await readUpTo(broken, 10, LONG_MS);
    expect(read).toEqual({ head: bytes("ab"), isWhole: false, rest: null });
  });

  test("returns what came in time and then cancels the body", async () => {
    let cancelled = false;
    const hanging = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes("ab")),
      cancel() {
        cancelled = true;
      },
    });
    const read = await readUpTo(hanging, 10, 5);
    expect([read, cancelled]).toEqual([{ head: bytes("ab"), isWhole: false, rest: null }, true]);
  });
});
