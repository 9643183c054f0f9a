import { expect, test } from "vitest";
import { turns } from "../../../src/adapters/turns.ts";
import type { Steps } from "../../../src/core/base/steps.ts";

const LARGE = 1_000_000;

function* work(name: string, pieces: number, log: string[]): Steps<string> {
  for (let piece = 1; piece <= pieces; piece += 1) {
    log.push(`${name}${piece}`);
    yield LARGE;
  }
  return name;
}

test("two long works take turns, and each returns its own result", async () => {
  const log: string[] = [];
  const { run } = turns();
  const results = await Promise.all([run(work("a", 3, log)), run(work("b", 3, log))]);
  expect(results).toEqual(["a", "b"]);
  expect(log).toEqual(["a1", "b1", "a2", "b2", "a3", "b3"]);
});

test("between two pieces of one work, other requests go on", async () => {
  const log: string[] = [];
  setTimeout(() => log.push("other"), 0);
  await turns().run(work("a", 3, log));
  expect(log.indexOf("other")).toBeLessThan(log.indexOf("a3"));
});

test("small steps are one piece", async () => {
  const log: string[] = [];
  function* small(): Steps<null> {
    for (let step = 0; step < 5; step += 1) {
      log.push("small");
      yield 1;
    }
    return null;
  }
  const { run } = turns();
  await Promise.all([run(small()), run(work("b", 1, log))]);
  expect(log).toEqual(["small", "small", "small", "small", "small", "b1"]);
});

test("a work that throws gives its turn back", async () => {
  const log: string[] = [];
  const { run } = turns();
  function* failing(): Steps<null> {
    yield LARGE;
    throw new Error("no");
  }
  const failed = run(failing());
  await expect(failed).rejects.toThrow("no");
  expect(await run(work("a", 2, log))).toBe("a");
});

test("a turn that is never given back lapses", async () => {
  const { take, run } = turns();
  await take();
  expect(await run(work("a", 1, []))).toBe("a");
});
