import { describe, expect, test } from "vitest";
import { decompressedBody } from "../../../src/adapters/upstream/decompressed-body.ts";
import {
  answer,
  base64,
  scriptedUpstream,
  send,
  type ScriptedUpstream,
} from "../../support/worker/scripted-upstream.ts";
import { answered, calling, SECRET, withCredential } from "../../support/worker/upstream-calls.ts";
import { volume } from "../../support/volume.ts";

const MIB = 1024 * 1024;

const LONG_MIB = volume("STREAM_MIB", { quick: 8, chaos: 100 });

/** Longer than what the buffers on the way hold. */
const UNREAD_MIB = 100;

const DECOMPRESSED_MIB = volume("DECOMPRESSED_MIB", { quick: 16, chaos: 64 });

const PATTERN = "0123456789abcdef";

const ways = [
  ["with the agent's own credential", {}],
  ["kept", { passesThrough: false }],
  ["masked", withCredential()],
] as const;

async function endless(mebibytes: number): Promise<ScriptedUpstream> {
  const block = base64(PATTERN.repeat(4_096));
  return scriptedUpstream(
    send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"),
    { do: "repeat", bytes: block, times: mebibytes * 16 },
    { do: "end" },
  );
}

describe("a long response", () => {
  test.for(ways)("arrives whole, %s", async ([, more]) => {
    const upstream = await endless(LONG_MIB);
    const { body } = await answered(upstream.url, more);
    let size = 0;
    let isSame = true;
    for await (const chunk of body ?? []) {
      isSame &&= chunk[0] === PATTERN.charCodeAt(size % 16);
      size += chunk.length;
      isSame &&= chunk.at(-1) === PATTERN.charCodeAt((size - 1) % 16);
    }
    expect(size).toBe(LONG_MIB * MIB);
    expect(isSame).toBe(true);
  });

  test.for(ways)("is fetched only as it is read, %s", async ([, more]) => {
    const upstream = await endless(UNREAD_MIB);
    const { body } = await answered(upstream.url, more);
    const reader = body?.getReader();
    for (let read = 0; read < 5; read += 1) await reader?.read();
    const sent = async () => (await upstream.seen())[0]?.sent ?? 0;
    // Bytes under way fill the buffers of two kernels and a runtime; then nothing more comes.
    let before = -1;
    for (let now = await sent(); now !== before; now = await sent()) {
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(before).toBeLessThan(30 * MIB);
    await reader?.cancel();
  });
});

/** Each mostly waits. */
describe.concurrent("the time of a response", () => {
  const begun = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\nConnection: close\r\n\r\n";

  test.for(ways)("a body that stalls is broken off, %s", async ([, more]) => {
    const upstream = await scriptedUpstream(send(`${begun}hello`));
    const { body } = await answered(upstream.url, { ...more, timeoutMs: 1_000 });
    const whole = new Response(body).text();
    expect(await whole.catch(String)).toBe("Error: the upstream paused for too long");
    await upstream.closed();
  });

  test.for(ways)("a body that pauses within the limit arrives whole, %s", async ([, more]) => {
    const pieces = Array.from(
      { length: 5 },
      () => [send("x".repeat(10)), { do: "pause", ms: 700 }] as const,
    ).flat();
    const upstream = await scriptedUpstream(send(begun), ...pieces, { do: "end" });
    const { body } = await answered(upstream.url, { ...more, timeoutMs: 2_500 });
    expect(await new Response(body).text()).toBe("x".repeat(50));
  });

  test.for(ways)("an event stream may be silent for longer than the timeout, %s", async ([, more]) => {
    const upstream = await scriptedUpstream(
      send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\ndata: 1\n\n"),
      { do: "pause", ms: 1_800 },
      send("data: 2\n\n"),
      { do: "end" },
    );
    const { body } = await answered(upstream.url, { ...more, timeoutMs: 1_000, pauseMs: 5_000 });
    expect(await new Response(body).text()).toBe("data: 1\n\ndata: 2\n\n");
  });

  test.for(ways)(
    "an event stream that is silent for longer than its idle time is broken off, %s",
    async ([, more]) => {
      const upstream = await scriptedUpstream(
        send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndata: 1\n\n"),
      );
      const { body } = await answered(upstream.url, { ...more, timeoutMs: 10_000, pauseMs: 1_000 });
      expect(await new Response(body).text().catch(String)).toBe("Error: the upstream paused for too long");
      await upstream.closed();
    },
  );

  test("the end of an event leaves in a silence, although a credential could begin with it", async () => {
    // In base64 the credential can begin with most letters.
    const event = "data: hello\n\n";
    const upstream = await scriptedUpstream(
      send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"),
      send(event),
      { do: "pause", ms: 4_000 },
      send(`data: ${SECRET}\n\n`),
      { do: "end" },
    );
    const { body } = await answered(upstream.url, { ...withCredential(), timeoutMs: 10_000 });
    const reader = body?.getReader();
    const decoder = new TextDecoder();
    let text = "";
    const started = Date.now();
    while (text.length < event.length) {
      text += decoder.decode((await reader?.read())?.value, { stream: true });
    }
    expect(text).toBe(event);
    expect(Date.now() - started).toBeLessThan(3_000);
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read()) {
      text += decoder.decode(read.value, { stream: true });
    }
    expect(text).toBe(`${event}data: [masked]\n\n`);
  });

  test.for(ways)("a caller may read slowly for any time, %s", async ([, more]) => {
    const upstream = await scriptedUpstream(...answer("x".repeat(300_000)));
    const { body } = await answered(upstream.url, { ...more, timeoutMs: 1_000 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await new Response(body).arrayBuffer()).byteLength).toBe(300_000);
  });
});

async function compressed(format: "gzip" | "deflate", size: number): Promise<Uint8Array> {
  let left = size;
  const zeros = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(new Uint8Array(Math.min(left, MIB)));
      left -= MIB;
    },
  });
  return new Uint8Array(await new Response(zeros.pipeThrough(new CompressionStream(format))).arrayBuffer());
}

describe("a small body that decompresses to a large one", () => {
  test.for(["gzip", "deflate"] as const)("in %s is decompressed as it is read", async (format) => {
    const bomb = await compressed(format, DECOMPRESSED_MIB * MIB);
    expect(bomb.length).toBeLessThan(100_000);
    let given = 0;
    const source = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const piece = bomb.slice(given, given + 1_024);
          given += piece.length;
          if (piece.length === 0) controller.close();
          else controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
    const reader = decompressedBody(source, format).getReader();
    let size = 0;
    while (size < MIB) size += (await reader.read()).value?.length ?? 0;
    // One byte becomes a thousand at most: what has been taken is what has been read, and a little.
    expect(given).toBeLessThan(10_000);
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
    }
    expect(size).toBe(DECOMPRESSED_MIB * MIB);
  });

  test.for(["gzip", "x-gzip", "deflate"])(
    "from an upstream in %s is passed masked, or withheld",
    async (coding) => {
      const bomb = await compressed(coding === "deflate" ? "deflate" : "gzip", DECOMPRESSED_MIB * MIB);
      const upstream = await scriptedUpstream(...answer(bomb, [`Content-Encoding: ${coding}`]));
      const whole = await answered(upstream.url, withCredential());
      let size = 0;
      for await (const chunk of whole.body ?? []) size += chunk.length;
      expect(size).toBe(DECOMPRESSED_MIB * MIB);
      const { body } = await answered(upstream.url, withCredential());
      const reader = body?.getReader();
      expect((await reader?.read())?.value?.length).toBeLessThanOrEqual(64 * 1024);
      await reader?.cancel();
    },
  );
});

test("INV-21: a megabyte of repeated credentials is masked in packets of any length", async () => {
  const text = `${SECRET} `.repeat(30_000);
  const head = `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n`;
  for (const cut of [997, 1_448, 16_384]) {
    const upstream = await scriptedUpstream(send(head), send(text, cut), { do: "end" });
    const back = await answered(upstream.url, withCredential());
    expect(await new Response(back.body).text()).toBe("[masked] ".repeat(30_000));
  }
});

test("INV-11: of a hundred parallel writes each is sent once, and a failure affects only its own", async () => {
  const good = await scriptedUpstream(...answer("good"));
  const bad = await scriptedUpstream({ do: "reset" });
  const calls = await Promise.all(
    Array.from({ length: 100 }, (_, at) =>
      calling(`${at % 2 === 0 ? good.url : bad.url}/${at}`, {
        method: "POST",
        body: new Uint8Array([at]),
        passesThrough: false,
      }),
    ),
  );
  const bodies = async ({ seen }: ScriptedUpstream) =>
    (await seen()).map(({ body }) => atob(body).charCodeAt(0)).toSorted((a, b) => a - b);
  expect(calls.filter(({ ok }) => ok)).toHaveLength(50);
  expect(await bodies(good)).toEqual(Array.from({ length: 50 }, (_, at) => at * 2));
  expect(await bodies(bad)).toEqual(Array.from({ length: 50 }, (_, at) => at * 2 + 1));
  for (const called of calls) if (called.ok) await called.value.body?.cancel();
});
