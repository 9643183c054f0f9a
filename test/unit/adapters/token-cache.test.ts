import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { TokenCache } from "../../../src/adapters/vault/oauth2/token-cache.ts";
import type { IssuedToken } from "../../../src/adapters/vault/oauth2/token-response.ts";
import { err, ok, type Result } from "../../../src/core/base/result.ts";
import type { VaultFailure } from "../../../src/ports/vault.ts";

type Issued = Result<IssuedToken, VaultFailure>;

const DOWN: VaultFailure = { problem: "unavailable", detail: "down" };

let cache: TokenCache;
let issued = 0;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  cache = new TokenCache();
  issued = 0;
});
afterEach(() => vi.useRealTimers());

const token = (lifetimeMs: number): IssuedToken => {
  return { accessToken: `token-${(issued += 1)}`, requestedAt: Date.now(), lifetimeMs };
};

function get(issue: () => Promise<Issued>, key = "k") {
  return cache.get("x", key, Date.now, issue);
}

test.each([
  [3_600_000, 3_540_000],
  [100_000, 90_000],
  [2_000, 1_800],
])("a token of %d ms is used for %d ms", async (lifetimeMs, usedMs) => {
  const issue = async () => ok(token(lifetimeMs));
  await get(issue);
  vi.setSystemTime(1_000_000 + usedMs);
  await get(issue);
  expect(issued).toBe(2);
  cache = new TokenCache();
  vi.setSystemTime(1_000_000);
  await get(issue);
  vi.setSystemTime(1_000_000 + usedMs - 1);
  expect(await get(issue)).toMatchObject({ value: { isReused: true } });
  expect(issued).toBe(3);
});

test("a request that never answers is given up by those who wait, of whom one makes the next", async () => {
  const never = vi.fn(() => new Promise<Issued>(() => undefined));
  const next = vi.fn(async () => ok(token(60_000)));
  void get(never);
  const waiting = Array.from({ length: 20 }, () => get(next));
  await vi.advanceTimersByTimeAsync(4_999);
  expect(next).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  const found = await Promise.all(waiting);
  expect(new Set(found.map((each) => each.ok && each.value.token.accessToken))).toEqual(new Set(["token-1"]));
  expect([never.mock.calls.length, next.mock.calls.length]).toEqual([1, 1]);
});

test("a failure answers the calls of the next second, and those after it try again", async () => {
  expect(await get(async () => err(DOWN))).toEqual(err(DOWN));
  const next = vi.fn(async () => ok(token(60_000)));
  vi.setSystemTime(1_000_999);
  expect(await get(next)).toEqual(err(DOWN));
  expect(next).not.toHaveBeenCalled();
  vi.setSystemTime(1_001_000);
  expect(await get(next)).toMatchObject({ ok: true });
});

test("a failure with other secrets answers nothing", async () => {
  await get(async () => err(DOWN), "earlier");
  expect(await get(async () => ok(token(60_000)), "later")).toMatchObject({ ok: true });
});

test("a 401 for each call ends a token every ten seconds at most", async () => {
  const issue = async () => ok(token(3_600_000));
  const discarded: boolean[] = [];
  for (let at = 0; at < 60_000; at += 100) {
    vi.setSystemTime(1_000_000 + at);
    const found = await get(issue);
    if (!found.ok) throw new Error("no token");
    discarded.push(cache.discard("x", found.value.token.accessToken, Date.now()));
  }
  expect(discarded.filter(Boolean)).toHaveLength(6);
  expect(issued).toBe(7);
});

test("a 401 for a token that another call has ended says that the next has another", async () => {
  const issue = async () => ok(token(3_600_000));
  await get(issue);
  expect(cache.discard("x", "token-1", Date.now())).toBe(true);
  expect(cache.discard("x", "token-1", Date.now())).toBe(true);
  await get(issue);
  expect(cache.discard("x", "token-1", Date.now())).toBe(true);
  expect(cache.discard("x", "token-2", Date.now())).toBe(false);
});

test("a request that throws is not remembered", async () => {
  await expect(get(() => Promise.reject(new Error("a bug")))).rejects.toThrow("a bug");
  expect(await get(async () => ok(token(60_000)))).toMatchObject({ ok: true });
});

test("a request under way with other secrets is not waited for", async () => {
  void get(() => new Promise<Issued>(() => undefined), "earlier");
  expect(await get(async () => ok(token(60_000)), "later")).toMatchObject({
    value: { token: { accessToken: "token-1" } },
  });
});
