import { describe, test } from "vitest";
import { d1Reads } from "../../../src/adapters/d1/read-counts.ts";

const NOW = Date.UTC(2026, 10, 22, 12);

/** A D1 that only takes counts: what each write held, and when it ends. */
function writes() {
  const written: string[] = [];
  const ending: (() => void)[] = [];
  const run = async (rows: string) => {
    written.push(rows);
    await new Promise<void>((resolve) => ending.push(resolve));
  };
  const prepare = () => ({ bind: (rows: string) => ({ run: async () => run(rows) }) });
  return { db: { prepare } as unknown as D1Database, written, ending };
}

function row(agent: string, count: number) {
  return ["2026-11-22", agent, "crm", count];
}

describe("counting reads", () => {
  test("stores all reads that came during one write together in the next", async ({ expect }) => {
    const { db, written, ending } = writes();
    const reads = d1Reads(db);
    const first = reads.count("a", "crm", NOW);
    await Promise.all([
      reads.count("a", "crm", NOW),
      reads.count("b", "crm", NOW),
      reads.count("a", "crm", NOW),
    ]);
    ending.shift()?.();
    await expect.poll(() => written.length).toBe(2);
    ending.shift()?.();
    await first;
    expect(written.map((rows) => JSON.parse(rows))).toEqual([[row("a", 1)], [row("a", 2), row("b", 1)]]);
  });

  test("goes on when the request that was storing them was cancelled", async ({ expect }) => {
    const { db, written, ending } = writes();
    const reads = d1Reads(db);
    void reads.count("a", "crm", NOW);
    await reads.count("b", "crm", NOW + 1_000);
    const next = reads.count("c", "crm", NOW + 60_000);
    ending.pop()?.();
    await next;
    expect(written.map((rows) => JSON.parse(rows))).toEqual([[row("a", 1)], [row("b", 1), row("c", 1)]]);
  });

  test("goes on when the clock was set back", async ({ expect }) => {
    const { db, written, ending } = writes();
    const reads = d1Reads(db);
    void reads.count("a", "crm", NOW);
    const next = reads.count("b", "crm", NOW - 1);
    ending.pop()?.();
    await next;
    expect(written).toHaveLength(2);
  });

  test("is retried by the next read after a failed write", async ({ expect }) => {
    let tries = 0;
    const run = async () => {
      tries += 1;
      if (tries === 1) throw new Error("D1 is away");
    };
    const reads = d1Reads({ prepare: () => ({ bind: () => ({ run }) }) } as unknown as D1Database);
    await expect(reads.count("a", "crm", NOW)).rejects.toThrow("D1 is away");
    await reads.count("b", "crm", NOW);
    expect(tries).toBe(2);
  });
});
