import { afterEach, describe, test, vi } from "vitest";
import { d1Reads } from "../../../src/adapters/d1/read-counts.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

afterEach(() => {
  vi.restoreAllMocks();
});

/** A D1 that only takes counts, and what each write held. */
function writes(run: () => Promise<void> = async () => {}) {
  const written: unknown[] = [];
  const prepare = () => ({
    bind: (rows: string) => ({
      run: async () => {
        await run();
        written.push(JSON.parse(rows));
      },
    }),
  });
  return { reads: d1Reads({ prepare } as unknown as D1Database), written };
}

/** Time that a collector waits, ended by the test; the platform may also never end it. */
function pauses() {
  const ends: (() => void)[] = [];
  vi.spyOn(scheduler, "wait").mockImplementation(() => new Promise((resolve) => ends.push(() => resolve())));
  return ends;
}

function row(agent: string, count: number) {
  return ["2026-11-22", agent, "crm", count];
}

describe("counting reads", () => {
  test("writes what came within two seconds together", async ({ expect }) => {
    const ends = pauses();
    const { reads, written } = writes();
    const first = reads.count("a", "crm", NOW);
    await Promise.all(["a", "b", "a"].map((agent) => reads.count(agent, "crm", NOW + 100)));
    expect(written).toEqual([]);
    expect(vi.mocked(scheduler.wait).mock.calls).toEqual([[2_000]]);
    ends.shift()?.();
    await first;
    expect(written).toEqual([[row("a", 3), row("b", 1)]]);
    const later = reads.count("a", "crm", NOW + 3_000);
    ends.shift()?.();
    await later;
    expect(written.at(-1)).toEqual([row("a", 1)]);
  });

  test("writes a hundred at once, and what came after them later", async ({ expect }) => {
    const ends = pauses();
    const { reads, written } = writes();
    const first = reads.count("a", "crm", NOW);
    for (let read = 1; read < 105; read += 1) await reads.count("a", "crm", NOW);
    expect(written).toEqual([[row("a", 100)]]);
    ends.shift()?.();
    await first;
    expect(written).toEqual([[row("a", 100)], [row("a", 5)]]);
  });

  test("goes on when the request that was to write them was cancelled, and when the clock was set back", async ({
    expect,
  }) => {
    for (const later of [60_000, -1]) {
      const ends = pauses();
      const { reads, written } = writes();
      void reads.count("a", "crm", NOW);
      const next = reads.count("b", "crm", NOW + later);
      ends[1]?.();
      await next;
      expect(written).toEqual([[row("a", 1), row("b", 1)]]);
    }
  });

  test("keeps what a failed write held for the next", async ({ expect }) => {
    const ends = pauses();
    let tries = 0;
    const { reads, written } = writes(async () => {
      tries += 1;
      if (tries === 1) throw new Error("D1 is away");
    });
    const first = reads.count("a", "crm", NOW);
    ends.shift()?.();
    await expect(first).rejects.toThrow("D1 is away");
    const next = reads.count("b", "crm", NOW);
    ends.shift()?.();
    await next;
    expect(written).toEqual([[row("a", 1), row("b", 1)]]);
  });
});
