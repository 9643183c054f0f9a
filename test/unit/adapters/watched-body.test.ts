import { expect, test } from "vitest";
import { bodySource, watchedBody } from "../../../src/adapters/upstream/watched-body.ts";

test("each chunk of a relayed body waits for its reader's turn", async () => {
  const turns: { readonly bytes: number; readonly give: () => void }[] = [];
  const chunks = [new Uint8Array(5), new Uint8Array(7)];
  const source = bodySource(
    new ReadableStream<Uint8Array>({
      pull(controller) {
        const next = chunks.shift();
        if (next === undefined) controller.close();
        else controller.enqueue(next);
      },
    }),
  );
  const pace = (bytes: number) => new Promise<void>((give) => turns.push({ bytes, give }));
  const reader = watchedBody(source, { pauseMs: 1_000, breakOff: () => undefined, pace }).getReader();

  let arrived = 0;
  const reading = (async () => {
    for (let read = await reader.read(); !read.done; read = await reader.read()) arrived += read.value.length;
  })();
  await expect.poll(() => turns.length).toBe(1);
  expect(arrived).toBe(0);
  turns[0]?.give();
  await expect.poll(() => turns.length).toBe(2);
  expect(arrived).toBe(5);
  turns[1]?.give();
  await reading;
  expect(turns.map(({ bytes }) => bytes)).toEqual([5, 7]);
});
