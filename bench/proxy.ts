import { load, median, type Shot } from "./load.ts";
import { startScene, type Scene } from "./proxy-server.ts";
import { printGoal } from "./support/goals.ts";
import { run as runPlace, type Run } from "./support/run.ts";

/*
 * Measures the reverse proxy: a read and an auto-approved write through Gate, against the same request sent directly to
 * the upstream, and through a plain Worker that forwards it. Rounds alternate, so that other load on the machine
 * affects all of them; only the ratios are meaningful. Processor time is the runtime's, for one request. Then the time
 * from an approval to the request's arrival at the upstream.
 *
 *   node bench/proxy.ts
 */

const ROUNDS = 5;
const COUNTS = { 1: 120, 10: 300 } as const;
const WARM_UP = 60;

const READ = "/contacts/42";
const WRITE = "/contacts";

const BODY = JSON.stringify({
  name: "Jenny Rosen",
  email: "jenny.rosen@example.com",
  note: "Called about the renewal; wants the yearly plan. ".repeat(20),
});

const APPROVALS = 60;

/** By method, and by connections at once. */
const GOALS = { GET: { 1: 2, 10: 2 }, POST: { 1: 8, 10: 12 } } as const;

type Field = "perSecond" | "p50" | "p99" | "processorMs";

const scene = await startScene();
try {
  await overhead(scene, "governed read", "GET");
  await overhead(scene, "auto-approved write", "POST");
  await approvals(scene);
} finally {
  await scene.stop();
}

interface Way {
  readonly name: string;
  readonly base: URL;
  /** The runtime's process; null: the request goes to the upstream directly. */
  readonly pid: number | null;
  readonly shot: () => Shot;
}

function waysOf({ upstream, floor, gate }: Scene, method: Shot["method"]) {
  const path = method === "GET" ? READ : WRITE;
  const body = method === "GET" ? "" : BODY;
  const plain: Shot = { method, path, headers: headersFor(method, null), body };
  let sent = 0;
  const through = (prefix: string) => (): Shot => {
    const key = gate.agents[(sent += 1) % gate.agents.length] ?? "";
    return { method, path: `/${prefix}${path}`, headers: headersFor(method, key), body };
  };
  return {
    direct: { name: "direct", base: upstream.url, pid: null, shot: () => plain },
    floor: { name: "plain Worker", base: floor.url, pid: floor.pid, shot: () => plain },
    own: { name: "Gate, own credential", base: gate.url, pid: gate.pid, shot: through("own") },
    keyed: { name: "Gate, credential put in", base: gate.url, pid: gate.pid, shot: through("keyed") },
  } as const satisfies Record<string, Way>;
}

function headersFor(method: Shot["method"], key: string | null): Record<string, string> {
  return {
    ...(method === "POST" ? { "Content-Type": "application/json" } : {}),
    ...(key === null ? {} : { "X-Gate-Key": key }),
  };
}

async function overhead(among: Scene, title: string, method: Shot["method"]): Promise<void> {
  const ways: readonly Way[] = Object.values(waysOf(among, method));
  const before = await among.upstream.writes();
  let sent = 0;
  const run = async ({ base, pid, shot }: Way, connections: number, count: number): Promise<Run> => {
    sent += count;
    if (pid !== null) return runPlace({ url: base, pid }, connections, count, shot);
    return { ...(await load(base, connections, count, shot)), processorMs: Number.NaN };
  };
  for (const way of ways) await run(way, 4, WARM_UP);
  for (const connections of [1, 10] as const) {
    const loads = new Map<Way, Run[]>(ways.map((way) => [way, []]));
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const way of ways) loads.get(way)?.push(await run(way, connections, COUNTS[connections]));
    }
    console.log(`${title}, ${connections} connection${connections === 1 ? "" : "s"}`);
    print(ways, loads);
    printOverFloor(
      `${title}, ${connections} at once: p50 over a plain Worker's`,
      ways,
      loads,
      GOALS[method][connections],
    );
  }
  const written = (await among.upstream.writes()) - before;
  // A bench of writes that never reached the upstream, or reached it twice, would measure something else.
  if (written !== (method === "GET" ? 0 : sent)) throw new Error(`${written} writes of ${sent}`);
}

/** Gate that puts a credential in. */
function printOverFloor(
  what: string,
  ways: readonly Way[],
  loads: ReadonlyMap<Way, readonly Run[]>,
  atMost: number,
): void {
  const [, floor = [], , keyed = []] = ways.map((way) => loads.get(way));
  printGoal(what, median(keyed.map(({ p50 }, round) => p50 / (floor[round]?.p50 ?? Number.NaN))), { atMost });
}

function print(ways: readonly Way[], loads: ReadonlyMap<Way, readonly Run[]>): void {
  const [direct = [], floor = []] = ways.map((way) => loads.get(way));
  for (const way of ways) {
    const own = loads.get(way) ?? [];
    const of = (field: Field) => median(own.map((each) => each[field]));
    const over = (others: readonly Run[], field: Field) =>
      median(own.map((each, round) => each[field] / (others[round]?.[field] ?? Number.NaN))).toFixed(2);
    console.log(
      `  ${way.name.padEnd(24)} ${of("perSecond").toFixed(0).padStart(5)}/s, p50 ${of("p50").toFixed(2)} ms, p99 ${of("p99").toFixed(2)} ms; ` +
        `p50 over direct ${over(direct, "p50")}, over the plain Worker ${over(floor, "p50")}; throughput over it ${over(floor, "perSecond")}` +
        (way.pid === null ? "" : `; ${of("processorMs").toFixed(2)} ms of processor each`),
    );
  }
}

/** Times from the approval to the request's arrival at the upstream, and to the stored response. */
async function approvals({ upstream, gate }: Scene): Promise<void> {
  const arrivals = new Map<number, (at: number) => void>();
  upstream.onWrite((number) => arrivals.get(number)?.(performance.now()));
  for (const atOnce of [1, 10]) {
    const times: number[] = [];
    for (let number = 0; times.length < APPROVALS;) {
      const held = await Promise.all(Array.from({ length: atOnce }, () => hold(gate, (number += 1))));
      const clicked = performance.now();
      const arrived = held.map(
        (one) =>
          new Promise<number>((resolve) => {
            arrivals.set(one.number, resolve);
          }),
      );
      await Promise.all(held.map((one) => approve(gate, one)));
      for (const at of await Promise.all(arrived)) times.push(at - clicked);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN).toFixed(1);
    console.log(
      `approved to arrived at the upstream, ${atOnce} at once: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`,
    );
  }
}

interface Held {
  readonly number: number;
  readonly intent: string;
  readonly digest: string;
}

async function hold({ url, agents, reviewer }: Scene["gate"], number: number): Promise<Held> {
  const key = agents[number % agents.length] ?? "";
  const response = await fetch(new URL(`/held${WRITE}?number=${number}`, url), {
    method: "POST",
    headers: headersFor("POST", key),
    body: BODY,
  });
  const { intentId } = (await response.json()) as { readonly intentId: string };
  if (response.status !== 202) throw new Error(`expected a held write (202), got ${response.status}`);
  const seen = await fetch(new URL(`/v1/intents/${intentId}`, url), {
    headers: { Authorization: `Bearer ${reviewer}` },
  });
  const { intent_digest: digest } = (await seen.json()) as { readonly intent_digest: string };
  return { number, intent: intentId, digest };
}

async function approve({ url, reviewer }: Scene["gate"], { intent, digest }: Held): Promise<void> {
  const response = await fetch(new URL(`/v1/intents/${intent}/approve`, url), {
    method: "POST",
    headers: { Authorization: `Bearer ${reviewer}`, "Content-Type": "application/json" },
    body: JSON.stringify({ digest }),
  });
  if (!response.ok) throw new Error(`approval failed: ${await response.text()}`);
}
